package analyze

import (
	"slices"
	"strings"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// star expands *, t.* or the fields of a struct column, s.*.
func (a *analyzer) star(s *exprScope, e *sql.Star) ([]val, error) {
	cols, err := a.starColumns(s.in, e)
	if err == nil && len(e.Except) > 0 && len(cols) > 0 {
		cols, err = a.except(s.in, e, cols)
	}
	if err == nil && e.Replace != nil {
		return a.replaced(s, cols, e.Replace)
	}
	return cols, err
}

// replaced gives a column of a star another value (the pipe operator SET).
func (a *analyzer) replaced(s *exprScope, cols []val, r *sql.Replacement) ([]val, error) {
	found := false
	for i, c := range cols {
		if !strings.EqualFold(c.name, r.Name.Name) {
			continue
		}
		v, err := a.expr(s, r.X)
		if err != nil {
			return nil, err
		}
		cols[i], found = val{v.x, c.name}, true
	}
	if !found {
		return nil, a.unresolved([]string{r.Name.Name}, r.Name.Span(), s.in)
	}
	return cols, nil
}

// starOrder is the columns that a star may stand for: with a table the hidden ones are among them,
// and come first. Spark: UnresolvedStar.expand.
func starOrder(sc *scope, qualified bool) []column {
	var hidden []column
	for _, c := range sc.cols {
		if c.hidden && qualified {
			hidden = append(hidden, c)
		}
	}
	return append(hidden, sc.visible()...)
}

func (a *analyzer) starColumns(sc *scope, e *sql.Star) ([]val, error) {
	var out []val
	qual := parts(e.Qualifier)
	for _, c := range starOrder(sc, len(qual) > 0) {
		if len(qual) == 0 || qualifies(qual, c.qual) && len(c.qual) > 0 {
			out = append(out, val{&plan.Ref{Attr: c.attr, At: e.Span()}, c.attr.Name})
		}
	}
	if len(out) > 0 || len(qual) == 0 {
		return out, nil
	}
	v, ok, err := a.resolve(sc, &sql.Column{At: e.At, Parts: e.Qualifier})
	switch {
	case err != nil:
		return nil, err
	case !ok:
		var all []string
		for _, c := range sc.cols {
			all = append(all, c.attr.Name)
		}
		return nil, a.fail(e.Span(), "CANNOT_RESOLVE_STAR_EXPAND", "42704", "%s.* has no table or struct behind it", quoted(qual)).
			WithHint("the columns here are %s", strings.Join(all[:min(len(all), 12)], ", "))
	case v.x.Type().Kind != types.Struct:
		return nil, a.fail(e.Span(), "CANNOT_RESOLVE_STAR_EXPAND", "42704", "%s.* needs a table or a struct, but `%s` is %s",
			quoted(qual), v.name, v.x.Type().SQL())
	}
	for i, f := range v.x.Type().Fields {
		out = append(out, val{&plan.Field{X: v.x, Index: i, At: e.Span()}, f.Name})
	}
	return out, nil
}

// hasTable reports a table of a scope.
func (s *scope) hasTable(name []sql.Ident) bool {
	qual := parts(name)
	return len(qual) > 0 && slices.ContainsFunc(s.cols, func(c column) bool { return len(c.qual) > 0 && qualifies(qual, c.qual) })
}

// starArgs is the columns of a star as arguments: Spark shows those of a struct with their names.
func starArgs(cols []val) []val {
	out := make([]val, len(cols))
	for i, c := range cols {
		if f, ok := c.x.(*plan.Field); ok {
			if r, ok := f.X.(*plan.Ref); ok {
				c.name = r.Attr.Name + "." + c.name + " AS " + c.name
			}
		}
		out[i] = c
	}
	return out
}
