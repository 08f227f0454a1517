package broker

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// describeConfigs shows settings of topics, brokers and groups.
func (b *Broker) describeConfigs(_ *call, q *kmsg.DescribeConfigsRequest) kmsg.Response {
	r := kmsg.NewPtrDescribeConfigsResponse()
	for i := range q.Resources {
		in := &q.Resources[i]
		out := kmsg.NewDescribeConfigsResponseResource()
		out.ResourceType, out.ResourceName = in.ResourceType, in.ResourceName
		d := &describing{c: b.configs, q: q, names: in.ConfigNames}
		if err := d.resource(in.ResourceType, in.ResourceName); err != nil {
			out.ErrorCode, out.ErrorMessage = code(err), messageOf(err)
		} else {
			out.ErrorMessage = kmsg.StringPtr("")
			out.Configs = d.out
		}
		r.Resources = append(r.Resources, out)
	}
	return r
}

// describing collects the settings of one resource.
type describing struct {
	c     *configs
	q     *kmsg.DescribeConfigsRequest
	names []string // asked for; nil: all
	out   []kmsg.DescribeConfigsResponseResourceConfig
}

func (d *describing) resource(kind kmsg.ConfigResourceType, name string) error {
	b := d.c.b
	switch kind {
	case kmsg.ConfigResourceTypeTopic:
		if why := illegalName(name); why != "" {
			return refused(kerr.InvalidTopicException, "%s", why)
		}
		t := b.store.Topics().ByName(name)
		if t == nil {
			return refused(kerr.UnknownTopicOrPartition, "")
		}
		d.topic(t)
	case kmsg.ConfigResourceTypeBroker:
		return d.broker(name)
	case kmsg.ConfigResourceTypeBrokerLogger:
		if name != strconv.Itoa(int(b.cfg.NodeID)) {
			return unexpectedBroker(b, name, "expected %d, but received %s")
		}
	case kmsg.ConfigResourceTypeClientMetrics:
	case kmsg.ConfigResourceTypeGroupConfig:
		if name == "" {
			return refused(kerr.InvalidRequest, "Group name must not be empty")
		}
		d.group(name)
	default:
		return refused(kerr.InvalidRequest, "Unsupported resource type: %d", kind)
	}
	return nil
}

func unexpectedBroker(b *Broker, name, text string) error {
	if _, err := strconv.ParseInt(name, 10, 32); err != nil {
		return refused(kerr.InvalidRequest, "Broker id must be an integer, but it is: %s", name)
	}
	return refused(kerr.InvalidRequest, "Unexpected broker id, "+text, b.cfg.NodeID, name)
}

// topic shows the settings of a topic.
func (d *describing) topic(t *log.Topic) {
	d.overridden(t.Overrides())
	order := topicOrder()
	slices.SortStableFunc(d.out, func(a, b kmsg.DescribeConfigsResponseResourceConfig) int {
		return cmp.Compare(order[a.Name], order[b.Name])
	})
}

// topicOrder is where Kafka 4.3 has a topic's settings: that of a hash table, but it is always
// the same, and kafka-topics prints settings in it.
func topicOrder() map[string]int {
	order := map[string]int{}
	for i, name := range strings.Fields(`
		compression.type remote.log.delete.on.disable leader.replication.throttled.replicas
		remote.storage.enable min.insync.replicas segment.jitter.ms remote.log.copy.disable
		local.retention.ms cleanup.policy flush.ms follower.replication.throttled.replicas
		compression.lz4.level segment.bytes retention.ms compression.gzip.level flush.messages
		compression.zstd.level max.compaction.lag.ms file.delete.delay.ms max.message.bytes
		min.compaction.lag.ms message.timestamp.type local.retention.bytes preallocate
		index.interval.bytes min.cleanable.dirty.ratio unclean.leader.election.enable retention.bytes
		delete.retention.ms message.timestamp.after.max.ms message.timestamp.before.max.ms segment.ms
		segment.index.bytes`) {
		order[name] = i
	}
	return order
}

