package analyze

import (
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// nameOf is a name as written, or the one that IDENTIFIER(…) computes.
func (a *analyzer) nameOf(n sql.Name) (sql.Name, error) {
	if n.Expr == nil {
		return n, nil
	}
	return a.identifier(&exprScope{in: &scope{}}, n.Expr, n.Span())
}

// identifier reads a name from a constant string. What it reads stands at the whole IDENTIFIER(…).
func (a *analyzer) identifier(s *exprScope, e sql.Expr, at errs.Span) (sql.Name, error) {
	v, err := a.expr(s, e)
	if err != nil {
		return sql.Name{}, err
	}
	bad := func(why, what string) error {
		return a.fail(e.Span(), "NOT_A_CONSTANT_STRING."+why, "42601", "IDENTIFIER needs a constant string, but \"%s\" %s", v.name, what)
	}
	if !plan.IsConst(v.x) {
		return sql.Name{}, bad("NOT_CONSTANT", "is not constant")
	}
	if v.x.Type().Kind != types.String {
		return sql.Name{}, bad("WRONG_TYPE", "is "+v.x.Type().SQL())
	}
	c, err := plan.Eval(a.folding, v.x)
	switch {
	case err != nil:
		return sql.Name{}, a.place(err, e.Span())
	case c.IsNull(0):
		return sql.Name{}, bad("NULL", "is NULL")
	}
	n, err := sql.ParseName(&errs.Source{Text: strings.Clone(c.Str(0))})
	if err != nil {
		return n, a.fail(e.Span(), "IDENTIFIER_TOO_MANY_NAME_PARTS", "42601", "`%s` is not a name", c.Str(0))
	}
	n.At = sql.At{Pos: at}
	for i := range n.Parts {
		n.Parts[i].At = n.At
	}
	return n, nil
}

// dynColumn is IDENTIFIER(…) as a column.
func (a *analyzer) dynColumn(s *exprScope, e *sql.DynColumn) (val, error) {
	n, err := a.identifier(s, e.X, e.Span())
	if err != nil {
		return val{}, err
	}
	return a.expr(s, &sql.Column{At: e.At, Parts: n.Parts})
}
