package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"
)

// ledger is what was sent, acknowledged and seen, while it happens.
type ledger struct {
	mu        sync.Mutex // guards what follows, not what writers guard themselves
	writers   []*writer
	high      map[part]int64 // acknowledged end of a partition
	cuts      map[part]cut
	offsets   map[string]map[part]*committedOffset
	got       map[string]map[part]map[int64]bool // by groups
	ids       map[int64]string                   // producer ids, by who got them
	problems  findings
	out       io.Writer
	story     *log.Logger
	live      []*reader
	acks      atomic.Int64
	committed atomic.Int64 // transactions
	abortions atomic.Int64
}

func newLedger(out io.Writer) *ledger {
	return &ledger{out: out, high: map[part]int64{}, cuts: map[part]cut{}, offsets: map[string]map[part]*committedOffset{},
		got: map[string]map[part]map[int64]bool{}, ids: map[int64]string{}}
}

// complain notes what must not happen, seen on the way.
func (l *ledger) complain(kind, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.problems.add(kind, format, args...)
	if l.problems.counts[kind] <= examples {
		fmt.Fprintf(l.out, "  FOUND %s: %s\n", kind, fmt.Sprintf(format, args...))
	}
}

// pen is a writer with its place in the ledger.
type pen struct {
	*writer
	number int
	l      *ledger
}

func (l *ledger) newWriter(name string, promise guarantee) *pen {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := &writer{name: name, promise: promise}
	l.writers = append(l.writers, w)
	return &pen{w, len(l.writers) - 1, l}
}

const idHeader = "id"

// record makes the next record, of about size bytes.
func (p *pen) record(s sent, size int) (recID, *kgo.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.offset = -1
	id := makeID(p.number, len(p.sent))
	p.sent = append(p.sent, s)
	name := binary.BigEndian.AppendUint64(nil, uint64(id))
	r := &kgo.Record{Topic: s.part.topic, Partition: s.part.n, Headers: []kgo.RecordHeader{{Key: idHeader, Value: name}}}
	if s.key != "" {
		r.Key = []byte(s.key)
	}
	if !s.gone {
		r.Value = make([]byte, size)
		for i := range r.Value {
			r.Value[i] = name[4+i%4] + byte(i*i>>3)
		}
	}
	return id, r
}

// idOf is the identity of a record that was read; false if it is none of ours or its value is
// not what was sent.
func idOf(r *kgo.Record) (recID, bool) {
	if len(r.Headers) != 1 || len(r.Headers[0].Value) != 8 {
		return 0, false
	}
	name := r.Headers[0].Value
	for i, b := range r.Value {
		if b != name[4+i%4]+byte(i*i>>3) {
			return 0, false
		}
	}
	return recID(binary.BigEndian.Uint64(name)), true
}

// acked notes an acknowledgement.
func (p *pen) acked(id recID, offset int64) {
	p.mu.Lock()
	s := &p.sent[id.number()]
	s.acked, s.offset = true, offset
	at := s.part
	p.mu.Unlock()
	p.l.acks.Add(1)
	if p.promise == fleeting {
		return
	}
	p.l.mu.Lock()
	p.l.high[at] = max(p.l.high[at], offset+1)
	p.l.mu.Unlock()
}

// begin notes a new transaction.
func (p *pen) begin() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.txns = append(p.txns, open)
	return len(p.txns) - 1
}

func (p *pen) end(txn int, o outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.txns[txn] = o
	p.l.story.Printf("%s: transaction %d: %s", p.name, txn, o)
	switch o {
	case committed:
		p.l.committed.Add(1)
	case aborted:
		p.l.abortions.Add(1)
	}
}

// undecided says whether a record belongs to a transaction that nobody asked to commit yet.
func (l *ledger) undecided(id recID) bool {
	l.mu.Lock()
	if id.writer() >= len(l.writers) {
		l.mu.Unlock()
		return false // checkPlaces
	}
	w := l.writers[id.writer()]
	l.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if id.number() >= len(w.sent) || w.sent[id.number()].txn < 0 {
		return false
	}
	return w.txns[w.sent[id.number()].txn] == open
}

// offset is a group's entry of a partition. The caller holds mu.
func (l *ledger) offset(group string, p part) *committedOffset {
	if l.offsets[group] == nil {
		l.offsets[group] = map[part]*committedOffset{}
	}
	o := l.offsets[group][p]
	if o == nil {
		o = &committedOffset{group: group, part: p, acked: -1, asked: -1, found: -1}
		l.offsets[group][p] = o
	}
	return o
}

// commitAsked and commitAcked note commits of a group's offsets.
func (l *ledger) commitAsked(group string, next map[part]int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, n := range next {
		o := l.offset(group, p)
		o.asked = max(o.asked, n)
	}
}

func (l *ledger) commitAcked(group string, next map[part]int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, n := range next {
		o := l.offset(group, p)
		o.acked = max(o.acked, n)
	}
}

// delivered notes what a group's member got.
func (l *ledger) delivered(group string, p part, offset int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.got[group] == nil {
		l.got[group] = map[part]map[int64]bool{}
	}
	if l.got[group][p] == nil {
		l.got[group][p] = map[int64]bool{}
	}
	l.got[group][p][offset] = true
}

// hasID notes that a new producer without transactions got an id; each is given once.
func (l *ledger) hasID(id int64, who string) {
	l.mu.Lock()
	before, twice := l.ids[id]
	l.ids[id] = who
	l.mu.Unlock()
	if twice {
		l.complain("producer id", "%d was given to %s and then to %s", id, before, who)
	}
}
