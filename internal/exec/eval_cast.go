package exec

import (
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

type castEval struct {
	x      evaluator
	kernel fn.Kernel1
	typ    types.Type
	at     place
}

func (c *compiler) compileCast(e *plan.Cast) (evaluator, error) {
	x, err := c.compile(e.X)
	if err != nil {
		return nil, err
	}
	kernel, err := fn.CastKernel(e.X.Type(), e.To, e.Try)
	if err != nil {
		return nil, c.at(e).wrap(err)
	}
	return &castEval{x: x, kernel: kernel, typ: e.To, at: c.at(e)}, nil
}

func (e *castEval) eval(f *frame, sel []uint32) (vec.Col, error) {
	x, err := e.x.eval(f, sel)
	if err != nil {
		return vec.Col{}, err
	}
	if sel != nil && len(sel) == 0 {
		return vec.NullCol(e.typ, f.b.N), nil
	}
	out, err := e.kernel(f.fn, x, f.b.N, sel)
	return out, e.at.wrapRow(f.b, err)
}
