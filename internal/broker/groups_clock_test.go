package broker

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// alone is a scene without a recording, for what needs time to pass.
func alone(t *testing.T, settings map[string]string) (*scene, *bench) {
	p := newBench(settings)
	return &scene{t: t, p: p, group: "g", topics: map[[16]byte]string{}, wait: map[string]<-chan kmsg.Response{}}, p
}

// pair is a stable group of two, the first of which leads.
func pair(s *scene) (one, two string) {
	s.topic("a", 4)
	one = ask[joinR](s, "one", s.join("", nil, "range:a")).MemberID
	ask[joinR](s, "one", s.join(one, nil, "range:a"))
	ask[syncR](s, "one", s.sync(one, 1, nil))
	two = ask[joinR](s, "two", s.join("", nil, "range:a")).MemberID
	s.begin("two", s.join(two, nil, "range:a"))
	ask[joinR](s, "one", s.join(one, nil, "range:a"))
	ended[joinR](s, "two")
	ask[syncR](s, "one", s.sync(one, 2, map[string][]byte{one: s.assignment("a", 0, 1), two: s.assignment("a", 2, 3)}))
	ask[syncR](s, "two", s.sync(two, 2, nil))
	return one, two
}

func wantCode(t *testing.T, got int16, want *kerr.Error) {
	t.Helper()
	switch {
	case want == nil && got != 0:
		t.Fatalf("got %v, want no error", kerr.ErrorForCode(got))
	case want != nil && got != want.Code:
		t.Fatalf("got %v, want %v", kerr.ErrorForCode(got), want)
	}
}

func beatCode(s *scene, member string, generation int32) int16 {
	return ask[beatR](s, "beat", s.beat(member, generation, nil)).ErrorCode
}

// TestSessionTimeout: a member that is not heard of for its session timeout is removed, one
// that beats is not.
func TestSessionTimeout(t *testing.T) {
	s, p := alone(t, nil)
	one, two := pair(s)
	for range 3 {
		p.advance(14 * time.Second)
		want := (*kerr.Error)(nil)
		if len(p.b.groups.byName["g"].classic.members) == 1 {
			want = kerr.RebalanceInProgress
		}
		wantCode(t, beatCode(s, one, 2), want)
	}
	wantCode(t, beatCode(s, two, 2), kerr.UnknownMemberID)
	r := ask[joinR](s, "one", s.join(one, nil, "range:a"))
	if r.Generation != 3 || len(r.Members) != 1 {
		t.Fatalf("after the loss: generation %d with %d members", r.Generation, len(r.Members))
	}
}

// TestRebalanceTimeout: who does not join anew in time is out of the next generation; static
// members stay in.
func TestRebalanceTimeout(t *testing.T) {
	s, p := alone(t, nil)
	one, two := pair(s)
	s.begin("one", s.join(one, nil, "range:a"))
	for range 2 { // two beats, but does not join
		p.advance(25 * time.Second)
		wantCode(t, beatCode(s, two, 2), kerr.RebalanceInProgress)
	}
	p.advance(11 * time.Second)
	if r := ended[joinR](s, "one"); r.Generation != 3 || len(r.Members) != 1 {
		t.Fatalf("generation %d with %d members", r.Generation, len(r.Members))
	}
	wantCode(t, beatCode(s, two, 2), kerr.UnknownMemberID)
}

// TestSyncTimeout: who joins and never syncs is removed.
func TestSyncTimeout(t *testing.T) {
	s, p := alone(t, nil)
	one, two := pair(s)
	s.begin("two", s.join(two, nil, "range:a", "sticky:a"))
	ask[joinR](s, "one", s.join(one, nil, "range:a"))
	ended[joinR](s, "two")
	ask[syncR](s, "one", s.sync(one, 3, nil))
	for range 3 {
		p.advance(20*time.Second + time.Millisecond)
		beatCode(s, two, 3)
		beatCode(s, one, 3)
	}
	wantCode(t, beatCode(s, two, 3), kerr.UnknownMemberID)
	wantCode(t, beatCode(s, one, 3), kerr.RebalanceInProgress)
}

