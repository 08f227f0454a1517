package exec

import (
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// logicEval is AND and OR in three-valued logic. decides is the value that settles the
// result whatever the other side is: false for AND, true for OR.
type logicEval struct {
	l, r    evaluator
	decides bool
	open    []uint32 // scratch: the rows that the left side does not decide
}

func (c *compiler) compileLogic(e *plan.Logic) (evaluator, error) {
	l, err := c.compile(e.L)
	if err != nil {
		return nil, err
	}
	r, err := c.compile(e.R)
	return &logicEval{l: l, r: r, decides: e.Or}, err
}

func (e *logicEval) eval(f *frame, sel []uint32) (vec.Col, error) {
	l, err := e.l.eval(f, sel)
	if err != nil {
		return vec.Col{}, err
	}
	l = vec.Flatten(&l)
	e.open = e.open[:0]
	for i := range vec.Each(f.b.N, sel) {
		if l.IsNull(i) || vec.Values[bool](&l)[i] != e.decides {
			e.open = append(e.open, uint32(i))
		}
	}
	if len(e.open) == 0 {
		return l, nil
	}
	r, err := e.r.eval(f, e.open)
	if err != nil {
		return vec.Col{}, err
	}
	return e.combine(f.b.N, sel, &l, &r), nil
}

// combine writes the result: decided rows hold decides; an open row is what the right side
// says, except that NULL on the left makes NULL of anything undecided.
func (e *logicEval) combine(n int, sel []uint32, l, r *vec.Col) vec.Col {
	out := make([]bool, n)
	for i := range vec.Each(n, sel) {
		out[i] = e.decides
	}
	var valid []byte
	for _, row := range e.open {
		i := int(row)
		switch {
		case r.IsNull(i):
			valid = vec.SetNull(valid, n, i)
		case vec.Get[bool](r, i) == e.decides:
		case l.IsNull(i):
			valid = vec.SetNull(valid, n, i)
		default:
			out[i] = !e.decides
		}
	}
	return vec.FlatOf(types.BooleanType, out, valid)
}
