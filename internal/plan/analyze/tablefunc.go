package analyze

import (
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// rangeOf analyzes range([start,] end [, step [, partitions]]).
func (a *analyzer) rangeOf(r *sql.FuncRef) (plan.Node, *scope, error) {
	var nums [4]int64
	if len(r.Args) < 1 || len(r.Args) > 4 {
		return nil, nil, a.fail(r.Span(), "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605",
			"the function `range` requires [1, 2, 3, 4] parameters but the actual number is %d", len(r.Args))
	}
	for i, e := range r.Args {
		n, err := a.longConst(e)
		if err != nil {
			return nil, nil, err
		}
		nums[i] = n
	}
	n := &plan.Range{Start: nums[0], End: nums[1], Step: nums[2], Attr: a.newAttr("id", types.LongType, false)}
	if len(r.Args) == 1 {
		n.Start, n.End = 0, nums[0]
	}
	if len(r.Args) < 3 {
		n.Step = 1
	}
	if n.Step == 0 {
		return nil, nil, a.fail(r.Args[2].Span(), "FAILED_FUNCTION_CALL", "38000", "the step of range() must not be 0")
	}
	return n, scopeOf(n.Output()), nil
}

// longConst is a constant cast to BIGINT.
func (a *analyzer) longConst(e sql.Expr) (int64, error) {
	v, err := a.expr(&exprScope{in: &scope{}}, e)
	if err != nil {
		return 0, err
	}
	bad := func(what string) error {
		return a.fail(e.Span(), "UNEXPECTED_INPUT_TYPE", "42K09", "range() takes numbers, but \"%s\" is %s", v.name, what)
	}
	if k := v.x.Type().Kind; !plan.IsConst(v.x) || !v.x.Type().IsNumeric() && k != types.String {
		return 0, bad(v.x.Type().SQL())
	}
	c, err := plan.Eval(a.folding, castTo(v.x, types.LongType))
	switch {
	case err != nil:
		return 0, a.place(err, e.Span())
	case c.IsNull(0):
		return 0, bad("NULL")
	}
	return vec.Get[int64](&c, 0), nil
}