// TestPendingMember: one that was given an id and never came back is waited for no longer
// than its session.
func TestPendingMember(t *testing.T) {
	s, p := alone(t, nil)
	one, _ := pair(s)
	ask[joinR](s, "three", s.join("", nil, "range:a"))
	s.begin("one", s.join(one, nil, "range:a"))
	two := p.b.groups.byName["g"].classic.sorted()[1].id
	s.begin("two", s.join(two, nil, "range:a"))
	p.advance(29 * time.Second)
	select {
	case <-s.wait["one"]:
		t.Fatal("the generation began without the pending member")
	default:
	}
	p.advance(2 * time.Second)
	ended[joinR](s, "one")
	ended[joinR](s, "two")
}

// TestNewMemberGone: the first join of a new member waits for five minutes, no longer.
func TestNewMemberGone(t *testing.T) {
	s, p := alone(t, nil)
	one, _ := pair(s)
	q := s.join(one, nil, "range:a")
	q.RebalanceTimeoutMillis = 3_600_000
	s.begin("one", q)
	two := p.b.groups.byName["g"].classic.sorted()[1].id
	three := ask[joinR](s, "three", s.join("", nil, "range:a")).MemberID
	s.begin("three", s.join(three, nil, "range:a"))
	for range 16 {
		p.advance(20 * time.Second)
		wantCode(t, beatCode(s, two, 2), kerr.RebalanceInProgress)
	}
	wantCode(t, ended[joinR](s, "three").ErrorCode, kerr.UnknownMemberID)
	s.begin("two", s.join(two, nil, "range:a"))
	ended[joinR](s, "one")
	delete(s.wait, "two")
}

// TestInitialDelay: a new group waits for more members, longer while they come.
func TestInitialDelay(t *testing.T) {
	s, p := alone(t, map[string]string{"group.initial.rebalance.delay.ms": "3000"})
	one := ask[joinR](s, "one", s.join("", nil, "range:a")).MemberID
	s.begin("one", s.join(one, nil, "range:a"))
	p.advance(2 * time.Second)
	two := ask[joinR](s, "two", s.join("", nil, "range:a")).MemberID
	s.begin("two", s.join(two, nil, "range:a"))
	p.advance(3 * time.Second)
	select {
	case <-s.wait["one"]:
		t.Fatal("the delay was not extended")
	default:
	}
	p.advance(2 * time.Second)
	if r := ended[joinR](s, "one"); r.Generation != 1 || len(r.Members) != 2 {
		t.Fatalf("generation %d with %d members", r.Generation, len(r.Members))
	}
	ended[joinR](s, "two")
}

// TestMaxSize: a full group takes nobody in.
func TestMaxSize(t *testing.T) {
	s, _ := alone(t, map[string]string{"group.max.size": "2", "group.consumer.max.size": "1"})
	pair(s)
	r := ask[joinR](s, "three", s.join("", nil, "range:a"))
	wantCode(t, r.ErrorCode, kerr.GroupMaxSizeReached)
	s.group = "consumers"
	ask[chbR](s, "one", s.consumer("11111111", "a"))
	wantCode(t, ask[chbR](s, "two", s.consumer("22222222", "a")).ErrorCode, kerr.GroupMaxSizeReached)
	wantCode(t, ask[chbR](s, "one", s.consumerBeat("11111111", 2)).ErrorCode, nil)
}

