package kafka

import (
	"context"
	"fmt"
	"iter"
	"math"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/record"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Sizes of a batch's parts, in offsets: small enough for all cores to have work to the end, and
// large enough that beginning one costs nothing beside it.
const (
	fewestOffsets = 64 << 10
	mostOffsets   = 1 << 20
	partsWanted   = 16
)

// batchPiece is what a batch reads at once of the log of this process, in bytes: what is decoded
// of it stays in the caches.
const batchPiece = 1 << 20

// batch reads topics once, up to where they end now or to given offsets.
type batch struct{ src *source }

func (f *factory) newBatch(ctx context.Context, c *connector.Connector, env connector.Env, t connector.Table) (*batch, error) {
	t.Stream = false
	src, err := f.newSource(ctx, c, env, t)
	if err != nil {
		return nil, err
	}
	if l, ok := src.at.(*local); ok {
		l.piece = batchPiece
	}
	return &batch{src}, nil
}

func (b *batch) Schema() types.Schema { return b.src.Schema() }

func (b *batch) Close() error { return b.src.Close() }

// Stats counts offsets: markers of transactions and what compaction has removed count, too.
func (b *batch) Stats(ctx context.Context) (connector.Stats, error) {
	from, to, err := b.ends(ctx)
	if err != nil {
		return connector.Stats{}, err
	}
	s := connector.Stats{Bytes: -1}
	for p := range to {
		s.Rows += max(0, to[p]-from[p])
	}
	return s, nil
}

// ends are the offsets to read from and to.
func (b *batch) ends(ctx context.Context) (from, to positions, err error) {
	first, next, err := b.src.bounds(ctx)
	if err != nil {
		return nil, nil, err
	}
	if from, err = b.src.starting(ctx, first, next); err != nil {
		return nil, nil, err
	}
	if to, err = b.src.ending(ctx, first, next); err != nil {
		return nil, nil, err
	}
	for _, p := range to.sorted() {
		if from[p] > to[p] {
			return nil, nil, errs.New("RESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET", "%s would be read from offset %d to offset %d, which is before it", p, from[p], to[p]).
				WithHint("compare the starting and the ending offsets or times of the table")
		}
	}
	return from, to, b.src.check(from, first, next)
}

func (b *batch) Parts(ctx context.Context, sc connector.Scan) ([]connector.Part, error) {
	from, to, err := b.ends(ctx)
	if err != nil {
		return nil, err
	}
	w, err := b.wanted(sc)
	if err != nil {
		return nil, err
	}
	ranges, err := w.narrow(ctx, b.src.at, from, to)
	if err != nil {
		return nil, err
	}
	var all int64
	for _, r := range ranges {
		all += r.to - r.from
	}
	size := min(max(all/partsWanted, fewestOffsets), mostOffsets)
	if n := b.src.c.Int(b.src.table.Options, "minPartitions"); n > 0 {
		size = max(1, min(size, all/n))
	}
	if n := b.src.c.Int(b.src.table.Options, "maxRecordsPerPartition"); n > 0 {
		size = min(size, n)
	}
	var out []connector.Part
	for _, r := range ranges {
		n := (r.to - r.from + size - 1) / size // of equal size
		for i := range n {
			part := reach{p: r.p, from: r.from + (r.to-r.from)*i/n, to: r.from + (r.to-r.from)*(i+1)/n}
			out = append(out, connector.Part{ID: fmt.Sprintf("%s[%d]@%d..%d", r.p.topic, r.p.part, part.from, part.to-1), Data: part})
		}
	}
	return out, nil
}

func (b *batch) Read(ctx context.Context, p connector.Part, sc connector.Scan) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		r, ok := p.Data.(reach)
		if !ok {
			yield(nil, errs.New("INTERNAL_ERROR", "the part %s is not one of a topic", p.ID))
			return
		}
		w, err := b.wanted(sc)
		if err != nil {
			yield(nil, err)
			return
		}
		if len(sc.Filters) == 0 && sc.Limit >= 0 {
			yield = upTo(sc.Limit, yield)
		}
		if len(sc.Columns) == 0 {
			b.count(ctx, r, yield)
			return
		}
		rows, err := b.src.newRows(r.p, sc.Columns)
		if err != nil {
			yield(nil, err)
			return
		}
		if w.since > math.MinInt64 {
			r.want = func(b *record.Batch) bool { return b.MaxTime >= w.since }
		}
		b.src.give(ctx, r, rows, yield)
	}
}

// upTo yields no more rows than these.
func upTo(rows int64, yield func(*vec.Batch, error) bool) func(*vec.Batch, error) bool {
	return func(b *vec.Batch, err error) bool {
		if err != nil {
			return yield(nil, err)
		}
		if rows -= int64(b.N); rows >= 0 {
			return yield(b, nil) && rows > 0
		}
		b.Sel = make([]uint32, int64(b.N)+rows)
		for i := range b.Sel {
			b.Sel[i] = uint32(i)
		}
		if len(b.Sel) > 0 {
			yield(b, nil)
		}
		return false
	}
}

// count gives as many rows without columns as there are records. Of batches that lie inside the
// part the headers say how many; they are not looked into.
func (b *batch) count(ctx context.Context, r reach, yield func(*vec.Batch, error) bool) {
	n, stopped := 0, false
	r.want = func(one *record.Batch) bool {
		if one.Base < r.from || one.Next() > r.to {
			return true
		}
		n += int(one.Count)
		return false
	}
	flush := func() error {
		if n > 0 {
			stopped = !yield(&vec.Batch{N: n}, nil)
		}
		if n = 0; stopped {
			return context.Canceled
		}
		return nil
	}
	err := b.src.scan(ctx, r, func(*record.Batch, *record.Record) { n++ }, flush)
	if err != nil && !stopped {
		yield(nil, err)
	}
}
