package logsim

import (
	"fmt"
	"maps"
	"slices"

	"github.com/azud/azud/internal/log"
)

// rec is a record as it was sent.
type rec struct {
	key   string
	value string // "" is a tombstone
	time  int64
}

// batch is what one append put into a partition, at known offsets.
type batch struct {
	base     int64
	recs     []rec // of a marker: one
	producer int64 // -1: plain
	epoch    int16
	seq      int32
	txn      bool
	marker   int8  // 0: records; 1: commit; 2: abort
	write    int   // of a marker: the number of its Write
	at       int64 // ms, when it was appended
	gone     bool  // never acknowledged, and lost by a failed sync, while what follows it was not
}

func (b *batch) next() int64 { return b.base + int64(len(b.recs)) }

// latest is the greatest time of the batch's records.
func (b *batch) latest() (ms int64) {
	for _, r := range b.recs {
		ms = max(ms, r.time)
	}
	return ms
}

// part is a partition: what has been appended and, as far as the model is sure, stays.
type part struct {
	topic   *topic
	index   int32
	batches []*batch
	acked   int64    // everything below is durable: Wait has said so, or readers saw it
	seen    int64    // greatest high watermark seen
	stood   int64    // greatest last stable offset seen
	trimmed int64    // log start that was asked for and acknowledged
	asked   int64    // log start that was asked for
	failed  []*batch // refused since the last one that was taken: one of them may be there after a crash
}

func (p *part) String() string { return fmt.Sprintf("%s-%d", p.topic.name, p.index) }

func (p *part) end() int64 {
	if len(p.batches) == 0 {
		return 0
	}
	return p.batches[len(p.batches)-1].next()
}

// at finds the batch with an offset.
func (p *part) find(offset int64) *batch {
	i, ok := slices.BinarySearchFunc(p.batches, offset, func(b *batch, o int64) int {
		switch {
		case b.next() <= o:
			return -1
		case b.base > o:
			return 1
		}
		return 0
	})
	if !ok {
		return nil
	}
	return p.batches[i]
}

// has reports whether a batch is there.
func (p *part) has(b *batch) bool { return !b.gone && slices.Contains(p.batches, b) }

// cut forgets what lies at or behind an offset: a crash has lost it.
func (p *part) cut(end int64) {
	for len(p.batches) > 0 && p.batches[len(p.batches)-1].base >= end {
		p.batches = p.batches[:len(p.batches)-1]
	}
}

// stable is the last stable offset if everything in [start, high) is there.
func (p *part) stable(start, high int64) int64 {
	open := map[int64]int64{}
	for _, b := range p.batches {
		if b.base >= high {
			break
		}
		switch {
		case b.gone:
		case b.marker != 0:
			delete(open, b.producer)
		case b.txn:
			if _, ok := open[b.producer]; !ok {
				open[b.producer] = b.base
			}
		}
	}
	for _, first := range open {
		high = min(high, max(first, start))
	}
	return high
}

// openTxn reports whether the producer has a transaction open here.
func (p *part) openTxn(id int64) (open bool) {
	for _, b := range p.batches {
		if b.producer == id && b.txn && !b.gone {
			open = b.marker == 0
		}
	}
	return open
}

// committed is what a read_committed reader sees in [start, stable).
func (p *part) committed(start, stable int64) map[int64]rec {
	out := map[int64]rec{}
	open := map[int64][]*batch{}
	for _, b := range p.batches {
		switch {
		case b.gone:
		case b.marker == 1:
			for _, o := range open[b.producer] {
				o.add(out, start, stable)
			}
			delete(open, b.producer)
		case b.marker == 2:
			delete(open, b.producer)
		case b.txn:
			open[b.producer] = append(open[b.producer], b)
		default:
			b.add(out, start, stable)
		}
	}
	return out
}

func (b *batch) add(out map[int64]rec, start, stable int64) {
	for i, r := range b.recs {
		if o := b.base + int64(i); o >= start && o < stable {
			out[o] = r
		}
	}
}

// topic is a topic and its partitions.
type topic struct {
	id       log.TopicID
	name     string
	settings map[string]string
	parts    []*part
}

func (t *topic) compacted() bool {
	p := t.settings["cleanup.policy"]
	return p == "compact" || p == "compact,delete"
}

// state is everything but records: tables and topics. Values are never changed in place.
type state struct {
	tables map[log.Table]map[string]string
	topics map[log.TopicID]topicState
}

type topicState struct {
	name     string
	settings map[string]string
	parts    int
}

func newState() *state {
	return &state{tables: map[log.Table]map[string]string{}, topics: map[log.TopicID]topicState{}}
}

func (s *state) clone() *state {
	out := &state{tables: map[log.Table]map[string]string{}, topics: maps.Clone(s.topics)}
	for t, m := range s.tables {
		out.tables[t] = maps.Clone(m)
	}
	return out
}

// diff says how two states differ; "" if they do not.
func (s *state) diff(o *state) string {
	for _, t := range allTables {
		a, b := s.tables[t], o.tables[t]
		for _, k := range slices.Sorted(maps.Keys(a)) {
			if v, ok := b[k]; !ok || v != a[k] {
				return fmt.Sprintf("table %d key %q: %q, want %q (%v)", t, k, v, a[k], ok)
			}
		}
		for k := range b {
			if _, ok := a[k]; !ok {
				return fmt.Sprintf("table %d key %q must not be there", t, k)
			}
		}
	}
	for id, a := range s.topics {
		b, ok := o.topics[id]
		if !ok || b.name != a.name || b.parts != a.parts || !maps.Equal(a.settings, b.settings) {
			return fmt.Sprintf("topic %s: %+v, want %+v (%v)", a.name, b, a, ok)
		}
	}
	for id, b := range o.topics {
		if _, ok := s.topics[id]; !ok {
			return fmt.Sprintf("topic %s must not be there", b.name)
		}
	}
	return ""
}

var allTables = []log.Table{log.TableOffsets, log.TableGroups, log.TableTxns, log.TableConfigs, log.TableUsers, log.TableIDs}

// step is a change of the state that is not yet known to be durable.
type step struct {
	what  string
	write int // number of the Write; 0: another change
	do    func(*state)
}
