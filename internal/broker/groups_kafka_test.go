package broker

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

var kafkaAddr = flag.String("groups-kafka", "", "host:port of an Apache Kafka whose answers become the expected ones of groups")

// sceneLine is an answer with what it was to, or a remark.
type sceneLine struct {
	label string
	r     kmsg.Response
}

// scene runs requests and writes down the answers, with names for what differs from run to
// run.
type scene struct {
	t      *testing.T
	p      groupPeer
	group  string
	script []sceneLine
	names  []string // old, new, …
	topics map[[16]byte]string
	wait   map[string]<-chan kmsg.Response
}

// TestGroupsAsKafka holds the answers against those recorded from Apache Kafka 4.3.1
// (testdata/groups). With -groups-kafka host:port, they are recorded anew from that one: it needs
// group.initial.rebalance.delay.ms=0 and group.consumer.assignment.interval.ms=0.
func TestGroupsAsKafka(t *testing.T) {
	if *kafkaAddr != "" {
		q := kmsg.NewPtrFindCoordinatorRequest()
		q.Version, q.CoordinatorKeys = 4, []string{"any"}
		<-kafkaPeer{t, *kafkaAddr}.send(q)
		time.Sleep(5 * time.Second) // while it makes its topic of offsets
	}
	for name, play := range scenes {
		t.Run(name, func(t *testing.T) {
			s := &scene{t: t, p: newBench(nil), group: name, topics: map[[16]byte]string{}, wait: map[string]<-chan kmsg.Response{}}
			if *kafkaAddr != "" {
				s.p, s.group = kafkaPeer{t, *kafkaAddr}, fmt.Sprintf("%s-%x", name, time.Now().UnixNano())
			}
			defer func() {
				if t.Failed() {
					t.Log(s.render())
				}
			}()
			play(s)
			for k := range s.wait {
				t.Errorf("%s was never answered", k)
			}
			file := filepath.Join("testdata", "groups", name+".txt")
			if *kafkaAddr != "" {
				if err := os.WriteFile(file, []byte(s.render()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sameLines(t, string(want), s.render())
		})
	}
}

func sameLines(t *testing.T, want, got string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := "", ""
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			t.Errorf("line %d\nKafka: %s\nhere:  %s", i+1, a, b)
		}
	}
}

// say writes a line of explanation.
func (s *scene) say(text string) { s.script = append(s.script, sceneLine{"# " + text, nil}) }

// name gives what differs from run to run a name.
func (s *scene) name(old, name string) {
	if len(old) > 20 { // not chosen by the scene
		s.names = append(s.names, old, name)
	}
}

func (s *scene) show(label string, r kmsg.Response) { s.script = append(s.script, sceneLine{label, r}) }

// render writes all down, when all names are known.
func (s *scene) render() string {
	var out strings.Builder
	names := strings.NewReplacer(s.names...)
	for _, l := range s.script {
		if l.r == nil {
			fmt.Fprintln(&out, l.label)
		} else {
			fmt.Fprintf(&out, "%s: %s\n", l.label, show(reflect.ValueOf(l.r), names, s.topics))
		}
	}
	return out.String()
}

// ask sends a request and expects the answer at once.
func ask[R kmsg.Response](s *scene, label string, req kmsg.Request) R {
	s.t.Helper()
	select {
	case r := <-s.p.send(req):
		s.register(label, r)
		s.show(label, r)
		time.Sleep(s.p.patience() / 3) // Kafka shows what it has answered a little later
		return r.(R)
	case <-time.After(5 * time.Second):
		s.t.Fatalf("%s: no answer", label)
	}
	panic("unreachable")
}

// register names the member ids of an answer after the label's first word.
func (s *scene) register(label string, r kmsg.Response) {
	who, _, _ := strings.Cut(label, " ")
	switch r := r.(type) {
	case *kmsg.ListGroupsResponse:
		r.Groups = slices.DeleteFunc(r.Groups, func(g kmsg.ListGroupsResponseGroup) bool { return g.Group != s.group })
	case *kmsg.JoinGroupResponse:
		s.name(r.MemberID, "<"+who+">")
	case *kmsg.ConsumerGroupHeartbeatResponse:
		if r.MemberID != nil {
			s.name(*r.MemberID, "<"+who+">")
		}
	}
}

// begin sends a request that is to be answered later; ended expects the answer.
func (s *scene) begin(label string, req kmsg.Request) {
	s.t.Helper()
	ch := s.p.send(req)
	time.Sleep(s.p.patience())
	select {
	case r := <-ch:
		s.register(label, r)
		s.show(label+" (at once)", r)
	default:
		s.script = append(s.script, sceneLine{label + " waits", nil})
		s.wait[label] = ch
	}
}

func ended[R kmsg.Response](s *scene, label string) (r R) {
	s.t.Helper()
	ch := s.wait[label]
	delete(s.wait, label)
	select {
	case a := <-ch:
		s.register(label, a)
		s.show(label, a)
		return a.(R)
	case <-time.After(5 * time.Second):
		s.t.Fatalf("%s: no answer", label)
	}
	return r
}

func (s *scene) topic(name string, partitions int32) log.TopicID {
	id := s.p.makeTopic(s.t, name, partitions)
	s.topics[id] = name
	return id
}

// subscription is what a consumer says when it joins a classic group.
func (s *scene) subscription(topics ...string) []byte {
	m := kmsg.ConsumerMemberMetadata{Version: 1}
	m.Topics = append(m.Topics, topics...)
	return m.AppendTo(nil)
}

// assignment is what a leader gives a consumer.
func (s *scene) assignment(topic string, partitions ...int32) []byte {
	a := kmsg.ConsumerMemberAssignment{Version: 1, Topics: []kmsg.ConsumerMemberAssignmentTopic{{Topic: topic, Partitions: partitions}}}
	return a.AppendTo(nil)
}

func (s *scene) join(member string, instance *string, protocols ...string) *kmsg.JoinGroupRequest {
	q := kmsg.NewPtrJoinGroupRequest()
	q.Version, q.Group, q.MemberID, q.InstanceID, q.ProtocolType = 9, s.group, member, instance, "consumer"
	q.SessionTimeoutMillis, q.RebalanceTimeoutMillis = 30_000, 60_000
	for _, p := range protocols {
		name, topics, _ := strings.Cut(p, ":")
		q.Protocols = append(q.Protocols, kmsg.JoinGroupRequestProtocol{Name: name, Metadata: s.subscription(strings.Split(topics, ",")...)})
	}
	return q
}

func (s *scene) sync(member string, generation int32, to map[string][]byte) *kmsg.SyncGroupRequest {
	q := kmsg.NewPtrSyncGroupRequest()
	q.Version, q.Group, q.MemberID, q.Generation = 5, s.group, member, generation
	q.ProtocolType, q.Protocol = kmsg.StringPtr("consumer"), kmsg.StringPtr("range")
	for id, a := range to {
		q.GroupAssignment = append(q.GroupAssignment, kmsg.SyncGroupRequestGroupAssignment{MemberID: id, MemberAssignment: a})
	}
	return q
}

func (s *scene) beat(member string, generation int32, instance *string) *kmsg.HeartbeatRequest {
	q := kmsg.NewPtrHeartbeatRequest()
	q.Version, q.Group, q.MemberID, q.Generation, q.InstanceID = 4, s.group, member, generation, instance
	return q
}

func (s *scene) leave(members ...string) *kmsg.LeaveGroupRequest {
	q := kmsg.NewPtrLeaveGroupRequest()
	q.Version, q.Group = 5, s.group
	for _, m := range members {
		id, instance, static := strings.Cut(m, "@")
		e := kmsg.LeaveGroupRequestMember{MemberID: id}
		if static {
			e.InstanceID = &instance
		}
		q.Members = append(q.Members, e)
	}
	return q
}

func (s *scene) describe(version int16) *kmsg.DescribeGroupsRequest {
	q := kmsg.NewPtrDescribeGroupsRequest()
	q.Version, q.Groups, q.IncludeAuthorizedOperations = version, []string{s.group}, true
	return q
}

func (s *scene) describeConsumers() *kmsg.ConsumerGroupDescribeRequest {
	q := kmsg.NewPtrConsumerGroupDescribeRequest()
	q.Version, q.Groups, q.IncludeAuthorizedOperations = 1, []string{s.group}, true
	return q
}

func (s *scene) commit(version int16, member string, generation int32, topic string, offsets ...int64) *kmsg.OffsetCommitRequest {
	q := kmsg.NewPtrOffsetCommitRequest()
	q.Version, q.Group, q.MemberID, q.Generation = version, s.group, member, generation
	t := kmsg.NewOffsetCommitRequestTopic()
	t.Topic = topic
	for p, o := range offsets {
		e := kmsg.NewOffsetCommitRequestTopicPartition()
		e.Partition, e.Offset, e.LeaderEpoch, e.Metadata = int32(p), o, 3, kmsg.StringPtr("note")
		t.Partitions = append(t.Partitions, e)
	}
	for id, name := range s.topics {
		if name == topic {
			t.TopicID = id
		}
	}
	q.Topics = append(q.Topics, t)
	return q
}

// fetch asks for partitions of a topic; for all that is committed without any.
func (s *scene) fetch(version int16, topic string, partitions ...int32) *kmsg.OffsetFetchRequest {
	q := kmsg.NewPtrOffsetFetchRequest()
	q.Version, q.Group, q.RequireStable = version, s.group, version >= 7
	if version < 8 {
		if len(partitions) > 0 {
			q.Topics = []kmsg.OffsetFetchRequestTopic{{Topic: topic, Partitions: partitions}}
		}
		return q
	}
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = s.group
	if len(partitions) > 0 {
		t := kmsg.OffsetFetchRequestGroupTopic{Topic: topic, Partitions: partitions}
		for id, name := range s.topics {
			if name == topic {
				t.TopicID = id
			}
		}
		g.Topics = []kmsg.OffsetFetchRequestGroupTopic{t}
	}
	q.Groups = append(q.Groups, g)
	return q
}

// consumer is a heartbeat of KIP-848 that joins.
func (s *scene) consumer(member string, topics ...string) *kmsg.ConsumerGroupHeartbeatRequest {
	q := s.consumerBeat(member, 0)
	q.RebalanceTimeoutMillis, q.Topics, q.SubscribedTopicNames = 60_000, []kmsg.ConsumerGroupHeartbeatRequestTopic{}, []string{}
	q.SubscribedTopicNames = append(q.SubscribedTopicNames, topics...)
	return q
}

// consumerBeat is one that stays or leaves.
func (s *scene) consumerBeat(member string, epoch int32) *kmsg.ConsumerGroupHeartbeatRequest {
	q := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	q.Version, q.Group, q.MemberID, q.MemberEpoch, q.RebalanceTimeoutMillis = 1, s.group, member, epoch, -1
	return q
}

// owning adds what the member has.
func owning(q *kmsg.ConsumerGroupHeartbeatRequest, topic log.TopicID, partitions ...int32) *kmsg.ConsumerGroupHeartbeatRequest {
	q.Topics = []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	if len(partitions) > 0 {
		q.Topics = append(q.Topics, kmsg.ConsumerGroupHeartbeatRequestTopic{TopicID: topic, Partitions: partitions})
	}
	return q
}
