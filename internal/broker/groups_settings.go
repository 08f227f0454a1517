package broker

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// groupConfig are the broker settings that govern groups, with Kafka's defaults except
// group.initial.rebalance.delay.ms (0) and group.consumer.heartbeat.interval.ms (1 s).
type groupConfig struct {
	minSession, maxSession time.Duration
	maxSize                int
	initialDelay           time.Duration
	newMemberJoin          time.Duration // a first join waits at most this long
	retention              time.Duration // of offsets
	retentionCheck         time.Duration
	maxMetadata            int // bytes of a committed offset's metadata

	consumerSession, consumerHeartbeat time.Duration
	consumerMaxSize                    int
	assignors                          []string // the first is the default
	upgrade, downgrade                 bool     // whether a group with members may change its protocol
}

func groupSettings(s map[string]string) groupConfig {
	ms := func(name string, byDefault int64) time.Duration {
		return time.Duration(settingInt(s, name, byDefault)) * time.Millisecond
	}
	cfg := groupConfig{
		minSession:        ms("group.min.session.timeout.ms", 6_000),
		maxSession:        ms("group.max.session.timeout.ms", 1_800_000),
		maxSize:           int(settingInt(s, "group.max.size", 1<<31-1)),
		initialDelay:      ms("group.initial.rebalance.delay.ms", 0),
		newMemberJoin:     5 * time.Minute,
		retention:         time.Duration(settingInt(s, "offsets.retention.minutes", 7*24*60)) * time.Minute,
		retentionCheck:    ms("offsets.retention.check.interval.ms", 600_000),
		maxMetadata:       int(settingInt(s, "offset.metadata.max.bytes", 4096)),
		consumerSession:   ms("group.consumer.session.timeout.ms", 45_000),
		consumerHeartbeat: ms("group.consumer.heartbeat.interval.ms", 1_000),
		consumerMaxSize:   int(settingInt(s, "group.consumer.max.size", 1<<31-1)),
	}
	for _, name := range strings.Split(s["group.consumer.assignors"], ",") {
		name = strings.TrimSpace(name)
		if assignor(name) != nil && !slices.Contains(cfg.assignors, name) {
			cfg.assignors = append(cfg.assignors, name)
		}
	}
	switch strings.ToLower(s["group.consumer.migration.policy"]) {
	case "", "bidirectional":
		cfg.upgrade, cfg.downgrade = true, true
	case "upgrade":
		cfg.upgrade = true
	case "downgrade":
		cfg.downgrade = true
	}
	if len(cfg.assignors) == 0 {
		cfg.assignors = []string{"uniform", "range"}
	}
	return cfg
}

// settingInt is a setting as a number; one that is none counts as unset.
func settingInt(s map[string]string, name string, byDefault int64) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(s[name]), 10, 64)
	if err != nil {
		return byDefault
	}
	return n
}
