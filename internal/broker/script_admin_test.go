package broker

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

type newTopic struct {
	name       string
	partitions int32
	factor     int16
	assigned   [][]int32 // partition, then its replicas
	configs    [][2]string
}

func createTopics(s *script, about string, version int16, validate bool, topics ...newTopic) {
	r := kmsg.NewPtrCreateTopicsRequest()
	r.TimeoutMillis, r.ValidateOnly = 10000, validate
	for _, n := range topics {
		t := kmsg.NewCreateTopicsRequestTopic()
		t.Topic, t.NumPartitions, t.ReplicationFactor = n.name, n.partitions, n.factor
		for _, a := range n.assigned {
			t.ReplicaAssignment = append(t.ReplicaAssignment, kmsg.CreateTopicsRequestTopicReplicaAssignment{Partition: a[0], Replicas: a[1:]})
		}
		for _, c := range n.configs {
			e := kmsg.NewCreateTopicsRequestTopicConfig()
			e.Name = c[0]
			if c[1] != "null" {
				e.Value = kmsg.StringPtr(c[1])
			}
			t.Configs = append(t.Configs, e)
		}
		r.Topics = append(r.Topics, t)
	}
	s.say("CreateTopics "+about, r, version)
}

func playCreateTopics(s *script) {
	create := func(about string, topics ...newTopic) { createTopics(s, about, 4, false, topics...) }
	create("names", newTopic{name: "", partitions: 1, factor: 1}, newTopic{name: ".", partitions: 1, factor: 1}, newTopic{name: "..", partitions: 1, factor: 1},
		newTopic{name: "a b", partitions: 1, factor: 1}, newTopic{name: strings.Repeat("x", 250), partitions: 1, factor: 1})
	create("first", newTopic{name: "s.one", partitions: 2, factor: 1})
	create("exists", newTopic{name: "s.one", partitions: 2, factor: 1})
	create("collision", newTopic{name: "s_one", partitions: 2, factor: 1})
	createTopics(s, "again in version 7", 7, false, newTopic{name: "s.one", partitions: 2, factor: 1})
	create("partitions", newTopic{name: "p0", factor: 1}, newTopic{name: "p-2", partitions: -2, factor: 1}, newTopic{name: "p-1", partitions: -1, factor: -1})
	create("factors", newTopic{name: "f0", partitions: 1}, newTopic{name: "f2", partitions: 1, factor: 2}, newTopic{name: "f-2", partitions: 1, factor: -2})
	for i, a := range [][][]int32{{{0, 1}}, {{0, 1}, {1, 1}}, {{0, 1}, {1, 2}}, {{0, 1}, {2, 1}}, {{1, 1}}, {{0, 1, 1}}, {{0}}, {{0, 1}, {0, 1}}, {{0, 1}, {1}}, {{0, 7}}} {
		create(fmt.Sprint("assigned ", a), newTopic{name: fmt.Sprint("as", i), partitions: -1, factor: -1, assigned: a})
	}
	create("assigned and counted", newTopic{name: "asc", partitions: 1, factor: 1, assigned: [][]int32{{0, 1}}})
	for i, c := range [][2]string{{"nosuch", "1"}, {"retention.ms", "x"}, {"retention.ms", "-2"}, {"cleanup.policy", "shred"}, {"retention.ms", "null"}, {"retention.ms", "60000"}, {"min.insync.replicas", "0"}, {"compression.type", "xz"}, {"preallocate", "maybe"}, {"min.cleanable.dirty.ratio", "2"}, {"cleanup.policy", "compact,delete"}, {"", "1"}} {
		create(fmt.Sprint("with ", c), newTopic{name: fmt.Sprint("cf", i), partitions: 1, factor: 1, configs: [][2]string{c}})
	}
	create("twice in one", newTopic{name: "tw", partitions: 1, factor: 1}, newTopic{name: "tw", partitions: 1, factor: 1}, newTopic{name: "tw2", partitions: 1, factor: 1})
	createTopics(s, "validate", 4, true, newTopic{name: "va", partitions: 1, factor: 1})
	createTopics(s, "after validate", 4, true, newTopic{name: "va", partitions: 1, factor: 1}, newTopic{name: "s.one", partitions: 1, factor: 1})
	create("too many", newTopic{name: "many", partitions: 10001, factor: 1})
	create("nothing")
	createTopics(s, "version 2", 2, false, newTopic{name: "v2", partitions: 1, factor: 1})
}

