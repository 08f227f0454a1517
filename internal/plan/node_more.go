package plan

import (
	"context"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
)

// Window computes functions over windows that share a partition and an order. It outputs the
// child's columns, then the calls'. Rows may come out in any order.
type Window struct {
	Child     Node
	Partition []Expr
	Order     []Order
	Calls     []Named // each Expr is a *WindowCall
	At        errs.Span
}

// Generate makes rows of each row of the child. It outputs the child's columns, then Out.
type Generate struct {
	Child Node
	Name  string // as registered, for display
	Fn    fn.BoundGenerator
	Args  []Expr
	Outer bool // a row that gives none is kept, with NULLs in Out
	Out   []Attr
	At    errs.Span
}

// Expand gives, for each row of the child, one row of each list of expressions: grouping sets,
// UNPIVOT. All lists have the types of Attrs.
type Expand struct {
	Child Node
	Rows  [][]Expr
	Attrs []Attr
}

// Range is the numbers Start, Start+Step … before End, in one BIGINT column.
type Range struct {
	Start, End, Step int64 // Step is not 0
	Attr             Attr
}

// Sample keeps rows at random: each with probability Fraction.
type Sample struct {
	Child    Node
	Fraction float64 // 0 to 1
	Seed     int64
}

// Recursive is WITH RECURSIVE: Anchor's rows, then Step's over the rows of the round before, until a
// round gives none. Step reads them by a RecursiveRef of the same Number.
type Recursive struct {
	Number       int
	Anchor, Step Node
	Attrs        []Attr // new; the types of both
	MaxDepth     int64  // rounds; more fail with RECURSION_LEVEL_LIMIT_EXCEEDED. -1: no limit
	MaxRows      int64  // more fail with RECURSION_ROW_LIMIT_EXCEEDED. -1: no limit
	At           errs.Span
}

// RecursiveRef is the rows of the round before, within Recursive.Step.
type RecursiveRef struct {
	Number int
	Attrs  []Attr
}

func (n *Window) Output() []Attr {
	return append(append([]Attr{}, n.Child.Output()...), attrsOf(n.Calls)...)
}
func (n *Generate) Output() []Attr {
	return append(append([]Attr{}, n.Child.Output()...), n.Out...)
}
func (n *Expand) Output() []Attr       { return n.Attrs }
func (n *Range) Output() []Attr        { return []Attr{n.Attr} }
func (n *Sample) Output() []Attr       { return n.Child.Output() }
func (n *Recursive) Output() []Attr    { return n.Attrs }
func (n *RecursiveRef) Output() []Attr { return n.Attrs }

func (n *Window) Children() []Node       { return []Node{n.Child} }
func (n *Generate) Children() []Node     { return []Node{n.Child} }
func (n *Expand) Children() []Node       { return []Node{n.Child} }
func (n *Range) Children() []Node        { return nil }
func (n *Sample) Children() []Node       { return []Node{n.Child} }
func (n *Recursive) Children() []Node    { return []Node{n.Anchor, n.Step} }
func (n *RecursiveRef) Children() []Node { return nil }

func (n *Window) With(c []Node) Node     { d := *n; d.Child = c[0]; return &d }
func (n *Generate) With(c []Node) Node   { d := *n; d.Child = c[0]; return &d }
func (n *Expand) With(c []Node) Node     { d := *n; d.Child = c[0]; return &d }
func (n *Range) With([]Node) Node        { return n }
func (n *Sample) With(c []Node) Node     { d := *n; d.Child = c[0]; return &d }
func (n *Recursive) With(c []Node) Node  { d := *n; d.Anchor, d.Step = c[0], c[1]; return &d }
func (n *RecursiveRef) With([]Node) Node { return n }

func (*Window) node()       {}
func (*Generate) node()     {}
func (*Expand) node()       {}
func (*Range) node()        {}
func (*Sample) node()       {}
func (*Recursive) node()    {}
func (*RecursiveRef) node() {}

// TableStats is how much a table holds; -1 is unknown.
type TableStats struct {
	Rows, Bytes int64
	Distinct    map[int]int64 // of columns, by position in the schema, where known
}

// Sized is a Table that knows its size.
type Sized interface {
	Table
	Stats(ctx context.Context) TableStats
}
