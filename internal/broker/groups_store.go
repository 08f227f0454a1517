package broker

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// What groups keep over restarts. A classic group: Kafka's GroupMetadataValue, written when a
// rebalance ends; members come back with the same ids and the same assignment. A modern
// group: a savedModern as JSON, written when anything of it changes. The first byte says
// which.
const (
	savedClassicKind = 'c'
	savedModernKind  = 'm'
)

// save writes the group.
func (g *group) save() error {
	value := g.savedClassic
	if g.modern != nil {
		value = g.savedModern
	}
	v, err := value()
	if err != nil {
		return err
	}
	return g.all.store.Write(log.Write{Puts: []log.Put{{Table: log.TableGroups, Key: g.name, Value: v}}})
}

// saveOrWarn writes the group where nobody waits for it: what is lost in a crash then is at
// worst a generation, and the members join anew.
func (g *group) saveOrWarn() {
	if err := g.save(); err != nil {
		g.all.log.Warn("group could not be stored", "group", g.name, "error", err)
	}
}

// remove deletes the group and all of its offsets, in the store and here.
func (g *group) remove() error {
	w := log.Write{Puts: []log.Put{{Table: log.TableGroups, Key: g.name}}}
	for tp := range g.offsets {
		w.Puts = append(w.Puts, log.Put{Table: log.TableOffsets, Key: offsetKey(g.name, tp)})
	}
	if err := g.all.store.Write(w); err != nil {
		return err
	}
	g.drop()
	return nil
}

func (g *group) savedClassic() ([]byte, error) {
	c := g.classic
	v := kmsg.GroupMetadataValue{Version: 4, ProtocolType: c.protocolType, Generation: c.generation, CurrentStateTimestamp: c.since}
	if len(c.members) > 0 {
		v.Protocol, v.Leader = &c.protocol, &c.leader
	}
	for _, m := range c.sorted() {
		v.Members = append(v.Members, kmsg.GroupMetadataValueMember{MemberID: m.id, InstanceID: m.instance, ClientID: m.client, ClientHost: m.host,
			RebalanceTimeoutMillis: int32(m.rebalance.Milliseconds()), SessionTimeoutMillis: int32(m.session.Milliseconds()),
			Subscription: m.metadata(c.protocol), Assignment: m.assignment})
	}
	return v.AppendTo([]byte{savedClassicKind}), nil
}

// loadClassic restores a classic group: with members it is stable, as in Kafka, and each has
// its session timeout to be heard of.
func (g *group) loadClassic(value []byte) error {
	v := kmsg.NewGroupMetadataValue()
	if err := v.ReadFrom(value); err != nil {
		return err
	}
	c := g.classic
	c.generation, c.since = v.Generation, v.CurrentStateTimestamp
	if v.Protocol != nil {
		c.protocol = *v.Protocol
	}
	for _, s := range v.Members {
		m := &classicMember{order: g.all.nextMember(), id: s.MemberID, instance: s.InstanceID, client: s.ClientID, host: s.ClientHost,
			rebalance: time.Duration(s.RebalanceTimeoutMillis) * time.Millisecond, session: time.Duration(s.SessionTimeoutMillis) * time.Millisecond,
			protocols: []kmsg.JoinGroupRequestProtocol{{Name: c.protocol, Metadata: s.Subscription}}, assignment: s.Assignment}
		c.add(m, v.ProtocolType)
		g.heard(m)
	}
	c.protocolType = v.ProtocolType
	if v.Leader != nil && c.members[*v.Leader] != nil {
		c.leader = *v.Leader
	}
	if len(c.members) > 0 {
		c.state, c.previous = stateStable, stateCompleting
	}
	c.subscribed = c.topics()
	return nil
}

// savedModern is a modern group as stored.
type savedModern struct {
	Epoch, TargetEpoch int32
	Subscribed         map[string]savedTopic
	Members            []savedConsumer
}

type savedTopic struct {
	ID         string
	Partitions int32
}

type savedConsumer struct {
	ID                         string
	Instance, Rack             *string `json:",omitempty"`
	Client, Host               string
	Epoch, Previous            int32
	State                      consumerState
	Rebalance                  time.Duration
	Topics                     []string
	Regex, Assignor            string     `json:",omitempty"`
	Assigned, Revoking, Target savedParts `json:",omitempty"`
	Session                    time.Duration
	Protocols                  []savedProtocol `json:",omitempty"`
}

type savedProtocol struct {
	Name     string
	Metadata []byte
}

// savedParts are parts by the topic's id in hexadecimal.
type savedParts map[string]map[int32]int32

