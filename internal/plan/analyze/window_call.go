package analyze

import (
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/vec"
)

// windowSpec is an analyzed OVER clause.
type windowSpec struct {
	part  []val
	order []plan.Order
	keys  []val // of order
	frame *sql.Frame
	at    errs.Span
}

// overCall analyzes f(...) OVER (...). Spark: WindowExpression and the rules around it.
func (a *analyzer) overCall(s *exprScope, e *sql.Call, name string) (val, error) {
	agg, isAgg := a.env.aggregate(name)
	win, isWindow := a.env.functions().Window(name)
	switch {
	case !isAgg && !isWindow:
		return val{}, a.notOver(e, name)
	case s.sel == nil:
		return val{}, a.fail(e.Span(), "UNSUPPORTED_EXPR_FOR_OPERATOR", "42K0E", "a window function can stand only in a select list and in QUALIFY").
			WithHint("compute it in a subquery in FROM")
	}
	d := *s
	d.aggArg, d.filter, d.noLateral = false, false, "WINDOW"
	w, err := a.windowSpec(&d, e.Over, 0)
	if err != nil {
		return val{}, err
	}
	o := &over{part: exprsOf(w.part), order: w.order}
	var frame string
	if isAgg {
		o.WindowCall, o.name, err = a.overAggregate(&d, e, name, agg)
		if err == nil {
			o.Frame, frame, err = a.frame(w, "")
		}
	} else {
		o.WindowCall, o.name, frame, err = a.overFunction(&d, e, win, w)
	}
	if err != nil {
		return val{}, err
	}
	if readsParam(s, o) {
		return val{}, a.paramLost(e)
	}
	o.name += " OVER (" + w.shown() + frame + ")"
	return val{o, o.name}, nil
}

// notOver is the error of OVER after what is no window function.
func (a *analyzer) notOver(e *sql.Call, name string) error {
	if _, ok := a.env.functions().Generator(name); ok {
		return a.generatorOutside(&exprScope{list: true}, e)
	}
	if !a.isFunction(e) && name != "grouping" && name != "grouping_id" {
		return a.noRoutine(e)
	}
	return a.fail(e.Span(), "UNSUPPORTED_EXPR_FOR_WINDOW", "42P20", "`%s` is neither an aggregate nor a window function, so it cannot stand before OVER", name)
}

func exprsOf(list []val) []plan.Expr {
	out := make([]plan.Expr, len(list))
	for i, v := range list {
		out[i] = v.x
	}
	return out
}

// windowSpec analyzes what follows OVER: a name of the WINDOW clause (in exactly its letters), or
// partition, order and frame.
func (a *analyzer) windowSpec(s *exprScope, e *sql.WindowSpec, depth int) (*windowSpec, error) {
	if e.Ref.Name != "" {
		def, ok := s.sel.specs[e.Ref.Name]
		if !ok || depth > len(s.sel.specs) {
			return nil, a.noWindow(s, e)
		}
		return a.windowSpec(s, def, depth+1)
	}
	w := &windowSpec{frame: e.Frame, at: e.Span()}
	var err error
	if w.part, err = a.exprs(s, e.Partition); err != nil {
		return nil, err
	}
	for i, v := range w.part {
		if hasMap(v.x.Type()) {
			return nil, a.fail(e.Partition[i].Span(), "EXPRESSION_TYPE_IS_NOT_ORDERABLE", "42822",
				"\"%s\" is %s, by which rows cannot be partitioned", v.name, v.x.Type().SQL())
		}
	}
	o := &ordering{a: a, scope: s}
	for i := range e.Order {
		v, err := a.expr(s, e.Order[i].X)
		if err != nil {
			return nil, err
		}
		k, err := o.key(&e.Order[i], v.x, v.name)
		if err != nil {
			return nil, err
		}
		w.order, w.keys = append(w.order, k), append(w.keys, v)
	}
	return w, nil
}

func (a *analyzer) noWindow(s *exprScope, e *sql.WindowSpec) error {
	err := a.fail(e.Ref.Span(), "MISSING_WINDOW_SPECIFICATION", "42P20", "the WINDOW clause does not define `%s`", e.Ref.Name)
	var names []string
	for n := range s.sel.specs {
		names = append(names, n)
	}
	slices.Sort(names)
	if near := errs.Near(e.Ref.Name, names); len(near) > 0 {
		return err.WithHint("did you mean %s? The case of letters counts here", strings.Join(near, ", "))
	}
	return err.WithHint("add WINDOW %s AS (PARTITION BY ... ORDER BY ...) behind the other clauses", e.Ref.Name)
}

// shown is the partition and order as Spark shows them, with a blank at the end.
func (w *windowSpec) shown() string {
	s := ""
	if len(w.part) > 0 {
		s = "PARTITION BY " + names(w.part) + " "
	}
	if len(w.keys) > 0 {
		s += "ORDER BY " + shownOrder(w.order, w.keys) + " "
	}
	return s
}

func shownOrder(by []plan.Order, keys []val) string {
	list := make([]string, len(by))
	for i, o := range by {
		list[i] = keys[i].name + direction(o)
	}
	return strings.Join(list, ", ")
}