// overridden shows, by name, the settings that a topic with overrides has.
func (d *describing) overridden(overrides map[string]string) {
	defaults := d.c.b.store.Defaults()
	for _, s := range log.TopicSettings() {
		var all []synonym
		value, given := overrides[s.Name]
		if given {
			all = append(all, synonym{s.Name, &value, kmsg.ConfigSourceDynamicTopicConfig})
		} else if value, given = defaults[s.Name]; !given {
			value = s.Default
		}
		if of := d.c.brokerSettingOf(s.Name); of != "" {
			all = append(all, d.c.synonyms(of)...)
		}
		d.add(s.Name, &value, kindOf(s.Type), all, false, s.Doc)
	}
}

// broker shows the settings of this broker, or, for "", what was set for all of them.
func (d *describing) broker(name string) error {
	c := d.c
	switch name {
	case "":
		all := c.of(ofAllBrokers)
		for _, n := range slices.Sorted(maps.Keys(all)) {
			d.changed(n, all[n], kmsg.ConfigSourceDynamicDefaultBrokerConfig)
		}
		return nil
	case strconv.Itoa(int(c.b.cfg.NodeID)):
	default:
		return unexpectedBroker(c.b, name, "expected %d or empty string, but received %s")
	}
	for i := range c.list {
		s := &c.list[i]
		all := c.synonyms(s.name)
		var value *string
		if len(all) > 0 {
			value = all[0].value
		}
		d.add(s.name, value, s.kind, all, !s.dynamic, s.doc)
	}
	own := c.of(ofThisBroker)
	for _, n := range slices.Sorted(maps.Keys(own)) {
		if c.table[n] == nil {
			d.changed(n, own[n], kmsg.ConfigSourceDynamicBrokerConfig)
		}
	}
	return nil
}

// changed shows a broker setting from one source alone.
func (d *describing) changed(name, value string, source kmsg.ConfigSource) {
	kind, doc := kindPassword, "" // nobody knows whether it is a secret
	if s := d.c.table[name]; s != nil {
		kind, doc = s.kind, s.doc
	}
	d.add(name, &value, kind, []synonym{{name, &value, source}}, false, doc)
}

func (d *describing) group(name string) {
	own := d.c.of(groupPrefix + name)
	for _, s := range groupTable() {
		var all []synonym
		if v, ok := own[s.name]; ok {
			all = append(all, synonym{s.name, &v, kmsg.ConfigSourceGroupConfig})
		}
		all = append(all, d.c.synonyms(s.broker)...)
		d.add(s.name, all[0].value, s.kind, all, false, s.doc)
	}
}

// add shows a setting if it is asked for.
func (d *describing) add(name string, value *string, kind kmsg.ConfigType, all []synonym, readOnly bool, doc string) {
	if len(d.names) > 0 && !slices.Contains(d.names, name) {
		return
	}
	e := kmsg.NewDescribeConfigsResponseResourceConfig()
	e.Name, e.ReadOnly, e.ConfigType, e.IsSensitive = name, readOnly, kind, kind == kindPassword
	e.Source = kmsg.ConfigSourceDefaultConfig
	if len(all) > 0 {
		e.Source = all[0].source
	}
	e.IsDefault = e.Source == kmsg.ConfigSourceDefaultConfig
	if !e.IsSensitive {
		e.Value = value
	}
	if d.q.IncludeSynonyms {
		for _, s := range all {
			if e.IsSensitive {
				s.value = nil
			}
			e.ConfigSynonyms = append(e.ConfigSynonyms, kmsg.DescribeConfigsResponseResourceConfigConfigSynonym{Name: s.name, Value: s.value, Source: s.source})
		}
	}
	if d.q.IncludeDocumentation && doc != "" {
		e.Documentation = &doc
	}
	d.out = append(d.out, e)
}
