package exec

import (
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// weaver puts batches together of rows of other batches, which must stay as they are until finish.
type weaver struct {
	schema types.Schema
	size   int
	from   []*vec.Batch
	last   map[*vec.Batch]uint32 // where in from
	source []uint32              // of each row: its batch
	row    []uint32
}

func newWeaver(s types.Schema, size int) *weaver {
	return &weaver{schema: s, size: size, last: map[*vec.Batch]uint32{}}
}

// add takes a row; true means that there are enough for a batch.
func (w *weaver) add(b *vec.Batch, row int) bool {
	n := len(w.source)
	if n == 0 || w.from[w.source[n-1]] != b {
		k, ok := w.last[b]
		if !ok {
			k = uint32(len(w.from))
			w.last[b], w.from = k, append(w.from, b)
		}
		w.source = append(w.source, k)
	} else {
		w.source = append(w.source, w.source[n-1])
	}
	w.row = append(w.row, uint32(row))
	return n+1 >= w.size
}

// finish makes the batch.
func (w *weaver) finish() *vec.Batch {
	out := &vec.Batch{N: len(w.row), Cols: make([]vec.Col, len(w.schema))}
	for c, f := range w.schema {
		out.Cols[c] = w.column(c, f.Type)
	}
	clear(w.last)
	w.from, w.source, w.row = w.from[:0], w.source[:0], w.row[:0]
	return out
}

func (w *weaver) column(c int, t types.Type) vec.Col {
	for _, b := range w.from {
		if b.Cols[c].Enc != vec.Flat {
			return w.slow(c, t)
		}
	}
	switch vec.Width(t) {
	case 1:
		return weave[int8](w, c, t)
	case 2:
		return weave[int16](w, c, t)
	case 4:
		return weave[int32](w, c, t)
	case 8:
		return weave[int64](w, c, t)
	case 16:
		return weave[decimal128.Num](w, c, t)
	}
	return w.slow(c, t)
}

func (w *weaver) slow(c int, t types.Type) vec.Col {
	out := vec.NewColBuilder(t)
	for i, k := range w.source {
		out.AppendFrom(&w.from[k].Cols[c], int(w.row[i]))
	}
	return out.Finish()
}

func weave[T vec.Fixed](w *weaver, c int, t types.Type) vec.Col {
	from := make([][]T, len(w.from))
	nulls := false
	for k, b := range w.from {
		from[k] = vec.Values[T](&b.Cols[c])
		nulls = nulls || b.Cols[c].Valid != nil
	}
	out := make([]T, len(w.row))
	for i, k := range w.source {
		out[i] = from[k][w.row[i]]
	}
	var valid []byte
	if nulls {
		for i, k := range w.source {
			if w.from[k].Cols[c].IsNull(int(w.row[i])) {
				valid = vec.SetNull(valid, len(out), i)
			}
		}
	}
	return vec.FlatOf(t, out, valid)
}
