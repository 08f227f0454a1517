package sql

// Query is a query expression: WITH, a body, and what orders and limits it.
type Query struct {
	At
	With       []CTE
	Recursive  bool
	Body       Body
	Order      []SortItem
	OrderAll   *SortItem // ORDER BY ALL: X is nil; direction and nulls as written
	Cluster    []Expr
	Distribute []Expr
	Sort       []SortItem
	Windows    []NamedWindow
	Limit      Expr // nil without LIMIT, and for LIMIT ALL
	Offset     Expr
}

// CTE is one name of WITH.
//
// With Query.Recursive, a CTE that names itself is UNION [ALL] of an anchor and a step. MaxLevel is
// MAX RECURSION LEVEL (a NumberLit or Param), nil unless written.
type CTE struct {
	At
	Name     Ident
	Columns  []Ident
	MaxLevel Expr
	Query    *Query
}

// NamedWindow is WINDOW name AS (spec).
type NamedWindow struct {
	At
	Name Ident
	Spec WindowSpec
}

// Select is SELECT … FROM … WHERE … GROUP BY … HAVING … WINDOW … QUALIFY. Qualify filters after the
// windows: it may name aliases of the select list and must have a window function in itself or
// in the list (Spark: UnresolvedQualify). Pipe is set when the Select stands for a pipe operator.
type Select struct {
	At
	Distinct bool
	Hints    []Hint
	Items    []SelectItem
	From     []Relation // comma-separated; empty without FROM
	Views    []LateralView
	Where    Expr
	GroupBy  *GroupBy
	Having   Expr
	Windows  []NamedWindow
	Qualify  Expr
	Pipe     PipeOp
}

// SelectItem is one column of a select list. Alias has more than one name only for
// generators: AS (k, v). Text is the expression as written.
type SelectItem struct {
	At
	X     Expr
	Alias []Ident
	Text  string
}

// Hint is one hint of /*+ … */, parsed and without effect.
type Hint struct {
	At
	Name Ident
	Args []Expr
}

// LateralView is LATERAL VIEW [OUTER] f(args) t AS a, b.
type LateralView struct {
	At
	Outer   bool
	Call    *Call
	Table   Ident // may be empty
	Columns []Ident
}

// GroupBy is GROUP BY ALL or a list. GROUP BY a, b WITH ROLLUP is one item of kind Rollup;
// ordinals are plain NumberLits.
type GroupBy struct {
	At
	All   bool
	Items []GroupItem
}

// GroupKind tells the items of GROUP BY apart.
type GroupKind uint8

// The kinds of GROUP BY items.
const (
	GroupExpr GroupKind = iota // X
	Cube                       // CUBE (Sets...)
	Rollup                     // ROLLUP (Sets...)
	GroupSets                  // GROUPING SETS (Sets..., nested Items)
)

// GroupItem is one item of GROUP BY. For Cube and Rollup each element of Sets is one
// (composite) column; for GroupSets each element of Items is a set: a GroupExpr item with
// Set, or a nested Cube, Rollup or GroupSets. Alias (Name empty without one) is written only in
// the pipe operator AGGREGATE.
type GroupItem struct {
	At
	Kind  GroupKind
	X     Expr        // GroupExpr outside of GROUPING SETS
	Set   []Expr      // GroupExpr within GROUPING SETS, perhaps empty
	Sets  [][]Expr    // Cube, Rollup
	Items []GroupItem // GroupSets
	Alias Ident       // GroupExpr of PipeAggregate
}

// SetOp is L UNION | INTERSECT | EXCEPT [ALL] R. MINUS is EXCEPT.
type SetOp struct {
	At
	Op   string // "UNION", "INTERSECT", "EXCEPT"
	All  bool
	L, R Body
}

// Values is an inline table, VALUES (1, 'a'), (2, 'b') [AS t(x, y)]. A row of one column may be
// written without parentheses; here each row is a list.
type Values struct {
	At
	Rows  [][]Expr
	Alias *TableAlias
}

// TableQuery is TABLE name, which is SELECT * FROM name.
type TableQuery struct {
	At
	Name Name
}

// TableAlias is AS name(columns); Name may be empty for a bare column list.
type TableAlias struct {
	At
	Name    Ident
	Columns []Ident
}

// Watermark is WATERMARK X [AS Name] DELAY OF Delay. Name is empty unless written; it must be
// there when X is not a column (Spark prepends the new column to the relation).
type Watermark struct {
	At
	X     Expr
	Name  Ident
	Delay *IntervalLit
}

// TableRef is a table, view or CTE by name, perhaps read as a stream.
type TableRef struct {
	At
	Name      Name
	Stream    bool
	Options   []Option // WITH (…)
	Sample    *Sample
	Watermark *Watermark
	Alias     *TableAlias
}

// SubqueryRef is [LATERAL] (query). Open is set for the input of a pipe operator: its columns keep
// their qualifiers, see PipeOp.
type SubqueryRef struct {
	At
	Query     *Query
	Lateral   bool
	Open      bool
	Sample    *Sample
	Watermark *Watermark
	Alias     *TableAlias
}

// FuncRef is a table-valued function: range(10), [LATERAL] explode(x) AS t(a).
type FuncRef struct {
	At
	Name      Name
	Args      []Expr
	Lateral   bool
	Watermark *Watermark
	Alias     *TableAlias
}

// ValuesRef is an inline table in FROM; its alias is in Values.
type ValuesRef struct {
	At
	Values *Values
}

// ParenRef is (relation) with an alias or watermark of its own.
type ParenRef struct {
	At
	Rel       Relation
	Sample    *Sample
	Watermark *Watermark
	Alias     *TableAlias
}

// JoinKind is the kind of a join.
type JoinKind string

// The kinds of joins, as Spark's SQL writes them.
const (
	InnerJoin JoinKind = "INNER"
	CrossJoin JoinKind = "CROSS"
	LeftJoin  JoinKind = "LEFT OUTER"
	RightJoin JoinKind = "RIGHT OUTER"
	FullJoin  JoinKind = "FULL OUTER"
	SemiJoin  JoinKind = "LEFT SEMI"
	AntiJoin  JoinKind = "LEFT ANTI"
)

// Join is L kind JOIN R. At most one of On, Using and Natural is set.
type Join struct {
	At
	Kind    JoinKind
	L, R    Relation
	Natural bool
	Lateral bool
	On      Expr
	Using   []Ident
}

func (*Query) body()      {}
func (*Select) body()     {}
func (*SetOp) body()      {}
func (*Values) body()     {}
func (*TableQuery) body() {}

func (*TableRef) relation()    {}
func (*SubqueryRef) relation() {}
func (*FuncRef) relation()     {}
func (*ValuesRef) relation()   {}
func (*ParenRef) relation()    {}
func (*Join) relation()        {}
