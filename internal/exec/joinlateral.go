package exec

import (
	"context"
	"errors"
	"iter"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// lateral runs the right side for each distinct tuple of what it reads of the left side. Results
// are remembered up to a bound; a plan is built for each.
type lateral struct {
	one
	shape  *joinShape
	prober *prober
	opts   *BuildOptions
	outer  []int // positions in the left side's output that R reads
	memo   map[string]*buildSide
	held   int // bytes of memo, about
	key    []byte
}

// lateralMemo bounds what a lateral join remembers, in bytes.
const lateralMemo = 32 << 20

func newLateral(n *plan.Join, l node, o *BuildOptions) (node, error) {
	inner := *o // a right side is small, and there are many
	inner.Workers, inner.Stats = 1, nil
	j := &lateral{one: one{l}, shape: shapeOf(n), opts: &inner}
	read := map[plan.ID]bool{}
	plan.OuterRefs(n.R, read)
	for i, a := range n.L.Output() {
		if read[a.ID] {
			j.outer = append(j.outer, i)
		}
	}
	var err error
	j.prober, err = newProber(j.shape, o)
	return j, err
}

func (o *lateral) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		o.memo, o.held = map[string]*buildSide{}, 0
		for b, err := range o.in.Run(ctx, e) {
			if err == nil {
				var more bool
				if more, err = o.batch(ctx, e, b, yield); err == nil && !more {
					return
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// batch joins each run of rows with the same outer values.
func (o *lateral) batch(ctx context.Context, e *EpochTask, b *vec.Batch, yield func(*vec.Batch, error) bool) (bool, error) {
	outer := make([]vec.Col, len(o.outer))
	for k, i := range o.outer {
		outer[k] = b.Cols[i]
	}
	rows := o.prober.scratch.rows(b.N, b.Sel)
	for lo := 0; lo < len(rows); {
		o.key = vec.AppendKey(o.key[:0], outer, int(rows[lo]))
		first := string(o.key)
		side, err := o.side(ctx, e, first, b, int(rows[lo]))
		if err != nil {
			return false, err
		}
		hi := lo + 1
		for ; hi < len(rows); hi++ {
			if o.key = vec.AppendKey(o.key[:0], outer, int(rows[hi])); string(o.key) != first {
				break
			}
		}
		same := *b
		same.Sel = rows[lo:hi]
		x := probing{prober: o.prober, f: &frame{&e.Fn, &same}, b: side, yield: yield}
		if err := x.batch(ctx); err != nil || x.over {
			return false, err
		}
		lo = hi
	}
	return true, nil
}

// side is the right side's rows for the outer values of a row.
func (o *lateral) side(ctx context.Context, e *EpochTask, key string, b *vec.Batch, row int) (*buildSide, error) {
	if s, ok := o.memo[key]; ok {
		return s, nil
	}
	values := map[plan.ID]*plan.Lit{}
	for _, i := range o.outer {
		one := vec.Take(&b.Cols[i], []uint32{uint32(row)})
		values[o.shape.probe[i].ID] = &plan.Lit{Value: one}
	}
	n := plan.MapOuter(o.shape.node.R, func(x *plan.Outer) plan.Expr {
		if v, ok := values[x.Attr.ID]; ok {
			return &plan.Lit{Value: v.Value, At: x.At}
		}
		return x
	})
	s, err := collectSide(ctx, e, n, o.opts)
	if err != nil {
		return nil, err
	}
	size := len(key) + 200
	for i := range s.rows.Cols {
		size += colSize(&s.rows.Cols[i])
	}
	if o.held += size; o.held > lateralMemo {
		o.memo, o.held = map[string]*buildSide{}, size
	}
	o.memo[key] = s
	return s, nil
}

// collectSide runs a plan and keeps its rows.
func collectSide(ctx context.Context, e *EpochTask, n plan.Node, o *BuildOptions) (*buildSide, error) {
	op, err := build(n, o)
	if err != nil {
		return nil, err
	}
	rows, count := vec.NewBuilder(plan.SchemaOf(n)), 0
	for b, err := range op.Run(ctx, e) {
		if err != nil {
			return nil, errors.Join(err, op.Close())
		}
		rows.AppendBatch(b)
		count += b.Rows()
	}
	all := rows.Finish()
	all.N = count
	return &buildSide{rows: all}, op.Close()
}

// colSize is about the memory of a column.
func colSize(c *vec.Col) int {
	n := len(c.Data) + len(c.Valid) + 4*len(c.Off) + 4*len(c.Ids)
	for i := range c.Kids {
		n += colSize(&c.Kids[i])
	}
	if c.Dict != nil {
		n += colSize(c.Dict)
	}
	return n
}
