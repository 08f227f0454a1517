package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/file"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// connectorEnv is the world of a table's connector in a batch; what it rejects is logged.
func (s *Session) connectorEnv(t *Table) connector.Env {
	env := s.e.connectorEnv(&reporter{flow: t.Name(), clock: s.e.sys.Clock, log: s.e.log}, nil)
	s.mu.Lock()
	env.Zone, env.Sys = s.zone, s.sys
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
	static := st.Partition
	if len(st.Partition) > 0 {
		if st, err = s.withPartition(at, t, st); err != nil {
			return err
		}
	}
	if err := s.arity(ctx, at, t, st, static); err != nil {
		return err
	}
	kept := false
	if st.Overwrite && t.stored != nil && len(t.stored.partitions) > 0 {
		constant := slices.ContainsFunc(static, func(p sql.PartitionValue) bool { return p.X != nil })
		if dynamic := s.dynamicOverwrite(); dynamic || constant {
			if st, err = s.keepOthers(ctx, at, t, st, static, dynamic); err != nil {
				return err
			}
			kept = true
		}
	}
	n, err := analyze.Query(ctx, st.Query, s.e.env(ctx, at, false))
	if err != nil {
		return err
	}
	columns, err := s.targetColumns(ctx, t)
	if err != nil {
		return at.at(err, st.Table.Span())
	}
	into := analyze.Target{Name: t.Name(), Schema: columns, ByName: st.ByName, Source: at.src, At: st.Table.Span()}
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
		if !kept && s.reads(n, t) {
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
	if !errors.As(err, &e) || e.Class != "CAST_OVERFLOW" && !strings.HasPrefix(e.Class, "NUMERIC_VALUE_OUT_OF_RANGE") || e.Span != at {
		return err
	}
	d := *e
	d.Class, d.Hint = "CAST_OVERFLOW_IN_TABLE_INSERT", "take a column of a wider type, or leave such rows out"
	return &d
}

// reads reports whether a plan reads a table, or files of the table by another name.
func (s *Session) reads(n plan.Node, t *Table) bool {
	env := s.connectorEnv(t)
	found := false
	plan.Walk(n, func(n plan.Node) bool {
		if scan, ok := n.(*plan.Scan); ok {
			other, own := scan.Table.(*Table)
			found = found || own && (other == t ||
				hasOption(other.conn, "path") && hasOption(t.conn, "path") && file.Overlaps(env, other.declared(false), t.declared(false)))
		}
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
	if s.reads(n, t) {
		return errs.New("UNSUPPORTED_OVERWRITE.PATH", "the query reads %s, which it overwrites", t.options["path"]).State("42902").At(at.src, st.Span()).
			WithHint("write to another folder")
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
	release, err := s.e.lockTarget(ctx, t)
	if err != nil {
		return err
	}
	defer release()
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
			b, err = t.fits(b)
		}
		if err == nil {
			err = w.Write(ctx, b)
		}
		if err != nil {
			w.Abort(context.WithoutCancel(ctx))
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		w.Abort(context.WithoutCancel(ctx))
		return err
	}
	return w.Commit(ctx)
}

// lockTarget keeps other writes of this process from a table's files until release: one that reads
// the rows which it writes again would lose those that came meanwhile.
func (e *Engine) lockTarget(ctx context.Context, t *Table) (release func(), err error) {
	path, ok := t.options.Lookup("path")
	if !ok {
		return func() {}, nil
	}
	gate, _ := e.targets.LoadOrStore(strings.TrimRight(path, "/"), make(chan struct{}, 1))
	select {
	case gate.(chan struct{}) <- struct{}{}:
		return func() { <-gate.(chan struct{}) }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// written is the schema of what is written: the table's names, if it has any.
func written(t *Table, s types.Schema) types.Schema {
	if len(t.columns) > 0 {
		return t.columns
	}
	return s
}

// targetColumns are the columns that rows for a table must have: as declared, else as its connector
// finds them; none where there is nothing yet that has columns, or where any go, as in a raw topic.
func (s *Session) targetColumns(ctx context.Context, t *Table) (types.Schema, error) {
	if len(t.columns) > 0 || t.conn.Infer == nil {
		return t.columns, nil
	}
	found, err := s.readable(ctx, t)
	switch errs.ClassOf(err) {
	case "TABLE_OR_VIEW_NOT_FOUND", "PATH_NOT_FOUND", "UNABLE_TO_INFER_SCHEMA":
		return nil, nil // the write makes it
	}
	if err != nil {
		return nil, err
	}
	return found.Schema(), nil
}
