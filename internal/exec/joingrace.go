package exec

import (
	"context"
	"errors"
	"iter"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// graceParts divides the probed side as the built side was, and makes of each partition a part.
func (o *join) graceParts(ctx context.Context, e *EpochTask, c *collected, probe func(ctx context.Context) ([]part, error)) ([]part, error) {
	probed := o.keep(newPartitions(o.opts, o.shape.probeSchema(), 0))
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	in, err := probe(inner)
	if err != nil {
		return nil, err
	}
	dividers := make([]*divider, len(o.probers))
	err = each(inner, cancel, len(in), len(o.probers), func(w *worker, i int) error {
		if dividers[w.i] == nil {
			dividers[w.i] = newDivider(o.shape, o.probers[w.i].keys)
		}
		return dividers[w.i].all(e, in[i](w), probed)
	})
	if err != nil {
		return nil, err
	}
	var rows int64
	for _, s := range c.grace.spool {
		rows += s.rows()
	}
	out := make([]part, fanOut)
	for i := range out {
		out[i] = func(w *worker) iter.Seq2[*vec.Batch, error] {
			return func(yield func(*vec.Batch, error) bool) {
				g := graceJoin{join: o, e: e, w: w, any: rows > 0, yield: yield}
				if err := g.pair(ctx, c.grace.spool[i], probed.spool[i], 0, true); err != nil {
					yield(nil, err)
				}
			}
		}
	}
	return out, nil
}

// probeSchema is the probed side's columns.
func (s *joinShape) probeSchema() types.Schema {
	var out types.Schema
	for _, a := range s.probe {
		out = append(out, types.Field{Name: a.Name, Type: a.Type, Nullable: true})
	}
	return out
}

// divider divides rows of the probed side. It belongs to one goroutine.
type divider struct {
	shape   *joinShape
	keys    []evaluator
	hash    keyTable
	scratch keyScratch
	sorting sorting
	sel     []uint32
}

func newDivider(s *joinShape, keys []evaluator) *divider {
	return &divider{shape: s, keys: keys, hash: newKeyTable(s.keyTypes)}
}

func (d *divider) all(e *EpochTask, in iter.Seq2[*vec.Batch, error], to *partitions) error {
	for b, err := range in {
		if err != nil {
			return err
		}
		keys, err := evalAll(d.keys, &frame{&e.Fn, b}, b.Sel)
		if err != nil {
			return err
		}
		sel := b.Sel
		if d.shape.kind == plan.Inner || d.shape.kind == plan.LeftSemi {
			sel = d.shape.matchable(keys, b.N, sel, &d.sel)
		}
		rows := d.scratch.rows(b.N, sel)
		if !d.shape.divisible() {
			if err := to.append(0, b, rows); err != nil {
				return err
			}
			continue
		}
		hashes := d.sorting.hashesFor(len(rows))
		d.hash.hashes(&d.scratch, keys, rows, hashes)
		if err := to.add(&d.sorting, b, rows, hashes); err != nil {
			return err
		}
	}
	return nil
}

// graceJoin joins one partition of both sides.
type graceJoin struct {
	*join
	e     *EpochTask
	w     *worker
	any   bool // the whole built side has rows
	yield func(*vec.Batch, error) bool
	over  bool
}

// pair joins two spools that hold the same hashes, and frees them. If the built one does not fit,
// both are divided again; if that is of no use, because its rows have one key or there is none,
// the built side is taken in pieces that fit, each with all of the probed side.
func (g *graceJoin) pair(ctx context.Context, built, probed *spool, level int, divide bool) error {
	defer func() { built.close(); probed.close() }() // Close removes what stays
	acc := g.opts.account()
	defer acc.set(0)
	divide = divide && level+1 < maxLevel && g.shape.divisible()
	for rows, err := range g.pieces(ctx, built, &acc, divide) {
		if err != nil {
			return err
		}
		if rows == nil {
			return g.again(ctx, built, probed, level+1)
		}
		if int64(rows.N) < built.rows() {
			return g.inPieces(ctx, built, probed, &acc)
		}
		side, err := g.side(ctx, rows, &acc)
		if err != nil {
			return err
		}
		p := g.probers[g.w.i]
		if err := g.pass(p.run(ctx, g.e, probed.read(ctx), side)); err != nil || g.over || g.shape.kind != plan.FullOuter {
			return err
		}
		return g.pass(p.leftover(ctx, side))
	}
	return nil
}

// side makes the table of a piece.
func (g *graceJoin) side(ctx context.Context, rows *vec.Batch, acc *account) (*buildSide, error) {
	side, err := g.shape.index(ctx, rows)
	if err != nil {
		return nil, err
	}
	side.any = g.any
	acc.set(batchSize(rows) + side.bytes())
	return side, nil
}

// pass yields rows until the consumer has had enough.
func (g *graceJoin) pass(rows iter.Seq2[*vec.Batch, error]) error {
	for b, err := range rows {
		if err != nil {
			return err
		}
		if g.over = g.over || !g.yield(b, nil); g.over {
			return nil
		}
	}
	return nil
}

// pieces reads a spool in pieces that fit into memory with a table; there is at least one. With
// all, what does not fit as a whole gives nil instead.
func (g *graceJoin) pieces(ctx context.Context, s *spool, acc *account, all bool) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		rows := vec.NewBuilder(g.shape.buildSchema())
		n, last := 0, false
		cut := func() bool {
			out := rows.Finish()
			out.N, n = n, 0
			return yield(out, nil)
		}
		for b, err := range s.read(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			size := int64(rows.Size()) + batchSize(b) + 24*int64(n+b.N) // what a table adds is guessed
			if fits := acc.set(size) && size < mostBuilt; !fits && all {
				acc.set(0)
				yield(nil, nil)
				return
			} else if !fits && n > 0 && !cut() {
				return
			}
			rows.AppendBatch(b)
			n += b.N
			last = true
		}
		if n > 0 || !last {
			cut()
		}
	}
}

