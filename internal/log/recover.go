package log

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/record"
)

// recovery is what Open knows while it rebuilds the state.
type recovery struct {
	l        *Log
	snap     *snapshot
	states   map[partID]*partState
	starts   map[partID]int64
	controls map[controlID]bool // control batches that the journal confirms
	synced   map[partID]int64   // offsets up to which records were durable
	swaps    []swap
	learned  bool
	records  int // in the journal beyond the snapshot
	at       mark
	max      uint64

	doubt bool // a sync failed before this start

	mu      sync.Mutex
	changed bool // the snapshot is not all there is
	now     int64
}

type partID struct {
	topic TopicID
	index int32
}

type controlID struct {
	partID
	offset int64
}

// recovered is what recovery must remember of a partition until it is finished.
type recovered struct {
	torn    []int64 // segments that must go
	dropped bool    // bytes that had been written are gone
	harmed  bool    // some of them had been acknowledged
}

// recover brings the state to what it was, and makes it durable.
func (l *Log) recover(ctx context.Context) error {
	l.topics.Store(makeTopics(nil))
	if l.cfg.Volatile {
		return nil
	}
	snap, err := loadSnapshot(l.sys.FS, l.cfg.Dir)
	if err != nil {
		return err
	}
	if snap == nil {
		return l.begin()
	}
	r := &recovery{l: l, snap: snap, states: map[partID]*partState{}, starts: map[partID]int64{},
		controls: map[controlID]bool{}, synced: map[partID]int64{}, now: l.now()}
	for i := range snap.parts {
		p := &snap.parts[i]
		r.states[partID{p.topic, p.index}] = p
	}
	l.snapN = snap.n
	if r.doubt, err = l.inDoubt(); err != nil {
		return err
	}
	if err := r.run(ctx); err != nil {
		return err
	}
	if l.journal, err = openJournal(l.sys.FS, l.journalDir(), l.cfg.JournalBytes, mark{r.max, r.at.seq, r.at.round + 1, -1}); err != nil {
		return err
	}
	if r.changed || r.records > 0 || r.max != snap.at.gen || r.doubt {
		if err := l.checkpoint(true); err != nil {
			return err
		}
	}
	if r.doubt {
		return removeIf(l.sys.FS, l.doubtName())
	}
	return nil
}

// begin makes the first snapshot of an empty folder.
func (l *Log) begin() error {
	f := l.sys.FS
	topics, err := f.List(l.topicsDir())
	if err != nil {
		return err
	}
	r, err := openJournalReader(f, l.journalDir(), mark{})
	if err != nil {
		return err
	}
	used := r.max > 0
	if err := r.close(); err != nil {
		return err
	}
	if len(topics) > 0 || used {
		return errs.Wrap(ErrDamaged, "LOG_SNAPSHOT_MISSING", "the folder %s has records but no snapshot", l.cfg.Dir).
			WithHint("restore the folder from a backup, or use an empty one")
	}
	if l.journal, err = openJournal(f, l.journalDir(), l.cfg.JournalBytes, mark{0, 1, 1, -1}); err != nil {
		return err
	}
	return l.checkpoint(true)
}

func (r *recovery) run(ctx context.Context) error {
	if err := r.replay(r.learn); err != nil {
		return err
	}
	if r.records > 0 {
		if err := r.settleJournal(); err != nil {
			return err
		}
	}
	r.l.tables.of = r.snap.tables
	parts, err := r.makeTopics()
	if err != nil {
		return err
	}
	if err := r.redoSwaps(); err != nil {
		return err
	}
	if err := each(ctx, parts, r.scan); err != nil {
		return err
	}
	if r.records > 0 {
		if err := r.replay(r.redo); err != nil {
			return err
		}
	}
	if err := each(ctx, parts, r.finish); err != nil {
		return err
	}
	return r.removeOrphans()
}

// each runs f for all partitions, several at a time.
func each(ctx context.Context, parts []*Partition, f func(*Partition) error) error {
	var wg sync.WaitGroup
	fail := make([]error, len(parts))
	gate := make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))
	for i, p := range parts {
		if fail[i] = ctx.Err(); fail[i] != nil {
			break
		}
		gate <- struct{}{}
		wg.Go(func() { fail[i] = f(p); <-gate })
	}
	wg.Wait()
	return errors.Join(fail...)
}

// replay yields the journal's entries from the snapshot on.
func (r *recovery) replay(f func(kind uint8, body []byte) error) error {
	j, err := openJournalReader(r.l.sys.FS, r.l.journalDir(), r.snap.at)
	if err != nil {
		return err
	}
	defer j.close() //nolint:errcheck // only read
	records := 0
	err = j.each(func(entries []byte) error {
		records++
		for len(entries) > 0 {
			d := dec{b: entries}
			kind := d.u8()
			body := d.take(int(d.u32()))
			if d.bad {
				return fmt.Errorf("%w: a journal entry cannot be read", ErrDamaged)
			}
			if err := f(kind, body); err != nil {
				return err
			}
			entries = d.b
		}
		return nil
	})
	if !r.learned { // later ones run beside each other
		r.learned, r.records, r.at, r.max = true, records, j.at, max(j.max, j.at.gen)
	}
	return err
}

