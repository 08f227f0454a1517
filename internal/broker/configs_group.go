package broker

import (
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// groupSetting is a setting of one group.
type groupSetting struct {
	name   string
	kind   kmsg.ConfigType
	broker string // the broker setting that is its default
	doc    string
}

// groupTable is every setting of groups that means something here, by name.
func groupTable() []groupSetting {
	return []groupSetting{
		{"consumer.heartbeat.interval.ms", kindInt, "group.consumer.heartbeat.interval.ms", "How often members are to call."},
		{"consumer.session.timeout.ms", kindInt, "group.consumer.session.timeout.ms", "After what silence a member is removed."},
	}
}

func groupSettingOf(name string) (groupSetting, bool) {
	for _, s := range groupTable() {
		if s.name == name {
			return s, true
		}
	}
	return groupSetting{}, false
}

// groupSettingInt is a setting of a group in force, in ms.
func (b *Broker) groupSettingInt(group, name string) int64 {
	if v, ok := b.configs.of(groupPrefix + group)[name]; ok {
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n
		}
	}
	s, _ := groupSettingOf(name)
	return b.settingInt(s.broker)
}

// checkGroupSetting refuses what is outside the broker's bounds.
func (c *configs) checkGroupSetting(name, text string) error {
	s, ok := groupSettingOf(name)
	if !ok {
		return refused(kerr.InvalidConfig, "Unknown group config name: %s", name)
	}
	if err := checkKind(name, text, s.kind, kerr.InvalidConfig); err != nil {
		return err
	}
	n, _ := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	rest := strings.TrimPrefix(name, "consumer.")
	if least := "group.consumer.min." + rest; n < c.b.settingInt(least) {
		return refused(kerr.InvalidConfig, "%s must be greater than or equal to %s", name, least)
	}
	if most := "group.consumer.max." + rest; n > c.b.settingInt(most) {
		return refused(kerr.InvalidConfig, "%s must be less than or equal to %s", name, most)
	}
	return nil
}
