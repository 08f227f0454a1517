package broker

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// TestRestartClassic: members go on with their ids, generation and assignment; they are
// expected to be heard of.
func TestRestartClassic(t *testing.T) {
	s, p := alone(t, nil)
	one, two := pair(s)
	ask[comR](s, "one", s.commit(9, one, 2, "a", 5, 6))
	static := kmsg.StringPtr("i")
	s.group = "static"
	ask[joinR](s, "static", s.join("", static, "range:a"))
	s.group = "g"
	p.start(nil)
	wantCode(t, beatCode(s, one, 2), nil)
	wantCode(t, beatCode(s, two, 1), kerr.IllegalGeneration)
	if r := ask[syncR](s, "two", s.sync(two, 2, nil)); string(r.MemberAssignment) != string(s.assignment("a", 2, 3)) {
		t.Errorf("assignment after the restart: %q", r.MemberAssignment)
	}
	f := ask[fetR](s, "fetch", s.fetch(8, "a", 0, 1, 2)).Groups[0].Topics[0].Partitions
	if f[0].Offset != 5 || f[1].Offset != 6 || f[2].Offset != -1 || *f[0].Metadata != "note" || f[0].LeaderEpoch != 3 {
		t.Errorf("offsets after the restart: %+v", f)
	}
	r := ask[joinR](s, "two", s.join(two, nil, "range:a")) // a follower with the same metadata
	if r.Generation != 2 || r.LeaderID != one {
		t.Errorf("join after the restart: %+v", r)
	}
	p.advance(29 * time.Second)
	wantCode(t, beatCode(s, one, 2), nil)
	p.advance(2 * time.Second)
	wantCode(t, beatCode(s, two, 2), kerr.UnknownMemberID)
	d := ask[descR](s, "describe", s.describe(6))
	if m := d.Groups[0].Members; len(m) != 1 || m[0].ClientID != "client" {
		t.Errorf("members: %+v", m)
	}
}

// TestRestartConsumers: a modern group goes on in its epoch, also while partitions move.
func TestRestartConsumers(t *testing.T) {
	s, p := alone(t, nil)
	a := s.topic("a", 4)
	one := s.consumer("11111111", "a")
	one.InstanceID, one.RackID = kmsg.StringPtr("i"), kmsg.StringPtr("r")
	ask[chbR](s, "one", one)
	re := s.consumer("22222222")
	re.SubscribedTopicNames, re.SubscribedTopicRegex = nil, kmsg.StringPtr("a")
	ask[chbR](s, "two", re)
	beat := func(epoch int32, owned ...int32) chbR {
		q := owning(s.consumerBeat("11111111", epoch), a, owned...)
		q.InstanceID = kmsg.StringPtr("i")
		return ask[chbR](s, "one", q)
	}
	beat(2, 0, 1, 2, 3)
	before := ask[cdeR](s, "describe", s.describeConsumers())
	p.start(nil)
	after := ask[cdeR](s, "describe", s.describeConsumers())
	s.script = []sceneLine{{"describe", before}}
	was := s.render()
	s.script = []sceneLine{{"describe", after}}
	if is := s.render(); is != was {
		t.Errorf("before: %safter:  %s", was, is)
	}
	if r := beat(2, 0, 1); r.MemberEpoch != 3 {
		t.Errorf("one after giving up: %+v", r)
	}
	if r := ask[chbR](s, "two", s.consumerBeat("22222222", 3)); r.Assignment == nil || len(r.Assignment.Topics[0].Partitions) != 2 {
		t.Errorf("two: %+v", r)
	}
	p.advance(46 * time.Second)
	wantCode(t, ask[chbR](s, "two", s.consumerBeat("22222222", 3)).ErrorCode, kerr.UnknownMemberID)
}

// TestRestartMigrated: classic clients in a modern group are still such after a restart.
func TestRestartMigrated(t *testing.T) {
	s, p := alone(t, nil)
	one, two := pair(s)
	ask[chbR](s, "three", s.consumer("33333333", "a"))
	p.start(nil)
	wantCode(t, beatCode(s, one, 2), kerr.RebalanceInProgress)
	ask[chbR](s, "three", s.consumerBeat("33333333", -1))
	if d := ask[descR](s, "describe", s.describe(6)).Groups[0]; d.State != "PreparingRebalance" || len(d.Members) != 2 {
		t.Errorf("downgraded: %+v", d)
	}
	wantCode(t, beatCode(s, two, 2), kerr.IllegalGeneration) // the group is an epoch ahead
}

// TestBadStore: what cannot be read is left out, the rest is there.
func TestBadStore(t *testing.T) {
	s, p := alone(t, nil)
	pair(s)
	for name, value := range map[string]string{"bad1": "", "bad2": "c\x00", "bad3": "m{", "bad4": "?", "bad5": `m{"Members":[{"Assigned":{"zz":{}}}]}`} {
		p.store.tables[log.TableGroups][name] = []byte(value)
	}
	p.store.tables[log.TableOffsets] = map[string][]byte{"x": {1}}
	p.start(nil)
	if n := len(p.b.groups.byName); n != 1 {
		t.Errorf("%d groups", n)
	}
}

// TestStoreFails: nothing is acknowledged that is not stored.
func TestStoreFails(t *testing.T) {
	s, p := alone(t, nil)
	one, two := pair(s)
	p.store.fail = log.ErrStorage
	wantCode(t, ask[comR](s, "commit", s.commit(9, one, 2, "a", 5)).Topics[0].Partitions[0].ErrorCode, kerr.NotCoordinator)
	s.begin("two", s.join(two, nil, "range:a", "sticky:a"))
	ask[joinR](s, "one", s.join(one, nil, "range:a"))
	ended[joinR](s, "two")
	s.begin("two syncs", s.sync(two, 3, nil))
	wantCode(t, ask[syncR](s, "one", s.sync(one, 3, nil)).ErrorCode, kerr.NotCoordinator)
	wantCode(t, ended[syncR](s, "two syncs").ErrorCode, kerr.NotCoordinator)
	p.store.fail = nil
	if f := ask[fetR](s, "fetch", s.fetch(8, "a", 0)).Groups[0].Topics[0].Partitions[0]; f.Offset != -1 {
		t.Errorf("offset %d was not stored", f.Offset)
	}
	wantCode(t, beatCode(s, two, 3), kerr.RebalanceInProgress)
}
