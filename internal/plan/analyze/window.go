package analyze

import (
	"math"
	"strconv"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// windowSlot holds the one time window that a SELECT may have.
type windowSlot struct{ made *plan.TimeWindow } // its Child is set when the node is built

// windowCall is window(time, duration [, slide [, start]]): it notes the window in the slot
// and reads its column. Spark: ResolveTimeWindows, TimeWindow.checkInputDataTypes.
func (a *analyzer) windowCall(s *exprScope, e *sql.Call, name string) (val, error) {
	if n := len(e.Args); n < 2 || n > 4 {
		return val{}, a.arity(e, name, "[2, 3, 4]", n)
	}
	if s.windows == nil {
		return val{}, a.unsupported(e.Span(), "window() here").
			WithHint("put it into a subquery: SELECT ... FROM (SELECT window(...) AS w, * FROM t) WHERE ...")
	}
	w, err := a.windowOver(s, e)
	if err != nil {
		return val{}, err
	}
	w.Slide = w.Duration
	for i, field := range []*int64{&w.Duration, &w.Slide, &w.StartOffset} {
		if i+1 >= len(e.Args) {
			break
		}
		if *field, err = a.duration(e.Args[i+1]); err != nil {
			return val{}, err
		}
		if i == 0 {
			w.Slide = w.Duration
		}
	}
	if err := a.checkWindow(e, w); err != nil {
		return val{}, err
	}
	return a.shareWindow(s, e, w)
}

// shareWindow gives each mention of the same window the same column.
func (a *analyzer) shareWindow(s *exprScope, e *sql.Call, w *plan.TimeWindow) (val, error) {
	if m := s.windows.made; m == nil {
		s.windows.made = w
	} else if m.Duration != w.Duration || m.Slide != w.Slide || m.StartOffset != w.StartOffset || !plan.Equal(m.Time, w.Time) {
		return val{}, a.fail(e.Span(), "UNSUPPORTED_FEATURE.MULTIPLE_TIME_WINDOWS", "0A000",
			"a query can have only one time window, and this one differs from the first").
			WithHint("use a second query, or a subquery in FROM")
	}
	return val{&plan.Ref{Attr: s.windows.made.Out, At: e.Span()}, "window"}, nil
}

// windowOver analyzes the time: a timestamp, what casts to one, or another window, whose time
// is its last microsecond.
func (a *analyzer) windowOver(s *exprScope, e *sql.Call) (*plan.TimeWindow, error) {
	t, err := a.expr(s, e.Args[0])
	if err != nil {
		return nil, err
	}
	if isWindow(t.x.Type()) {
		if t, err = a.lastMicro(t, e); err != nil {
			return nil, err
		}
	}
	switch k := t.x.Type().Kind; k {
	case types.Timestamp, types.TimestampNTZ:
	case types.Date, types.String, types.Null:
		t.x = castTo(t.x, types.TimestampType)
	default:
		return nil, a.fail(e.Args[0].Span(), "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "42K09",
			"the first parameter of window must be a TIMESTAMP, but \"%s\" is %s", t.name, t.x.Type().SQL())
	}
	edge := t.x.Type()
	out := a.newAttr("window", types.StructOf(
		types.Field{Name: "start", Type: edge, Nullable: true}, types.Field{Name: "end", Type: edge, Nullable: true}), false)
	out.Event = a.eventOf(t.x)
	return &plan.TimeWindow{Time: t.x, Out: out}, nil
}

// isWindow reports struct<start, end> of timestamps.
func isWindow(t types.Type) bool {
	if t.Kind != types.Struct || len(t.Fields) != 2 {
		return false
	}
	start, end := t.Fields[0], t.Fields[1]
	return strings.EqualFold(start.Name, "start") && strings.EqualFold(end.Name, "end") && end.Type.Equal(start.Type) &&
		(end.Type.Kind == types.Timestamp || end.Type.Kind == types.TimestampNTZ)
}

// windowTimeCall is window_time(window): its end less a microsecond. Spark: ResolveWindowTime.
func (a *analyzer) windowTimeCall(s *exprScope, e *sql.Call, name string) (val, error) {
	args, err := a.fixedArgs(s, e, name, 1)
	if err != nil {
		return val{}, err
	}
	if !isWindow(args[0].x.Type()) {
		return val{}, a.fail(e.Args[0].Span(), "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "42K09",
			"window_time needs a window column, but \"%s\" is %s", args[0].name, args[0].x.Type().SQL())
	}
	return a.lastMicro(args[0], e)
}

// lastMicro is a window's time; it carries the window's event time.
func (a *analyzer) lastMicro(w val, e *sql.Call) (val, error) {
	v, err := a.op("window_time", e.Span(), "window_time("+w.name+")", w)
	if err == nil {
		a.setEvent(v.x, a.eventOf(w.x))
	}
	return v, err
}

// duration reads a window's duration: a string such as '5 minutes', or microseconds.
func (a *analyzer) duration(e sql.Expr) (int64, error) {
	switch l := e.(type) {
	case *sql.NumberLit:
		if n, err := strconv.ParseInt(l.Text, 10, 64); err == nil && l.Type.IsIntegral() {
			return n, nil
		}
	case *sql.StringLit:
		text := strings.TrimSpace(l.Value)
		if len(text) > 9 && strings.EqualFold(text[:9], "interval ") {
			text = text[9:]
		}
		x, err := sql.ParseExpr(&errs.Source{Text: "INTERVAL '" + strings.ReplaceAll(text, "'", "") + "'"})
		iv, ok := x.(*sql.IntervalLit)
		switch {
		case err != nil || !ok || text == "":
			return 0, a.fail(e.Span(), "CANNOT_PARSE_INTERVAL", "22006", "'%s' is not an interval", l.Value).
				WithHint("write for example '5 minutes' or '1 hour 30 minutes'")
		case iv.Type.Kind == types.YearMonth:
			return 0, a.fail(e.Span(), "UNSUPPORTED_FEATURE.MONTH_WINDOW", "0A000",
				"a window cannot be months or years long (%s): their length differs", l.Value).WithHint("write days, for example '30 days'")
		}
		return iv.Micros, nil
	}
	return 0, a.fail(e.Span(), "INVALID_WINDOW_DURATION", "42K09",
		"the durations of window() must be string literals").WithHint("write for example '5 minutes'")
}

func (a *analyzer) checkWindow(e *sql.Call, w *plan.TimeWindow) error {
	start := w.StartOffset
	if start < 0 {
		start = -start
	}
	at := func(i int) errs.Span { return e.Args[min(i, len(e.Args)-1)].Span() }
	switch {
	case w.Duration <= 0:
		return a.fail(at(1), "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "42K09",
			"the window's duration must be between 1 and %d microseconds, not %d", int64(math.MaxInt64), w.Duration)
	case w.Slide <= 0:
		return a.fail(at(2), "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "42K09",
			"the window's slide must be between 1 and %d microseconds, not %d", int64(math.MaxInt64), w.Slide)
	case w.Slide > w.Duration:
		return a.fail(at(2), "DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION", "42K09",
			"the window's slide must not be longer than its duration, or rows between windows would be lost")
	case start >= w.Slide:
		return a.fail(at(3), "DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION", "42K09",
			"the window's start must be less than its slide")
	}
	return nil
}

// eventOf is the event time that an expression's value carries: that of the column it reads,
// and of nothing computed except a window's time. Spark: the metadata of an Alias.
func (a *analyzer) eventOf(x plan.Expr) *plan.EventTime {
	if r, ok := x.(*plan.Ref); ok {
		return r.Attr.Event
	}
	return a.events[x]
}

func (a *analyzer) setEvent(x plan.Expr, ev *plan.EventTime) {
	if ev == nil {
		return
	}
	if a.events == nil {
		a.events = map[plan.Expr]*plan.EventTime{}
	}
	a.events[x] = ev
}
