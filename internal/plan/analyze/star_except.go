package analyze

import (
	"strings"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// dropped says what EXCEPT leaves out of a column: all of it, or fields of a struct.
type dropped struct {
	all    bool
	fields map[string]*dropped // by name in lower case
}

// except applies EXCEPT to the columns of a star. Spark: UnresolvedStarExcept.
func (a *analyzer) except(sc *scope, e *sql.Star, cols []val) ([]val, error) {
	drops := make([]*dropped, len(cols))
	for _, x := range e.Except {
		at, rest, err := a.excepted(sc, e, cols, x)
		if err != nil {
			return nil, err
		}
		for _, i := range at {
			if drops[i] == nil {
				drops[i] = &dropped{}
			}
			if !drops[i].add(rest) {
				return nil, a.fail(x.Span(), "EXCEPT_OVERLAPPING_COLUMNS", "42702", "EXCEPT leaves out %s twice", quoted(x.Strings()))
			}
		}
	}
	var out []val
	for i, c := range cols {
		if drops[i] != nil && drops[i].all {
			continue
		}
		if drops[i] != nil {
			var err error
			if c, err = a.pruned(c, drops[i], e); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// excepted finds the columns that a name of EXCEPT means, and the path within them.
func (a *analyzer) excepted(sc *scope, e *sql.Star, cols []val, x sql.Name) (at []int, rest []sql.Ident, err error) {
	name := x.Strings()
	if _, fields := cols[0].x.(*plan.Field); fields {
		names := make([]plan.Attr, len(cols))
		for i, c := range cols {
			names[i].Name = c.name
			if strings.EqualFold(c.name, name[0]) {
				at = append(at, i)
			}
		}
		if at == nil {
			return nil, nil, a.unresolved(name, x.Span(), scopeOf(names))
		}
		return at, x.Parts[1:], nil
	}
	hits, used := sc.match(name)
	if len(hits) == 0 {
		return nil, nil, a.unresolved(name, x.Span(), sc)
	}
	for i, c := range cols {
		r, ok := c.x.(*plan.Ref)
		for _, h := range hits {
			if ok && r.Attr.ID == h.attr.ID {
				at = append(at, i)
				break
			}
		}
	}
	return at, x.Parts[used:], nil
}

// add leaves out a path; false if it overlaps with another.
func (d *dropped) add(path []sql.Ident) bool {
	if d.all || len(path) == 0 && d.fields != nil {
		return false
	}
	if len(path) == 0 {
		d.all = true
		return true
	}
	if d.fields == nil {
		d.fields = map[string]*dropped{}
	}
	key := strings.ToLower(path[0].Name)
	if d.fields[key] == nil {
		d.fields[key] = &dropped{}
	}
	return d.fields[key].add(path[1:])
}

// pruned is a struct without some of its fields.
func (a *analyzer) pruned(v val, d *dropped, e *sql.Star) (val, error) {
	for f := range d.fields {
		if _, err := a.field(v, sql.Ident{At: e.At, Name: f}, e.Span()); err != nil {
			return v, err
		}
	}
	if v.x.Type().Kind != types.Struct {
		return v, a.unsupported(e.Span(), "EXCEPT over a field of "+v.x.Type().SQL())
	}
	var pairs []val
	for i, f := range v.x.Type().Fields {
		x := val{&plan.Field{X: v.x, Index: i, At: e.Span()}, f.Name}
		if sub := d.fields[strings.ToLower(f.Name)]; sub != nil {
			if sub.all {
				continue
			}
			var err error
			if x, err = a.pruned(x, sub, e); err != nil {
				return v, err
			}
		}
		pairs = append(pairs, strVal(f.Name, e.Span()), x)
	}
	out, err := a.op("named_struct", e.Span(), v.name, pairs...)
	return val{out.x, v.name}, err
}
