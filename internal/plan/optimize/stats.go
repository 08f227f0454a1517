package optimize

import (
	"context"
	"math"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// stats estimates how many rows nodes give. Estimates only choose between plans that give the
// same rows.
type stats struct {
	columns map[plan.ID]column
	sizes   map[*plan.Scan]float64
	rows    map[plan.Node]float64
}

// column is what is known of a base table's column.
type column struct {
	rows     float64 // of the table
	distinct float64 // at most as many different values; 0: not known
}

// middling is the number of rows of a table that does not know its size.
const middling = 100_000

// Guesses where nothing is known: the part of rows that a condition keeps.
const (
	keptByEqual = 0.1
	keptByRange = 1.0 / 3
	keptByLike  = 0.1
	keptByOther = 0.25
)

func newStats(ctx context.Context, n plan.Node) *stats {
	s := &stats{columns: map[plan.ID]column{}, sizes: map[*plan.Scan]float64{}, rows: map[plan.Node]float64{}}
	plan.Walk(n, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Scan:
			s.scan(ctx, n)
		case *plan.Values:
			for _, a := range n.Attrs {
				s.columns[a.ID] = column{rows: float64(n.Rows.Rows())}
			}
		case *plan.Range:
			rows := s.size(n)
			s.columns[n.Attr.ID] = column{rows, rows}
		}
		return true
	})
	s.follow(n)
	return s
}

// follow gives renamed columns what is known of them, children first.
func (s *stats) follow(n plan.Node) {
	for _, c := range n.Children() {
		s.follow(c)
	}
	switch n := n.(type) {
	case *plan.Project:
		s.rename(n.Cols)
	case *plan.Aggregate:
		s.rename(n.Keys)
	}
}

func (s *stats) rename(list []plan.Named) {
	for _, c := range list {
		if r, ok := c.Expr.(*plan.Ref); ok {
			if known, ok := s.columns[r.Attr.ID]; ok {
				s.columns[c.Attr.ID] = known
			}
		}
	}
}

func (s *stats) scan(ctx context.Context, n *plan.Scan) {
	rows := float64(middling)
	var distinct map[int]int64
	if t, ok := n.Table.(plan.Sized); ok {
		known := t.Stats(ctx)
		switch {
		case known.Rows >= 0:
			rows = float64(known.Rows)
		case known.Bytes >= 0:
			rows = float64(known.Bytes) / 100
		}
		distinct = known.Distinct
	}
	s.sizes[n] = rows
	for i, a := range n.Attrs {
		c := column{rows: rows}
		if d, ok := distinct[n.Columns[i]]; ok && d > 0 {
			c.distinct = math.Min(float64(d), rows)
		}
		s.columns[a.ID] = c
	}
}

// size estimates the rows of a node, at least 1.
func (s *stats) size(n plan.Node) float64 {
	if r, ok := s.rows[n]; ok {
		return r
	}
	r := math.Max(1, s.guess(n))
	s.rows[n] = r
	return r
}

func (s *stats) guess(n plan.Node) float64 {
	switch n := n.(type) {
	case *plan.Scan:
		if r, ok := s.sizes[n]; ok {
			return r
		}
		return middling
	case *plan.Values:
		return float64(n.Rows.Rows())
	case *plan.Range:
		return math.Ceil(math.Abs(float64(n.End)-float64(n.Start)) / math.Abs(float64(n.Step)))
	case *plan.Filter:
		return s.size(n.Child) * s.kept(n.Cond)
	case *plan.Aggregate:
		return s.groups(n)
	case *plan.Limit:
		if n.Count >= 0 {
			return math.Min(float64(n.Count), s.size(n.Child))
		}
	case *plan.Join:
		return s.join(n)
	case *plan.Union:
		total := 0.0
		for _, in := range n.Inputs {
			total += s.size(in)
		}
		return total
	case *plan.Generate:
		return 3 * s.size(n.Child)
	case *plan.Expand:
		return float64(len(n.Rows)) * s.size(n.Child)
	case *plan.Sample:
		return n.Fraction * s.size(n.Child)
	case *plan.Recursive, *plan.RecursiveRef:
		return 1000
	}
	if kids := n.Children(); len(kids) == 1 {
		return s.size(kids[0])
	}
	return middling
}

// groups is at most the product of the keys' distinct values.
func (s *stats) groups(n *plan.Aggregate) float64 {
	if len(n.Keys) == 0 {
		return 1
	}
	in, product := s.size(n.Child), 1.0
	for _, k := range n.Keys {
		product *= s.distinct(k.Expr, in)
	}
	return math.Min(product, in)
}

// distinct estimates the different values of an expression over so many rows.
func (s *stats) distinct(e plan.Expr, rows float64) float64 {
	if r, ok := e.(*plan.Ref); ok {
		if c, ok := s.columns[r.Attr.ID]; ok && c.distinct > 0 {
			return math.Min(c.distinct, rows)
		}
	}
	if e.Type().Kind == types.Boolean {
		return 2
	}
	return math.Max(1, rows/10)
}

