package exec

import (
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// frame is what an evaluation reads: a batch (its own Sel is ignored) and the context.
type frame struct {
	fn *fn.Context
	b  *vec.Batch
}

// evaluator computes an expression. The column has f.b.N rows; those outside sel (nil: all
// rows) hold unspecified values and never raise. Evaluators keep scratch memory: one
// belongs to one operator, and what it returned is valid until its next call.
type evaluator interface {
	eval(f *frame, sel []uint32) (vec.Col, error)
}

// compiler turns expressions over a node's input into evaluators.
type compiler struct {
	in  []plan.Attr
	src *errs.Source
}

// compile builds the evaluator of e. An attribute that the input lacks is a fault of the
// plan, not of the user.
func (c *compiler) compile(e plan.Expr) (evaluator, error) {
	switch e := e.(type) {
	case *plan.Ref:
		i, err := position(c.in, e.Attr)
		return refEval{i}, err
	case *plan.Lit:
		return litEval{e.Value.Repeat(1)}, nil
	case *plan.Call:
		args, err := c.compileAll(e.Args)
		return &callEval{kernel: e.Fn.Kernel, typ: e.Fn.Result, args: args, at: c.at(e)}, err
	case *plan.Cast:
		return c.compileCast(e)
	case *plan.Logic:
		return c.compileLogic(e)
	case *plan.Case:
		return c.compileCase(e)
	case *plan.Coalesce:
		args, err := c.compileAll(e.Args)
		return &coalesceEval{typ: e.Type(), args: args}, err
	case *plan.In:
		return c.compileIn(e)
	case *plan.Field:
		x, err := c.compile(e.X)
		return &fieldEval{x: x, index: e.Index, typ: e.Type()}, err
	case *plan.Higher:
		return c.compileHigher(e)
	}
	return nil, internalf("no evaluator for %T", e)
}

func (c *compiler) compileAll(list []plan.Expr) ([]evaluator, error) {
	out := make([]evaluator, len(list))
	for i, e := range list {
		var err error
		if out[i], err = c.compile(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *compiler) at(e plan.Expr) place { return place{c.src, e.Span()} }

// position finds an attribute by id.
func position(in []plan.Attr, a plan.Attr) (int, error) {
	for i := range in {
		if in[i].ID == a.ID {
			return i, nil
		}
	}
	return 0, internalf("attribute %s#%d is not in the operator's input", a.Name, a.ID)
}

type refEval struct{ col int }

func (e refEval) eval(f *frame, _ []uint32) (vec.Col, error) { return f.b.Cols[e.col], nil }

type litEval struct{ one vec.Col }

func (e litEval) eval(f *frame, _ []uint32) (vec.Col, error) {
	c := e.one
	c.Len = f.b.N
	return c, nil
}

type callEval struct {
	kernel fn.Kernel
	typ    types.Type
	args   []evaluator
	at     place
}

func (e *callEval) eval(f *frame, sel []uint32) (vec.Col, error) {
	if sel != nil && len(sel) == 0 {
		return vec.NullCol(e.typ, f.b.N), nil
	}
	args, err := evalAll(e.args, f, sel)
	if err != nil {
		return vec.Col{}, err
	}
	out, err := e.kernel(f.fn, args, f.b.N, sel)
	return out, e.at.wrapRow(f.b, err)
}

func evalAll(list []evaluator, f *frame, sel []uint32) ([]vec.Col, error) {
	out := make([]vec.Col, len(list))
	for i, e := range list {
		var err error
		if out[i], err = e.eval(f, sel); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fieldEval reads a struct's field, or that field of each element of an array of structs.
type fieldEval struct {
	x     evaluator
	index int
	typ   types.Type
}

func (e *fieldEval) eval(f *frame, sel []uint32) (vec.Col, error) {
	x, err := e.x.eval(f, sel)
	if err != nil {
		return vec.Col{}, err
	}
	if x.Type.Kind == types.Struct {
		return x.Field(e.index), nil
	}
	return e.ofElements(x), nil
}

func (e *fieldEval) ofElements(x vec.Col) vec.Col {
	if x.Enc == vec.Dict {
		d := e.ofElements(*x.Dict)
		x.Type, x.Dict = e.typ, &d
		return x
	}
	x.Type, x.Kids = e.typ, []vec.Col{x.Kids[0].Field(e.index)}
	return x
}