// learn takes from the journal all but batches.
func (r *recovery) learn(kind uint8, body []byte) error {
	d := &dec{b: body}
	switch kind {
	case entryWrite:
		for _, p := range decodePuts(d) {
			if p.Value == nil {
				delete(r.snap.tables[p.Table], p.Key)
			} else {
				r.snap.tables[p.Table][p.Key] = p.Value
			}
		}
		for range d.n() {
			id := d.part()
			if b, ok, err := record.Parse(d.bytes()); ok && err == nil {
				r.controls[controlID{id, b.Base}] = true
			}
		}
	case entryStart:
		id := d.part()
		r.starts[id] = max(r.starts[id], d.i64())
	case entryReplace:
		r.swaps = append(r.swaps, decodeSwap(d))
	case entrySynced:
		id := d.part()
		r.synced[id] = max(r.synced[id], d.i64())
	}
	if d.bad {
		return fmt.Errorf("%w: a journal entry of kind %d cannot be read", ErrDamaged, kind)
	}
	return nil
}

func (d *dec) part() partID { return partID{d.id(), int32(d.u32())} }

// makeTopics makes the objects of all topics and partitions.
func (r *recovery) makeTopics() ([]*Partition, error) {
	var all []*Topic
	var parts []*Partition
	for key, data := range r.snap.tables[tableTopics] {
		t, count, err := r.l.decodeTopic(key, data)
		if err != nil {
			return nil, err
		}
		for n := range int32(count) {
			t.parts = append(t.parts, r.l.newPartition(t, n))
		}
		all = append(all, t)
		parts = append(parts, t.parts...)
	}
	r.l.topics.Store(makeTopics(all))
	return parts, nil
}

// redo appends the journal's batches to the partitions that have not got them.
func (r *recovery) redo(kind uint8, body []byte) error {
	d := &dec{b: body}
	switch kind {
	case entryBatches:
		return r.redoBatches(d.part(), d.b)
	case entryWrite:
		decodePuts(d)
		for range d.n() {
			id := d.part()
			if err := r.redoBatches(id, d.bytes()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *recovery) redoBatches(id partID, batches []byte) error {
	p := r.l.Topics().Partition(id.topic, id.index)
	if p == nil {
		return nil
	}
	return r.refillWith(p, batches, -1)
}

// refillWith appends batches that begin at the partition's end; below limit unless that is -1.
// What is missing before one had been acknowledged only if its segments were synced. Else it
// was lost by a failed sync, which stopped the partition: batches behind it were never
// acknowledged either, and are left out. Markers count: their Write was.
func (r *recovery) refillWith(p *Partition, batches []byte, limit int64) error {
	for len(batches) > 0 {
		b, ok, err := record.Parse(batches)
		if !ok || err != nil {
			return fmt.Errorf("%w: a batch in the journal cannot be read", ErrDamaged)
		}
		batches = batches[len(b.Raw):]
		end := p.end.Load()
		if b.Base < end || limit >= 0 && b.Base >= limit {
			continue
		}
		if b.Base > end {
			if synced := r.synced[partID{p.topic, p.index}]; synced > end {
				r.damaged(p, p.last().base, p.last().size, end, b.Base)
				end = synced
			}
			if b.Base > end {
				p.rec.dropped = true
				if !b.Control() {
					continue
				}
			}
		}
		f, err := p.last().openWrite()
		if err != nil {
			return err
		}
		if _, err := f.WriteAt(b.Raw, p.last().size); err != nil {
			return err
		}
		p.note(&b, r.now)
	}
	return nil
}

// damaged says that records from an offset on are lost which had been acknowledged.
func (r *recovery) damaged(p *Partition, base, pos, from, next int64) {
	r.l.log.Error("acknowledged records are damaged",
		"partition", p.String(), "file", p.l.sys.FS.PathJoin(p.dir, segmentName(base, ".log")), "byte", pos,
		"first lost offset", from, "next offset", next,
		"remedy", "the damaged bytes are kept beside the segment; restore the partition from a backup or produce the records again")
	p.rec.harmed = true
}

// removeOrphans removes the folders of partitions that do not exist.
func (r *recovery) removeOrphans() error {
	f := r.l.sys.FS
	names, err := f.List(r.l.topicsDir())
	if err != nil {
		return err
	}
	for _, name := range names {
		id, n, ok := parseFolder(name)
		if !ok || r.l.Topics().Partition(id, n) != nil {
			continue
		}
		if err := f.RemoveAll(f.PathJoin(r.l.topicsDir(), name)); err != nil {
			return err
		}
	}
	return nil
}