func playDeleteTopics(s *script) {
	r := kmsg.NewPtrDeleteTopicsRequest()
	r.TimeoutMillis = 10000
	r.TopicNames = []string{"nosuch", "v2"}
	s.say("DeleteTopics 5", r, 5)
	s.say("DeleteTopics again", r, 5)
	createTopics(s, "to delete", 4, false, newTopic{name: "d1", partitions: 1, factor: 1}, newTopic{name: "d2", partitions: 1, factor: 1})
	m := kmsg.NewPtrMetadataRequest()
	m.Topics = []kmsg.MetadataRequestTopic{{Topic: kmsg.StringPtr("d1")}}
	m.SetVersion(12)
	meta := s.peer.ask(m).(*kmsg.MetadataResponse)
	r.TopicNames = nil
	r.Topics = []kmsg.DeleteTopicsRequestTopic{{TopicID: [16]byte{9}}, {TopicID: meta.Topics[0].TopicID}, {Topic: kmsg.StringPtr("d2")}, {Topic: kmsg.StringPtr("none")}}
	s.say("DeleteTopics by id", r, 6)
	r.Topics = []kmsg.DeleteTopicsRequestTopic{{Topic: kmsg.StringPtr("p-1"), TopicID: [16]byte{9}}, {}}
	s.say("DeleteTopics by both and none", r, 6)
	r.Topics = []kmsg.DeleteTopicsRequestTopic{{Topic: kmsg.StringPtr("p-1")}, {Topic: kmsg.StringPtr("p-1")}}
	s.say("DeleteTopics twice", r, 6)
	r.Topics = []kmsg.DeleteTopicsRequestTopic{{Topic: kmsg.StringPtr("")}}
	s.say("DeleteTopics empty", r, 6)
}

func playCreatePartitions(s *script) {
	more := func(about string, validate bool, name string, count int32, assigned ...[]int32) {
		r := kmsg.NewPtrCreatePartitionsRequest()
		r.TimeoutMillis, r.ValidateOnly = 10000, validate
		t := kmsg.NewCreatePartitionsRequestTopic()
		t.Topic, t.Count = name, count
		for _, a := range assigned {
			t.Assignment = append(t.Assignment, kmsg.CreatePartitionsRequestTopicAssignment{Replicas: a})
		}
		r.Topics = append(r.Topics, t)
		s.say("CreatePartitions "+about, r, 3)
	}
	more("of none", false, "nosuch", 5)
	more("fewer", false, "s.one", 1)
	more("same", false, "s.one", 2)
	more("negative", false, "s.one", -1)
	more("zero", false, "s.one", 0)
	more("validate", true, "s.one", 3)
	more("assignment too short", false, "s.one", 4, []int32{1})
	more("assignment too long", false, "s.one", 3, []int32{1}, []int32{1})
	more("assignment elsewhere", false, "s.one", 3, []int32{5})
	more("assignment empty", false, "s.one", 3, []int32{})
	more("assignment twice", false, "s.one", 3, []int32{1, 1})
	more("assignment", false, "s.one", 3, []int32{1})
	more("more", false, "s.one", 4)
	r := kmsg.NewPtrCreatePartitionsRequest()
	r.TimeoutMillis = 10000
	r.Topics = []kmsg.CreatePartitionsRequestTopic{{Topic: "s.one", Count: 5}, {Topic: "s.one", Count: 6}}
	s.say("CreatePartitions twice", r, 3)
}

