package exec

import (
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// merger puts a column together from pieces that were evaluated on disjoint rows; rows in
// no piece are NULL.
type merger struct {
	typ    types.Type
	n      int      // rows of the column
	sel    []uint32 // the rows that count; nil: all
	pieces []piece
}

// piece holds rows of a column; rows nil means all.
type piece struct {
	col  vec.Col
	rows []uint32
}

func (m *merger) add(e evaluator, f *frame, rows []uint32) error {
	col, err := e.eval(f, rows)
	m.pieces = append(m.pieces, piece{col, rows})
	return err
}

func (m *merger) merge() vec.Col {
	if len(m.pieces) == 1 && count(m.n, m.pieces[0].rows) == count(m.n, m.sel) {
		return m.pieces[0].col
	}
	switch vec.Width(m.typ) {
	case 0:
		return m.build()
	case 1:
		return scatter[int8](m)
	case 2:
		return scatter[int16](m)
	case 4:
		return scatter[int32](m)
	case 8:
		return scatter[int64](m)
	}
	return scatter[decimal128.Num](m)
}

// scatter merges fixed-width values, looked at as T, which has their width.
func scatter[T vec.Fixed](m *merger) vec.Col {
	out := make([]T, m.n)
	valid := make([]byte, (m.n+7)/8)
	for k := range m.pieces {
		p := &m.pieces[k]
		for i := range vec.Each(m.n, p.rows) {
			if !p.col.IsNull(i) {
				out[i] = vec.Get[T](&p.col, i)
				valid[i>>3] |= 1 << (i & 7)
			}
		}
	}
	return vec.FlatOf(m.typ, out, valid)
}

// build merges values of any width, row by row.
func (m *merger) build() vec.Col {
	from := make([]int, m.n) // the piece of each row, counted from 1
	for k := range m.pieces {
		for i := range vec.Each(m.n, m.pieces[k].rows) {
			from[i] = k + 1
		}
	}
	b := vec.NewColBuilder(m.typ)
	for i, k := range from {
		if k == 0 {
			b.AppendNull()
		} else {
			b.AppendFrom(&m.pieces[k-1].col, i)
		}
	}
	return b.Finish()
}

// count is the number of rows of a selection.
func count(n int, sel []uint32) int {
	if sel == nil {
		return n
	}
	return len(sel)
}
