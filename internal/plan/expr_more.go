package plan

import (
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
)

// Outer reads an attribute of a query around the one it stands in: of the left side of a Lateral
// join, or, within a Subquery's plan, of the node that the Subquery belongs to.
type Outer struct {
	Attr Attr
	At   errs.Span
}

// SubqueryKind is how a query is used as a value.
type SubqueryKind uint8

// The kinds of subqueries.
const (
	ScalarQuery SubqueryKind = iota // its only column; NULL without rows; more than one row fails
	ExistsQuery                     // whether there are rows
	InQuery                         // X IN (Plan), in three-valued logic
)

// Subquery is a query as a value. unnest turns all of them into joins before a plan is optimized
// or run.
type Subquery struct {
	Kind SubqueryKind
	X    []Expr // of InQuery: as many as Plan has columns, of the same types
	Plan Node
	At   errs.Span
}

// Lambda is a lambda as an argument of Higher: its body reads Params by Ref.
type Lambda struct {
	Params []Attr
	Body   Expr
	At     errs.Span
}

// Higher applies a higher-order function; where Fn wants a lambda, the argument is a *Lambda.
type Higher struct {
	Name string // as registered, for display
	Fn   fn.BoundHigher
	Args []Expr
	At   errs.Span
}

// WindowCall is a function over a window; it appears only in Window.Calls. Either Fn and Args or
// Agg is set.
type WindowCall struct {
	Name        string
	Fn          *fn.BoundWindow
	Args        []Expr
	Agg         *Agg
	IgnoreNulls bool
	Frame       Frame // unused by functions of a FixedFrame
	At          errs.Span
}

// Frame is which rows of its partition a row's call sees.
type Frame struct {
	Range  bool // bounds are values of the window's order key, else numbers of rows
	Lo, Hi FrameBound
}

// FrameBound is one end of a frame, included.
type FrameBound struct {
	Kind BoundKind
	Rows int64 // of ByRows: relative to the current row, negative before it
	// Value, of ByValue, is the order key at which the frame begins or ends, computed of the current
	// row: key - 3 for 3 PRECEDING.
	Value Expr
}

// BoundKind is how a frame's end is given.
type BoundKind uint8

// The kinds of bounds. CurrentRow in a Range frame means all rows with the same order key.
const (
	Unbounded BoundKind = iota
	CurrentRow
	ByRows
	ByValue
)

func (e *Outer) Type() types.Type { return e.Attr.Type }
func (e *Subquery) Type() types.Type {
	if e.Kind == ScalarQuery {
		return e.Plan.Output()[0].Type
	}
	return types.BooleanType
}
func (e *Lambda) Type() types.Type { return e.Body.Type() }
func (e *Higher) Type() types.Type { return e.Fn.Result }
func (e *WindowCall) Type() types.Type {
	if e.Agg != nil {
		return e.Agg.Type()
	}
	return e.Fn.Result
}

func (e *Outer) Nullable() bool    { return e.Attr.Nullable }
func (e *Subquery) Nullable() bool { return e.Kind != ExistsQuery }
func (e *Lambda) Nullable() bool   { return e.Body.Nullable() }
func (e *Higher) Nullable() bool   { return e.Fn.Nullable }
func (e *WindowCall) Nullable() bool {
	if e.Agg != nil {
		return e.Agg.Nullable()
	}
	return e.Fn.Nullable
}

func (e *Outer) Span() errs.Span      { return e.At }
func (e *Subquery) Span() errs.Span   { return e.At }
func (e *Lambda) Span() errs.Span     { return e.At }
func (e *Higher) Span() errs.Span     { return e.At }
func (e *WindowCall) Span() errs.Span { return e.At }

func (e *Outer) Children() []Expr    { return nil }
func (e *Subquery) Children() []Expr { return e.X }
func (e *Lambda) Children() []Expr   { return []Expr{e.Body} }
func (e *Higher) Children() []Expr   { return e.Args }

// Children are the arguments or the aggregate, then the values of the frame's bounds.
func (e *WindowCall) Children() []Expr {
	out := append([]Expr{}, e.Args...)
	if e.Agg != nil {
		out = append(out, e.Agg)
	}
	for _, b := range []FrameBound{e.Frame.Lo, e.Frame.Hi} {
		if b.Kind == ByValue {
			out = append(out, b.Value)
		}
	}
	return out
}

func (e *Outer) With([]Expr) Expr      { return e }
func (e *Subquery) With(c []Expr) Expr { d := *e; d.X = c; return &d }
func (e *Lambda) With(c []Expr) Expr   { d := *e; d.Body = c[0]; return &d }
func (e *Higher) With(c []Expr) Expr   { d := *e; d.Args = c; return &d }

// With keeps an aggregate only if its replacement is one.
func (e *WindowCall) With(c []Expr) Expr {
	d := *e
	d.Args, c = c[:len(e.Args)], c[len(e.Args):]
	if e.Agg != nil {
		d.Agg, c = c[0].(*Agg), c[1:]
	}
	for _, b := range []*FrameBound{&d.Frame.Lo, &d.Frame.Hi} {
		if b.Kind == ByValue {
			b.Value, c = c[0], c[1:]
		}
	}
	return &d
}

func (*Outer) expr()      {}
func (*Subquery) expr()   {}
func (*Lambda) expr()     {}
func (*Higher) expr()     {}
func (*WindowCall) expr() {}
