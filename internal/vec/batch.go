package vec

import (
	"iter"

	"github.com/azud/azud/internal/types"
)

// Batch is N rows of columns; Sel, if not nil, holds the indices of the rows that count,
// ascending. Every column has Len N.
type Batch struct {
	Cols []Col
	N    int
	Sel  []uint32
	// Origin says where a row comes from ("sismos[0]@42", "a.csv:7"), for messages; nil: not known.
	Origin func(row int) string
}

// Rows is the number of selected rows.
func (b *Batch) Rows() int {
	if b.Sel != nil {
		return len(b.Sel)
	}
	return b.N
}

// Each yields the selected row indices.
func (b *Batch) Each() iter.Seq[int] { return Each(b.N, b.Sel) }

// Each yields the rows of a selection, or 0..n-1 if it is nil.
func Each(n int, sel []uint32) iter.Seq[int] {
	return func(yield func(int) bool) {
		if sel == nil {
			for i := range n {
				if !yield(i) {
					return
				}
			}
			return
		}
		for _, i := range sel {
			if !yield(int(i)) {
				return
			}
		}
	}
}

// Compact returns the selected rows as a batch of flat columns that shares nothing with b.
func (b *Batch) Compact() *Batch {
	out := &Batch{N: b.Rows(), Cols: make([]Col, len(b.Cols))}
	for c := range b.Cols {
		cb := NewColBuilder(b.Cols[c].Type)
		cb.AppendRows(&b.Cols[c], b.N, b.Sel)
		out.Cols[c] = cb.Finish()
	}
	return out
}

// Flatten returns the column in Flat encoding; a flat one is returned as it is.
func Flatten(c *Col) Col {
	if c.Enc == Flat {
		return *c
	}
	cb := NewColBuilder(c.Type)
	cb.AppendRows(c, c.Len, nil)
	return cb.Finish()
}

// Take returns the rows of c in the order given, as a flat column that shares nothing.
func Take(c *Col, rows []uint32) Col {
	cb := NewColBuilder(c.Type)
	if len(rows) > 0 {
		cb.AppendRows(c, c.Len, rows)
	}
	return cb.Finish()
}

// Slice returns rows [lo, hi) as a flat column that shares nothing.
func Slice(c *Col, lo, hi int) Col {
	v := c.View(lo, hi)
	cb := NewColBuilder(c.Type)
	cb.AppendRows(&v, v.Len, nil)
	return cb.Finish()
}

// Concat returns the selected rows of all batches as one batch that shares nothing.
func Concat(s types.Schema, batches []*Batch) *Batch {
	b, n := NewBuilder(s), 0
	for _, in := range batches {
		b.AppendBatch(in)
		n += in.Rows()
	}
	out := b.Finish()
	out.N = n // also without columns
	return out
}
