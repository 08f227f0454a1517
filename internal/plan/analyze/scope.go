package analyze

import (
	"slices"
	"sort"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// column is one name of a scope.
type column struct {
	attr   plan.Attr
	qual   []string // the table's name or alias; nil without
	hidden bool     // a key of USING that another stands for: named only with its table
}

// scope is the columns that expressions over a node may name, in output order.
type scope struct{ cols []column }

func (s *scope) add(a plan.Attr, qual ...string) {
	if len(qual) == 1 && qual[0] == "" {
		qual = nil
	}
	if len(qual) > 0 {
		a.Qualifier = strings.Join(qual, ".")
	}
	s.cols = append(s.cols, column{attr: a, qual: qual})
}

// visible is the columns that * stands for.
func (s *scope) visible() []column {
	var out []column
	for _, c := range s.cols {
		if !c.hidden {
			out = append(out, c)
		}
	}
	return out
}

// requalified is the scope under an alias, perhaps with other names.
func (s *scope) requalified(alias string, names []string) *scope {
	out := &scope{}
	for i, c := range s.visible() {
		a := c.attr
		if names != nil {
			a.Name = names[i]
		}
		out.add(a, alias)
	}
	return out
}

func scopeOf(attrs []plan.Attr, qual ...string) *scope {
	s := &scope{}
	for _, a := range attrs {
		s.add(a, qual...)
	}
	return s
}

// qualifies reports whether a prefix of a name denotes a column's table: it is a suffix of
// the table's full name.
func qualifies(prefix, qual []string) bool {
	if len(prefix) > len(qual) {
		return false
	}
	tail := qual[len(qual)-len(prefix):]
	for i, p := range prefix {
		if !strings.EqualFold(p, tail[i]) {
			return false
		}
	}
	return true
}

// match finds the columns that a dotted name may mean and how many of its parts name the
// column; what remains are struct fields. A qualified reading wins over an unqualified one
// (Spark: AttributeSeq.resolve).
func (s *scope) match(name []string) (hits []column, used int) {
	for q := min(len(name)-1, 3); q >= 0; q-- {
		for _, c := range s.cols {
			if strings.EqualFold(c.attr.Name, name[q]) && qualifies(name[:q], c.qual) && (q > 0 || !c.hidden) {
				hits = append(hits, c)
			}
		}
		if len(hits) > 0 {
			return hits, q + 1
		}
	}
	return nil, 0
}

// resolve finds a dotted name in a scope; ok is false if nothing matches.
func (a *analyzer) resolve(s *scope, c *sql.Column) (v val, ok bool, err error) {
	name := parts(c.Parts)
	hits, used := s.match(name)
	if len(hits) == 0 {
		return val{}, false, nil
	}
	if len(hits) > 1 && !sameAttr(hits) {
		return val{}, true, a.ambiguous(c, hits)
	}
	attr := hits[0].attr
	attr.Name = name[used-1] // as the user wrote it (Spark: withName)
	end := c.Parts[used-1].Span()
	v = val{x: &plan.Ref{Attr: attr, At: c.Span().To(end)}, name: attr.Name}
	for _, p := range c.Parts[used:] {
		if v, err = a.field(v, p, c.Span()); err != nil {
			return val{}, true, err
		}
	}
	return v, true, nil
}

func sameAttr(hits []column) bool {
	for _, h := range hits[1:] {
		if h.attr.ID != hits[0].attr.ID {
			return false
		}
	}
	return true
}

func (a *analyzer) ambiguous(c *sql.Column, hits []column) error {
	var list []string
	for _, h := range hits {
		list = append(list, h.String())
	}
	sort.Strings(list)
	return a.fail(c.Span(), "AMBIGUOUS_REFERENCE", "42704", "reference %s is ambiguous, could be: [%s]",
		quoted(parts(c.Parts)), strings.Join(list, ", ")).
		WithHint("qualify the column with its table, or give the columns different names with AS")
}

// String is the column's qualified name in backquotes.
func (c column) String() string { return quoted(append(append([]string{}, c.qual...), c.attr.Name)) }

func quoted(name []string) string {
	out := make([]string, len(name))
	for i, p := range name {
		out[i] = "`" + strings.ReplaceAll(p, "`", "``") + "`"
	}
	return strings.Join(out, ".")
}

// columnNames lists the names of scopes, qualified if wanted, and without qualifier.
func columnNames(qualified bool, scopes []*scope) (all, plain []string) {
	for _, s := range scopes {
		for _, c := range s.cols {
			if c.hidden && !qualified {
				continue
			}
			full := c.attr.Name
			if qualified && len(c.qual) > 0 {
				full = strings.Join(c.qual, ".") + "." + full
			}
			all, plain = append(all, full), append(plain, c.attr.Name)
		}
	}
	return all, plain
}

// unresolved is the error of a name that no scope has, with the nearest names.
func (a *analyzer) unresolved(name []string, at errs.Span, scopes ...*scope) error {
	all, plain := columnNames(len(name) > 1, scopes)
	class := "UNRESOLVED_COLUMN.WITH_SUGGESTION"
	if len(all) == 0 {
		class = "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION"
	}
	e := a.fail(at, class, "42703", "a column with name %s cannot be resolved", quoted(name))
	near := errs.Near(strings.Join(name, "."), all)
	if len(near) == 0 && len(name) > 1 { // the qualifier is wrong, the column may be right
		for _, n := range errs.Near(name[len(name)-1], plain) {
			near = append(near, all[slices.Index(plain, n)])
		}
	}
	switch {
	case len(near) > 0:
		e.WithHint("did you mean %s?", strings.Join(near, ", "))
	case len(all) > 0:
		e.WithHint("the columns here are %s", strings.Join(all[:min(len(all), 12)], ", "))
	}
	return e
}

// field reads a struct's field, a field of each element of an array of structs, or a map's
// value by name.
func (a *analyzer) field(v val, f sql.Ident, at errs.Span) (val, error) {
	t := v.x.Type()
	name := v.name + "." + f.Name
	st := t
	if t.Kind == types.Array && t.Elem.Kind == types.Struct {
		st = *t.Elem
	}
	switch st.Kind {
	case types.Struct:
	case types.Map, types.Array: // an array's element by name is refused
		return a.op("getitem", at, v.name+"["+f.Name+"]", v, strVal(f.Name, at))
	default:
		return val{}, a.fail(at, "INVALID_EXTRACT_BASE_FIELD_TYPE", "42000",
			"cannot extract field `%s` from \"%s\": a struct, array of structs or map is needed, but it is %s", f.Name, v.name, t.SQL())
	}
	found := -1
	for i, sf := range st.Fields {
		if strings.EqualFold(sf.Name, f.Name) {
			if found >= 0 {
				return val{}, a.fail(at, "AMBIGUOUS_REFERENCE_TO_FIELDS", "42000", "reference to the field `%s` is ambiguous", f.Name)
			}
			found = i
		}
	}
	if found < 0 {
		names := types.Schema(st.Fields).Names()
		e := a.fail(f.Span(), "FIELD_NOT_FOUND", "42704", "no such struct field `%s` in `%s`", f.Name, strings.Join(names, "`, `"))
		if near := errs.Near(f.Name, names); len(near) > 0 {
			e.WithHint("did you mean %s?", strings.Join(near, ", "))
		}
		return val{}, e
	}
	return val{x: &plan.Field{X: v.x, Index: found, At: at}, name: name}, nil
}
