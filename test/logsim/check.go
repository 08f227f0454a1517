package logsim

import (
	"errors"
	"slices"
	"testing/synctest"

	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/record"
)

// got is a record as a reader sees it.
type got struct {
	rec
	offset int64
	marker int8
}

// readAll reads a partition from an offset to its end as a consumer does: CRCs are checked,
// aborted transactions dropped by the list that came with the chunk.
//
// Kafka: CompletedFetch.nextFetchedRecord.
func (w *world) readAll(lp *log.Partition, from int64, iso log.Isolation) (all []got, next int64, err error) {
	var buf []byte
	var dec record.Decompressor
	for {
		c, err := lp.Read(from, 1+w.rng.IntN(8000), iso, buf)
		if err != nil {
			return all, from, err
		}
		if len(c.Batches) == 0 {
			return all, max(from, c.Next), nil
		}
		aborted := map[int64]bool{}
		list := slices.Clone(c.Aborted)
		for raw := c.Batches; len(raw) > 0; {
			b, ok, err := record.Parse(raw)
			if err != nil || !ok {
				return all, from, errors.Join(errors.New("a chunk holds no whole batches"), err)
			}
			if err := b.Check(); err != nil {
				return all, from, err
			}
			raw = raw[len(b.Raw):]
			for len(list) > 0 && list[0].First <= b.Last() {
				aborted[list[0].Producer] = true
				list = list[1:]
			}
			skip := false
			if b.Control() {
				if m, ok, _ := b.EndMark(); ok && !m.Commit {
					delete(aborted, b.Producer)
				}
			} else if iso == log.ReadCommitted && b.Transactional() && aborted[b.Producer] {
				skip = true
			}
			if b.Next() <= from {
				return all, from, errors.New("a chunk holds a batch before the offset")
			}
			if !skip {
				if err := collect(&all, &b, &dec, from); err != nil {
					return all, from, err
				}
			}
			from = b.Next()
		}
		if c.Next != from {
			return all, from, errors.New("a chunk has the wrong next offset")
		}
		buf = c.Batches[:0]
	}
}

func collect(all *[]got, b *record.Batch, dec *record.Decompressor, from int64) error {
	if b.Control() {
		m, ok, err := b.EndMark()
		if err != nil {
			return err
		}
		g := got{offset: b.Base}
		switch {
		case ok && m.Commit:
			g.marker = 1
		case ok:
			g.marker = 2
		default:
			return nil // emptied by compaction
		}
		if b.Base >= from {
			*all = append(*all, g)
		}
		return nil
	}
	return b.Records(dec, func(r *record.Record) bool {
		if r.Offset >= from {
			*all = append(*all, got{rec: rec{string(r.Key), string(r.Value), r.Time}, offset: r.Offset})
		}
		return true
	})
}

// verify compares everything that can be read with the model.
func (w *world) verify() {
	synctest.Wait() // else the log goes on between two looks
	for _, t := range w.topics {
		for _, p := range t.parts {
			if lp := w.partition(p); lp != nil && w.bad == nil {
				w.verifyPart(p, lp)
			}
		}
	}
}

func (w *world) verifyPart(p *part, lp *log.Partition) {
	start, high := lp.Start(), lp.High()
	if stable, want := lp.Stable(), p.stable(start, high); stable != want {
		w.wrong("%v: last stable offset %d, want %d (high watermark %d); producers %+v", p, stable, want, high, lp.Producers())
	}
	if start > p.asked || start < p.trimmed {
		w.wrong("%v: the log starts at %d; deleted up to %d for sure, to %d at most", p, start, p.trimmed, p.asked)
	}
	all, next, err := w.readAll(lp, start, log.ReadUncommitted)
	if err != nil {
		w.check("reading "+p.String(), err)
		return
	}
	if next != high && !p.topic.compacted() {
		w.wrong("%v: read up to %d, the high watermark is %d", p, next, high)
	}
	w.compare(p, all, start, high)
	com, _, err := w.readAll(lp, start, log.ReadCommitted)
	if err != nil {
		w.check("reading "+p.String()+" committed", err)
		return
	}
	w.compareCommitted(p, com, start, lp.Stable())
}

// compare checks each record, the order, and that none is missing.
func (w *world) compare(p *part, all []got, start, high int64) {
	at := start
	skip := func() {
		for b := p.find(at); b != nil && b.gone; b = p.find(at) {
			at = b.next()
		}
	}
	for _, g := range all {
		skip()
		if g.offset < at {
			w.wrong("%v: offset %d comes after %d", p, g.offset, at-1)
			return
		}
		if g.offset > at && !p.topic.compacted() {
			w.wrong("%v: offsets %d to %d are missing", p, at, g.offset-1)
			return
		}
		at = g.offset + 1
		b := p.find(g.offset)
		if b == nil {
			w.wrong("%v: nobody sent offset %d: %+v", p, g.offset, g)
			return
		}
		if want := b.recs[g.offset-b.base]; g.marker != b.marker || b.marker == 0 && g.rec != want {
			w.wrong("%v: offset %d is %.40v marker %d, want %.40v marker %d", p, g.offset, g.rec, g.marker, want, b.marker)
			return
		}
	}
	skip()
	if at != high && !p.topic.compacted() {
		w.wrong("%v: offsets %d to %d are missing", p, at, high-1)
	}
}

func (w *world) compareCommitted(p *part, all []got, start, stable int64) {
	want := p.committed(start, stable)
	have := map[int64]bool{}
	for _, g := range all {
		if g.marker != 0 {
			continue
		}
		if _, ok := want[g.offset]; !ok {
			w.wrong("%v: a read_committed reader sees offset %d, of no committed transaction", p, g.offset)
			return
		}
		have[g.offset] = true
	}
	last := map[string]int64{}
	for o, r := range want {
		last[r.key] = max(last[r.key], o)
	}
	for o, r := range want {
		switch {
		case have[o]:
		case !p.topic.compacted():
			w.wrong("%v: a read_committed reader does not see offset %d", p, o)
			return
		case last[r.key] == o && r.value != "":
			w.wrong("%v: compaction has lost the last value of %s, at offset %d", p, r.key, o)
			return
		case last[r.key] == o && w.fresh(p, o):
			w.wrong("%v: compaction has removed the tombstone of %s at offset %d before its time", p, r.key, o)
			return
		}
	}
}

// fresh reports whether a tombstone must still be there.
func (w *world) fresh(p *part, offset int64) bool {
	return p.topic.settings["delete.retention.ms"] != "0" && w.now()-p.find(offset).at < 20_000
}
