package broker

import (
	"encoding/binary"
	"encoding/hex"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/sys"
)

// groups is the group coordinator: all groups, their offsets, one set of timers. Its rules
// are those of Kafka's GroupMetadataManager and OffsetMetadataManager.
//
// A group's lock is taken before mu, never after it.
type groups struct {
	sys    *sys.Sys
	log    *slog.Logger
	store  groupStore
	topics topicLookup
	cfg    groupConfig
	timers *timers
	// perGroup is a setting of one group in force, in ms, by its name ("consumer.session.timeout.ms");
	// nil where groups have none of their own. Set before run.
	perGroup func(group, name string) int64
	count    uint64 // of members ever made, under mu: their order

	mu     sync.RWMutex
	byName map[string]*group
}

// groupStore is what groups need of a log.Log.
type groupStore interface {
	Write(w log.Write) error
	Sync(done func(error))
	All(t log.Table) iter.Seq2[string, []byte]
}

// topicPartition names a partition.
type topicPartition struct {
	topic     string
	partition int32
}

// group is a consumer group or, with offsets alone, Kafka's simple group: a classic one
// without a protocol type.
type group struct {
	all  *groups
	name string

	mu      sync.Mutex
	gone    bool     // taken out of the map: look it up again
	classic *classic // exactly one of these two is set
	modern  *modern
	offsets map[topicPartition]committed
	pending map[topicPartition]map[int64]bool // producer ids with an open transaction that commits here
}

// newGroups reads what the store kept. run must be called for timeouts to happen.
func newGroups(s *sys.Sys, l *slog.Logger, store groupStore, topics topicLookup, settings map[string]string) *groups {
	c := &groups{sys: s, log: l, store: store, topics: topics, cfg: groupSettings(settings),
		timers: newTimers(s.Clock), byName: map[string]*group{}}
	c.load()
	c.scheduleExpiry()
	return c
}

// run serves the timers until stop is closed.
func (c *groups) run(stop <-chan struct{}) { c.timers.run(stop) }

func (c *groups) now() int64 { return c.sys.Clock.Now().UnixMilli() }

// lock returns the group locked, or nil.
func (c *groups) lock(name string) *group {
	for {
		c.mu.RLock()
		g := c.byName[name]
		c.mu.RUnlock()
		if g == nil {
			return nil
		}
		g.mu.Lock()
		if !g.gone {
			return g
		}
		g.mu.Unlock()
	}
}

// lockOrMake returns the group locked; a new one is an empty classic group. made says that
// it is new.
func (c *groups) lockOrMake(name string) (g *group, made bool) {
	for {
		if g = c.lock(name); g != nil {
			return g, made
		}
		c.mu.Lock()
		if c.byName[name] == nil {
			c.byName[name] = c.newGroup(strings.Clone(name))
			made = true
		}
		c.mu.Unlock()
	}
}

// newGroup makes a group that nothing knows yet.
func (c *groups) newGroup(name string) *group {
	return &group{all: c, name: name, classic: newClassic(c.now()),
		offsets: map[topicPartition]committed{}, pending: map[topicPartition]map[int64]bool{}}
}

// snapshot lists the groups that there are, in no order.
func (c *groups) snapshot() []*group {
	c.mu.RLock()
	defer c.mu.RUnlock()
	list := make([]*group, 0, len(c.byName))
	for _, g := range c.byName {
		list = append(list, g)
	}
	return list
}

// drop takes the locked group out of the map and stops its timers.
func (g *group) drop() {
	g.gone = true
	g.all.timers.cancelAll(g)
	g.all.mu.Lock()
	defer g.all.mu.Unlock()
	if g.all.byName[g.name] == g {
		delete(g.all.byName, g.name)
	}
}

// empty says that the group has no members.
func (g *group) empty() bool {
	if g.modern != nil {
		return len(g.modern.members) == 0
	}
	return g.classic.state == stateEmpty
}

// setting is a time of the group's: its own setting, or the broker's.
func (g *group) setting(name string, broker time.Duration) time.Duration {
	if g.all.perGroup == nil {
		return broker
	}
	return time.Duration(g.all.perGroup(g.name, name)) * time.Millisecond
}

// state is the group's state as Kafka names it.
func (g *group) state() string {
	if g.modern != nil {
		return g.modern.state()
	}
	return g.classic.state.String()
}

// protocolType is "consumer" for consumers, what a classic group says of itself, or "".
func (g *group) protocolType() string {
	if g.modern != nil {
		return consumerProtocol
	}
	return g.classic.protocolType
}

// kind is the group's type as ListGroups names it.
func (g *group) kind() string {
	if g.modern != nil {
		return "consumer"
	}
	return "classic"
}

// subscribesTo says whether the members read a topic; a classic group that does not tell is
// taken to read all.
func (g *group) subscribesTo(topic string) bool {
	if g.modern != nil {
		_, ok := g.modern.subscribed[topic]
		return ok
	}
	return g.classic.subscribesTo(topic)
}

// consumerProtocol is the protocol type of consumers.
const consumerProtocol = "consumer"

// after sets a timer of the group; key says what for.
func (g *group) after(kind timerKind, member string, d time.Duration, do func()) {
	g.all.timers.set(timerKey{g, kind, member}, d, do)
}

func (g *group) cancel(kind timerKind, member string) {
	g.all.timers.cancel(timerKey{g, kind, member})
}

// newID is a random UUID (version 4).
func (c *groups) newID() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], c.sys.Rand.Uint64())
	binary.BigEndian.PutUint64(b[8:], c.sys.Rand.Uint64())
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// nextMember numbers members in the order in which they came.
func (c *groups) nextMember() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	return c.count
}