func (p parts) saved() savedParts {
	s := savedParts{}
	for id, partitions := range p {
		s[hex.EncodeToString(id[:])] = partitions
	}
	return s
}

func (s savedParts) parts() (parts, error) {
	p := parts{}
	for text, partitions := range s {
		id, err := readTopicID(text)
		if err != nil {
			return nil, err
		}
		p[id] = partitions
	}
	return p, nil
}

func readTopicID(text string) (id log.TopicID, err error) {
	if b, err := hex.DecodeString(text); err != nil || copy(id[:], b) != len(id) {
		return id, fmt.Errorf("%q is not a topic id", text)
	}
	return id, nil
}

func (g *group) savedModern() ([]byte, error) {
	md := g.modern
	s := savedModern{Epoch: md.epoch, TargetEpoch: md.targetEpoch, Subscribed: map[string]savedTopic{}}
	for name, t := range md.subscribed {
		s.Subscribed[name] = savedTopic{hex.EncodeToString(t.id[:]), t.partitions}
	}
	for _, m := range md.sorted() {
		c := savedConsumer{ID: m.id, Instance: m.instance, Rack: m.rack, Client: m.client, Host: m.host, Epoch: m.epoch, Previous: m.previous,
			State: m.state, Rebalance: m.rebalance, Topics: m.topics, Regex: m.regex, Assignor: m.assignor,
			Assigned: m.assigned.saved(), Revoking: m.revoking.saved(), Target: m.target.saved()}
		if m.classic != nil {
			c.Session = m.classic.session
			for _, p := range m.classic.protocols {
				c.Protocols = append(c.Protocols, savedProtocol{p.Name, p.Metadata})
			}
		}
		s.Members = append(s.Members, c)
	}
	b, err := json.Marshal(s)
	return append([]byte{savedModernKind}, b...), err
}

func (g *group) loadModern(value []byte) error {
	var s savedModern
	if err := json.Unmarshal(value, &s); err != nil {
		return err
	}
	md := newModern()
	md.epoch, md.targetEpoch = s.Epoch, s.TargetEpoch
	for name, t := range s.Subscribed {
		id, err := readTopicID(t.ID)
		if err != nil {
			return err
		}
		md.subscribed[name] = topicInfo{id, name, t.Partitions}
	}
	for _, c := range s.Members {
		m, err := c.consumer()
		if err != nil {
			return err
		}
		m.order = g.all.nextMember()
		md.put(m)
	}
	g.modern, g.classic = md, nil
	for _, m := range md.members {
		g.consumerHeard(m)
		g.watchRevocation(m)
	}
	return nil
}

func (c *savedConsumer) consumer() (*consumer, error) {
	m := &consumer{id: c.ID, instance: c.Instance, rack: c.Rack, client: c.Client, host: c.Host, epoch: c.Epoch, previous: c.Previous,
		state: c.State, rebalance: c.Rebalance, topics: c.Topics, regex: c.Regex, assignor: c.Assignor}
	for from, to := range map[*savedParts]*parts{&c.Assigned: &m.assigned, &c.Revoking: &m.revoking, &c.Target: &m.target} {
		p, err := from.parts()
		if err != nil {
			return nil, err
		}
		*to = p
	}
	if len(c.Protocols) > 0 {
		m.classic = &classicClient{session: c.Session}
		for _, p := range c.Protocols {
			m.classic.protocols = append(m.classic.protocols, kmsg.JoinGroupRequestProtocol{Name: p.Name, Metadata: p.Metadata})
		}
	}
	return m, nil
}

// load reads all groups and offsets. What cannot be read is left out and said.
func (c *groups) load() {
	for name, value := range c.store.All(log.TableGroups) {
		g := c.newGroup(name)
		err := fmt.Errorf("%d bytes of no known kind", len(value))
		switch {
		case len(value) == 0:
		case value[0] == savedClassicKind:
			err = g.loadClassic(value[1:])
		case value[0] == savedModernKind:
			err = g.loadModern(value[1:])
		}
		if err != nil {
			c.log.Warn("stored group cannot be read", "group", name, "error", err)
			continue
		}
		c.byName[name] = g
	}
	for key, value := range c.store.All(log.TableOffsets) {
		name, o, err := readOffset(key, value)
		if err != nil {
			c.log.Warn("stored offset cannot be read", "error", err)
			continue
		}
		if c.byName[name] == nil {
			c.byName[name] = c.newGroup(name)
		}
		c.byName[name].offsets[o.key()] = o
	}
}
