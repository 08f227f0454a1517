package engine

import (
	"context"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// twice is a name that stands twice in a list, in any case; "" if none does.
func twice(names []string) string {
	seen := map[string]bool{}
	for _, n := range names {
		key := strings.ToLower(n)
		if seen[key] {
			return n
		}
		seen[key] = true
	}
	return ""
}

// unnamed is a column of a view's query without a name of its own, nil if all have one. Spark:
// verifyAliasOfViewOutput.
func unnamed(st *sql.CreateView) sql.Node {
	sel, ok := st.Query.Body.(*sql.Select)
	if !ok || len(st.Columns) > 0 {
		return nil
	}
	for _, it := range sel.Items {
		if len(it.Alias) > 0 {
			continue
		}
		switch it.X.(type) {
		case *sql.Column, *sql.Field, *sql.Star:
			continue
		}
		return it
	}
	return nil
}

// viewPlan analyzes a view's query. A view that stays must not read one that does not, nor itself.
func (s *Session) viewPlan(ctx context.Context, at scope, st *sql.CreateView) (plan.Node, error) {
	env := s.e.env(ctx, at, false)
	find := env.View
	var bad *errs.Error
	own := strings.ToLower(full(st.Name, at.database))
	env.View = func(name []string) (*analyze.View, bool) {
		temp, table := s.temporary(name)
		stays := !st.Temporary && !st.Global
		joined := strings.ToLower(strings.Join(name, "."))
		switch {
		case stays && (temp != nil || table != nil):
			bad = errs.New("INVALID_TEMP_OBJ_REFERENCE", "the view %s stays, and cannot read %s, which is temporary", st.Name, joined).State("42K0F").
				WithHint("make it a TEMPORARY VIEW, or make %s one that stays", joined)
		case temp == nil && stays && (joined == own || strings.ToLower(at.database)+"."+joined == own):
			if _, there := s.e.catalog.view(st.Name.Strings(), at.database); there && st.OrReplace {
				bad = errs.New("RECURSIVE_VIEW", "the view %s reads itself", st.Name).State("42K0H")
			}
		}
		return find(name)
	}
	n, err := analyze.Query(ctx, st.Query, env)
	if err == nil && bad != nil {
		err = bad.At(at.src, st.Query.Span())
	}
	return n, err
}

// rename gives a table or a view another name; the files of a managed table move.
func (s *Session) rename(at scope, st *sql.AlterTable, t *Table, v *view) error {
	name := st.Rename.Last().Name
	if err := checkName(at, st.Rename); err != nil {
		return err
	}
	db := at.database
	if t != nil {
		db = t.database
	}
	if len(st.Rename.Parts) > 1 && !strings.EqualFold(st.Rename.Parts[len(st.Rename.Parts)-2].Name, db) {
		return errs.New("UNSUPPORTED_FEATURE", "a table cannot move to another schema").State("0A000").At(at.src, st.Rename.Span())
	}
	if temp, table := s.temporary(st.Name.Strings()); temp != nil || table != nil {
		return s.renameTemporary(at, st, name)
	}
	if _, there := s.e.catalog.own(db, name); there {
		return errs.New("TABLE_OR_VIEW_ALREADY_EXISTS", "%s exists already", st.Rename).State("42P07").At(at.src, st.Rename.Span())
	}
	if v != nil {
		s.e.catalog.renameView(db, v, name)
		return at.at(s.e.saveCatalog(), st.Span())
	}
	if t.stored == nil {
		return errs.New("UNSUPPORTED_FEATURE", "%s belongs to a pipeline", t.Name()).State("0A000").At(at.src, st.Name.Span())
	}
	if t.stored.managed {
		to := s.e.place(db, name)
		if err := s.e.sys.FS.Rename(t.options["path"], to); err != nil {
			return errs.Wrap(err, "TABLE_NOT_RENAMED", "the folder of %s cannot be renamed", t.Name()).At(at.src, st.Name.Span())
		}
		t.options["path"] = to
	}
	s.e.catalog.renameTable(t, name)
	return at.at(s.e.saveCatalog(), st.Span())
}

func (s *Session) renameTemporary(at scope, st *sql.AlterTable, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, _ := temporaryKey(st.Name.Strings())
	to := strings.ToLower(name)
	if s.views.has(to) {
		return errs.New("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", "the temporary view %s exists already", name).State("42P07").At(at.src, st.Rename.Span())
	}
	if v := s.views.views[from]; v != nil {
		d := *v
		d.name = name
		s.views.views[to] = &d
	}
	if t := s.views.tables[from]; t != nil {
		t.name = name
		s.views.tables[to] = t
	}
	delete(s.views.views, from)
	delete(s.views.tables, from)
	return nil
}

// addColumns adds columns before those of the partitions; rows that are there have NULL in them.
func (s *Session) addColumns(at scope, st *sql.AlterTable, t *Table) error {
	added, err := at.columns(st.Add)
	if err != nil {
		return err
	}
	for i, f := range added {
		if t.columns.Index(f.Name) >= 0 {
			return errs.New("COLUMN_ALREADY_EXISTS", "%s has a column %s already", t.Name(), f.Name).State("42711").At(at.src, st.Add[i].Span())
		}
	}
	next, err := partitionsLast(append(append(types.Schema{}, t.Schema()...), added...), t.stored.partitions)
	if err != nil {
		return at.at(err, st.Span())
	}
	for _, c := range st.Add {
		t.stored.describe(c)
	}
	s.e.catalog.setColumns(t, next)
	return at.at(s.e.saveCatalog(), st.Span())
}

// withDefaults puts the defaults of columns in place of DEFAULT among an INSERT's values, and in
// place of columns that its list does not name.
func (s *Session) withDefaults(at scope, t *Table, st *sql.Insert) (*sql.Insert, error) {
	d := *st
	q := *st.Query
	d.Query = &q
	names := t.Schema().Names()
	if len(st.Columns) > 0 {
		names = nil
		for _, c := range st.Columns {
			names = append(names, c.Name)
		}
	}
	if v, ok := q.Body.(*sql.Values); ok {
		next := *v
		next.Rows = nil
		for _, row := range v.Rows {
			out := append([]sql.Expr{}, row...)
			for i, x := range row {
				if isDefault(x) && i < len(names) {
					var err error
					if out[i], err = t.defaultOf(names[i], x); err != nil {
						return nil, err
					}
				}
			}
			next.Rows = append(next.Rows, out)
		}
		q.Body = &next
	}
	if len(st.Columns) == 0 {
		return &d, nil
	}
	outer := &sql.Select{At: st.At, From: []sql.Relation{&sql.SubqueryRef{At: sql.At{Pos: st.Query.Span()}, Query: d.Query}},
		Items: []sql.SelectItem{{At: st.At, X: &sql.Star{At: st.At}}}}
	for _, f := range t.Schema() {
		named := false
		for _, c := range st.Columns {
			named = named || strings.EqualFold(c.Name, f.Name)
		}
		if named || t.stored.defaults[strings.ToLower(f.Name)] == "" {
			continue
		}
		x, err := t.defaultOf(f.Name, st)
		if err != nil {
			return nil, err
		}
		outer.Items = append(outer.Items, sql.SelectItem{At: st.At, X: x})
		d.Columns = append(d.Columns, sql.Ident{At: st.At, Name: f.Name})
	}
	d.Query = &sql.Query{At: st.Query.At, With: nil, Body: outer}
	return &d, nil
}

func isDefault(x sql.Expr) bool {
	c, ok := x.(*sql.Column)
	return ok && len(c.Parts) == 1 && !c.Parts[0].Quoted && strings.EqualFold(c.Parts[0].Name, "default")
}

// defaultOf is a column's default, NULL without one.
func (t *Table) defaultOf(name string, at sql.Node) (sql.Expr, error) {
	text := t.stored.defaults[strings.ToLower(name)]
	if text == "" {
		return &sql.NullLit{At: sql.At{Pos: at.Span()}}, nil
	}
	return sql.ParseExpr(&errs.Source{Name: "the default of " + name, Text: text})
}

// commentOn changes the comment of a table, view or schema.
func (s *Session) commentOn(ctx context.Context, at scope, st *sql.CommentOn) error {
	if st.Schema {
		name := st.Name.Last().Name
		if !s.e.catalog.hasDatabase(name) {
			return s.noSchema(at, name, st.Name)
		}
		s.e.catalog.setComment(name, st.Text)
		return at.at(s.e.saveCatalog(), st.Span())
	}
	t, v, err := s.find(ctx, at, st.Name)
	switch {
	case err != nil:
		return err
	case v != nil:
		v.comment = st.Text
	case t.stored == nil:
		return errs.New("UNSUPPORTED_FEATURE", "%s belongs to a pipeline", t.Name()).State("0A000").At(at.src, st.Name.Span())
	default:
		t.stored.comment = st.Text
	}
	return at.at(s.e.saveCatalog(), st.Span())
}
