package plan

import (
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// ID identifies an attribute within one query, across all rewrites of its plan.
type ID uint32

// Attr is a column of a node's output.
type Attr struct {
	ID        ID
	Name      string
	Type      types.Type
	Nullable  bool
	Qualifier string     // the table or alias it comes from, "" if none: for name resolution only
	Event     *EventTime // set when a watermark is defined on it (or on what it is a window of)
}

// EventTime says that an attribute carries event time under a watermark.
type EventTime struct {
	Node  int   // the Watermark node's number
	Delay int64 // microseconds
}

// Expr is a typed, resolved expression. Expressions are immutable; With builds a copy.
type Expr interface {
	Type() types.Type
	Nullable() bool
	Span() errs.Span // the zero span if it stands in no text
	Children() []Expr
	With(children []Expr) Expr // the same node over other children, as many as Children has
	expr()
}

// Ref reads an attribute of the child node's output.
type Ref struct {
	Attr Attr
	At   errs.Span
}

// Lit is a constant: Value has one row.
type Lit struct {
	Value vec.Col
	At    errs.Span
}

// Call applies a scalar function; Args are already cast to Fn's Params.
type Call struct {
	Name string // as registered, for display
	Fn   fn.Bound
	Args []Expr
	At   errs.Span
}

// Cast converts; Try gives NULL where Cast raises.
type Cast struct {
	X   Expr
	To  types.Type
	Try bool
	At  errs.Span
}

// Logic is AND or OR in three-valued logic; R is evaluated only where L does not decide.
type Logic struct {
	Or   bool
	L, R Expr
	At   errs.Span
}

// Case is CASE WHEN, and IF: branches are evaluated only on the rows that reach them.
type Case struct {
	When []Expr // boolean
	Then []Expr // all of the result type
	Else Expr   // nil: NULL
	At   errs.Span
}

// Coalesce is the first argument that is not NULL; later ones are evaluated only on the
// rows that reach them. All have the same type.
type Coalesce struct {
	Args []Expr
	At   errs.Span
}

// In is X IN (List), all of one type, in three-valued logic.
type In struct {
	X    Expr
	List []Expr
	At   errs.Span
}

// Field reads field Index of a struct, or of each element of an array of structs.
type Field struct {
	X     Expr
	Index int
	At    errs.Span
}

// Agg is an aggregate call; it appears only in Aggregate.Aggs.
type Agg struct {
	Name     string
	Fn       fn.BoundAggregate
	Args     []Expr
	Distinct bool
	Filter   Expr    // nil: every row
	Order    []Order // of WITHIN GROUP, for aggregates that want rows in order
	At       errs.Span
}

func (e *Ref) Type() types.Type   { return e.Attr.Type }
func (e *Lit) Type() types.Type   { return e.Value.Type }
func (e *Call) Type() types.Type  { return e.Fn.Result }
func (e *Cast) Type() types.Type  { return e.To }
func (e *Logic) Type() types.Type { return types.BooleanType }
func (e *Case) Type() types.Type {
	return merged(merged(e.Then[0].Type(), e.Then[1:]...), nonNil(e.Else)...)
}
func (e *Coalesce) Type() types.Type { return merged(e.Args[0].Type(), e.Args[1:]...) }
func (e *In) Type() types.Type       { return types.BooleanType }
func (e *Agg) Type() types.Type      { return e.Fn.Result }

// merged is t where what is within it can be NULL if it can be in one of the others, which have the
// same type otherwise.
func merged(t types.Type, others ...Expr) types.Type {
	if !t.IsNested() {
		return t
	}
	for _, e := range others {
		if u, ok := types.Common(t, e.Type()); ok {
			t = u
		}
	}
	return t
}

func nonNil(e Expr) []Expr {
	if e == nil {
		return nil
	}
	return []Expr{e}
}

func (e *Field) Type() types.Type {
	t := e.X.Type()
	if t.Kind == types.Array {
		f := t.Elem.Fields[e.Index]
		return types.ArrayOf(f.Type, t.HasNull || f.Nullable)
	}
	return t.Fields[e.Index].Type
}

func (e *Ref) Nullable() bool   { return e.Attr.Nullable }
func (e *Lit) Nullable() bool   { return e.Value.IsNull(0) }
func (e *Call) Nullable() bool  { return e.Fn.Nullable }
func (e *Cast) Nullable() bool  { return e.Try || e.X.Nullable() }
func (e *Logic) Nullable() bool { return e.L.Nullable() || e.R.Nullable() }
func (e *In) Nullable() bool    { return anyNullable(e.Children()) }
func (e *Agg) Nullable() bool   { return e.Fn.Nullable }

func (e *Case) Nullable() bool {
	return e.Else == nil || e.Else.Nullable() || anyNullable(e.Then)
}

func (e *Coalesce) Nullable() bool {
	for _, a := range e.Args {
		if !a.Nullable() {
			return false
		}
	}
	return true
}

func (e *Field) Nullable() bool {
	t := e.X.Type()
	return e.X.Nullable() || t.Kind == types.Struct && t.Fields[e.Index].Nullable
}

func anyNullable(list []Expr) bool {
	for _, e := range list {
		if e.Nullable() {
			return true
		}
	}
	return false
}

func (e *Ref) Span() errs.Span      { return e.At }
func (e *Lit) Span() errs.Span      { return e.At }
func (e *Call) Span() errs.Span     { return e.At }
func (e *Cast) Span() errs.Span     { return e.At }
func (e *Logic) Span() errs.Span    { return e.At }
func (e *Case) Span() errs.Span     { return e.At }
func (e *Coalesce) Span() errs.Span { return e.At }
func (e *In) Span() errs.Span       { return e.At }
func (e *Field) Span() errs.Span    { return e.At }
func (e *Agg) Span() errs.Span      { return e.At }

func (e *Ref) Children() []Expr      { return nil }
func (e *Lit) Children() []Expr      { return nil }
func (e *Call) Children() []Expr     { return e.Args }
func (e *Cast) Children() []Expr     { return []Expr{e.X} }
func (e *Logic) Children() []Expr    { return []Expr{e.L, e.R} }
func (e *Coalesce) Children() []Expr { return e.Args }
func (e *In) Children() []Expr       { return append([]Expr{e.X}, e.List...) }
func (e *Field) Children() []Expr    { return []Expr{e.X} }

func (e *Case) Children() []Expr {
	var out []Expr
	for i := range e.When {
		out = append(out, e.When[i], e.Then[i])
	}
	if e.Else != nil {
		out = append(out, e.Else)
	}
	return out
}

func (e *Agg) Children() []Expr {
	out := append([]Expr{}, e.Args...)
	if e.Filter != nil {
		out = append(out, e.Filter)
	}
	for _, o := range e.Order {
		out = append(out, o.Expr)
	}
	return out
}

func (e *Ref) With([]Expr) Expr    { return e }
func (e *Lit) With([]Expr) Expr    { return e }
func (e *Call) With(c []Expr) Expr { d := *e; d.Args = c; return &d }
func (e *Cast) With(c []Expr) Expr { d := *e; d.X = c[0]; return &d }

func (e *Logic) With(c []Expr) Expr    { d := *e; d.L, d.R = c[0], c[1]; return &d }
func (e *Coalesce) With(c []Expr) Expr { d := *e; d.Args = c; return &d }
func (e *In) With(c []Expr) Expr       { d := *e; d.X, d.List = c[0], c[1:]; return &d }
func (e *Field) With(c []Expr) Expr    { d := *e; d.X = c[0]; return &d }

func (e *Case) With(c []Expr) Expr {
	d := *e
	d.When, d.Then = make([]Expr, len(e.When)), make([]Expr, len(e.When))
	for i := range e.When {
		d.When[i], d.Then[i] = c[2*i], c[2*i+1]
	}
	if e.Else != nil {
		d.Else = c[len(c)-1]
	}
	return &d
}

func (e *Agg) With(c []Expr) Expr {
	d := *e
	d.Args, c = c[:len(e.Args)], c[len(e.Args):]
	if e.Filter != nil {
		d.Filter, c = c[0], c[1:]
	}
	d.Order = ordersWith(e.Order, c)
	return &d
}

func (*Ref) expr()      {}
func (*Lit) expr()      {}
func (*Call) expr()     {}
func (*Cast) expr()     {}
func (*Logic) expr()    {}
func (*Case) expr()     {}
func (*Coalesce) expr() {}
func (*In) expr()       {}
func (*Field) expr()    {}
func (*Agg) expr()      {}

// Named gives an expression's value an attribute.
type Named struct {
	Attr Attr
	Expr Expr
}

// ordersWith is sort keys with other expressions.
func ordersWith(by []Order, exprs []Expr) []Order {
	out := make([]Order, len(by))
	for i, o := range by {
		o.Expr = exprs[i]
		out[i] = o
	}
	return out
}
