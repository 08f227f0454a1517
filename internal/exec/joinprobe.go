package exec

import (
	"context"
	"iter"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// prober looks the rows of one side of a join up in the other. It belongs to one goroutine; the
// build side is shared.
type prober struct {
	*joinShape
	size  int
	src   *errs.Source
	keys  []evaluator
	rest  evaluator // nil: the keys say it all
	full  evaluator // the whole condition, of three-valued kinds
	wants []bool    // which columns of input() the conditions read

	scratch keyScratch
	ids     []uint32 // of each row of the batch: its key's id, or noID
	nullKey []bool   // of each row: a key is NULL and matches nothing
	l, r    []uint32 // pairs that are to be looked at
	states  []uint8
	sel     []uint32
}

// What is known of a probed row.
const (
	noMatch uint8 = iota
	nullMatch
	hasMatch
)

func newProber(s *joinShape, o *BuildOptions) (*prober, error) {
	p := &prober{joinShape: s, size: o.BatchSize, src: o.Source, sel: []uint32{}}
	c := compiler{in: s.probe, src: o.Source}
	var err error
	if p.keys, err = c.compileAll(s.probeKeys); err != nil {
		return nil, err
	}
	c.in = s.input()
	if s.rest != nil {
		if p.rest, err = c.compile(s.rest); err != nil {
			return nil, err
		}
	}
	read := map[plan.ID]bool{}
	if s.node.On != nil {
		plan.Refs(s.node.On, read)
		if s.threeValued() {
			p.full, err = c.compile(s.node.On)
		}
	}
	for _, a := range c.in {
		p.wants = append(p.wants, read[a.ID])
	}
	return p, err
}

// probing is the join of one batch.
type probing struct {
	*prober
	f     *frame
	b     *buildSide
	state []uint8 // of each row of the batch
	yield func(*vec.Batch, error) bool
	over  bool // the consumer has had enough
}

// run joins what in yields.
func (p *prober) run(ctx context.Context, e *EpochTask, in iter.Seq2[*vec.Batch, error], b *buildSide) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		for batch, err := range in {
			if err == nil {
				err = ctx.Err()
			}
			x := probing{prober: p, f: &frame{&e.Fn, batch}, b: b, yield: yield}
			if err == nil {
				err = x.batch(ctx)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if x.over {
				return
			}
		}
	}
}

// give yields a batch unless the consumer has had enough.
func (x *probing) give(b *vec.Batch) {
	if !x.over && b.Rows() > 0 && !x.yield(b, nil) {
		x.over = true
	}
}

func (x *probing) batch(ctx context.Context) error {
	rows := x.scratch.rows(x.f.b.N, x.f.b.Sel)
	if x.b.table != nil && x.b.first == nil && x.rest == nil && !x.threeValued() {
		if err := x.look(rows); err != nil {
			return err
		}
		x.direct(rows)
		return nil
	}
	if cap(x.states) < x.f.b.N {
		x.states = make([]uint8, x.f.b.N)
	}
	x.state = x.states[:x.f.b.N]
	clear(x.state)
	if err := x.match(ctx, rows); err != nil {
		return err
	}
	x.finish(rows)
	return nil
}

// match looks at all pairs of rows and yields those that are rows of the result by themselves.
func (x *probing) match(ctx context.Context, rows []uint32) error {
	if err := x.look(rows); err != nil {
		return err
	}
	if err := x.candidates(ctx, rows); err != nil || !x.threeValued() {
		return err
	}
	return x.nulls(ctx, rows)
}

// look finds the ids of the rows' keys.
func (x *probing) look(rows []uint32) error {
	if cap(x.ids) < len(rows) {
		x.ids = make([]uint32, len(rows))
	}
	x.ids = x.ids[:len(rows)]
	x.nullKey = x.nullKey[:0]
	if x.b.table == nil {
		first := noID
		if x.b.rows.N > 0 {
			first = 0
		}
		for k := range x.ids {
			x.ids[k] = first
		}
		return nil
	}
	keys, err := evalAll(x.keys, x.f, x.f.b.Sel)
	if err != nil {
		return err
	}
	x.b.table.find(&x.scratch, keys, rows, x.ids)
	for i := range keys {
		if x.nullSafe[i] || !keys[i].MayNull() {
			continue
		}
		if len(x.nullKey) == 0 {
			x.nullKey = append(x.nullKey, make([]bool, len(rows))...)
		}
		for k, r := range rows {
			if keys[i].IsNull(int(r)) {
				x.ids[k], x.nullKey[k] = noID, true
			}
		}
	}
	return nil
}

// direct is the join where a row has at most one candidate, and that is a match.
func (x *probing) direct(rows []uint32) {
	sel := x.sel[:0]
	switch x.kind {
	case plan.LeftAnti:
		for k, r := range rows {
			if x.ids[k] == noID {
				sel = append(sel, r)
			}
		}
	case plan.LeftOuter, plan.LeftSingle:
		x.outer(rows)
		return
	case plan.FullOuter:
		for _, id := range x.ids {
			if id != noID {
				x.b.match(id)
			}
		}
		x.outer(rows)
		return
	default:
		for k, r := range rows {
			if x.ids[k] != noID {
				sel = append(sel, r)
			}
		}
	}
	x.sel = sel
	if x.kind != plan.Inner {
		x.give(x.narrowed(sel))
		return
	}
	if 2*len(sel) > x.f.b.N && len(sel) < x.f.b.N { // keep the probed columns, as they are
		x.beside(rows, sel, false)
		return
	}
	x.r = x.r[:0]
	for _, id := range x.ids {
		if id != noID {
			x.r = append(x.r, id)
		}
	}
	x.emit(sel, x.r, false)
}

