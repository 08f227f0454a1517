package broker

import (
	"cmp"
	"slices"
)

// GroupInfo is a consumer group, for lists and metrics.
type GroupInfo struct {
	Name     string
	State    string // as Kafka names it: "Empty", "Stable", "PreparingRebalance", …
	Type     string // "classic" or "consumer"
	Protocol string // protocol type: "consumer" for consumers, "" where only offsets are kept
	Members  []GroupMember
	Offsets  []GroupOffset // by topic and partition
}

// GroupMember is a member of a group.
type GroupMember struct {
	ID, Instance string // Instance: "" for dynamic members
	Client, Host string
}

// GroupOffset is what a group has read of a partition.
type GroupOffset struct {
	Topic     string
	Partition int32
	Committed int64
	End       int64 // high watermark
	Lag       int64 // End less Committed, not below 0
}

// GroupInfos lists the groups by name.
func (b *Broker) GroupInfos() []GroupInfo {
	if b.life.Err() != nil {
		return nil
	}
	var list []GroupInfo
	for _, g := range b.groups.snapshot() {
		g.mu.Lock()
		if !g.gone {
			list = append(list, g.info())
		}
		g.mu.Unlock()
	}
	for _, info := range list {
		for i := range info.Offsets {
			o := &info.Offsets[i]
			if p := partitionOf(b.store.Topics().ByName(o.Topic), o.Partition); p != nil {
				o.End = p.High()
				o.Lag = max(o.End-o.Committed, 0)
			}
		}
	}
	slices.SortFunc(list, func(x, y GroupInfo) int { return cmp.Compare(x.Name, y.Name) })
	return list
}

// info is the group without ends and lags.
func (g *group) info() GroupInfo {
	info := GroupInfo{Name: g.name, State: g.state(), Type: g.kind(), Protocol: g.protocolType()}
	add := func(id string, instance *string, client, host string) {
		m := GroupMember{ID: id, Client: client, Host: host}
		if instance != nil {
			m.Instance = *instance
		}
		info.Members = append(info.Members, m)
	}
	if g.modern != nil {
		for _, m := range g.modern.sorted() {
			add(m.id, m.instance, m.client, m.host)
		}
	} else {
		for _, m := range g.classic.sorted() {
			add(m.id, m.instance, m.client, m.host)
		}
	}
	for _, o := range g.sortedOffsets() {
		info.Offsets = append(info.Offsets, GroupOffset{Topic: o.Topic, Partition: o.Partition, Committed: o.Offset})
	}
	return info
}
