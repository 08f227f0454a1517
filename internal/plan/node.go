package plan

import (
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Node is a relational operator as data. Nodes are immutable; With builds a copy.
type Node interface {
	Output() []Attr
	Children() []Node
	With(children []Node) Node // the same node over other children, as many as Children has
	node()
}

// Table is what a plan knows of a catalog entry. The engine's tables implement it; exec
// and the runner give the value back to the engine, which opens the connector.
type Table interface {
	Name() string // as people call it, e.g. "sismos" or "sismos.estadisticas"
	Schema() types.Schema
}

// Scan reads a table: as a stream (new rows each epoch) or as a batch. Columns holds the
// positions in Table.Schema() that Attrs stand for; optimize narrows both.
type Scan struct {
	Table   Table
	Stream  bool
	Source  int // streams are numbered in the order of the text, from 0
	Columns []int
	Attrs   []Attr
	// Filters are conditions over Attrs that every row wanted fulfils: the connector may leave out
	// rows that do not. The plan above checks them again.
	Filters []Expr
	Limit   int64 // no more rows than these are needed; 0: all
	At      errs.Span
}

// Values is literal rows; Rows without columns and N 1 is SELECT without FROM.
type Values struct {
	Attrs []Attr
	Rows  *vec.Batch
}

// Filter keeps the rows for which Cond is true.
type Filter struct {
	Child Node
	Cond  Expr
}

// Project computes new columns.
type Project struct {
	Child Node
	Cols  []Named
}

// Watermark declares event time: it passes rows through and tracks the maximum of Attr.
// Its Output carries Event on that attribute.
type Watermark struct {
	Child  Node
	Number int // watermark nodes are numbered on the analyzed plan, from 0
	Attr   ID
	Delay  int64 // microseconds
	Attrs  []Attr
}

// TimeWindow adds a window struct<start,end> column, one row for each window that a row
// falls into; rows whose time is NULL are dropped. Microseconds throughout.
// Spark: TimeWindowing in ResolveTimeWindows.
type TimeWindow struct {
	Child                        Node
	Time                         Expr // TIMESTAMP or TIMESTAMP_NTZ
	Duration, Slide, StartOffset int64
	Out                          Attr
}

// Aggregate groups by Keys (none: one group over all rows) and computes Aggs. Its output
// is the keys' attributes, then the aggregates'. DISTINCT is an Aggregate without Aggs.
type Aggregate struct {
	Child    Node
	Keys     []Named
	Aggs     []Named // each Expr is an *Agg
	Stateful int     // its number among the stateful operators of a streaming plan, from 0; -1 in a batch
	At       errs.Span
}

// Order is one sort key.
type Order struct {
	Expr       Expr
	Desc       bool
	NullsFirst bool
}

// Sort orders all rows.
type Sort struct {
	Child Node
	By    []Order
	Top   int64 // only the first Top rows are needed; 0: all
	At    errs.Span
}

// Limit passes Count rows (negative: all) after skipping Offset.
type Limit struct {
	Child         Node
	Count, Offset int64
	Stateful      int // as in Aggregate: a streaming limit spans epochs
	At            errs.Span
}

// Union concatenates children of the same types; Attrs are new.
type Union struct {
	Inputs []Node
	Attrs  []Attr
	At     errs.Span
}

func (n *Scan) Output() []Attr      { return n.Attrs }
func (n *Values) Output() []Attr    { return n.Attrs }
func (n *Filter) Output() []Attr    { return n.Child.Output() }
func (n *Watermark) Output() []Attr { return n.Attrs }
func (n *Sort) Output() []Attr      { return n.Child.Output() }
func (n *Limit) Output() []Attr     { return n.Child.Output() }
func (n *Union) Output() []Attr     { return n.Attrs }
func (n *Project) Output() []Attr   { return attrsOf(n.Cols) }

func (n *TimeWindow) Output() []Attr {
	return append(append([]Attr{}, n.Child.Output()...), n.Out)
}

func (n *Aggregate) Output() []Attr { return append(attrsOf(n.Keys), attrsOf(n.Aggs)...) }

func attrsOf(list []Named) []Attr {
	out := make([]Attr, len(list))
	for i, c := range list {
		out[i] = c.Attr
	}
	return out
}

func (n *Scan) Children() []Node       { return nil }
func (n *Values) Children() []Node     { return nil }
func (n *Filter) Children() []Node     { return []Node{n.Child} }
func (n *Project) Children() []Node    { return []Node{n.Child} }
func (n *Watermark) Children() []Node  { return []Node{n.Child} }
func (n *TimeWindow) Children() []Node { return []Node{n.Child} }
func (n *Aggregate) Children() []Node  { return []Node{n.Child} }
func (n *Sort) Children() []Node       { return []Node{n.Child} }
func (n *Limit) Children() []Node      { return []Node{n.Child} }
func (n *Union) Children() []Node      { return n.Inputs }

func (n *Scan) With([]Node) Node         { return n }
func (n *Values) With([]Node) Node       { return n }
func (n *Filter) With(c []Node) Node     { d := *n; d.Child = c[0]; return &d }
func (n *Project) With(c []Node) Node    { d := *n; d.Child = c[0]; return &d }
func (n *Watermark) With(c []Node) Node  { d := *n; d.Child = c[0]; return &d }
func (n *TimeWindow) With(c []Node) Node { d := *n; d.Child = c[0]; return &d }
func (n *Aggregate) With(c []Node) Node  { d := *n; d.Child = c[0]; return &d }
func (n *Sort) With(c []Node) Node       { d := *n; d.Child = c[0]; return &d }
func (n *Limit) With(c []Node) Node      { d := *n; d.Child = c[0]; return &d }
func (n *Union) With(c []Node) Node      { d := *n; d.Inputs = c; return &d }

func (*Scan) node()       {}
func (*Values) node()     {}
func (*Filter) node()     {}
func (*Project) node()    {}
func (*Watermark) node()  {}
func (*TimeWindow) node() {}
func (*Aggregate) node()  {}
func (*Sort) node()       {}
func (*Limit) node()      {}
func (*Union) node()      {}

// SchemaOf is the schema of a node's output.
func SchemaOf(n Node) types.Schema {
	var s types.Schema
	for _, a := range n.Output() {
		s = append(s, types.Field{Name: a.Name, Type: a.Type, Nullable: a.Nullable})
	}
	return s
}
