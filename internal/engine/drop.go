package engine

import (
	"context"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sql"
)

// find finds a table or a view, temporary ones first. Exactly one of the two is set.
func (s *Session) find(ctx context.Context, at scope, n sql.Name) (*Table, *view, error) {
	if v, t := s.temporary(n.Strings()); v != nil || t != nil {
		return t, v, nil
	}
	if v, ok := s.e.catalog.view(n.Strings(), at.database); ok {
		return nil, v, nil
	}
	t, err := s.e.catalog.table(n.Strings(), at.database)
	return t, nil, at.at(err, n.Span())
}

// drop is DROP TABLE and DROP VIEW. A managed table's files go with it.
func (s *Session) drop(ctx context.Context, at scope, st *sql.Drop) error {
	t, v, err := s.find(ctx, at, st.Name)
	switch {
	case err != nil && st.IfExists && errs.ClassOf(err) == "TABLE_OR_VIEW_NOT_FOUND":
		return nil
	case err != nil:
		return err
	case st.View && v == nil && t.stored != nil:
		return errs.New("WRONG_COMMAND_FOR_OBJECT_TYPE", "%s is a table, not a view", st.Name).State("42809").At(at.src, st.Name.Span()).
			WithHint("write DROP TABLE")
	}
	if s.dropTemporary(st.Name) {
		return nil
	}
	if t != nil {
		if t.stored == nil {
			return errs.New("UNSUPPORTED_FEATURE", "%s belongs to a pipeline", t.Name()).State("0A000").At(at.src, st.Name.Span()).
				WithHint("take it out of the pipeline's files")
		}
	}
	s.e.catalog.drop(st.Name.Strings(), at.database)
	if err := s.e.saveCatalog(); err != nil || t == nil {
		return at.at(err, st.Name.Span())
	}
	return at.at(s.dropFiles(t), st.Name.Span()) // last: a name without files would be worse than files without a name
}

func (s *Session) dropTemporary(n sql.Name) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, ok := temporaryKey(n.Strings())
	if !ok || !s.views.has(key) {
		return false
	}
	delete(s.views.views, key)
	delete(s.views.tables, key)
	return true
}

// dropFiles removes the files of a managed table.
func (s *Session) dropFiles(t *Table) error {
	if !t.stored.managed {
		return nil
	}
	if err := s.e.sys.FS.RemoveAll(t.options["path"]); err != nil {
		return errs.Wrap(err, "TABLE_NOT_REMOVED", "the files of %s cannot be removed", t.Name())
	}
	return nil
}

