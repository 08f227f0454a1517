package analyze

import (
	"github.com/azud/azud/internal/plan"
)

// over is a call over a window while a SELECT is analyzed, with its partition and order. It stands
// in expressions until selecting.extract puts it into a plan.Window; then a reference remains.
type over struct {
	*plan.WindowCall
	part  []plan.Expr
	order []plan.Order
	name  string
}

// Children are all that the call reads: its arguments, or those of its aggregate, which is not a
// child itself, because it does not aggregate the query.
func (o *over) Children() []plan.Expr {
	out := append([]plan.Expr{}, o.Args...)
	if o.Agg != nil {
		out = append(out, o.Agg.Children()...)
	}
	out = append(out, o.part...)
	for _, k := range o.order {
		out = append(out, k.Expr)
	}
	for _, b := range []plan.FrameBound{o.Frame.Lo, o.Frame.Hi} {
		if b.Kind == plan.ByValue {
			out = append(out, b.Value)
		}
	}
	return out
}

// With is the same call over other children.
func (o *over) With(c []plan.Expr) plan.Expr {
	call, d := *o.WindowCall, *o
	take := func(n int) []plan.Expr {
		head := c[:n:n]
		c = c[n:]
		return head
	}
	call.Args = take(len(o.Args))
	if o.Agg != nil {
		call.Agg = o.Agg.With(take(len(o.Agg.Children()))).(*plan.Agg)
	}
	d.part = take(len(o.part))
	d.order = append([]plan.Order{}, o.order...)
	for i := range d.order {
		d.order[i].Expr = take(1)[0]
	}
	for _, b := range []*plan.FrameBound{&call.Frame.Lo, &call.Frame.Hi} {
		if b.Kind == plan.ByValue {
			b.Value = take(1)[0]
		}
	}
	d.WindowCall = &call
	return &d
}

// firstOver finds a call over a window in an expression.
func firstOver(x plan.Expr) *over {
	var found *over
	plan.WalkExpr(x, func(e plan.Expr) bool {
		if o, ok := e.(*over); ok && found == nil {
			found = o
		}
		return found == nil
	})
	return found
}

// windowStage is one plan.Window of a SELECT. A call that reads another's result stands in a later
// stage.
type windowStage struct {
	depth int
	node  *plan.Window
}

// extract moves the calls over windows of an expression into the SELECT's windows.
func (b *selecting) extract(x plan.Expr) plan.Expr {
	if x == nil {
		return nil
	}
	return plan.RewriteUp(x, func(e plan.Expr) plan.Expr {
		if o, ok := e.(*over); ok {
			return b.windowRef(o)
		}
		return e
	})
}

// windowRef is the column of a call, whose children are over the rows below the windows already.
func (b *selecting) windowRef(o *over) plan.Expr {
	depth := 0
	for _, c := range o.Children() {
		plan.WalkExpr(c, func(e plan.Expr) bool {
			if r, ok := e.(*plan.Ref); ok {
				depth = max(depth, b.overDepth[r.Attr.ID])
			}
			return true
		})
	}
	st := b.stage(depth+1, o)
	for _, c := range st.node.Calls {
		if plan.Equal(c.Expr, o.WindowCall) {
			return &plan.Ref{Attr: c.Attr, At: o.At}
		}
	}
	out := b.a.newAttr(o.name, o.Type(), o.Nullable())
	st.node.Calls = append(st.node.Calls, plan.Named{Attr: out, Expr: o.WindowCall})
	if b.overDepth == nil {
		b.overDepth = map[plan.ID]int{}
	}
	b.overDepth[out.ID] = depth + 1
	return &plan.Ref{Attr: out, At: o.At}
}

// stage finds or makes the window of a depth with the partition and order of a call.
func (b *selecting) stage(depth int, o *over) *windowStage {
	for _, s := range b.stages {
		if s.depth == depth && equalExprs(s.node.Partition, o.part) && equalOrders(s.node.Order, o.order) {
			return s
		}
	}
	s := &windowStage{depth, &plan.Window{Partition: o.part, Order: o.order, At: o.At}}
	b.stages = append(b.stages, s)
	return s
}

func equalExprs(a, b []plan.Expr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !plan.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func equalOrders(a, b []plan.Order) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Desc != b[i].Desc || a[i].NullsFirst != b[i].NullsFirst || !plan.Equal(a[i].Expr, b[i].Expr) {
			return false
		}
	}
	return true
}

// overWindows puts the SELECT's windows above a node, those that others read first.
func (b *selecting) overWindows(n plan.Node) plan.Node {
	for depth, left := 1, len(b.stages); left > 0; depth++ {
		for _, s := range b.stages {
			if s.depth == depth {
				s.node.Child = n
				n = s.node
				left--
			}
		}
	}
	return n
}
