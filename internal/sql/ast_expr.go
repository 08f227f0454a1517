package sql

import (
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// Op is an operator as Spark prints it: "+", "AND", "<=>", "DIV".
type Op string

// The operators of Unary and Binary. "==" is kept as OpEq, "!=" and "<>" as OpNe (Spark
// prints NOT (a = b) for it), "!" as OpNot.
const (
	OpOr     Op = "OR"
	OpAnd    Op = "AND"
	OpNot    Op = "NOT"
	OpEq     Op = "="
	OpNe     Op = "<>"
	OpNullEq Op = "<=>"
	OpLt     Op = "<"
	OpLe     Op = "<="
	OpGt     Op = ">"
	OpGe     Op = ">="
	OpBitOr  Op = "|"
	OpBitXor Op = "^"
	OpBitAnd Op = "&"
	OpBitNot Op = "~"
	OpShl    Op = "<<"
	OpShr    Op = ">>"
	OpUshr   Op = ">>>"
	OpAdd    Op = "+"
	OpSub    Op = "-"
	OpConcat Op = "||"
	OpMul    Op = "*"
	OpDiv    Op = "/"
	OpMod    Op = "%"
	OpIntDiv Op = "DIV"
)

// Column is a name that the analyzer resolves: a column, a qualified column or a field of a
// struct column, a.b.c; also CURRENT_DATE and the like without parentheses.
type Column struct {
	At
	Parts []Ident
}

// Field is X.Name where X is not a name: f(x).name, (a).b, m['k'].v.
type Field struct {
	At
	X    Expr
	Name Ident
}

// Index is X[I].
type Index struct {
	At
	X, I Expr
}

// Star is * or t.*, perhaps without the columns of Except. It stands only in select lists and
// argument lists. Replace is set only by the pipe operator SET: see PipeOp.
type Star struct {
	At
	Qualifier []Ident
	Except    []Name
	Replace   *Replacement
}

// DynColumn is IDENTIFIER(X) as a value, with X not a plain text: the column whose name the
// constant string X holds (read it with ParseName and resolve a Column of its Parts).
type DynColumn struct {
	At
	X Expr
}

// Unary is an operator before its operand: OpNot, OpSub, OpAdd, OpBitNot.
type Unary struct {
	At
	Op Op
	X  Expr
}

// Binary is an operator between its operands. OpPos is the place of the operator.
type Binary struct {
	At
	Op    Op
	L, R  Expr
	OpPos errs.Span
}

// Between is X [NOT] BETWEEN Low AND High.
type Between struct {
	At
	X, Low, High Expr
	Not          bool
}

// InList is X [NOT] IN (List...).
type InList struct {
	At
	X    Expr
	List []Expr
	Not  bool
}

// InQuery is X [NOT] IN (query). X is a *Row for several columns.
type InQuery struct {
	At
	X     Expr
	Query *Query
	Not   bool
}

// LikeOp is LIKE, ILIKE or RLIKE (REGEXP is RLIKE).
type LikeOp string

// The pattern predicates.
const (
	Like  LikeOp = "LIKE"
	ILike LikeOp = "ILIKE"
	RLike LikeOp = "RLIKE"
)

// LikeExpr is X [NOT] LIKE Patterns[0] [ESCAPE 'c'], or with Quant "ANY" (SOME is ANY) or
// "ALL" any number of patterns in parentheses. Escape is '\\' unless written.
type LikeExpr struct {
	At
	Op       LikeOp
	X        Expr
	Patterns []Expr
	Quant    string
	Escape   rune
	Not      bool
}

// IsNull is X IS [NOT] NULL.
type IsNull struct {
	At
	X   Expr
	Not bool
}

// IsBool is X IS [NOT] TRUE, FALSE or UNKNOWN; Value is "TRUE", "FALSE" or "UNKNOWN".
type IsBool struct {
	At
	X     Expr
	Value string
	Not   bool
}

// IsDistinct is L IS [NOT] DISTINCT FROM R. With Not it is L <=> R.
type IsDistinct struct {
	At
	L, R Expr
	Not  bool
}

// Case is CASE [Operand] WHEN … THEN … [ELSE Else] END; Operand and Else may be nil.
type Case struct {
	At
	Operand Expr
	Whens   []When
	Else    Expr
}

// When is one WHEN Cond THEN Result.
type When struct{ Cond, Result Expr }

// Cast is CAST(X AS Type), TRY_CAST(X AS Type) or X::Type. TypePos is the place of the type.
type Cast struct {
	At
	X       Expr
	Type    types.Type
	Try     bool
	TypePos errs.Span
}

// Form tells how a Call was written when not as name(args); only the printer needs it.
type Form uint8

// The special forms. Their Calls have plain positional Args in the order given here.
const (
	FormPlain     Form = iota
	FormExtract        // EXTRACT(f FROM x): extract('f', x)
	FormSubstring      // SUBSTRING(s FROM p FOR n): substring(s, p, n)
	FormPosition       // POSITION(a IN b): position(a, b)
	FormOverlay        // OVERLAY(s PLACING r FROM p FOR n): overlay(s, r, p, n)
	FormUnit           // TIMESTAMPADD(unit, n, ts), TIMESTAMPDIFF, DATEADD, DATEDIFF: Args[0] is the unit as StringLit
)

// Call is a function call. Args may hold *Star (only as count(*) and the like), *NamedArg,
// *Lambda and, for struct(...), *Alias.
type Call struct {
	At
	Name        Name
	Args        []Expr
	Distinct    bool
	IgnoreNulls bool
	WithinGroup []SortItem // WITHIN GROUP (ORDER BY …)
	Filter      Expr       // FILTER (WHERE …), or nil
	Over        *WindowSpec
	Form        Form
}

// NamedArg is name => value in an argument list.
type NamedArg struct {
	At
	Name Ident
	X    Expr
}

// Trim is TRIM([Side] [Chars] FROM X). Side is "BOTH", "LEADING" or "TRAILING"; Chars nil
// means the space. trim(x) and btrim(x, y) are Calls.
type Trim struct {
	At
	Side  string
	Chars Expr
	X     Expr
}

// Lambda is x -> Body or (x, y) -> Body.
type Lambda struct {
	At
	Params []Ident
	Body   Expr
}

// Row is (a, b, …), a struct with the fields col1, col2, … or the names of its columns.
type Row struct {
	At
	Items []Expr
}

// Alias is X AS Name within struct(...).
type Alias struct {
	At
	X    Expr
	Name Ident
}

// Subquery is a query in parentheses as a value.
type Subquery struct {
	At
	Query *Query
}

// Exists is EXISTS (query).
type Exists struct {
	At
	Query *Query
}

// Collate is X COLLATE Name.
type Collate struct {
	At
	X    Expr
	Name Name
}

// WindowSpec is what follows OVER: a name (Ref), or partition, order and frame. With Ref set
// the rest is empty.
type WindowSpec struct {
	At
	Ref       Ident
	Partition []Expr
	Order     []SortItem
	Frame     *Frame
}

// Frame is ROWS or RANGE with its bounds; without BETWEEN, End is CURRENT ROW.
type Frame struct {
	At
	Range      bool
	Start, End Bound
}

// BoundKind is where a frame begins or ends.
type BoundKind uint8

// The frame bounds.
const (
	UnboundedPreceding BoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// Bound is one end of a frame; X is set for Preceding and Following.
type Bound struct {
	Kind BoundKind
	X    Expr
}

// NullsOrder is where NULLs sort.
type NullsOrder uint8

// NullsDefault is first for ASC and last for DESC, as Spark does.
const (
	NullsDefault NullsOrder = iota
	NullsFirst
	NullsLast
)

// SortItem is one key of ORDER BY.
type SortItem struct {
	At
	X     Expr
	Desc  bool
	Nulls NullsOrder
}

func (*Column) expr()     {}
func (*Field) expr()      {}
func (*Index) expr()      {}
func (*Star) expr()       {}
func (*DynColumn) expr()  {}
func (*Unary) expr()      {}
func (*Binary) expr()     {}
func (*Between) expr()    {}
func (*InList) expr()     {}
func (*InQuery) expr()    {}
func (*LikeExpr) expr()   {}
func (*IsNull) expr()     {}
func (*IsBool) expr()     {}
func (*IsDistinct) expr() {}
func (*Case) expr()       {}
func (*Cast) expr()       {}
func (*Call) expr()       {}
func (*NamedArg) expr()   {}
func (*Trim) expr()       {}
func (*Lambda) expr()     {}
func (*Row) expr()        {}
func (*Alias) expr()      {}
func (*Subquery) expr()   {}
func (*Exists) expr()     {}
func (*Collate) expr()    {}
