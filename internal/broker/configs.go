package broker

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// configs are the settings of the broker, and of groups, that were changed while it runs. They
// live in TableConfigs, by resource and name.
type configs struct {
	b     *Broker
	table map[string]*brokerSetting
	list  []brokerSetting // by name

	mu     sync.Mutex                         // held to change
	values atomic.Pointer[map[string]dynamic] // by resource
}

// dynamic are settings by name. Never changed in place.
type dynamic map[string]string

// Resources.
const (
	ofThisBroker = "broker"
	ofAllBrokers = "brokers"
	groupPrefix  = "group:"
)

func newConfigs(b *Broker) *configs {
	c := &configs{b: b, table: map[string]*brokerSetting{}, list: brokerTable()}
	for i := range c.list {
		c.table[c.list[i].name] = &c.list[i]
	}
	all := map[string]dynamic{}
	for key, value := range b.store.All(log.TableConfigs) {
		if resource, name, ok := strings.Cut(key, "\x00"); ok {
			if all[resource] == nil {
				all[resource] = dynamic{}
			}
			all[resource][name] = string(value)
		}
	}
	c.values.Store(&all)
	return c
}

// of are the changed settings of a resource. Not to be changed.
func (c *configs) of(resource string) dynamic { return (*c.values.Load())[resource] }

// replace writes all settings of a resource and takes them over. The caller holds mu, and syncs
// before it answers.
func (c *configs) replace(resource string, to dynamic) error {
	var w log.Write
	from := c.of(resource)
	for name := range from {
		if _, stays := to[name]; !stays {
			w.Puts = append(w.Puts, log.Put{Table: log.TableConfigs, Key: resource + "\x00" + name})
		}
	}
	for name, value := range to {
		if old, had := from[name]; !had || old != value {
			w.Puts = append(w.Puts, log.Put{Table: log.TableConfigs, Key: resource + "\x00" + name, Value: []byte(value)})
		}
	}
	if len(w.Puts) == 0 {
		return nil
	}
	if err := c.b.store.Write(w); err != nil {
		return err
	}
	all := maps.Clone(*c.values.Load())
	all[resource] = to
	c.values.Store(&all)
	if resource == ofThisBroker || resource == ofAllBrokers {
		return c.b.store.SetDefaults(c.topicDefaults())
	}
	return nil
}

// static is a setting as the broker was started with it.
func (c *configs) static(name string) (string, bool) {
	b := c.b
	switch name {
	case "node.id", "broker.id":
		return strconv.Itoa(int(b.cfg.NodeID)), true
	case "num.partitions":
		return strconv.Itoa(b.cfg.DefaultPartitions), true
	case "auto.create.topics.enable":
		if b.cfg.NoAutoCreate {
			return "false", true
		}
	case "log.dirs":
		return b.store.Dir(), true
	case "listeners", "advertised.listeners", "listener.security.protocol.map":
		return c.listeners(name), true
	}
	v, ok := b.cfg.Settings[name]
	return v, ok
}

// listeners are the broker's listeners as Kafka's settings write them.
func (c *configs) listeners(name string) string {
	var out []string
	for _, l := range c.b.listeners {
		addr := l.addr
		switch {
		case name == "listener.security.protocol.map":
			out = append(out, l.Name+":"+l.Security.String())
			continue
		case name == "advertised.listeners":
			addr = cmp.Or(l.Advertised, l.addr)
		}
		out = append(out, l.Name+"://"+addr)
	}
	return strings.Join(out, ",")
}

// setting is the value in force of a broker setting; ok is false if it has none.
func (b *Broker) setting(name string) (value string, ok bool) {
	if s := b.configs.synonyms(name); len(s) > 0 {
		return *s[0].value, true
	}
	return "", false
}

// settingInt is the value in force of a setting that is a number and has a default.
func (b *Broker) settingInt(name string) int64 {
	s := b.configs.synonyms(name)
	for _, v := range s { // a value that cannot be read gives way to the next
		if n, err := strconv.ParseInt(strings.TrimSpace(*v.value), 10, 64); err == nil {
			return n
		}
	}
	return 0
}

// synonym is a value that a setting has or could have.
type synonym struct {
	name   string
	value  *string
	source kmsg.ConfigSource
}

// families are settings of which the first one given counts: name, then those that stand in
// for it, with their unit in ms.
func families(name string) []unitOf {
	switch name {
	case "log.retention.ms":
		return []unitOf{{name, 1}, {"log.retention.minutes", 60_000}, {"log.retention.hours", 3_600_000}}
	case "log.roll.ms":
		return []unitOf{{name, 1}, {"log.roll.hours", 3_600_000}}
	case "log.roll.jitter.ms":
		return []unitOf{{name, 1}, {"log.roll.jitter.hours", 3_600_000}}
	case "log.flush.interval.ms":
		return []unitOf{{name, 1}, {"log.flush.scheduler.interval.ms", 1}}
	}
	return []unitOf{{name, 1}}
}

type unitOf struct {
	name string
	ms   int64
}

// synonyms are the values of a setting, the one in force first. Those that stand in for it
// count only after one of its own, as in Kafka (ConfigHelper.configSynonyms).
func (c *configs) synonyms(name string) (out []synonym) {
	add := func(source kmsg.ConfigSource, of func(string) (string, bool)) {
		for _, f := range families(name) {
			if len(out) == 0 && f.name != name {
				continue
			}
			if v, ok := of(f.name); ok {
				out = append(out, synonym{f.name, &v, source})
			}
		}
	}
	add(kmsg.ConfigSourceDynamicBrokerConfig, c.of(ofThisBroker).get)
	add(kmsg.ConfigSourceDynamicDefaultBrokerConfig, c.of(ofAllBrokers).get)
	add(kmsg.ConfigSourceStaticBrokerConfig, c.static)
	add(kmsg.ConfigSourceDefaultConfig, c.byDefault)
	return out
}

func (d dynamic) get(name string) (string, bool) {
	v, ok := d[name]
	return v, ok
}

func (c *configs) byDefault(name string) (string, bool) {
	if s := c.table[name]; s != nil && s.byDefault != unset {
		return s.byDefault, true
	}
	return "", false
}

// topicDefaults are the defaults of topic settings that broker settings make, where they are
// given and can be read.
func (c *configs) topicDefaults() map[string]string {
	out := map[string]string{}
	for i := range c.list {
		s := &c.list[i]
		if s.topic == "" {
			continue
		}
		if v, ok := c.givenFor(s.name); ok && log.CheckSetting(s.topic, v) == nil {
			out[s.topic] = v
		}
	}
	return out
}

// givenFor is the value that was given for a setting or a stand-in, in its own unit.
func (c *configs) givenFor(name string) (string, bool) {
	for _, f := range families(name) {
		for _, of := range []func(string) (string, bool){c.of(ofThisBroker).get, c.of(ofAllBrokers).get, c.static} {
			v, ok := of(f.name)
			if !ok {
				continue
			}
			if f.ms == 1 {
				return v, true
			}
			if n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64); err == nil {
				return strconv.FormatInt(max(n*f.ms, -1), 10), true
			}
		}
	}
	return "", false
}

// brokerSettingOf is the broker setting that is the default of a topic setting; "" if none.
func (c *configs) brokerSettingOf(topic string) string {
	i := slices.IndexFunc(c.list, func(s brokerSetting) bool { return s.topic == topic })
	if i < 0 {
		return ""
	}
	return c.list[i].name
}