func resource(kind kmsg.ConfigResourceType, name string, names ...string) kmsg.DescribeConfigsRequestResource {
	return kmsg.DescribeConfigsRequestResource{ResourceType: kind, ResourceName: name, ConfigNames: names}
}

func describeConfigs(s *script, about string, version int16, synonyms bool, list ...kmsg.DescribeConfigsRequestResource) {
	r := kmsg.NewPtrDescribeConfigsRequest()
	r.Resources, r.IncludeSynonyms = list, synonyms
	s.say("DescribeConfigs "+about, r, version)
}

const (
	ofTopic  = kmsg.ConfigResourceTypeTopic
	ofBroker = kmsg.ConfigResourceTypeBroker
	ofGroup  = kmsg.ConfigResourceTypeGroupConfig
)

type change struct {
	op    kmsg.IncrementalAlterConfigOp
	name  string
	value string
}

func incremental(s *script, about string, validate bool, kind kmsg.ConfigResourceType, name string, changes ...change) {
	r := kmsg.NewPtrIncrementalAlterConfigsRequest()
	r.ValidateOnly = validate
	res := kmsg.NewIncrementalAlterConfigsRequestResource()
	res.ResourceType, res.ResourceName = kind, name
	for _, c := range changes {
		e := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		e.Name, e.Op = c.name, c.op
		if c.value != "null" {
			e.Value = kmsg.StringPtr(c.value)
		}
		res.Configs = append(res.Configs, e)
	}
	r.Resources = append(r.Resources, res)
	s.say("IncrementalAlterConfigs "+about, r, 1)
}

const (
	opSet = kmsg.IncrementalAlterConfigOpSet
	opDel = kmsg.IncrementalAlterConfigOpDelete
	opAdd = kmsg.IncrementalAlterConfigOpAppend
	opSub = kmsg.IncrementalAlterConfigOpSubtract
)

func playConfigs(s *script) {
	topic := resource(ofTopic, "cfg", "retention.ms", "cleanup.policy", "nosuch", "max.message.bytes")
	createTopics(s, "for configs", 4, false, newTopic{name: "cfg", partitions: 1, factor: 1, configs: [][2]string{{"retention.ms", "1000"}}})
	for _, v := range []int16{1, 2, 3, 4} {
		describeConfigs(s, fmt.Sprint("version ", v), v, true, topic)
	}
	describeConfigs(s, "without synonyms", 4, false, topic)
	for _, r := range []kmsg.DescribeConfigsRequestResource{resource(ofTopic, "none"), resource(ofTopic, "a b"), resource(ofTopic, ""), resource(ofBroker, "7"), resource(ofBroker, "x"), resource(ofGroup, "")} {
		describeConfigs(s, fmt.Sprint("of ", r.ResourceType, r.ResourceName), 4, true, r)
	}
	describeConfigs(s, "of none and one", 4, false, resource(ofTopic, "none"), topic, topic)
	incremental(s, "set", false, ofTopic, "cfg", change{opSet, "retention.ms", "2000"}, change{opSet, "segment.ms", "5000"})
	incremental(s, "set twice", false, ofTopic, "cfg", change{opSet, "retention.ms", "2000"}, change{opSet, "retention.ms", "5000"})
	incremental(s, "delete", false, ofTopic, "cfg", change{opDel, "segment.ms", "null"}, change{opDel, "nosuch", "null"})
	incremental(s, "append", false, ofTopic, "cfg", change{opAdd, "cleanup.policy", "compact"})
	incremental(s, "append again", false, ofTopic, "cfg", change{opAdd, "cleanup.policy", "compact"})
	describeConfigs(s, "after append", 4, true, topic)
	incremental(s, "subtract", false, ofTopic, "cfg", change{opSub, "cleanup.policy", "delete"})
	describeConfigs(s, "after subtract", 4, true, topic)
	incremental(s, "append to a number", false, ofTopic, "cfg", change{opAdd, "retention.ms", "1"})
	incremental(s, "null", false, ofTopic, "cfg", change{opSet, "retention.ms", "null"})
	incremental(s, "bad value", false, ofTopic, "cfg", change{opSet, "retention.ms", "x"})
	incremental(s, "bad name", false, ofTopic, "cfg", change{opSet, "nosuch", "x"})
	incremental(s, "no topic", false, ofTopic, "none", change{opSet, "retention.ms", "1"})
	incremental(s, "no name", false, ofTopic, "", change{opSet, "retention.ms", "1"})
	incremental(s, "validate", true, ofTopic, "cfg", change{opSet, "retention.ms", "1"})
	describeConfigs(s, "after all", 4, true, topic)
	alter := kmsg.NewPtrAlterConfigsRequest()
	alter.Resources = []kmsg.AlterConfigsRequestResource{{ResourceType: ofTopic, ResourceName: "cfg", Configs: []kmsg.AlterConfigsRequestResourceConfig{{Name: "segment.ms", Value: kmsg.StringPtr("7000")}}}}
	s.say("AlterConfigs", alter, 2)
	describeConfigs(s, "after AlterConfigs", 4, true, topic)
	alter.Resources[0].Configs[0].Value = kmsg.StringPtr("-7")
	s.say("AlterConfigs bad", alter, 2)
	alter.Resources[0].Configs[0].Value = nil
	s.say("AlterConfigs null", alter, 2)
	alter.Resources[0].Configs[0].Value = kmsg.StringPtr("7000")
	alter.Resources[0].Configs = append(alter.Resources[0].Configs, alter.Resources[0].Configs[0])
	s.say("AlterConfigs with a name twice", alter, 2)
	alter.Resources = []kmsg.AlterConfigsRequestResource{{ResourceType: ofTopic, ResourceName: "none"}, {ResourceType: 77, ResourceName: "none"}}
	s.say("AlterConfigs none", alter, 2)
}

