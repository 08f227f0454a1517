package broker

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// target is a resource whose settings change.
type target struct {
	now   dynamic                              // what is set
	kind  func(name string) kmsg.ConfigType    // the type of a setting
	value func(name string) string             // in force, for what lists are appended to
	check func(name, value string) error       // of a value
	write func(to dynamic) error               // everything that is set from now on
	fixed func(names []string) (refusal error) // names that cannot be changed; nil: all can
}

// find is a resource by the name of a request.
func (c *configs) find(kind kmsg.ConfigResourceType, name string) (*target, error) {
	switch kind {
	case kmsg.ConfigResourceTypeTopic:
		return c.topicTarget(name)
	case kmsg.ConfigResourceTypeBroker:
		return c.brokerTarget(name)
	case kmsg.ConfigResourceTypeGroupConfig:
		if name == "" {
			return nil, refused(kerr.InvalidRequest, "Default group resources are not allowed.")
		}
		resource := groupPrefix + strings.Clone(name)
		return &target{
			now:   c.of(resource),
			kind:  func(n string) kmsg.ConfigType { s, _ := groupSettingOf(n); return s.kind },
			value: func(string) string { return "" },
			check: c.checkGroupSetting,
			write: func(to dynamic) error { return c.replace(resource, to) },
		}, nil
	case kmsg.ConfigResourceTypeBrokerLogger, kmsg.ConfigResourceTypeClientMetrics:
		return nil, refused(kerr.InvalidRequest, "Resources of type %v have no settings here.", kind)
	}
	return nil, refused(kerr.InvalidRequest, "Unknown resource type %d", kind)
}

func (c *configs) topicTarget(name string) (*target, error) {
	if name == "" {
		return nil, refused(kerr.InvalidRequest, "Default topic resources are not allowed.")
	}
	t := c.b.store.Topics().ByName(name)
	if t == nil {
		return nil, refused(kerr.UnknownTopicOrPartition, "The topic '%s' does not exist.", name)
	}
	return &target{
		now: t.Overrides(),
		kind: func(n string) kmsg.ConfigType {
			if s := topicSetting(n); s != nil {
				return kindOf(s.Type)
			}
			return 0
		},
		value: func(n string) string {
			if v, ok := c.b.store.Defaults()[n]; ok {
				return v
			}
			if s := topicSetting(n); s != nil {
				return s.Default
			}
			return ""
		},
		check: checkTopicSetting,
		write: func(to dynamic) error { return c.b.store.SetTopic(t.ID(), to) },
	}, nil
}

func (c *configs) brokerTarget(name string) (*target, error) {
	resource := ofThisBroker
	switch name {
	case "":
		resource = ofAllBrokers
	case strconv.Itoa(int(c.b.cfg.NodeID)):
	default:
		if _, err := strconv.ParseInt(name, 10, 32); err != nil {
			return nil, refused(kerr.InvalidRequest, "Node id must be an integer, but it is: %s", name)
		}
		return nil, refused(kerr.InvalidRequest, "Unexpected broker id, expected %d, but received %s", c.b.cfg.NodeID, name)
	}
	return &target{
		now: c.of(resource),
		kind: func(n string) kmsg.ConfigType {
			if s := c.table[n]; s != nil {
				return s.kind
			}
			return 0
		},
		value: func(n string) string { v, _ := c.b.setting(n); return v },
		check: c.checkBrokerSetting,
		write: func(to dynamic) error { return c.replace(resource, to) },
		fixed: func(names []string) error {
			var bad []string
			for _, n := range names {
				if s := c.table[n]; s != nil && !s.dynamic {
					bad = append(bad, n)
				}
			}
			if len(bad) == 0 {
				return nil
			}
			return refused(kerr.InvalidRequest, "Cannot update these configs dynamically: [%s]", strings.Join(bad, ", "))
		},
	}, nil
}

// alteration is one change of a setting.
type alteration struct {
	name  string
	op    kmsg.IncrementalAlterConfigOp
	value *string
}

// alter makes changes to one resource: all of them or none. whole starts from nothing, as the
// older AlterConfigs does. The caller syncs before it answers.
func (c *configs) alter(kind kmsg.ConfigResourceType, name string, changes []alteration, whole, validate bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := map[string]bool{}
	var names []string
	for _, a := range changes {
		if seen[a.name] {
			return refused(kerr.InvalidRequest, "Error due to duplicate config keys")
		}
		seen[a.name] = true
		names = append(names, a.name)
		if a.value == nil && a.op != kmsg.IncrementalAlterConfigOpDelete {
			return refused(kerr.InvalidRequest, "Null value not supported for : %s", a.name)
		}
	}
	t, err := c.find(kind, name)
	if err != nil {
		return err
	}
	if t.fixed != nil {
		if err := t.fixed(names); err != nil {
			return err
		}
	}
	to := dynamic{}
	if !whole {
		maps.Copy(to, t.now)
	}
	for _, a := range changes {
		if err := t.apply(to, a); err != nil {
			return err
		}
	}
	if validate || maps.Equal(to, t.now) {
		return nil
	}
	return t.write(to)
}

// apply makes one change to a copy of the settings.
func (t *target) apply(to dynamic, a alteration) error {
	name := strings.Clone(a.name)
	value := ""
	if a.value != nil {
		value = strings.Clone(*a.value)
	}
	switch a.op {
	case kmsg.IncrementalAlterConfigOpSet:
	case kmsg.IncrementalAlterConfigOpDelete:
		delete(to, name)
		return nil
	case kmsg.IncrementalAlterConfigOpAppend, kmsg.IncrementalAlterConfigOpSubtract:
		word := "APPEND"
		if a.op == kmsg.IncrementalAlterConfigOpSubtract {
			word = "SUBTRACT"
		}
		if t.kind(name) != kindList {
			return refused(kerr.InvalidConfig, "Can't %s to key %s because its type is not LIST.", word, name)
		}
		old, given := to[name]
		if !given {
			old = t.value(name)
		}
		value = changeList(old, value, a.op == kmsg.IncrementalAlterConfigOpAppend)
	default:
		return refused(kerr.UnknownServerError, "There is no operation %d on settings.", a.op)
	}
	if err := t.check(name, value); err != nil {
		return err
	}
	to[name] = value
	return nil
}

// changeList adds entries to a list with commas where they are missing, or takes them away.
func changeList(list, entries string, add bool) string {
	words := func(s string) (out []string) {
		for w := range strings.SplitSeq(s, ",") {
			if w = strings.TrimSpace(w); w != "" {
				out = append(out, w)
			}
		}
		return out
	}
	out := words(list)
	for _, w := range words(entries) {
		switch at := slices.Index(out, w); {
		case add && at < 0:
			out = append(out, w)
		case !add && at >= 0:
			out = slices.Delete(out, at, at+1)
		}
	}
	return strings.Join(out, ",")
}

// checkOverrides refuses settings of a new topic, in Kafka's words.
func checkOverrides(overrides []kmsg.CreateTopicsRequestTopicConfig) (map[string]string, error) {
	out := map[string]string{}
	for _, o := range overrides {
		if o.Value == nil {
			return nil, refused(kerr.InvalidConfig, "Null value not supported for topic configs: %s", o.Name)
		}
		if err := checkTopicSetting(o.Name, *o.Value); err != nil {
			return nil, err
		}
		out[strings.Clone(o.Name)] = strings.Clone(*o.Value)
	}
	_, err := log.ParseSettings(nil, out)
	return out, err
}
