package main

import (
	"fmt"
	"sync"
)

// part is a partition of a topic.
type part struct {
	topic string
	n     int32
}

func (p part) String() string { return fmt.Sprintf("%s-%d", p.topic, p.n) }

// recID identifies a record for ever: its writer, and its number there.
type recID uint64

const numberBits = 40

func makeID(writer, number int) recID { return recID(writer)<<numberBits | recID(number) }
func (id recID) writer() int          { return int(id >> numberBits) }
func (id recID) number() int          { return int(id & (1<<numberBits - 1)) }
func (id recID) String() string       { return fmt.Sprintf("%d/%d", id.writer(), id.number()) }

// guarantee is what a writer's producer promises.
type guarantee int8

const (
	plain      guarantee = iota // acks=all: never lost
	fleeting                    // acks=1: may be lost
	idempotent                  // never lost, never doubled, in order
	txnal                       // and all or nothing
)

// sent is one record that a writer gave to its producer.
type sent struct {
	part   part
	txn    int // of the writer; -1: none
	acked  bool
	offset int64  // as acknowledged
	key    string // in compacted topics
	gone   bool   // a tombstone
	source *source
}

// source is the record that a consume-transform-produce step made this one of.
type source struct {
	part   part
	offset int64
}

// outcome is how a transaction ended, as its client knows.
type outcome int8

const (
	open       outcome = iota // not ended
	committing                // a commit was asked for and not answered: either
	committed
	aborted // never asked to commit, or answered as aborted
)

func (o outcome) String() string {
	return [...]string{"open", "to commit", "committed", "aborted"}[o]
}

// writer is who sends records. In a run its lock guards the fields below it.
type writer struct {
	name    string
	promise guarantee

	mu   sync.Mutex
	sent []sent // by number
	txns []outcome
}

// seen is a record as a reader got it.
type seen struct {
	offset int64
	id     recID
}

// view is what a reader got, in the order it got it.
type view struct {
	name      string
	committed bool // isolation
	whole     bool // from the start to the end of each partition, after the run
	parts     map[part][]seen
	early     []recID // read while their transaction had not been asked to commit
}

// keeping is what a topic may remove.
type keeping int8

const (
	everything keeping = iota
	fromStart          // records before the log start are gone
	lastOfKey
)

// cut is the log start of a partition: at least what was acknowledged, at most what was asked.
type cut struct{ acked, asked, found int64 }

// committedOffset is a group's offset in a partition.
type committedOffset struct {
	group               string
	part                part
	acked, asked, found int64 // -1: none
}

// history is all that a run knows at its end.
type history struct {
	topics  map[string]keeping
	writers []*writer
	all     view // read_uncommitted, whole
	sure    view // read_committed, whole
	live    []view
	cuts    map[part]cut
	offsets []committedOffset
	steps   steps
	groups  map[string]map[part]map[int64]bool // what groups have got of topics that keep everything
}

// steps is a consume-transform-produce: the input's offsets that its group has committed, and
// the topic of its results.
type steps struct {
	input, output string
	done          map[int32]int64
}

// sentOf is what is known of a record; nil if nobody sent it.
func (h *history) sentOf(id recID) *sent {
	if w := id.writer(); w >= len(h.writers) || id.number() >= len(h.writers[w].sent) {
		return nil
	}
	return &h.writers[id.writer()].sent[id.number()]
}

func (h *history) txnOf(id recID) outcome {
	s := h.sentOf(id)
	if s == nil || s.txn < 0 {
		return committed
	}
	return h.writers[id.writer()].txns[s.txn]
}