// inPieces joins piece by piece; what is known of each probed row is kept from one to the next.
func (g *graceJoin) inPieces(ctx context.Context, built, probed *spool, acc *account) error {
	p := g.probers[g.w.i]
	state := make([]uint8, probed.rows())
	states := g.opts.account()
	defer states.set(0)
	states.set(int64(len(state)))
	var side *buildSide
	for rows, err := range g.pieces(ctx, built, acc, false) {
		if err != nil {
			return err
		}
		if side, err = g.side(ctx, rows, acc); err != nil {
			return err
		}
		if err := g.against(ctx, p, side, probed, state, (*probing).match); err != nil || g.over {
			return err
		}
		if g.shape.kind == plan.FullOuter {
			if err := g.pass(p.leftover(ctx, side)); err != nil || g.over {
				return err
			}
		}
	}
	return g.against(ctx, p, side, probed, state, func(x *probing, _ context.Context, rows []uint32) error {
		x.finish(rows)
		return nil
	})
}

// against calls f with each batch of the probed side and what is known of its rows.
func (g *graceJoin) against(ctx context.Context, p *prober, side *buildSide, probed *spool, state []uint8, f func(*probing, context.Context, []uint32) error) error {
	for b, err := range probed.read(ctx) {
		if err != nil {
			return err
		}
		x := probing{prober: p, f: &frame{&g.e.Fn, b}, b: side, yield: g.yield}
		x.state, state = state[:b.N], state[b.N:]
		if err := f(&x, ctx, p.scratch.rows(b.N, nil)); err != nil {
			return err
		}
		if g.over = x.over; g.over {
			return nil
		}
	}
	return nil
}

// again divides a pair that is too large by other bits of the hash.
func (g *graceJoin) again(ctx context.Context, built, probed *spool, level int) error {
	b, p := g.keep(newPartitions(g.opts, g.shape.buildSchema(), level)), g.keep(newPartitions(g.opts, g.shape.probeSchema(), level))
	defer func() { b.close(); p.close() }()
	c := &collector{join: g.join, sorting: make([]sorting, 1), scratch: make([]keyScratch, 1), hash: []keyTable{newKeyTable(g.shape.keyTypes)}}
	for batch, err := range built.read(ctx) {
		if err != nil {
			return err
		}
		if err := c.divide(b, 0, batch); err != nil {
			return err
		}
	}
	rows := built.rows()
	err := errors.Join(built.close(), newDivider(g.shape, g.probers[g.w.i].keys).all(g.e, probed.read(ctx), p), probed.close())
	for i := range b.spool {
		if err != nil || g.over {
			return err
		}
		err = g.pair(ctx, b.spool[i], p.spool[i], level, b.spool[i].rows() < rows)
	}
	return err
}
