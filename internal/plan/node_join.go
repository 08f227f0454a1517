package plan

import "github.com/azud/azud/internal/errs"

// JoinKind is what a join keeps.
type JoinKind uint8

// The kinds of joins. The last four output the left columns, LeftMark and LeftSingle with more.
const (
	Inner JoinKind = iota // without On: the cross product
	LeftOuter
	RightOuter
	FullOuter
	LeftSemi // left rows with a match
	LeftAnti // left rows without a match
	// LeftMark keeps each left row once and adds Mark: true if On is true for some right row, else
	// NULL if it is NULL for some, else false (IN as a value).
	LeftMark
	// LeftSingle is LeftOuter for at most one match: a second one fails with
	// SCALAR_SUBQUERY_TOO_MANY_ROWS (a subquery as a value).
	LeftSingle
)

var joinNames = [...]string{"Inner", "LeftOuter", "RightOuter", "FullOuter", "LeftSemi", "LeftAnti", "LeftMark", "LeftSingle"}

func (k JoinKind) String() string { return joinNames[k] }

// Join combines rows of L and R for which On is true.
type Join struct {
	Kind JoinKind
	L, R Node
	On   Expr // over both outputs; nil is TRUE
	// NullAware, of LeftAnti: a left row for which On is NULL with some right row is dropped as well (NOT IN).
	NullAware bool
	// Lateral: R is run for each row of L; its expressions read L's attributes by Outer. R must not
	// be kept by the kind (no RightOuter, no FullOuter).
	Lateral bool
	Mark    Attr // of LeftMark, BOOLEAN
	At      errs.Span
}

// Output is L's columns and, unless only left rows are kept, R's.
func (n *Join) Output() []Attr {
	l, r := n.L.Output(), n.R.Output()
	switch n.Kind {
	case LeftSemi, LeftAnti:
		return l
	case LeftMark:
		return append(append([]Attr{}, l...), n.Mark)
	case LeftOuter, LeftSingle:
		r = nullables(r)
	case RightOuter:
		l = nullables(l)
	case FullOuter:
		l, r = nullables(l), nullables(r)
	}
	return append(append([]Attr{}, l...), r...)
}

func nullables(list []Attr) []Attr {
	out := make([]Attr, len(list))
	for i, a := range list {
		a.Nullable = true
		out[i] = a
	}
	return out
}

func (n *Join) Children() []Node   { return []Node{n.L, n.R} }
func (n *Join) With(c []Node) Node { d := *n; d.L, d.R = c[0], c[1]; return &d }
func (*Join) node()                {}

// KeepsLeftOnly reports a kind whose output has no column of R.
func (k JoinKind) KeepsLeftOnly() bool { return k == LeftSemi || k == LeftAnti || k == LeftMark }