// TestConsumerTimeouts: a member of the new protocol is fenced after 45 s of silence, and
// when it does not give partitions up in its rebalance timeout.
func TestConsumerTimeouts(t *testing.T) {
	s, p := alone(t, nil)
	a := s.topic("a", 4)
	ask[chbR](s, "one", s.consumer("11111111", "a"))
	ask[chbR](s, "two", s.consumer("22222222", "a"))
	ask[chbR](s, "one", owning(s.consumerBeat("11111111", 2), a, 0, 1, 2, 3)) // to give half up
	for range 2 {
		p.advance(29 * time.Second)
		wantCode(t, ask[chbR](s, "one", owning(s.consumerBeat("11111111", 2), a, 0, 1, 2, 3)).ErrorCode, nil)
		wantCode(t, ask[chbR](s, "two", s.consumerBeat("22222222", 3)).ErrorCode, nil)
	}
	p.advance(3 * time.Second)
	wantCode(t, ask[chbR](s, "one", s.consumerBeat("11111111", 2)).ErrorCode, kerr.UnknownMemberID)
	if r := ask[chbR](s, "two", s.consumerBeat("22222222", 3)); r.Assignment == nil || len(r.Assignment.Topics[0].Partitions) != 4 {
		t.Fatalf("two did not get what was left: %+v", r.Assignment)
	}
	p.advance(44 * time.Second)
	wantCode(t, ask[chbR](s, "two", s.consumerBeat("22222222", 4)).ErrorCode, nil)
	p.advance(46 * time.Second)
	wantCode(t, ask[chbR](s, "two", s.consumerBeat("22222222", 4)).ErrorCode, kerr.UnknownMemberID)
}

// TestTopicsChange: new partitions, and topics that begin to match a pattern, come at the
// next heartbeat in a new epoch.
func TestTopicsChange(t *testing.T) {
	s, p := alone(t, nil)
	s.topic("a1", 1)
	q := s.consumer("11111111")
	q.SubscribedTopicNames, q.SubscribedTopicRegex = nil, kmsg.StringPtr("a.")
	count := func(r chbR) (n int) {
		if r.Assignment != nil {
			for _, t := range r.Assignment.Topics {
				n += len(t.Partitions)
			}
		}
		return n
	}
	if r := ask[chbR](s, "joins", q); count(r) != 1 || r.MemberEpoch != 2 {
		t.Fatalf("%+v", r)
	}
	s.topic("b1", 1)
	s.topic("xa1", 1)
	if r := ask[chbR](s, "beats", s.consumerBeat("11111111", 2)); r.MemberEpoch != 2 || r.Assignment != nil {
		t.Fatalf("a topic that does not match changed something: %+v", r)
	}
	p.topics.set("a1", 3)
	if r := ask[chbR](s, "beats", s.consumerBeat("11111111", 2)); count(r) != 3 || r.MemberEpoch != 3 {
		t.Fatalf("more partitions: %+v", r)
	}
	s.topic("a2", 2)
	if r := ask[chbR](s, "beats", s.consumerBeat("11111111", 3)); count(r) != 5 || r.MemberEpoch != 4 {
		t.Fatalf("another topic: %+v", r)
	}
}

