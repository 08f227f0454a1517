package analyze

import (
	"strings"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// star expands *, t.* or the fields of a struct column, s.*.
func (a *analyzer) star(sc *scope, e *sql.Star) ([]val, error) {
	cols, err := a.starColumns(sc, e)
	if err != nil {
		return nil, err
	}
	for _, x := range e.Except {
		name := x.Strings()
		hits, used := sc.match(name)
		if len(hits) == 0 {
			return nil, a.unresolved(name, x.Span(), sc)
		}
		if used < len(name) {
			return nil, a.unsupported(x.Span(), "EXCEPT over a field of a struct")
		}
		cols = without(cols, hits)
	}
	if e.Replace != nil {
		return a.replaced(sc, cols, e.Replace)
	}
	return cols, nil
}

// replaced gives a column of a star another value (the pipe operator SET).
func (a *analyzer) replaced(sc *scope, cols []val, r *sql.Replacement) ([]val, error) {
	found := false
	for i, c := range cols {
		if !strings.EqualFold(c.name, r.Name.Name) {
			continue
		}
		v, err := a.expr(&exprScope{in: sc}, r.X)
		if err != nil {
			return nil, err
		}
		cols[i], found = val{v.x, c.name}, true
	}
	if !found {
		return nil, a.unresolved([]string{r.Name.Name}, r.Name.Span(), sc)
	}
	return cols, nil
}

func without(cols []val, hits []column) []val {
	var out []val
	for _, v := range cols {
		r, ok := v.x.(*plan.Ref)
		drop := false
		for _, h := range hits {
			drop = drop || ok && r.Attr.ID == h.attr.ID
		}
		if !drop {
			out = append(out, v)
		}
	}
	return out
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
