package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// connectorEnv is the world of a table's connector in a batch; what it rejects is logged.
func (s *Session) connectorEnv(t *Table) connector.Env {
	env := s.e.connectorEnv(&reporter{flow: t.Name(), clock: s.e.sys.Clock, log: s.e.log}, nil)
	s.mu.Lock()
	env.Zone = s.zone
	s.mu.Unlock()
	return env
}

// insert is INSERT INTO and INSERT OVERWRITE.
func (s *Session) insert(ctx context.Context, at scope, st *sql.Insert) error {
	t, v, err := s.find(ctx, at, st.Table)
	switch {
	case err != nil:
		return err
	case v != nil:
		return errs.New("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "%s is a view, and rows go into tables", st.Table).State("42809").At(at.src, st.Table.Span())
	case st.ReplaceWhere != nil:
		return errs.New("UNSUPPORTED_FEATURE", "INSERT INTO … REPLACE WHERE is not supported").State("0A000").At(at.src, st.ReplaceWhere.Span()).
			WithHint("write INSERT OVERWRITE with all the rows that shall be there")
	}
	if t.stored != nil && len(t.stored.defaults) > 0 {
		if st, err = s.withDefaults(at, t, st); err != nil {
			return err
		}
	}
	if len(st.Partition) > 0 {
		if st, err = s.withPartition(at, t, st); err != nil {
			return err
		}
	}
	n, err := analyze.Query(ctx, st.Query, s.e.env(ctx, at, false))
	if err != nil {
		return err
	}
	into := analyze.Target{Name: t.Name(), Schema: t.Schema(), ByName: st.ByName, Source: at.src, At: st.Table.Span()}
	for _, c := range st.Columns {
		if slices.ContainsFunc(into.Columns, func(n string) bool { return strings.EqualFold(n, c.Name) }) {
			return errs.New("COLUMN_ALREADY_EXISTS", "the column %s is named twice", c.Name).State("42711").At(at.src, c.Span())
		}
		into.Columns = append(into.Columns, c.Name)
	}
	if n, err = analyze.Insert(into, n); err != nil {
		return err
	}
	mode := connector.SaveAppend
	if st.Overwrite {
		mode = connector.SaveOverwrite
		if reads(n, t) {
			return errs.New("UNSUPPORTED_OVERWRITE.TABLE", "the query reads %s, which it overwrites", t.Name()).State("42902").At(at.src, st.Table.Span()).
				WithHint("write the rows to another table first")
		}
	}
	return overflow(at.at(s.write(ctx, at, t, n, mode), st.Table.Span()), st.Table.Span())
}

// overflow gives a value that does not fit into its column the class that Spark has for it: the
// casts that an INSERT adds stand at its table's name.
func overflow(err error, at errs.Span) error {
	var e *errs.Error
	if !errors.As(err, &e) || e.Class != "CAST_OVERFLOW" || e.Span != at {
		return err
	}
	d := *e
	d.Class, d.Hint = "CAST_OVERFLOW_IN_TABLE_INSERT", "take a column of a wider type, or leave such rows out"
	return &d
}

// withPartition puts the constant values of PARTITION (…) at the end of the query's columns.
func (s *Session) withPartition(at scope, t *Table, st *sql.Insert) (*sql.Insert, error) {
	if t.stored == nil || len(t.stored.partitions) == 0 {
		return nil, errs.New("INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY", "%s has no partitions", t.Name()).State("42601").
			At(at.src, st.Partition[0].Span()).WithHint("leave PARTITION (…) out")
	}
	d := *st
	d.Partition, d.Columns = nil, nil
	outer := &sql.Select{At: st.At, From: []sql.Relation{&sql.SubqueryRef{At: sql.At{Pos: st.Query.Span()}, Query: st.Query}}}
	outer.Items = []sql.SelectItem{{At: st.At, X: &sql.Star{At: st.At}}}
	given := map[string]bool{}
	for _, p := range st.Partition {
		if !slices.ContainsFunc(t.stored.partitions, func(c string) bool { return strings.EqualFold(c, p.Name.Name) }) {
			return nil, errs.New("NON_PARTITION_COLUMN", "%s is not a partition column of %s", p.Name.Name, t.Name()).State("42000").At(at.src, p.Span()).
				WithHint("its partition columns are %s", strings.Join(t.stored.partitions, ", "))
		}
		if p.X != nil {
			given[strings.ToLower(p.Name.Name)] = true
			column := t.Schema()[t.Schema().Index(p.Name.Name)]
			outer.Items = append(outer.Items, sql.SelectItem{At: p.At, X: &sql.Cast{At: p.At, X: p.X, Type: column.Type}, Alias: []sql.Ident{p.Name}})
		}
	}
	if !st.ByName { // the order in which values stand: the query's columns, then the constants
		for _, c := range t.Schema() {
			if !given[strings.ToLower(c.Name)] {
				d.Columns = append(d.Columns, sql.Ident{At: st.At, Name: c.Name})
			}
		}
		for _, p := range st.Partition {
			if p.X != nil {
				d.Columns = append(d.Columns, p.Name)
			}
		}
	}
	d.Query = &sql.Query{At: sql.At{Pos: st.Query.Span()}, Body: outer}
	return &d, nil
}

// reads reports whether a plan reads a table.
func reads(n plan.Node, t *Table) bool {
	found := false
	plan.Walk(n, func(n plan.Node) bool {
		s, ok := n.(*plan.Scan)
		found = found || ok && s.Table == plan.Table(t)
		return !found
	})
	return found
}

// insertDir is INSERT OVERWRITE DIRECTORY: a batch report.
func (s *Session) insertDir(ctx context.Context, at scope, st *sql.InsertDir) error {
	create := &sql.CreateTable{At: st.At, Name: sql.Name{At: st.At, Parts: []sql.Ident{{At: st.At, Name: "directory"}}},
		Using: st.Using, Options: st.Options, Location: st.Path}
	using := defaultFormat
	if len(st.Using.Parts) > 0 {
		using = st.Using.String()
	}
	t, err := s.e.newTable(at, create, using)
	if err != nil {
		return err
	}
	n, err := analyze.Query(ctx, st.Query, s.e.env(ctx, at, false))
	if err != nil {
		return err
	}
	return at.at(s.write(ctx, at, t, n, connector.SaveOverwrite), st.Span())
}

// write runs an analyzed query and gives its rows to a table's connector.
func (s *Session) write(ctx context.Context, at scope, t *Table, n plan.Node, mode connector.SaveMode) error {
	if t.conn.Save == nil {
		return errs.New("UNSUPPORTED_FEATURE", "a query cannot write to %s", t.conn.Name).State("0A000").
			WithHint("a flow can: CREATE FLOW … AS INSERT INTO … BY NAME SELECT … in a pipeline")
	}
	n, err := s.optimized(ctx, n)
	if err != nil {
		return err
	}
	sink, err := t.conn.Save(ctx, s.connectorEnv(t), t.declared(false))
	if err != nil {
		return err
	}
	defer sink.Close()
	w, err := sink.Begin(ctx, written(t, plan.SchemaOf(n)), mode)
	if err != nil || w == nil {
		return err
	}
	for b, err := range s.run(ctx, at, n) {
		if err == nil {
			err = t.fits(b)
		}
		if err == nil {
			err = w.Write(ctx, b)
		}
		if err != nil {
			w.Abort(context.WithoutCancel(ctx))
			return err
		}
	}
	return w.Commit(ctx)
}

// written is the schema of what is written: the table's names, if it has any.
func written(t *Table, s types.Schema) types.Schema {
	if len(t.columns) > 0 {
		return t.columns
	}
	return s
}

// fits refuses texts that are too long for their CHAR or VARCHAR columns.
func (t *Table) fits(b *vec.Batch) error {
	if t.stored == nil || len(t.stored.lengths) == 0 {
		return nil
	}
	for i, f := range t.columns {
		most, ok := t.stored.lengths[strings.ToLower(f.Name)]
		if !ok || i >= len(b.Cols) {
			continue
		}
		for row := range b.Each() {
			if b.Cols[i].IsNull(row) {
				continue
			}
			if n := len([]rune(strings.TrimRight(b.Cols[i].Str(row), " "))); n > most.n {
				return errs.New("EXCEED_LIMIT_LENGTH", "a text of %d characters does not fit into the column %s, which takes %d", n, f.Name, most.n).
					State("54006").WithHint("shorten it: left(%s, %d)", f.Name, most.n)
			}
		}
	}
	return nil
}