// TestOffsetsExpire: offsets go a week after the group became empty, those of a simple group
// a week after the commit, those of a topic with it.
func TestOffsetsExpire(t *testing.T) {
	s, p := alone(t, nil)
	one, two := pair(s)
	s.topic("b", 1)
	ask[comR](s, "one", s.commit(9, one, 2, "a", 5, 6))
	s.group = "simple"
	ask[comR](s, "simple", s.commit(9, "", -1, "b", 7))
	q := s.commit(4, "", -1, "a", 7)
	q.RetentionTimeMillis = 3_600_000
	ask[comR](s, "short", q)
	s.group = "g"
	count := func(group string) int {
		g := p.b.groups.lock(group)
		if g == nil {
			return -1
		}
		defer g.mu.Unlock()
		return len(g.sortedOffsets())
	}
	jump := func(d time.Duration) { // heartbeats are not the subject
		p.clock.now = p.clock.now.Add(d)
		p.b.groups.timers.runDue()
	}
	ask[leaveR](s, "both", s.leave(one, two))
	jump(2 * time.Hour)
	if g, simple := count("g"), count("simple"); g != 2 || simple != 1 {
		t.Fatalf("after two hours: %d %d", g, simple)
	}
	jump(6*24*time.Hour + 21*time.Hour)
	if g, simple := count("g"), count("simple"); g != 2 || simple != 1 {
		t.Fatalf("after less than a week: %d %d", g, simple)
	}
	jump(2 * time.Hour)
	if g, simple := count("g"), count("simple"); g != -1 || simple != -1 {
		t.Fatalf("after a week: %d %d", g, simple)
	}
	if n := len(p.store.tables[log.TableOffsets]) + len(p.store.tables[log.TableGroups]); n != 0 {
		t.Errorf("%d keys are left in the store", n)
	}
	ask[comR](s, "again", s.commit(9, "", -1, "a", 5))
	p.topics.list = p.topics.list[1:]
	p.topics.changes++
	if n := count("g"); n != 0 {
		t.Errorf("%d offsets of a topic that is gone", n)
	}
	s.topic("a", 4)
	if n := count("g"); n != 0 {
		t.Errorf("%d offsets of a topic of the same name", n)
	}
}

// TestMigrationPolicy: where the broker's policy forbids it, a group with members keeps its
// protocol.
func TestMigrationPolicy(t *testing.T) {
	for policy, can := range map[string][2]bool{"bidirectional": {true, true}, "upgrade": {true, false}, "downgrade": {false, true}, "disabled": {}} {
		s, p := alone(t, map[string]string{"group.consumer.migration.policy": policy})
		one, _ := pair(s)
		up := ask[chbR](s, "three", s.consumer("33333333", "a")).ErrorCode == 0
		if up != can[0] {
			t.Errorf("%s: upgraded: %v", policy, up)
		}
		if !up {
			wantCode(t, beatCode(s, one, 2), nil)
			continue
		}
		ask[chbR](s, "three", s.consumerBeat("33333333", -1))
		if down := p.b.groups.byName["g"].classic != nil; down != can[1] {
			t.Errorf("%s: downgraded: %v", policy, down)
		}
	}
}

// TestGroupSettings: a group may have a session timeout and a heartbeat interval of its own.
func TestGroupSettings(t *testing.T) {
	s, p := alone(t, nil)
	s.topic("a", 1)
	p.b.groups.perGroup = func(group, name string) int64 {
		return map[string]int64{"g consumer.session.timeout.ms": 50_000, "g consumer.heartbeat.interval.ms": 7_000}[group+" "+name]
	}
	if r := ask[chbR](s, "one", s.consumer("11111111", "a")); r.HeartbeatIntervalMillis != 7_000 {
		t.Errorf("heartbeat interval %d", r.HeartbeatIntervalMillis)
	}
	p.advance(49 * time.Second)
	wantCode(t, ask[chbR](s, "one", s.consumerBeat("11111111", 2)).ErrorCode, nil)
	p.advance(51 * time.Second)
	wantCode(t, ask[chbR](s, "one", s.consumerBeat("11111111", 2)).ErrorCode, kerr.UnknownMemberID)
}

// TestStaticJoinsAgain: a static member may join again under its own id, another one not.
func TestStaticJoinsAgain(t *testing.T) {
	s, _ := alone(t, nil)
	s.topic("a", 1)
	q := s.consumer("11111111", "a")
	q.InstanceID = kmsg.StringPtr("i")
	ask[chbR](s, "one", q)
	if r := ask[chbR](s, "one", q); r.ErrorCode != 0 || r.MemberEpoch != 2 || r.Assignment == nil {
		t.Errorf("%+v", r)
	}
	q.MemberID = "22222222"
	wantCode(t, ask[chbR](s, "two", q).ErrorCode, kerr.UnreleasedInstanceID)
}
