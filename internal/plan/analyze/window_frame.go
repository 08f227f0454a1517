package analyze

import (
	"strconv"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// bound is one end of a frame.
type bound struct {
	kind  sql.BoundKind
	v     val // the distance, positive or negative as written; cast to the key's type if cast is set
	cast  bool
	shown string
	at    errs.Span
}

func (b *bound) byValue() bool { return b.kind == sql.Preceding || b.kind == sql.Following }

// frame analyzes ROWS or RANGE and shows it; fixed is the frame of a function that has one of its
// own. Without one written Spark takes the rows up to the current one and its peers where there
// is an order, else the whole partition.
func (a *analyzer) frame(w *windowSpec, fixed string) (plan.Frame, string, error) {
	f := w.frame
	switch {
	case f == nil && fixed != "":
		return plan.Frame{}, fixed, nil
	case f == nil && len(w.order) > 0:
		return plan.Frame{Range: true, Hi: plan.FrameBound{Kind: plan.CurrentRow}},
			"RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", nil
	case f == nil:
		return plan.Frame{}, "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING", nil
	}
	lo, err := a.bound(w, f.Start, f.Span())
	if err != nil {
		return plan.Frame{}, "", err
	}
	hi, err := a.bound(w, f.End, f.Span())
	if err != nil {
		return plan.Frame{}, "", err
	}
	kind := "ROWS"
	if f.Range {
		kind = "RANGE"
	}
	shown := kind + " BETWEEN " + lo.shown + " AND " + hi.shown
	if err := a.checkFrame(w, &lo, &hi, shown); err != nil {
		return plan.Frame{}, "", err
	}
	out := plan.Frame{Range: f.Range}
	if out.Lo, err = a.planBound(w, &lo); err != nil {
		return out, "", err
	}
	out.Hi, err = a.planBound(w, &hi)
	return out, shown, err
}

// bound analyzes one end. The distance of RANGE becomes of the type of the order key, except for
// times. Spark: WindowFrameCoercion.
func (a *analyzer) bound(w *windowSpec, e sql.Bound, at errs.Span) (bound, error) {
	b := bound{kind: e.Kind, at: at}
	switch e.Kind {
	case sql.UnboundedPreceding:
		b.shown = "UNBOUNDED PRECEDING"
		return b, nil
	case sql.UnboundedFollowing:
		b.shown = "UNBOUNDED FOLLOWING"
		return b, nil
	case sql.CurrentRow:
		b.shown = "CURRENT ROW"
		return b, nil
	}
	b.at = e.X.Span()
	var err error
	if b.v, err = a.expr(&exprScope{in: &scope{}}, e.X); err != nil {
		return b, err
	}
	if w.frame.Range && len(w.order) == 1 {
		key := w.order[0].Expr.Type()
		if _, err := fn.CastKernel(b.v.x.Type(), key, false); err == nil && !key.IsTime() && !b.v.x.Type().Equal(key) {
			b.v.x, b.cast = castTo(b.v.x, key), true
		}
	}
	switch {
	case b.kind == sql.Following:
		b.shown = b.v.name + " FOLLOWING"
	case b.cast:
		b.shown = "(- " + b.v.name + ") FOLLOWING"
	default:
		b.shown = b.v.name + " PRECEDING"
	}
	return b, nil
}

// checkFrame refuses what is no frame. Spark: checkInputDataTypes of SpecifiedWindowFrame and
// WindowSpecDefinition.
func (a *analyzer) checkFrame(w *windowSpec, lo, hi *bound, shown string) error {
	bad := func(at errs.Span, why, format string, args ...any) error {
		return a.fail(at, "DATATYPE_MISMATCH."+why, "42K09", "cannot resolve \""+shown+"\": "+format, args...)
	}
	if lo.kind == sql.UnboundedFollowing || hi.kind == sql.UnboundedPreceding {
		return bad(w.frame.Span(), "SPECIFIED_WINDOW_FRAME_INVALID_BOUND", "the frame ends before it begins")
	}
	for _, b := range []*bound{lo, hi} {
		if !b.byValue() {
			continue
		}
		if !plan.IsConst(b.v.x) {
			return bad(b.at, "SPECIFIED_WINDOW_FRAME_WITHOUT_FOLDABLE", "the bound \"%s\" must be a constant", b.v.name)
		}
		if t := b.v.x.Type(); w.frame.Range && !t.IsNumeric() && !isInterval(t) || !w.frame.Range && t.Kind != types.Int {
			want := "INT"
			if w.frame.Range {
				want = "a number or an interval"
			}
			return bad(b.at, "SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE", "the bound \"%s\" must be %s, but it is %s", b.v.name, want, t.SQL())
		}
	}
	if lo.byValue() && hi.byValue() {
		if l, h := lo.v.x.Type(), hi.v.x.Type(); !l.Equal(h) {
			return bad(hi.at, "SPECIFIED_WINDOW_FRAME_DIFF_TYPES", "both bounds must have one type, but they are %s and %s", l.SQL(), h.SQL())
		}
		if a.after(lo, hi) {
			return bad(w.frame.Span(), "SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON", "the frame ends before it begins")
		}
	}
	if w.frame.Range {
		return a.checkRange(w, lo, hi, bad)
	}
	return nil
}

func (a *analyzer) checkRange(w *windowSpec, lo, hi *bound, bad func(errs.Span, string, string, ...any) error) error {
	values := lo.byValue() || hi.byValue()
	switch {
	case len(w.order) == 0 && (values || lo.kind != sql.UnboundedPreceding || hi.kind != sql.UnboundedFollowing):
		return bad(w.frame.Span(), "RANGE_FRAME_WITHOUT_ORDER", "RANGE needs ORDER BY: its bounds are values of the order key")
	case values && len(w.order) > 1:
		return bad(w.frame.Span(), "RANGE_FRAME_MULTI_ORDER", "RANGE with a distance needs exactly one key in ORDER BY")
	}
	for _, b := range []*bound{lo, hi} {
		if b.byValue() && !reaches(w.order[0].Expr.Type(), b.v.x.Type()) {
			return bad(b.at, "RANGE_FRAME_INVALID_TYPE", "the order key is %s, to which the distance \"%s\" of type %s cannot be added",
				w.order[0].Expr.Type().SQL(), b.v.name, b.v.x.Type().SQL())
		}
	}
	return nil
}

// reaches reports a distance that can be added to a key. Spark: WindowSpecDefinition.isValidFrameType.
func reaches(key, by types.Type) bool {
	switch key.Kind {
	case types.Date:
		return by.Kind == types.Int || by.Kind == types.YearMonth || by.Kind == types.DayTime && by.Scale == types.Day
	case types.Timestamp, types.TimestampNTZ:
		return isInterval(by)
	}
	return key.Equal(by)
}

// signed is the distance from the current row, negative before it.
func (a *analyzer) signed(b *bound) (val, error) {
	if b.kind == sql.Following {
		return b.v, nil
	}
	return a.op("negative", b.at, "(- "+b.v.name+")", b.v)
}

// after reports a frame that begins after it ends, where both are known.
func (a *analyzer) after(lo, hi *bound) bool {
	l, err := a.signed(lo)
	if err != nil {
		return false
	}
	h, err := a.signed(hi)
	if err != nil {
		return false
	}
	x, y := a.constant(l.x), a.constant(h.x)
	return x != nil && y != nil && !x.IsNull(0) && !y.IsNull(0) && fn.CompareFunc(x.Type)(x, 0, y, 0) > 0
}

// reach is a key plus a distance; beyond what the type holds it is its last value.
func (a *analyzer) reach(key, by val, at errs.Span) (plan.Expr, error) {
	t := key.x.Type()
	if !t.IsIntegral() && t.Kind != types.Decimal {
		v, err := a.op("+", at, "", key, by)
		return castTo(v.x, t), err
	}
	op := "try_add"
	if t.Kind == types.Decimal {
		op = "+"
	}
	v, err := a.op(op, at, "", key, by)
	if err != nil {
		return nil, err
	}
	if !v.x.Type().Equal(t) {
		v.x = &plan.Cast{X: v.x, To: t, Try: true, At: at}
	}
	c := a.constant(by.x)
	last, err := plan.Eval(a.folding, castTo(strVal(lastOf(t, c != nil && strings.HasPrefix(a.textOf(c), "-")), at).x, t))
	if err != nil {
		return nil, a.place(err, at)
	}
	has, err := a.op("isnotnull", at, "", key)
	if err != nil {
		return nil, err
	}
	sum := &plan.Coalesce{Args: []plan.Expr{v.x, &plan.Lit{Value: last, At: at}}, At: at}
	return &plan.Case{When: []plan.Expr{has.x}, Then: []plan.Expr{sum}, At: at}, nil
}

// lastOf is the largest or the smallest value of a type, as text.
func lastOf(t types.Type, least bool) string {
	bits := map[types.Kind]int{types.Byte: 7, types.Short: 15, types.Int: 31, types.Long: 63}[t.Kind]
	switch {
	case t.Kind == types.Decimal:
		s := strings.Repeat("9", int(t.Precision)-int(t.Scale)) + "." + strings.Repeat("9", int(t.Scale))
		if least {
			return "-" + s
		}
		return s
	case least:
		return strconv.FormatInt(-1<<bits, 10)
	}
	return strconv.FormatInt(1<<bits-1, 10)
}

// planBound makes a bound of a plan: a number of rows, or the key at which the frame ends, which
// is the current row's plus the distance (minus it where the order is descending).
func (a *analyzer) planBound(w *windowSpec, b *bound) (plan.FrameBound, error) {
	switch b.kind {
	case sql.UnboundedPreceding, sql.UnboundedFollowing:
		return plan.FrameBound{Kind: plan.Unbounded}, nil
	case sql.CurrentRow:
		return plan.FrameBound{Kind: plan.CurrentRow}, nil
	}
	by, err := a.signed(b)
	if err != nil {
		return plan.FrameBound{}, err
	}
	if !w.frame.Range {
		c := a.constant(by.x)
		if c == nil || c.IsNull(0) {
			return plan.FrameBound{}, a.fail(b.at, "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WITHOUT_FOLDABLE", "42K09", "the bound of a frame must be a number")
		}
		return plan.FrameBound{Kind: plan.ByRows, Rows: int64(vec.Get[int32](c, 0))}, nil
	}
	key := w.order[0]
	if key.Desc {
		if by, err = a.op("negative", b.at, by.name, by); err != nil {
			return plan.FrameBound{}, err
		}
	}
	x, err := a.reach(val{key.Expr, w.keys[0].name}, by, b.at)
	return plan.FrameBound{Kind: plan.ByValue, Value: x}, err
}
