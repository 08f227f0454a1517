package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// glance looks, after a restart, at what costs little: starts and ends of partitions, committed
// offsets, topics and their settings.
func (w *world) glance(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := insist(ctx, func() error { return w.glanceOffsets(ctx) }); err != nil {
		return fmt.Errorf("after a restart, offsets of partitions: %w", err)
	}
	for _, group := range w.groups() {
		if err := insist(ctx, func() error { _, err := w.glanceGroup(ctx, group); return err }); err != nil {
			return fmt.Errorf("after a restart, offsets of group %s: %w", group, err)
		}
	}
	if err := insist(ctx, func() error { return w.glanceTopics(ctx) }); err != nil {
		return fmt.Errorf("after a restart, topics: %w", err)
	}
	return nil
}

// insist tries again while the broker could not be reached: the client's connections are those
// of before the restart.
func insist(ctx context.Context, try func() error) error {
	for {
		err := try()
		if err == nil || isAnswer(err) || ctx.Err() != nil {
			return err
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// limits lists starts or ends of the partitions of the load's topics.
func (w *world) limits(ctx context.Context, list func(context.Context, ...string) (kadm.ListedOffsets, error)) (map[part]int64, error) {
	offsets, err := list(ctx, w.topicNames()...)
	if err == nil {
		err = offsets.Error()
	}
	out := map[part]int64{}
	offsets.Each(func(o kadm.ListedOffset) { out[part{o.Topic, o.Partition}] = o.Offset })
	return out, err
}

func (w *world) glanceOffsets(ctx context.Context) error {
	w.l.mu.Lock()
	high, acked := map[part]int64{}, map[part]int64{}
	for p, o := range w.l.high {
		high[p] = o
	}
	for p, c := range w.l.cuts {
		acked[p] = c.acked
	}
	w.l.mu.Unlock()
	starts, err := w.limits(ctx, w.look.ListStartOffsets)
	if err != nil {
		return err
	}
	ends, err := w.limits(ctx, w.look.ListEndOffsets)
	if err != nil {
		return err
	}
	for p, o := range high {
		if ends[p] < o {
			w.l.complain(kindLost, "%s ends at %d after a restart; offset %d was acknowledged", p, ends[p], o-1)
		}
	}
	w.l.mu.Lock()
	asked := map[part]int64{}
	for p, c := range w.l.cuts {
		asked[p] = c.asked
	}
	w.l.mu.Unlock()
	for p, start := range starts {
		w.glanceStart(p, start, acked[p], asked[p])
	}
	return nil
}

func (w *world) glanceStart(p part, start, acked, asked int64) {
	if w.startsSeen[p] > start || acked > start {
		w.l.complain(kindBack, "%s starts at %d after a restart, and did at %d", p, start, max(acked, w.startsSeen[p]))
	}
	w.startsSeen[p] = max(start, w.startsSeen[p])
	if start > asked && p.topic != "retained" {
		w.l.complain(kindAhead, "%s starts at %d after a restart; nobody asked for more than %d", p, start, asked)
	}
}

func (w *world) groups() []string {
	names := []string{stepGroup}
	for g := range groupNames() {
		names = append(names, g)
	}
	slices.Sort(names)
	return names
}

// glanceGroup holds a group's offsets against what was acknowledged before it asked.
func (w *world) glanceGroup(ctx context.Context, group string) (map[part]int64, error) {
	acked := map[part]int64{}
	w.l.mu.Lock()
	for p, o := range w.l.offsets[group] {
		acked[p] = o.acked
	}
	w.l.mu.Unlock()
	resp, err := w.look.FetchOffsets(ctx, group)
	if err == nil {
		err = resp.Error()
	}
	if err != nil {
		return nil, err
	}
	found := map[part]int64{}
	resp.Each(func(o kadm.OffsetResponse) { found[part{o.Topic, o.Partition}] = o.At })
	for p, at := range acked {
		if have, ok := found[p]; at >= 0 && (!ok || have < at) {
			w.l.complain(kindBack, "group %s: %s: offset %d after a restart; %d was acknowledged", group, p, have, at)
		}
	}
	return found, nil
}

// glanceTopics holds the administrators' topics against what the broker has. While an administrator
// works, a topic is looked at before and after, and counts only if nothing changed between.
func (w *world) glanceTopics(ctx context.Context) error {
	before := w.admins.snapshot()
	have, err := w.look.ListTopics(ctx)
	if err != nil {
		return err
	}
	var living []string
	for name, t := range before {
		if d, ok := have[name]; !t.changing && !t.gone && ok && d.Err == nil {
			living = append(living, name)
		}
	}
	settings := map[string]map[string]string{}
	if len(living) > 0 {
		described, err := w.look.DescribeTopicConfigs(ctx, living...)
		if err != nil {
			return err
		}
		for _, d := range described {
			settings[d.Name] = map[string]string{}
			for _, c := range d.Configs {
				settings[d.Name][c.Key] = c.MaybeValue()
			}
		}
	}
	after := w.admins.snapshot()
	for name, t := range before {
		if same(t, after[name]) {
			w.glanceTopic(name, t, have, settings[name])
		}
	}
	return nil
}

func same(a, b topicState) bool {
	if a.changing || b.changing || a.gone != b.gone || a.partitions != b.partitions || a.id != b.id {
		return false
	}
	for k, v := range a.settings {
		if b.settings[k] != v {
			return false
		}
	}
	return len(a.settings) == len(b.settings)
}

func (w *world) glanceTopic(name string, t topicState, have kadm.TopicDetails, settings map[string]string) {
	d, ok := have[name]
	ok = ok && d.Err == nil
	switch {
	case t.gone && ok:
		w.l.complain("topics", "%s was deleted, and is there after a restart", name)
	case t.gone:
	case !ok:
		w.l.complain("topics", "%s was made, and is not there after a restart", name)
	case len(d.Partitions) != t.partitions:
		w.l.complain("topics", "%s has %d partitions after a restart, and had %d", name, len(d.Partitions), t.partitions)
	case t.id != (kadm.TopicID{}) && d.ID != t.id:
		w.l.complain("topics", "%s has another id after a restart", name)
	default:
		for k, v := range t.settings {
			if settings[k] != v {
				w.l.complain("topics", "%s: %s is %q after a restart, and was %q", name, k, settings[k], v)
			}
		}
	}
}

// snapshot copies what the administrator knows.
func (a *admin) snapshot() map[string]topicState {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := map[string]topicState{}
	for name, t := range a.topics {
		out[name] = *t
	}
	return out
}
