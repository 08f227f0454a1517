package cli

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/azud/azud/internal/errs"
)

// groupView is what people see of a consumer group, of either protocol.
type groupView struct {
	name, state, assignor string
	members               []*groupMember
	parts                 []*groupPart // by topic and partition
}

type groupMember struct {
	id, instance, client, host string
	busy                       bool // has partitions
}

// String is the member's id, its client's name if the id does not begin with it, its instance,
// and its host.
func (m *groupMember) String() string {
	words := []string{m.id}
	if m.client != "" && !strings.HasPrefix(m.id, m.client) {
		words = append(words, m.client)
	}
	if m.instance != "" && m.instance != m.client {
		words = append(words, "instance "+m.instance)
	}
	return strings.Join(append(words, m.host), " ")
}

// groupPart is a partition that the group has committed or a member reads. Offsets that are
// not known are -1.
type groupPart struct {
	topic          string
	partition      int32
	committed, end int64
	member         *groupMember // nil: nobody reads it
}

// lag is the offsets that the group has not come to, -1 if it is not known.
func (p *groupPart) lag() int64 {
	if p.committed < 0 || p.end < 0 {
		return -1
	}
	return max(0, p.end-p.committed)
}

func (g *groupView) lag() (sum int64) {
	for _, p := range g.parts {
		sum += max(0, p.lag())
	}
	return sum
}

func (g *groupView) part(topic string, partition int32) *groupPart {
	for _, p := range g.parts {
		if p.topic == topic && p.partition == partition {
			return p
		}
	}
	p := &groupPart{topic: topic, partition: partition, committed: -1, end: -1}
	g.parts = append(g.parts, p)
	return p
}

// existingGroups checks that the groups are there; one that is not is an error with near names.
func existingGroups(ctx context.Context, adm *kadm.Client, names ...string) error {
	groups, err := adm.ListGroups(ctx)
	if err != nil {
		return unavailable(err, "listing groups")
	}
	for _, name := range names {
		if _, ok := groups[name]; ok {
			continue
		}
		e := errs.New("GROUP_ID_NOT_FOUND", "there is no group %s", name)
		if near := errs.Near(name, groups.Groups()); len(near) > 0 {
			return e.WithHint("did you mean %s?", near[0])
		}
		return e.WithHint("'azud group list' shows the groups")
	}
	return nil
}

// readGroups reads the groups named, in that order; with no name all, sorted. One that is not
// there has neither members nor offsets.
func (a *app) readGroups(ctx context.Context, adm *kadm.Client, names ...string) ([]*groupView, error) {
	if len(names) == 0 {
		listed, err := adm.ListGroups(ctx)
		if err != nil {
			return nil, unavailable(err, "listing groups")
		}
		if names = listed.Groups(); len(names) == 0 {
			return nil, nil
		}
	}
	views := make([]*groupView, len(names))
	return views, a.patiently(ctx, func() error {
		byName := map[string]*groupView{}
		for i, name := range names {
			views[i] = &groupView{name: name, state: "Dead"}
			byName[name] = views[i]
		}
		if err := readMembers(ctx, adm, byName, names); err != nil {
			return err
		}
		return readOffsets(ctx, adm, byName, names)
	})
}

// readMembers asks for members in the classic protocol, and for the groups that it does not
// know in the newer one (KIP-848).
func readMembers(ctx context.Context, adm *kadm.Client, byName map[string]*groupView, names []string) error {
	classic, err := adm.DescribeGroups(ctx, names...)
	if err != nil {
		return unavailable(err, "describing groups")
	}
	var others []string
	for _, name := range names {
		d := classic[name]
		switch {
		case errors.Is(d.Err, kerr.GroupIDNotFound), d.Err == nil && d.State == "Dead":
			others = append(others, name)
		case d.Err != nil:
			return unavailable(d.Err, "describing group %s", name)
		default:
			byName[name].classic(d)
		}
	}
	if len(others) == 0 {
		return nil
	}
	described, err := adm.DescribeConsumerGroups(ctx, others...)
	if err != nil { // an older Kafka has no such groups
		return ctx.Err()
	}
	for _, d := range described {
		if d.Err == nil {
			byName[d.Group].consumer(d)
		}
	}
	return nil
}

func (g *groupView) classic(d kadm.DescribedGroup) {
	g.state, g.assignor = d.State, d.Protocol
	for _, m := range d.Members {
		one := &groupMember{id: m.MemberID, client: m.ClientID, host: m.ClientHost}
		if m.InstanceID != nil {
			one.instance = *m.InstanceID
		}
		if assigned, ok := m.Assigned.AsConsumer(); ok {
			for _, t := range assigned.Topics {
				for _, p := range t.Partitions {
					g.part(t.Topic, p).member, one.busy = one, true
				}
			}
		}
		g.members = append(g.members, one)
	}
}

func (g *groupView) consumer(d kadm.DescribedConsumerGroup) {
	g.state, g.assignor = d.State, d.AssignorName
	for _, m := range d.Members {
		one := &groupMember{id: m.MemberID, client: m.ClientID, host: m.ClientHost}
		if m.InstanceID != nil {
			one.instance = *m.InstanceID
		}
		m.Assignment.Each(func(topic string, p int32) {
			g.part(topic, p).member, one.busy = one, true
		})
		g.members = append(g.members, one)
	}
}

// readOffsets adds committed offsets and ends.
func readOffsets(ctx context.Context, adm *kadm.Client, byName map[string]*groupView, names []string) error {
	fetched := adm.FetchManyOffsets(ctx, names...)
	topics := kadm.TopicsSet{}
	for name, g := range byName {
		f := fetched[name]
		if f.Err != nil && !errors.Is(f.Err, kerr.GroupIDNotFound) {
			return unavailable(f.Err, "reading the offsets of group %s", name)
		}
		f.Fetched.Each(func(o kadm.OffsetResponse) {
			if o.Err == nil && o.At >= 0 {
				g.part(o.Topic, o.Partition).committed = o.At
			}
		})
		for _, p := range g.parts {
			topics.Add(p.topic, p.partition)
		}
	}
	if len(topics) == 0 {
		return nil
	}
	ends, err := adm.ListEndOffsets(ctx, topics.Topics()...)
	if err != nil {
		return unavailable(err, "reading offsets")
	}
	for _, g := range byName {
		for _, p := range g.parts {
			if o, ok := ends.Lookup(p.topic, p.partition); ok && o.Err == nil { // else the topic is gone
				p.end = o.Offset
			}
		}
		slices.SortFunc(g.parts, func(x, y *groupPart) int {
			return cmp.Or(cmp.Compare(x.topic, y.topic), cmp.Compare(x.partition, y.partition))
		})
	}
	return nil
}