// narrowed is the batch with another selection, which it borrows.
func (x *probing) narrowed(sel []uint32) *vec.Batch {
	return &vec.Batch{Cols: x.f.b.Cols, N: x.f.b.N, Sel: sel, Origin: x.f.b.Origin}
}

// outer yields every row with the one row of the built side whose number is its id, or NULLs.
func (x *probing) outer(rows []uint32) {
	if 2*len(rows) > x.f.b.N && len(rows) < x.f.b.N {
		x.beside(rows, rows, true)
		return
	}
	x.emit(rows, x.ids, true)
}

// beside yields the probed batch with a selection, and beside each of rows the row of the built side
// whose number is its id.
func (x *probing) beside(rows, sel []uint32, holes bool) {
	out := x.narrowed(sel)
	x.r = zeros(x.r, out.N)
	for k, r := range rows {
		if x.ids[k] != noID || holes {
			x.r[r] = x.ids[k]
		}
	}
	built := make([]vec.Col, len(x.b.rows.Cols))
	pickAll(built, x.b.rows.Cols, x.r, holes, nil)
	out.Cols = x.ordered(out.Cols, built)
	x.give(out)
}

// emit yields pairs; holes says that a row of the built side may be noID. Each probed row comes at
// most once, or l is in any case ascending.
func (x *probing) emit(l, r []uint32, holes bool) {
	if len(l) == 0 {
		return
	}
	b := x.f.b
	out := &vec.Batch{N: len(l)}
	probe, built := make([]vec.Col, len(b.Cols)), make([]vec.Col, len(x.b.rows.Cols))
	if len(l) == b.N && b.Sel == nil && isEvery(l) {
		copy(probe, b.Cols)
		out.Origin = b.Origin
	} else {
		pickAll(probe, b.Cols, l, false, nil)
		if origin := b.Origin; origin != nil {
			out.Origin = func(row int) string { return origin(int(l[row])) }
		}
	}
	pickAll(built, x.b.rows.Cols, r, holes, nil)
	out.Cols = x.ordered(probe, built)
	x.give(out)
}

// isEvery reports the rows 0, 1, 2 …, each once.
func isEvery(l []uint32) bool {
	for i, r := range l {
		if r != uint32(i) {
			return false
		}
	}
	return true
}

// ordered puts the columns of both sides in the order of the join's output.
func (s *joinShape) ordered(probe, built []vec.Col) []vec.Col {
	if s.swapped {
		probe, built = built, probe
	}
	return append(probe[:len(probe):len(probe)], built...)
}

// finish yields what is known only now: rows that were kept, or that found no partner.
func (x *probing) finish(rows []uint32) {
	keep := func(ok func(state uint8) bool) []uint32 {
		out := x.sel[:0]
		for _, r := range rows {
			if ok(x.state[r]) {
				out = append(out, r)
			}
		}
		x.sel = out
		return out
	}
	switch x.kind {
	case plan.LeftSemi:
		x.give(x.narrowed(keep(func(s uint8) bool { return s == hasMatch })))
	case plan.LeftAnti:
		if x.node.NullAware {
			x.give(x.narrowed(keep(func(s uint8) bool { return s == noMatch })))
			return
		}
		x.give(x.narrowed(keep(func(s uint8) bool { return s != hasMatch })))
	case plan.LeftMark:
		x.give(x.marked())
	case plan.LeftOuter, plan.FullOuter, plan.LeftSingle:
		alone := keep(func(s uint8) bool { return s != hasMatch })
		if cap(x.ids) < len(alone) {
			x.ids = make([]uint32, len(alone))
		}
		holes := x.ids[:len(alone)]
		for k := range holes {
			holes[k] = noID
		}
		x.emit(alone, holes, true)
	}
}

// marked is the batch with the mark of each row.
func (x *probing) marked() *vec.Batch {
	n := x.f.b.N
	mark := make([]bool, n)
	var valid []byte
	for i, s := range x.state {
		switch s {
		case hasMatch:
			mark[i] = true
		case nullMatch:
			valid = vec.SetNull(valid, n, i)
		}
	}
	out := x.narrowed(x.f.b.Sel)
	out.Cols = append(out.Cols[:len(out.Cols):len(out.Cols)], vec.FlatOf(types.BooleanType, mark, valid))
	return out
}

// leftover yields the rows of the built side that found no partner, of FullOuter.
func (p *prober) leftover(ctx context.Context, b *buildSide) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		rows := b.unmatched()
		for lo := 0; lo < len(rows); lo += p.size {
			part := rows[lo:min(lo+p.size, len(rows))]
			probe, built := make([]vec.Col, len(p.probe)), make([]vec.Col, len(p.build))
			for i, a := range p.probe {
				probe[i] = vec.NullCol(a.Type, len(part))
			}
			pickAll(built, b.rows.Cols, part, false, nil)
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			if !yield(&vec.Batch{N: len(part), Cols: p.ordered(probe, built)}, nil) {
				return
			}
		}
	}
}
