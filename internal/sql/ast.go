package sql

import (
	"strings"

	"github.com/azud/azud/internal/errs"
)

// At is the place of a node in its Source; every node embeds it.
type At struct{ Pos errs.Span }

// Span returns the place of the node.
func (a At) Span() errs.Span { return a.Pos }

// Node is anything of the syntax tree.
type Node interface{ Span() errs.Span }

// Expr is an expression. The implementations are the pointer types of ast_expr.go and
// ast_literal.go.
type Expr interface {
	Node
	expr()
}

// Statement is one statement of a script. The implementations are in ast_stmt.go.
type Statement interface {
	Node
	stmt()
}

// Body is what a Query orders and limits: *Select, *SetOp, *Values, *TableQuery, or a
// parenthesised *Query.
type Body interface {
	Node
	body()
}

// Relation is an item of FROM: *TableRef, *SubqueryRef, *FuncRef, *ValuesRef, *ParenRef, *Join,
// *PivotRef or *UnpivotRef.
type Relation interface {
	Node
	relation()
}

// Ident is one identifier as written, without its backquotes. Matching ignores case.
type Ident struct {
	At
	Name   string
	Quoted bool
}

// Name is a dotted name such as catalog.schema.table, or IDENTIFIER(Expr) with Expr not a plain
// text: then Parts is empty, and the analyzer computes Expr, a constant string, and reads the
// name from it with ParseName. (IDENTIFIER('a.b') has Parts.)
type Name struct {
	At
	Parts []Ident
	Expr  Expr
}

// Strings returns the parts as text.
func (n Name) Strings() []string {
	out := make([]string, len(n.Parts))
	for i, p := range n.Parts {
		out[i] = p.Name
	}
	return out
}

// String is the name for messages, with backquotes only where they are needed: a.`b c`.
func (n Name) String() string {
	parts := make([]string, len(n.Parts))
	for i, p := range n.Parts {
		parts[i] = quoteIfNeeded(p.Name)
	}
	return strings.Join(parts, ".")
}

// Last is the last part, the name within its schema.
func (n Name) Last() Ident {
	if len(n.Parts) == 0 {
		return Ident{}
	}
	return n.Parts[len(n.Parts)-1]
}

// quoteIfNeeded puts backquotes around what is not a plain identifier (Spark: quoteIfNeeded).
func quoteIfNeeded(s string) string {
	if isPlainIdent(s) {
		return s
	}
	return quoteIdent(s)
}

// quoteIdent puts backquotes around s, doubling those within.
func quoteIdent(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }

// isPlainIdent reports whether s is letters, digits and underscores and not a number.
func isPlainIdent(s string) bool {
	digits := true
	for i := range len(s) {
		c := s[i]
		if !isIdentByte(c) {
			return false
		}
		digits = digits && c >= '0' && c <= '9'
	}
	return s != "" && !digits
}

// isIdentByte reports ASCII letters, digits and the underscore.
func isIdentByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
