package analyze

import (
	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
)

// streamChecker holds what CheckStreaming needs at each node.
type streamChecker struct {
	mode connector.OutputMode
	src  *errs.Source
}

// CheckStreaming says whether an analyzed plan can run as a stream in an output mode; the
// error is the first reason why not. Spark: UnsupportedOperationChecker.checkForStreaming.
func CheckStreaming(n plan.Node, mode connector.OutputMode, src *errs.Source) error {
	c := &streamChecker{mode: mode, src: src}
	if !plan.IsStreaming(n) {
		return c.fail(placeOf(n), "WRITE_STREAM_NOT_ALLOWED", "42601", "the query reads no stream, so it cannot run as one").
			WithHint("write FROM STREAM before the table's name")
	}
	var failed error
	plan.Walk(n, func(n plan.Node) bool {
		if failed == nil && plan.IsStreaming(n) {
			failed = c.node(n)
		}
		return failed == nil
	})
	if failed == nil && mode == connector.Complete && !aggregates(n) {
		return c.badMode(placeOf(n), "the output mode complete needs an aggregation: without one the result would grow without end").
			WithHint("use the output mode append")
	}
	return failed
}

func (c *streamChecker) fail(at errs.Span, class, state, format string, args ...any) *errs.Error {
	e := errs.New(class, format, args...).State(state)
	if c.src != nil && at != (errs.Span{}) {
		e.At(c.src, at)
	}
	return e
}

// refuse is what Spark refuses under a class without a name of its own
// (_LEGACY_ERROR_TEMP_3102).
func (c *streamChecker) refuse(at errs.Span, format string, args ...any) *errs.Error {
	return c.fail(at, "UNSUPPORTED_STREAMING_OPERATION", "0A000", format, args...)
}

func (c *streamChecker) badMode(at errs.Span, format string, args ...any) *errs.Error {
	return c.fail(at, "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION", "42KDE", format, args...)
}

// node checks one node whose input streams.
func (c *streamChecker) node(n plan.Node) error {
	switch n := n.(type) {
	case *plan.Aggregate:
		return c.aggregate(n)
	case *plan.Sort:
		return c.sort(n)
	case *plan.Limit:
		return c.limit(n)
	case *plan.Union:
		return c.union(n)
	case *plan.Window:
		return c.fail(n.At, "NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING", "42KDE", "window functions (OVER) cannot run as a stream").
			WithHint("group by window(ts, '5 minutes') instead")
	}
	return nil
}

func (c *streamChecker) aggregate(n *plan.Aggregate) error {
	for _, g := range n.Aggs {
		if agg, ok := g.Expr.(*plan.Agg); ok && agg.Distinct {
			return c.refuse(agg.At, "%s(DISTINCT ...) cannot run as a stream: it would have to keep every value", agg.Name).
				WithHint("use approx_count_distinct(...), or remove duplicates before")
		}
	}
	if c.mode != connector.Append && aggregates(n.Child) {
		return c.refuse(n.At, "two aggregations, one over the other, can run as a stream only in the output mode append").
			WithHint("set outputMode 'append' on the sink, with a WATERMARK and a window in both")
	}
	if c.mode == connector.Append && !hasEventTime(n.Keys) {
		return c.badMode(n.At, "the output mode append needs event time among the grouping keys: "+
			"without a watermark on one of them no group is ever complete").WithHint("%s", c.appendHint(n))
	}
	return nil
}

// appendHint says what is missing: the watermark, or the window in the keys.
func (c *streamChecker) appendHint(n *plan.Aggregate) string {
	for _, a := range n.Child.Output() {
		if a.Event != nil {
			return "group by window(" + a.Name + ", '5 minutes') or by " + a.Name +
				", which carries the watermark, or set outputMode 'update' on the sink"
		}
	}
	return "write FROM STREAM t WATERMARK ts DELAY OF INTERVAL 10 MINUTES and group by window(ts, '5 minutes'), " +
		"or set outputMode 'update' on the sink"
}

func hasEventTime(keys []plan.Named) bool {
	for _, k := range keys {
		if k.Attr.Event != nil {
			return true
		}
	}
	return false
}

func (c *streamChecker) sort(n *plan.Sort) error {
	if c.mode == connector.Complete && aggregates(n.Child) {
		return nil
	}
	return c.refuse(n.At, "ORDER BY cannot run as a stream, except over an aggregation in the output mode complete").
		WithHint("leave out ORDER BY, or set outputMode 'complete' on the sink of an aggregation")
}

func (c *streamChecker) limit(n *plan.Limit) error {
	switch {
	case n.Offset > 0:
		return c.refuse(n.At, "OFFSET cannot run as a stream")
	case c.mode == connector.Update:
		return c.refuse(n.At, "LIMIT cannot run as a stream in the output mode update").
			WithHint("set outputMode 'append', or 'complete' for an aggregation, on the sink")
	}
	return nil
}

func (c *streamChecker) union(n *plan.Union) error {
	for _, in := range n.Inputs {
		if !plan.IsStreaming(in) {
			return c.refuse(n.At, "UNION cannot put a stream and a table that is read once together").
				WithHint("write FROM STREAM in both, or put the table's rows in by a flow of their own")
		}
	}
	return nil
}

// aggregates reports a streaming aggregation in a plan.
func aggregates(n plan.Node) bool {
	found := false
	plan.Walk(n, func(n plan.Node) bool {
		if g, ok := n.(*plan.Aggregate); ok && plan.IsStreaming(g.Child) {
			found = true
		}
		return !found
	})
	return found
}

// placeOf is the first place that a plan's nodes have.
func placeOf(n plan.Node) (at errs.Span) {
	plan.Walk(n, func(n plan.Node) bool {
		if s, ok := n.(*plan.Scan); ok && at == (errs.Span{}) {
			at = s.At
		}
		return at == (errs.Span{})
	})
	return at
}
