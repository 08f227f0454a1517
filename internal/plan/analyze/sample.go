package analyze

import (
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// sampled applies TABLESAMPLE: a number of rows is a LIMIT.
func (a *analyzer) sampled(n plan.Node, s *sql.Sample) (plan.Node, error) {
	if s == nil {
		return n, nil
	}
	if plan.IsStreaming(n) {
		return nil, a.unsupported(s.Span(), "TABLESAMPLE of a stream").WithHint("filter with WHERE rand() < 0.1")
	}
	if s.Kind == sql.SampleRows {
		rows, err := a.rowCount(&scope{}, "TABLESAMPLE", s.Size)
		return &plan.Limit{Child: n, Count: rows, Stateful: -1, At: s.Span()}, err
	}
	part, err := a.doubleConst(s.Size)
	if err != nil {
		return nil, err
	}
	out := &plan.Sample{Child: n, Fraction: part / 100, Seed: 42}
	if s.Kind == sql.SampleBucket {
		some, err := a.doubleConst(s.Bucket)
		if err != nil {
			return nil, err
		}
		out.Fraction = some / part
	}
	if out.Fraction < 0 || out.Fraction > 1 {
		return nil, a.fail(s.Size.Span(), "UNSUPPORTED_FEATURE.TABLESAMPLE_FRACTION", "0A000",
			"TABLESAMPLE takes 0 to 100 percent of the rows, not %g", out.Fraction*100)
	}
	if s.Seed == nil {
		return out, nil
	}
	seed, err := a.doubleConst(s.Seed)
	out.Seed = int64(seed)
	return out, err
}

func (a *analyzer) doubleConst(e sql.Expr) (float64, error) {
	v, err := a.expr(&exprScope{in: &scope{}}, e)
	if err != nil {
		return 0, err
	}
	if !plan.IsConst(v.x) || !v.x.Type().IsNumeric() {
		return 0, a.fail(e.Span(), "UNEXPECTED_INPUT_TYPE", "42K09", "TABLESAMPLE takes numbers, not \"%s\"", v.name)
	}
	c, err := plan.Eval(a.folding, castTo(v.x, types.DoubleType))
	if err != nil {
		return 0, a.place(err, e.Span())
	}
	return vec.Get[float64](&c, 0), nil
}