func playBrokerConfigs(s *script) {
	names := []string{"log.retention.hours", "log.retention.ms", "log.retention.minutes", "message.max.bytes", "num.partitions", "log.cleaner.threads", "node.id", "ssl.key.password", "auto.create.topics.enable"}
	one := resource(ofBroker, "1", names...)
	all := resource(ofBroker, "", names...)
	describeConfigs(s, "of the broker", 4, true, one)
	describeConfigs(s, "of the default broker", 4, true, all)
	incremental(s, "broker", false, ofBroker, "1", change{opSet, "log.retention.ms", "99000"})
	incremental(s, "default broker", false, ofBroker, "", change{opSet, "message.max.bytes", "2000000"}, change{opSet, "log.retention.ms", "98000"})
	describeConfigs(s, "of the broker then", 4, true, one)
	describeConfigs(s, "of the default broker then", 4, true, all)
	describeConfigs(s, "of a topic then", 4, true, resource(ofTopic, "cfg", "max.message.bytes", "retention.ms"))
	incremental(s, "broker read-only", false, ofBroker, "1", change{opSet, "num.partitions", "5"})
	incremental(s, "broker unknown", false, ofBroker, "1", change{opSet, "my.own", "5"})
	incremental(s, "broker bad", false, ofBroker, "1", change{opSet, "log.retention.ms", "x"})
	incremental(s, "other broker", false, ofBroker, "5", change{opSet, "log.retention.ms", "1000"})
	incremental(s, "broker no number", false, ofBroker, "x", change{opSet, "log.retention.ms", "1000"})
	incremental(s, "broker back", false, ofBroker, "1", change{opDel, "log.retention.ms", "null"}, change{opDel, "my.own", "null"})
	incremental(s, "default back", false, ofBroker, "", change{opDel, "message.max.bytes", "null"}, change{opDel, "log.retention.ms", "null"})
	describeConfigs(s, "of the broker at last", 4, true, one)
	describeConfigs(s, "of a group", 4, true, resource(ofGroup, "g", "consumer.session.timeout.ms"))
	incremental(s, "group", false, ofGroup, "g", change{opSet, "consumer.session.timeout.ms", "50000"})
	incremental(s, "group bad", false, ofGroup, "g", change{opSet, "consumer.session.timeout.ms", "1"})
	incremental(s, "group bad name", false, ofGroup, "g", change{opSet, "nosuch", "1"})
	describeConfigs(s, "of a group then", 4, true, resource(ofGroup, "g", "consumer.session.timeout.ms"))
}