func (s *stats) join(n *plan.Join) float64 {
	l, r := s.size(n.L), s.size(n.R)
	both := l * r * s.matching(plan.Conjuncts(n.On), ids(plan.IDs(n.L.Output())), ids(plan.IDs(n.R.Output())))
	switch n.Kind {
	case plan.LeftSemi:
		return l * math.Min(0.5, math.Max(both/l, 0.01))
	case plan.LeftAnti:
		return l * 0.3
	case plan.LeftMark, plan.LeftSingle:
		return l
	case plan.LeftOuter:
		return math.Max(l, both)
	case plan.RightOuter:
		return math.Max(r, both)
	case plan.FullOuter:
		return math.Max(l+r, both)
	}
	return both
}

// matching is the part of all pairs that a join's conditions keep. Several equalities are taken
// together: no more different keys than the smaller table has rows.
func (s *stats) matching(conds []plan.Expr, l, r ids) float64 {
	part, keys, most := 1.0, 1.0, math.Inf(1)
	for _, c := range conds {
		a, b, ok := equated(c, l, r)
		if !ok {
			part *= s.kept(c)
			continue
		}
		d, rows := s.keys(a, b)
		keys *= d
		most = math.Min(most, rows)
	}
	return part / math.Max(1, math.Min(keys, most))
}

// equated are the two sides of an equality between tables, the left one's first.
func equated(c plan.Expr, l, r ids) (a, b plan.Expr, ok bool) {
	call, is := c.(*plan.Call)
	if !is || call.Name != "=" && call.Name != "<=>" {
		return nil, nil, false
	}
	a, b = call.Args[0], call.Args[1]
	if plan.IsConst(a) || plan.IsConst(b) {
		return nil, nil, false
	}
	switch {
	case l.covers(a) && r.covers(b):
		return a, b, true
	case l.covers(b) && r.covers(a):
		return b, a, true
	}
	return nil, nil, false
}

// keys is how many different values two equated columns have together, and the rows of the smaller
// table. Where one side is a key of its table, the other side's values are among that key's.
func (s *stats) keys(a, b plan.Expr) (distinct, rows float64) {
	x, y := s.base(a), s.base(b)
	rows = math.Min(x.rows, y.rows)
	small := math.Min(x.distinct, y.distinct)
	if keyed := x.distinct >= 0.8*x.rows || y.distinct >= 0.8*y.rows; keyed {
		return small, rows
	}
	return math.Max(x.distinct, y.distinct), rows
}

func (s *stats) base(e plan.Expr) column {
	c := column{rows: middling}
	if r, ok := e.(*plan.Ref); ok {
		if known, ok := s.columns[r.Attr.ID]; ok {
			c = known
		}
	}
	if c.distinct == 0 {
		c.distinct = c.rows
	}
	return c
}

// kept is the part of rows that a condition keeps.
func (s *stats) kept(e plan.Expr) float64 {
	switch e := e.(type) {
	case *plan.Logic:
		l, r := s.kept(e.L), s.kept(e.R)
		if e.Or {
			return math.Min(1, l+r)
		}
		return l * r
	case *plan.In:
		return math.Min(0.5, float64(len(e.List))*s.oneOf(e.X))
	case *plan.Lit:
		if isBool(e, true) {
			return 1
		}
		return 0
	case *plan.Call:
		return s.keptByCall(e)
	}
	return keptByOther
}

func (s *stats) keptByCall(e *plan.Call) float64 {
	switch e.Name {
	case "=", "<=>":
		if plan.IsConst(e.Args[0]) {
			return s.oneOf(e.Args[1])
		}
		return s.oneOf(e.Args[0])
	case "<", "<=", ">", ">=":
		return keptByRange
	case "like", "ilike", "rlike", "contains", "startswith", "endswith":
		return keptByLike
	case "isnotnull":
		return 0.95
	case "isnull":
		return 0.05
	case "not":
		return math.Max(0.05, 1-s.kept(e.Args[0]))
	}
	return keptByOther
}

// oneOf is the part of rows with one value of an expression.
func (s *stats) oneOf(e plan.Expr) float64 {
	if r, ok := e.(*plan.Ref); ok {
		if c, ok := s.columns[r.Attr.ID]; ok && c.distinct > 0 {
			return 1 / c.distinct
		}
		if c, ok := s.columns[r.Attr.ID]; ok && c.rows < 10/keptByEqual {
			return 1 / math.Max(1, c.rows)
		}
	}
	return keptByEqual
}

// width is the bytes of a row, roughly.
func width(n plan.Node) float64 {
	total := 8.0
	for _, a := range n.Output() {
		w := vec.Width(a.Type)
		if w == 0 {
			w = 24
		}
		total += float64(w)
	}
	return total
}