// truncate removes a table's rows.
func (s *Session) truncate(ctx context.Context, at scope, st *sql.Truncate) error {
	t, v, err := s.find(ctx, at, st.Name)
	switch {
	case err != nil:
		return err
	case v != nil:
		return errs.New("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "%s is a view, not a table", st.Name).State("42809").At(at.src, st.Name.Span())
	case len(st.Partition) > 0 || t.conn.Save == nil:
		return errs.New("UNSUPPORTED_FEATURE", "this table cannot be truncated").State("0A000").At(at.src, st.Span())
	}
	release, err := s.e.lockTarget(ctx, t)
	if err != nil {
		return at.at(err, st.Name.Span())
	}
	defer release()
	sink, err := t.conn.Save(ctx, s.connectorEnv(t), t.declared(false))
	if err != nil {
		return at.at(err, st.Name.Span())
	}
	defer sink.Close()
	w, err := sink.Begin(ctx, t.Schema(), connector.SaveOverwrite)
	if err == nil && w != nil {
		err = w.Commit(ctx)
	}
	return at.at(err, st.Name.Span())
}

// createSchema makes a schema for tables.
func (s *Session) createSchema(at scope, st *sql.CreateSchema) error {
	name := st.Name.Last().Name
	if err := checkName(at, st.Name); err != nil {
		return err
	}
	if s.e.catalog.hasDatabase(name) {
		if st.IfNotExists {
			return nil
		}
		return errs.New("SCHEMA_ALREADY_EXISTS", "the schema %s exists already", name).State("42P06").At(at.src, st.Name.Span()).
			WithHint("write CREATE SCHEMA IF NOT EXISTS")
	}
	if st.Location != "" {
		return errs.New("UNSUPPORTED_FEATURE", "a schema has no LOCATION of its own").State("0A000").At(at.src, st.Span())
	}
	s.e.catalog.makeDatabase(name, st.Comment)
	return at.at(s.e.saveCatalog(), st.Name.Span())
}

// dropSchema removes a schema that CREATE SCHEMA made, with CASCADE its tables as well.
func (s *Session) dropSchema(ctx context.Context, at scope, st *sql.DropSchema) error {
	name := st.Name.Last().Name
	if !s.e.catalog.hasDatabase(name) {
		if st.IfExists {
			return nil
		}
		return s.noSchema(at, name, st.Name)
	}
	tables, views, made := s.e.catalog.contents(name)
	switch {
	case !made || strings.EqualFold(name, defaultDatabase):
		return errs.New("UNSUPPORTED_FEATURE", "the schema %s cannot be dropped", name).State("0A000").At(at.src, st.Name.Span())
	case len(tables)+len(views) > 0 && !st.Cascade:
		return errs.New("SCHEMA_NOT_EMPTY", "the schema %s holds tables or views", name).State("2BP01").At(at.src, st.Name.Span()).
			WithHint("write DROP SCHEMA %s CASCADE", name)
	}
	s.e.catalog.remove(name)
	err := s.e.saveCatalog()
	for _, t := range tables {
		if err == nil {
			err = s.dropFiles(t)
		}
	}
	return at.at(err, st.Name.Span())
}

func (s *Session) noSchema(at scope, name string, n sql.Name) error {
	e := errs.New("SCHEMA_NOT_FOUND", "there is no schema %s", name).State("42704").At(at.src, n.Span())
	if near := errs.Near(name, s.e.catalog.names()); len(near) > 0 {
		return e.WithHint("did you mean %s?", strings.Join(near, ", "))
	}
	return e.WithHint("write CREATE SCHEMA %s", name)
}

// use changes the schema of bare names.
func (s *Session) use(at scope, st *sql.Use) error {
	name := st.Name.Last().Name
	if st.Catalog || strings.EqualFold(name, "spark_catalog") {
		if strings.EqualFold(name, "spark_catalog") {
			return nil
		}
		return errs.New("CATALOG_NOT_FOUND", "there is no catalog %s", name).State("42P08").At(at.src, st.Name.Span()).
			WithHint("the only one is spark_catalog")
	}
	if !s.e.catalog.hasDatabase(name) {
		return s.noSchema(at, name, st.Name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = name
	return nil
}

// maintain accepts the statements about caches and statistics, which need no care here.
func (s *Session) maintain(ctx context.Context, at scope, st sql.Statement) error {
	switch st := st.(type) {
	case *sql.Cache:
		if st.Query != nil {
			return s.createView(ctx, at, &sql.CreateView{At: st.At, Temporary: true, Name: st.Name, Query: st.Query, Text: st.Text})
		}
		_, _, err := s.find(ctx, at, st.Name)
		return err
	case *sql.Uncache:
		if _, _, err := s.find(ctx, at, st.Name); err != nil && !st.IfExists {
			return err
		}
	case *sql.Maintain:
		if len(st.Name.Parts) == 0 || st.What == "REFRESH" || st.What == "REFRESH FUNCTION" {
			return nil
		}
		if st.What == "ANALYZE TABLES" {
			if !s.e.catalog.hasDatabase(st.Name.Last().Name) {
				return s.noSchema(at, st.Name.Last().Name, st.Name)
			}
			return nil
		}
		_, _, err := s.find(ctx, at, st.Name)
		return err
	}
	return nil
}