func playCluster(s *script) {
	a := kmsg.NewPtrDescribeACLsRequest()
	a.ResourceType, a.ResourcePatternType, a.Operation, a.PermissionType = 1, 1, 1, 1
	s.say("DescribeAcls", a, 3)
	q := kmsg.NewPtrDescribeClientQuotasRequest()
	s.say("DescribeClientQuotas", q, 1)
	q.Components = []kmsg.DescribeClientQuotasRequestComponent{{EntityType: "user", MatchType: 2}}
	s.say("DescribeClientQuotas of users", q, 1)
	q.Components[0].EntityType = "planet"
	s.say("DescribeClientQuotas of planets", q, 1)
	re := kmsg.NewPtrListPartitionReassignmentsRequest()
	re.TimeoutMillis = 1000
	s.say("ListPartitionReassignments", re, 0)
	re.Topics = []kmsg.ListPartitionReassignmentsRequestTopic{{Topic: "nosuch", Partitions: []int32{0}}}
	s.say("ListPartitionReassignments of none", re, 0)
	tp := kmsg.NewPtrDescribeTopicPartitionsRequest()
	tp.ResponsePartitionLimit = 2000
	tp.Topics = []kmsg.DescribeTopicPartitionsRequestTopic{{Topic: "s.one"}, {Topic: "nosuch"}, {Topic: "a b"}, {Topic: "cfg"}}
	s.say("DescribeTopicPartitions", tp, 0)
	tp.ResponsePartitionLimit = 3
	s.say("DescribeTopicPartitions by three", tp, 0)
	tp.Cursor = &kmsg.DescribeTopicPartitionsRequestCursor{Topic: "s.one", Partition: 2}
	s.say("DescribeTopicPartitions from a cursor", tp, 0)
	tp.Cursor.Partition = -1
	s.say("DescribeTopicPartitions from a bad cursor", tp, 0)
	d := kmsg.NewPtrDeleteRecordsRequest()
	d.TimeoutMillis = 5000
	d.Topics = []kmsg.DeleteRecordsRequestTopic{{Topic: "cfg", Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Offset: 0}, {Partition: 4}}},
		{Topic: "nosuch", Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Offset: 0}}}, {Topic: "s.one", Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Offset: 5}, {Partition: 1, Offset: -1}, {Partition: 2, Offset: -2}}}}
	s.say("DeleteRecords", d, 2)
	e := kmsg.NewPtrElectLeadersRequest()
	e.TimeoutMillis = 1000
	e.Topics = []kmsg.ElectLeadersRequestTopic{{Topic: "s.one", Partitions: []int32{0, 9}}, {Topic: "nosuch", Partitions: []int32{0}}}
	s.say("ElectLeaders of some", e, 2)
	acl := kmsg.NewPtrCreateACLsRequest()
	acl.Creations = []kmsg.CreateACLsRequestCreation{{ResourceType: 2, ResourceName: "x", ResourcePatternType: 3, Principal: "User:a", Host: "*", Operation: 3, PermissionType: 3}}
	s.say("CreateAcls", acl, 3)
	dacl := kmsg.NewPtrDeleteACLsRequest()
	dacl.Filters = []kmsg.DeleteACLsRequestFilter{{ResourceType: 2, ResourcePatternType: 3, Operation: 3, PermissionType: 3}}
	s.say("DeleteAcls", dacl, 3)
}

func playAdmin(s *script) {
	for _, part := range []func(*script){playCreateTopics, playDeleteTopics, playCreatePartitions, playConfigs, playBrokerConfigs, playCluster} {
		part(s)
	}
}

func TestScriptAdmin(t *testing.T) {
	runScript(t, "admin.kafka", playAdmin, ownPeer)
}
