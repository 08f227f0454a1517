package exec

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// buildSide is one side of a join in memory, found by key. It does not change while it is probed.
type buildSide struct {
	rows  *vec.Batch // flat; the columns kept, without keys
	table keyTable   // nil: no keys, every row is a candidate
	// first and next chain the rows of a key: first by id, next by row; noID ends. first is nil
	// if row and id are the same: each key has one row.
	first, next []uint32
	nullRows    []uint32 // rows with a NULL among their keys, which match nothing
	any         bool     // the side has rows, here or in another partition
	matched     []uint32 // of FullOuter: a bit a row; set by several goroutines
}

// joinBuilder adds the keys to batches of the built side. It belongs to one goroutine.
type joinBuilder struct {
	shape *joinShape
	keys  []evaluator
	sel   []uint32
}

func newJoinBuilder(s *joinShape, o *BuildOptions) (*joinBuilder, error) {
	c := compiler{in: s.build, src: o.Source}
	keys, err := c.compileAll(s.buildKeys)
	return &joinBuilder{shape: s, keys: keys, sel: []uint32{}}, err
}

// buildSchema is the columns that are kept of the built side, then its keys.
func (s *joinShape) buildSchema() types.Schema {
	var out types.Schema
	for _, i := range s.kept {
		a := s.build[i]
		out = append(out, types.Field{Name: a.Name, Type: a.Type, Nullable: true})
	}
	for _, t := range s.keyTypes {
		out = append(out, types.Field{Type: t, Nullable: true})
	}
	return out
}

// withKeys is a batch of the built side with its keys; rows that can match nothing are left out.
func (b *joinBuilder) withKeys(f *frame) (*vec.Batch, error) {
	keys, err := evalAll(b.keys, f, f.b.Sel)
	if err != nil {
		return nil, err
	}
	sel := f.b.Sel
	if !b.shape.keepsUnmatchable() {
		sel = b.shape.matchable(keys, f.b.N, sel, &b.sel)
	}
	cols := make([]vec.Col, 0, len(b.shape.kept)+len(keys))
	for _, i := range b.shape.kept {
		cols = append(cols, f.b.Cols[i])
	}
	return &vec.Batch{Cols: append(cols, keys...), N: f.b.N, Sel: sel}, nil
}

// matchable narrows a selection to rows without NULL in a key that matches no NULL.
func (s *joinShape) matchable(keys []vec.Col, n int, sel []uint32, buf *[]uint32) []uint32 {
	for k := range keys {
		if s.nullSafe[k] || !keys[k].MayNull() {
			continue
		}
		if *buf == nil {
			*buf = []uint32{} // nil would be all rows
		}
		out := (*buf)[:0]
		for i := range vec.Each(n, sel) {
			if !keys[k].IsNull(i) {
				out = append(out, uint32(i))
			}
		}
		*buf, sel = out, out
	}
	return sel
}

// index makes the table over rows of buildSchema.
func (s *joinShape) index(ctx context.Context, all *vec.Batch) (*buildSide, error) {
	width := len(s.kept)
	b := &buildSide{rows: &vec.Batch{Cols: all.Cols[:width], N: all.N}, any: all.N > 0}
	if s.kind == plan.FullOuter {
		b.matched = make([]uint32, (all.N+31)/32)
	}
	if len(s.keyTypes) == 0 {
		return b, nil
	}
	keys := all.Cols[width:]
	b.table = newKeyTable(s.keyTypes)
	ids := make([]uint32, all.N)
	var scratch keyScratch
	var sel []uint32
	for lo := 0; lo < all.N; lo += DefaultBatchSize {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		hi := min(lo+DefaultBatchSize, all.N)
		part := make([]vec.Col, len(keys))
		for k := range keys {
			part[k] = keys[k].View(lo, hi)
		}
		found := scratch.idsOf(hi - lo)
		rows := scratch.rows(hi-lo, s.matchable(part, hi-lo, nil, &sel))
		b.table.assign(&scratch, part, rows, found)
		for i := lo; i < hi; i++ {
			ids[i] = noID
		}
		for k, r := range rows {
			ids[lo+int(r)] = found[k]
		}
	}
	b.chain(ids)
	return b, nil
}

// chain links the rows of each id in their order.
func (b *buildSide) chain(ids []uint32) {
	n := b.table.ids()
	if n == len(ids) {
		return
	}
	b.first, b.next = make([]uint32, n), make([]uint32, len(ids))
	for id := range b.first {
		b.first[id] = noID
	}
	for row := len(ids) - 1; row >= 0; row-- {
		id := ids[row]
		if id == noID {
			b.nullRows = append(b.nullRows, uint32(row))
			b.next[row] = noID
			continue
		}
		b.next[row], b.first[id] = b.first[id], uint32(row)
	}
	slices.Reverse(b.nullRows)
}

// start is the first candidate of an id.
func (b *buildSide) start(id uint32) uint32 {
	if b.first == nil || id == noID {
		return id
	}
	return b.first[id]
}

// after is the candidate that follows; noID at the end.
func (b *buildSide) after(row uint32) uint32 {
	switch {
	case b.table == nil:
		if int(row)+1 < b.rows.N {
			return row + 1
		}
		return noID
	case b.first == nil:
		return noID
	}
	return b.next[row]
}

// match notes that a row has found a partner.
func (b *buildSide) match(row uint32) {
	atomic.OrUint32(&b.matched[row>>5], 1<<(row&31))
}

// unmatched lists the rows that found none.
func (b *buildSide) unmatched() []uint32 {
	var out []uint32
	for row := range uint32(b.rows.N) {
		if b.matched[row>>5]>>(row&31)&1 == 0 {
			out = append(out, row)
		}
	}
	return out
}

// idsOf is scratch memory for n ids.
func (s *keyScratch) idsOf(n int) []uint32 {
	if cap(s.ids) < n {
		s.ids = make([]uint32, n)
	}
	return s.ids[:n]
}
