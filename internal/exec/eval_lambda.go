package exec

import (
	"errors"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// higherEval calls a higher-order function. Its lambdas see the elements of a whole batch at once.
type higherEval struct {
	kernel  func(c *fn.Context, args []vec.Col, lambdas []fn.Lambda, n int, sel []uint32) (vec.Col, error)
	typ     types.Type
	args    []evaluator // nil where there is a lambda
	lambdas []*lambda   // nil where there is a value
	at      place
}

// lambda is a compiled body over the captured columns, then the parameters.
type lambda struct {
	captured []int // columns of the surrounding batch
	params   int
	body     evaluator
}

func (c *compiler) compileHigher(e *plan.Higher) (evaluator, error) {
	out := &higherEval{kernel: e.Fn.Kernel, typ: e.Fn.Result, at: c.at(e),
		args: make([]evaluator, len(e.Args)), lambdas: make([]*lambda, len(e.Args))}
	for i, a := range e.Args {
		var err error
		if l, ok := a.(*plan.Lambda); ok {
			out.lambdas[i], err = c.compileLambda(l)
		} else {
			out.args[i], err = c.compile(a)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *compiler) compileLambda(e *plan.Lambda) (*lambda, error) {
	own := map[plan.ID]bool{}
	for _, p := range e.Params {
		own[p.ID] = true
	}
	out := &lambda{params: len(e.Params)}
	var in []plan.Attr
	var missing error
	plan.WalkExpr(e.Body, func(x plan.Expr) bool {
		switch x := x.(type) {
		case *plan.Lambda:
			for _, p := range x.Params {
				own[p.ID] = true
			}
		case *plan.Ref:
			if own[x.Attr.ID] {
				return true
			}
			own[x.Attr.ID] = true // captured once
			i, err := position(c.in, x.Attr)
			if err != nil {
				missing = err
			}
			in, out.captured = append(in, x.Attr), append(out.captured, i)
		}
		return true
	})
	if missing != nil {
		return nil, missing
	}
	inner := compiler{in: append(in, e.Params...), src: c.src}
	var err error
	out.body, err = inner.compile(e.Body)
	return out, err
}

func (e *higherEval) eval(f *frame, sel []uint32) (vec.Col, error) {
	if sel != nil && len(sel) == 0 {
		return vec.NullCol(e.typ, f.b.N), nil
	}
	args, lambdas := make([]vec.Col, len(e.args)), make([]fn.Lambda, len(e.args))
	for i := range e.args {
		if l := e.lambdas[i]; l != nil {
			lambdas[i] = func(params []vec.Col, n int, parents []uint32) (vec.Col, error) { return l.call(f, params, n, parents) }
			continue
		}
		var err error
		if args[i], err = e.args[i].eval(f, sel); err != nil {
			return vec.Col{}, err
		}
	}
	out, err := e.kernel(f.fn, args, lambdas, f.b.N, sel)
	return out, e.at.wrap(err)
}

// call evaluates the body over n rows of parameters. An error's row is that of the surrounding batch.
func (l *lambda) call(f *frame, params []vec.Col, n int, parents []uint32) (vec.Col, error) {
	b := &vec.Batch{N: n, Cols: make([]vec.Col, 0, len(l.captured)+l.params)}
	for _, c := range l.captured {
		b.Cols = append(b.Cols, taken(&f.b.Cols[c], parents))
	}
	b.Cols = append(b.Cols, params[:l.params]...)
	out, err := l.body.eval(&frame{f.fn, b}, nil)
	var row *fn.RowError
	if errors.As(err, &row) && row.Row < len(parents) {
		return out, &fn.RowError{Row: int(parents[row.Row]), Err: row.Err}
	}
	return out, err
}

// taken is rows of a column in an order given, which may repeat: wide values are shared.
func taken(c *vec.Col, rows []uint32) vec.Col {
	switch {
	case c.Enc == vec.Const:
		v := *c
		v.Len = len(rows)
		return v
	case vec.Width(c.Type) > 0, c.Len == 0, c.Type.Kind == types.Null:
		return vec.Take(c, rows)
	case c.Enc == vec.Dict && c.Dict.Len == 0: // all NULL
		return vec.NullCol(c.Type, len(rows))
	}
	out := vec.Col{Type: c.Type, Enc: vec.Dict, Len: len(rows), Dict: c.Dict, Ids: make([]uint32, len(rows))}
	if c.Enc == vec.Flat {
		d := *c
		d.Valid = nil // what is NULL is never looked up
		out.Dict = &d
	}
	for j, r := range rows {
		switch {
		case c.IsNull(int(r)):
			out.Valid = vec.SetNull(out.Valid, len(rows), j)
		case c.Enc == vec.Dict:
			out.Ids[j] = c.Ids[r]
		default:
			out.Ids[j] = r
		}
	}
	return out
}
