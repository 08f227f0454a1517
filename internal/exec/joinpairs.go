package exec

import (
	"context"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// This file is the part of a join that looks at pairs of rows: where a key has several rows, where
// there is a condition beside the keys, or no key at all.

// candidates looks at all pairs of rows and the rows of their keys.
func (x *probing) candidates(ctx context.Context, rows []uint32) error {
	x.l, x.r = x.l[:0], x.r[:0]
	cond := x.rest
	if cond == nil && x.kind.KeepsLeftOnly() { // any candidate will do
		for k, row := range rows {
			if x.ids[k] != noID {
				x.state[row] = hasMatch
			}
		}
		return nil
	}
	for k, row := range rows {
		for r := x.b.start(x.ids[k]); r != noID && x.wanted(row); r = x.b.after(r) {
			x.l, x.r = append(x.l, row), append(x.r, r)
			if len(x.l) < x.size {
				continue
			}
			if err := x.flush(ctx, cond); err != nil || x.over {
				return err
			}
		}
	}
	return x.flush(ctx, cond)
}

// wanted reports whether another pair of a row would tell more.
func (x *probing) wanted(row uint32) bool {
	return !x.node.Kind.KeepsLeftOnly() || x.state[row] != hasMatch
}

// flush settles the pairs.
func (x *probing) flush(ctx context.Context, cond evaluator) error {
	if err := ctx.Err(); err != nil || len(x.l) == 0 {
		return err
	}
	if cond != nil {
		if err := x.settle(cond); err != nil {
			return err
		}
	}
	for _, row := range x.l {
		if x.kind == plan.LeftSingle && x.state[row] == hasMatch {
			return x.tooMany()
		}
		x.state[row] = hasMatch
	}
	if x.kind == plan.FullOuter {
		for _, r := range x.r {
			x.b.match(r)
		}
	}
	if !x.kind.KeepsLeftOnly() {
		x.emit(x.l, x.r, false)
	}
	x.l, x.r = x.l[:0], x.r[:0]
	return nil
}

func (x *probing) tooMany() error {
	err := errs.New("SCALAR_SUBQUERY_TOO_MANY_ROWS", "more than one row returned by a subquery used as an expression").State("21000").
		WithHint("let the subquery give one row: with an aggregate such as max, or LIMIT 1")
	if x.src != nil && x.node.At != (errs.Span{}) {
		err = err.At(x.src, x.node.At)
	}
	return err
}

// settle narrows the pairs to those for which cond is TRUE; rows for which it is NULL are noted.
func (x *probing) settle(cond evaluator) error {
	c, err := cond.eval(x.pairs(), nil)
	if err != nil {
		return err
	}
	if x.threeValued() && c.MayNull() {
		for i, row := range x.l {
			if c.IsNull(i) && x.state[row] == noMatch {
				x.state[row] = nullMatch
			}
		}
	}
	x.sel = fn.IsTrue(&c, len(x.l), nil, x.sel[:0])
	for to, i := range x.sel {
		x.l[to], x.r[to] = x.l[i], x.r[i]
	}
	x.l, x.r = x.l[:len(x.sel)], x.r[:len(x.sel)]
	return nil
}

// pairs is the columns of the pairs that the conditions read.
func (x *probing) pairs() *frame {
	wantsProbe, wantsBuilt := x.wants[:len(x.node.L.Output())], x.wants[len(x.node.L.Output()):]
	if x.swapped {
		wantsProbe, wantsBuilt = wantsBuilt, wantsProbe
	}
	probe, built := make([]vec.Col, len(x.f.b.Cols)), make([]vec.Col, len(x.build))
	pickAll(probe, x.f.b.Cols, x.l, false, wantsProbe)
	for k, i := range x.kept {
		if wantsBuilt[i] {
			built[i] = pick(&x.b.rows.Cols[k], x.r, false)
		}
	}
	b := &vec.Batch{N: len(x.l), Cols: x.ordered(probe, built)}
	if origin, l := x.f.b.Origin, x.l; origin != nil {
		b.Origin = func(row int) string { return origin(int(l[row])) }
	}
	return &frame{x.f.fn, b}
}

// nulls looks, for rows without a match, for rows of the built side with which the condition is
// NULL: those with a NULL key, or all of them if the row's own key is NULL.
func (x *probing) nulls(ctx context.Context, rows []uint32) error {
	if x.b.table == nil {
		return nil
	}
	only := x.onlyKey()
	x.l, x.r = x.l[:0], x.r[:0]
	for k, row := range rows {
		own := len(x.nullKey) > 0 && x.nullKey[k]
		n := len(x.b.nullRows)
		if own {
			n = x.b.rows.N
		}
		if x.state[row] != noMatch || n == 0 && !(only && own && x.b.any) {
			continue
		}
		if only {
			x.state[row] = nullMatch
			continue
		}
		for i := 0; i < n && x.state[row] != hasMatch; i++ {
			r := uint32(i)
			if !own {
				r = x.b.nullRows[i]
			}
			x.l, x.r = append(x.l, row), append(x.r, r)
			if len(x.l) < x.size {
				continue
			}
			if err := x.flush(ctx, x.full); err != nil {
				return err
			}
		}
	}
	return x.flush(ctx, x.full)
}
