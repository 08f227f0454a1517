package log

import (
	"fmt"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/azud/azud/internal/record"
)

// Partition is one log of a topic. Its methods may be called from any goroutine.
type Partition struct {
	l     *Log
	topic TopicID
	index int32
	name  string // of the topic, for people
	dir   string

	settings atomic.Pointer[Settings]
	start    atomic.Int64 // first offset that is readable
	high     atomic.Int64 // high watermark: durable up to here
	stable   atomic.Int64 // last stable offset
	end      atomic.Int64 // offset of the next record
	epoch    atomic.Int32 // leader epoch

	mu        sync.Mutex
	segs      []*segment // by offset, at least one; the last one is appended to
	tail      []byte     // the last bytes of the last segment, which the file has not yet
	full      bool       // the disk had no space for the tail: readers may have it, so its bytes stay
	rolled    []*segment // left behind, not yet part of a round; with references
	epochs    []epochStart
	producers map[int64]*producer
	txns      []txn // that hold back the last stable offset, by first offset
	err       error // why the partition takes no more
	deleted   bool
	hints     [hints]hint
	hinted    int
	cleaned   int64 // offset below which records have been compacted
	aborted   int64 // no segment behind the one with this first offset has aborted transactions; -1: none

	rec *recovered

	reshape sync.Mutex // held while segments are dropped or replaced; before mu

	wmu     sync.Mutex
	waiters []*Waiter

	cut  uint64 // the round that slot belongs to; under the stager's lock
	slot int
}

// epochStart is where a leader epoch begins.
type epochStart struct {
	epoch int32
	start int64
}

// String is topic-partition, for messages.
func (p *Partition) String() string { return fmt.Sprintf("%s-%d", p.name, p.index) }

// Topic is the topic's id.
func (p *Partition) Topic() TopicID { return p.topic }

// Index is the partition's number in its topic.
func (p *Partition) Index() int32 { return p.index }

// Settings are the topic's settings.
func (p *Partition) Settings() *Settings { return p.settings.Load() }

// Start is the first offset that can be read.
func (p *Partition) Start() int64 { return p.start.Load() }

// High is the high watermark: records below it are durable and can be read.
func (p *Partition) High() int64 { return p.high.Load() }

// Stable is the last stable offset: below it no transaction is open.
func (p *Partition) Stable() int64 { return p.stable.Load() }

// End is the offset that the next record will get.
func (p *Partition) End() int64 { return p.end.Load() }

// LeaderEpoch goes up when records that had been written are lost.
func (p *Partition) LeaderEpoch() int32 { return p.epoch.Load() }

// Size is the bytes of all segments.
func (p *Partition) Size() (n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.segs {
		n += s.size
	}
	return n
}

// Segments is how many files the records are in.
func (p *Partition) Segments() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.segs)
}

// Err is why the partition takes no more records; nil while it does.
func (p *Partition) Err() error {
	if err := p.l.Err(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.usable()
}

// usable is Err for those who hold mu.
func (p *Partition) usable() error {
	switch {
	case p.l.closed.Load():
		return ErrClosed
	case p.err != nil:
		return p.err
	case p.deleted:
		return ErrNoPartition
	}
	return p.l.Err()
}

// last is the segment that is appended to. The caller holds mu.
func (p *Partition) last() *segment { return p.segs[len(p.segs)-1] }

// find returns the index of the segment that has the offset, or the gap with it. The caller
// holds mu.
func (p *Partition) find(offset int64) int {
	i := sort.Search(len(p.segs), func(i int) bool { return p.segs[i].base > offset })
	return max(i-1, 0)
}

// fail stops the partition: its disk failed.
func (p *Partition) fail(err error) {
	p.l.noteDoubt()
	p.mu.Lock()
	if p.err == nil {
		p.err = fmt.Errorf("%w: %v: %v", ErrStorage, p, err)
		p.l.log.Error("a partition takes no more records: its disk failed", "partition", p.String(), "error", err)
	}
	p.mu.Unlock()
	p.wake()
}

// advance ends a round for the partition: its records are durable unless err or its own
// fault says otherwise.
func (p *Partition) advance(sh *share, err error) {
	p.mu.Lock()
	if err == nil && p.err == nil && (p.flush() == nil || p.full) {
		p.high.Store(max(sh.end, p.high.Load()))
		p.settle()
	}
	p.mu.Unlock()
	for _, s := range sh.rolled {
		s.release()
	}
	sh.last.release()
	p.wake()
}

// Watch makes w wake when the high watermark or the last stable offset moves, and when the
// partition ends. Read once more after Watch: what came before it does not wake.
func (p *Partition) Watch(w *Waiter) {
	p.wmu.Lock()
	defer p.wmu.Unlock()
	p.waiters = append(p.waiters, w)
}

// Unwatch ends Watch.
func (p *Partition) Unwatch(w *Waiter) {
	p.wmu.Lock()
	defer p.wmu.Unlock()
	if i := slices.Index(p.waiters, w); i >= 0 {
		n := len(p.waiters) - 1
		p.waiters[i], p.waiters[n] = p.waiters[n], nil
		p.waiters = p.waiters[:n]
	}
}

func (p *Partition) wake() {
	p.wmu.Lock()
	defer p.wmu.Unlock()
	for _, w := range p.waiters {
		select {
		case w.C <- struct{}{}:
		default:
		}
	}
}

// EpochEnd answers OffsetForLeaderEpoch: the greatest known epoch that is not after the one
// asked for, and where it ended. -1, -1 if the epoch is not known yet.
//
// Kafka: LeaderEpochFileCache.endOffsetFor.
func (p *Partition) EpochEnd(epoch int32) (found int32, end int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	current := p.epoch.Load()
	switch {
	case epoch < 0 || epoch > current:
		return -1, -1
	case epoch == current:
		return epoch, p.end.Load()
	}
	i := sort.Search(len(p.epochs), func(i int) bool { return p.epochs[i].epoch > epoch })
	switch {
	case i == len(p.epochs):
		return p.epochs[i-1].epoch, p.end.Load()
	case i == 0:
		return epoch, p.epochs[0].start
	}
	return p.epochs[i-1].epoch, p.epochs[i].start
}

// epochOf is the leader epoch of the record at an offset. The caller holds mu.
func (p *Partition) epochOf(offset int64) int32 {
	i := sort.Search(len(p.epochs), func(i int) bool { return p.epochs[i].start > offset })
	if i == 0 {
		return p.epoch.Load()
	}
	return p.epochs[i-1].epoch
}

// Producers is what the partition knows of producer ids, by id.
func (p *Partition) Producers() []Producer {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]Producer, 0, len(p.producers))
	for id, s := range p.producers {
		list = append(list, Producer{ID: id, Epoch: s.epoch, LastSequence: s.lastSequence(), LastTime: s.lastTime,
			TxnStart: s.txnStart, CoordinatorEpoch: s.coordinator})
	}
	slices.SortFunc(list, func(a, b Producer) int { return int(min(max(a.ID-b.ID, -1), 1)) })
	return list
}

// note takes a batch into account that stands in the last segment at its end. The caller
// holds mu, and has written it.
func (p *Partition) note(b *record.Batch, now int64) {
	s := p.last()
	s.idx.add(b.Base-s.base, s.size, s.maxTime)
	size := len(b.Raw)
	s.note(b, size)
	p.end.Store(b.Next())
	p.noteProducer(b, now)
}
