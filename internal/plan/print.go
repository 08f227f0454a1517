package plan

import (
	"fmt"
	"strings"
	"time"
)

// Explain is the plan as an indented tree, a node a line, for EXPLAIN and tests. Attributes
// carry their ids: magnitud#2.
func Explain(n Node) string {
	var b strings.Builder
	explain(&b, n, 0)
	return b.String()
}

func explain(b *strings.Builder, n Node, depth int) {
	b.WriteString(strings.Repeat("  ", depth))
	b.WriteString(Describe(n))
	b.WriteByte('\n')
	for _, c := range n.Children() {
		explain(b, c, depth+1)
	}
}

// Describe is one node without its children, on one line.
func Describe(n Node) string {
	switch n := n.(type) {
	case *Scan:
		if n.Stream {
			return fmt.Sprintf("Scan stream %s (source %d) %s", n.Table.Name(), n.Source, attrList(n.Attrs))
		}
		return fmt.Sprintf("Scan %s %s", n.Table.Name(), attrList(n.Attrs)) + scanPushed(n)
	case *Values:
		return fmt.Sprintf("Values %d rows %s", n.Rows.Rows(), attrList(n.Attrs))
	case *Filter:
		return "Filter " + String(n.Cond)
	case *Project:
		return "Project " + namedList(n.Cols)
	case *Watermark:
		a, _ := Find(n.Attrs, n.Attr)
		return fmt.Sprintf("Watermark %d %s delay %s", n.Number, attr(a), micros(n.Delay))
	case *TimeWindow:
		return describeWindow(n)
	case *Aggregate:
		return describeAggregate(n)
	case *Sort:
		if n.Top > 0 {
			return fmt.Sprintf("Sort [%s] top %d", orderList(n.By), n.Top)
		}
		return "Sort [" + orderList(n.By) + "]"
	case *Limit:
		return describeLimit(n)
	case *Union:
		return "Union " + attrList(n.Attrs)
	}
	return describeMore(n)
}

// describeMore is Describe for the nodes of batch queries.
func describeMore(n Node) string {
	switch n := n.(type) {
	case *Join:
		return describeJoin(n)
	case *Window:
		s := "Window " + namedList(n.Calls)
		if len(n.Partition) > 0 {
			s += " partition [" + exprList(n.Partition) + "]"
		}
		if len(n.Order) > 0 {
			s += " order [" + orderList(n.Order) + "]"
		}
		return s
	case *Generate:
		s := "Generate " + n.Name + "(" + exprList(n.Args) + ") AS " + attrList(n.Out)
		if n.Outer {
			s += " outer"
		}
		return s
	case *Expand:
		rows := make([]string, len(n.Rows))
		for i, r := range n.Rows {
			rows[i] = "[" + exprList(r) + "]"
		}
		return "Expand " + strings.Join(rows, ", ") + " AS " + attrList(n.Attrs)
	case *Range:
		return fmt.Sprintf("Range %d to %d by %d AS %s", n.Start, n.End, n.Step, attr(n.Attr))
	case *Sample:
		return fmt.Sprintf("Sample %g", n.Fraction)
	case *Recursive:
		return fmt.Sprintf("Recursive %d %s", n.Number, attrList(n.Attrs))
	case *RecursiveRef:
		return fmt.Sprintf("RecursiveRef %d %s", n.Number, attrList(n.Attrs))
	}
	return fmt.Sprintf("%T", n)
}

func describeJoin(n *Join) string {
	s := n.Kind.String() + " join"
	if n.Lateral {
		s += " lateral"
	}
	if n.NullAware {
		s += " null-aware"
	}
	if n.On != nil {
		s += " ON " + String(n.On)
	}
	if n.Kind == LeftMark {
		s += " AS " + attr(n.Mark)
	}
	return s
}

func describeWindow(n *TimeWindow) string {
	s := fmt.Sprintf("TimeWindow %s of %s every %s", String(n.Time), micros(n.Duration), micros(n.Slide))
	if n.StartOffset != 0 {
		s += " from " + micros(n.StartOffset)
	}
	return s + " AS " + attr(n.Out)
}

func describeAggregate(n *Aggregate) string {
	s := fmt.Sprintf("Aggregate keys %s aggs %s", namedList(n.Keys), namedList(n.Aggs))
	if n.Stateful >= 0 {
		s += fmt.Sprintf(" (state %d)", n.Stateful)
	}
	return s
}

func describeLimit(n *Limit) string {
	s := "Limit"
	if n.Count >= 0 {
		s += fmt.Sprintf(" %d", n.Count)
	}
	if n.Offset > 0 {
		s += fmt.Sprintf(" offset %d", n.Offset)
	}
	if n.Stateful >= 0 {
		s += fmt.Sprintf(" (state %d)", n.Stateful)
	}
	return s
}

func micros(us int64) string { return (time.Duration(us) * time.Microsecond).String() }

func attr(a Attr) string {
	s := fmt.Sprintf("%s#%d", a.Name, a.ID)
	if a.Event != nil {
		s += fmt.Sprintf("@%d", a.Event.Node)
	}
	return s
}

func attrList(list []Attr) string {
	parts := make([]string, len(list))
	for i, a := range list {
		parts[i] = attr(a)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// namedList prints an attribute that is passed on under its own name without AS.
func namedList(list []Named) string {
	parts := make([]string, len(list))
	for i, c := range list {
		parts[i] = attr(c.Attr)
		if r, ok := c.Expr.(*Ref); !ok || r.Attr.ID != c.Attr.ID || r.Attr.Name != c.Attr.Name {
			parts[i] = String(c.Expr) + " AS " + parts[i]
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func orderList(by []Order) string {
	parts := make([]string, len(by))
	for i, o := range by {
		parts[i] = String(o.Expr)
		if o.Desc {
			parts[i] += " DESC"
		}
		switch {
		case o.NullsFirst && o.Desc:
			parts[i] += " NULLS FIRST"
		case !o.NullsFirst && !o.Desc:
			parts[i] += " NULLS LAST"
		}
	}
	return strings.Join(parts, ", ")
}

// scanPushed is what a scan's connector is told.
func scanPushed(n *Scan) string {
	s := ""
	if len(n.Filters) > 0 {
		s += " filters [" + exprList(n.Filters) + "]"
	}
	if n.Limit > 0 {
		s += fmt.Sprintf(" limit %d", n.Limit)
	}
	return s
}
