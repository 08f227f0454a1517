package exec

import (
	"context"
	"iter"

	"github.com/azud/azud/internal/vec"
)

// limit passes count rows (negative: all) after skipping some, in each epoch.
type limit struct {
	one
	count, skip int64
	drain       bool // read the input to its end, because operators below keep state
}

func (o *limit) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		w := limitWindow{skip: o.skip, count: o.count}
		if w.done() && !o.drain {
			return
		}
		for b, err := range o.in.Run(ctx, e) {
			if err != nil {
				yield(nil, err)
				return
			}
			out := w.cut(b)
			if out.Rows() > 0 && !yield(out, nil) || w.done() && !o.drain {
				return
			}
		}
	}
}

// limitWindow is what is left to skip and to pass.
type limitWindow struct{ skip, count int64 }

func (w *limitWindow) done() bool { return w.count == 0 }

// cut returns the rows of b that pass, sharing its columns.
func (w *limitWindow) cut(b *vec.Batch) *vec.Batch {
	rows := int64(b.Rows())
	lo := min(w.skip, rows)
	hi := rows
	if w.count >= 0 {
		hi = min(rows, lo+w.count)
		w.count -= hi - lo
	}
	w.skip -= lo
	switch {
	case lo == 0 && hi == rows:
		return b
	case b.Sel != nil:
		return &vec.Batch{Cols: b.Cols, N: b.N, Sel: b.Sel[lo:hi], Origin: b.Origin}
	}
	return viewOf(b, int(lo), int(hi))
}
