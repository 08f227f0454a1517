package exec

import (
	"context"
	"iter"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// generate makes rows of each row: the input's columns beside those of a generator.
type generate struct {
	one
	args   []evaluator
	kernel func(c *fn.Context, args []vec.Col, n int, sel []uint32) ([]vec.Col, []uint32, error)
	out    []types.Type
	outer  bool
	size   int
	at     place
	step   int // input rows taken at once, so that about size rows come of them
}

func newGenerate(n *plan.Generate, in node, o *BuildOptions) (node, error) {
	c := compiler{in: n.Child.Output(), src: o.Source}
	args, err := c.compileAll(n.Args)
	g := &generate{one: one{in}, args: args, kernel: n.Fn.Kernel, outer: n.Outer, size: o.BatchSize,
		at: place{o.Source, n.At}, step: o.BatchSize}
	for _, a := range n.Out {
		g.out = append(g.out, a.Type)
	}
	return g, err
}

func (o *generate) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		for b, err := range o.in.Run(ctx, e) {
			var args []vec.Col
			if err == nil {
				args, err = evalAll(o.args, &frame{&e.Fn, b}, b.Sel)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			rows := b.Sel
			if rows == nil {
				rows = allRows(b.N)
			}
			for len(rows) > 0 {
				some := rows[:min(o.step, len(rows))]
				rows = rows[len(some):]
				out, err := o.batch(&e.Fn, b, args, some)
				if err != nil {
					yield(nil, err)
					return
				}
				o.step = max(1, min(o.size, o.size*len(some)/max(1, out.N)))
				if !yieldCut(ctx, out, o.size, yield) {
					return
				}
			}
		}
	}
}

// allRows is the numbers from 0 to n-1.
func allRows(n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = uint32(i)
	}
	return out
}

// batch makes the rows of some rows of the input.
func (o *generate) batch(c *fn.Context, b *vec.Batch, args []vec.Col, rows []uint32) (*vec.Batch, error) {
	cols, parents, err := o.kernel(c, args, b.N, rows)
	if err != nil {
		return nil, o.at.wrap(err)
	}
	if o.outer {
		cols, parents = o.withEmpty(cols, parents, rows)
	}
	out := &vec.Batch{N: len(parents), Cols: make([]vec.Col, 0, len(b.Cols)+len(cols))}
	for k := range b.Cols {
		out.Cols = append(out.Cols, taken(&b.Cols[k], parents))
	}
	for k := range cols {
		cols[k].Type = o.out[k] // with the nullability of the plan
	}
	out.Cols = append(out.Cols, cols...)
	if b.Origin != nil {
		out.Origin = func(row int) string { return b.Origin(int(parents[row])) }
	}
	return out, nil
}

// withEmpty adds a row of NULLs for each row that has made none.
func (o *generate) withEmpty(cols []vec.Col, parents, rows []uint32) ([]vec.Col, []uint32) {
	all := make([]uint32, 0, len(parents)+len(rows))
	from := make([]int, 0, cap(all)) // the row of cols, -1: none
	j := 0
	for _, r := range rows {
		if j == len(parents) || parents[j] != r {
			all, from = append(all, r), append(from, -1)
		}
		for ; j < len(parents) && parents[j] == r; j++ {
			all, from = append(all, r), append(from, j)
		}
	}
	if len(all) == len(parents) {
		return cols, parents
	}
	out := make([]vec.Col, len(cols))
	for k := range cols {
		b := vec.NewColBuilder(o.out[k])
		for _, f := range from {
			if f < 0 {
				b.AppendNull()
			} else {
				b.AppendFrom(&cols[k], f)
			}
		}
		out[k] = b.Finish()
	}
	return out, all
}