func direction(o plan.Order) string {
	s := " ASC"
	if o.Desc {
		s = " DESC"
	}
	if o.NullsFirst {
		return s + " NULLS FIRST"
	}
	return s + " NULLS LAST"
}

// wholePartition are aggregates that Spark computes only over all rows of a partition.
var wholePartition = []string{"percentile_cont", "percentile_disc", "median"}

func (a *analyzer) overAggregate(s *exprScope, e *sql.Call, name string, f *fn.Aggregate) (*plan.WindowCall, string, error) {
	if e.Distinct {
		return nil, "", a.fail(e.Span(), "DISTINCT_WINDOW_FUNCTION_UNSUPPORTED", "0A000", "%s(DISTINCT ...) cannot stand before OVER", name).
			WithHint("remove duplicates in a subquery first")
	}
	if slices.Contains(wholePartition, name) && (len(e.Over.Order) > 0 || e.Over.Frame != nil) {
		return nil, "", a.fail(e.Over.Span(), "INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC", "42601",
			"%s takes all rows of a partition, so that its window can have neither ORDER BY nor a frame", name)
	}
	g, display, err := a.bindAgg(s, e, name, f)
	if err != nil {
		return nil, "", err
	}
	return &plan.WindowCall{Name: g.Name, Agg: g, At: e.Span()}, display, nil
}

// skipsNulls are the window functions that take IGNORE NULLS.
var skipsNulls = []string{"lag", "lead", "nth_value"}

func (a *analyzer) overFunction(s *exprScope, e *sql.Call, f *fn.Window, w *windowSpec) (call *plan.WindowCall, shown, frame string, err error) {
	plain := *e
	plain.IgnoreNulls = e.IgnoreNulls && !slices.Contains(skipsNulls, f.Name)
	if err := a.plainCall(&plain, f.Name); err != nil {
		return nil, "", "", err
	}
	args, err := a.args(s, e.Args)
	if err != nil {
		return nil, "", "", err
	}
	shown = windowName(f.Name, args)
	if slices.Contains([]string{"rank", "dense_rank", "percent_rank"}, f.Name) {
		args = nil // Spark takes any: they stand for the order
	}
	b, err := f.Bind(a.argsOf(args))
	if err != nil {
		return nil, "", "", a.mismatch(err, e.Span(), shown)
	}
	if b.NeedsOrder && len(w.order) == 0 {
		return nil, "", "", a.fail(e.Over.Span(), "WINDOW_FUNCTION_FRAME_NOT_ORDERED", "42601", "%s needs an order of rows", f.Name).
			WithHint("write %s(...) OVER (ORDER BY ...)", f.Name)
	}
	cast, err := a.castAll(args, b.Params, e.Span())
	if err != nil {
		return nil, "", "", err
	}
	call = &plan.WindowCall{Name: f.Name, Fn: &b, Args: cast, IgnoreNulls: e.IgnoreNulls, At: e.Span()}
	if e.IgnoreNulls && f.Name == "nth_value" {
		shown += " ignore nulls"
	}
	fixed := ""
	if b.FixedFrame {
		fixed = a.fixedFrame(f.Name, args)
	}
	call.Frame, frame, err = a.frame(w, fixed)
	if err == nil && fixed != "" && w.frame != nil && (frame != fixed || f.Name == "lag" || f.Name == "lead") {
		err = a.fail(w.frame.Span(), "UNSUPPORTED_WINDOW_FRAME", "42K0E", "%s looks at a frame of its own (%s), so that none can be written", f.Name, fixed).
			WithHint("leave out %s", frame)
	}
	return call, shown, frame, err
}

// windowName is how Spark shows a window function with its defaults.
func windowName(name string, args []val) string {
	list := names(args)
	switch {
	case name == "rank" || name == "dense_rank" || name == "percent_rank":
		return strings.ToUpper(name) + "()"
	case name == "ntile" && len(args) == 0:
		list = "1"
	case (name == "lag" || name == "lead") && len(args) == 1:
		list += ", 1, NULL"
	case (name == "lag" || name == "lead") && len(args) == 2:
		list += ", NULL"
	}
	return name + "(" + list + ")"
}

// fixedFrame is the frame that Spark shows for functions which have one of their own.
func (a *analyzer) fixedFrame(name string, args []val) string {
	switch name {
	case "cume_dist":
		return "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
	case "lag", "lead":
		at := "1"
		if len(args) > 1 {
			at = args[1].name
			if c := a.constant(args[1].x); c != nil && !c.IsNull(0) {
				at = a.textOf(c)
			}
		}
		if neg, ok := strings.CutPrefix(at, "-"); ok && name == "lag" {
			at = neg
		} else if name == "lag" && at != "0" {
			at = "-" + at
		}
		return "ROWS BETWEEN " + at + " FOLLOWING AND " + at + " FOLLOWING"
	}
	return "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
}

func (a *analyzer) textOf(c *vec.Col) string { return fn.Text(a.folding, c, 0) }
