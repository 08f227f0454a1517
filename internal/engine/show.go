package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// show is SHOW. Its columns are Spark's.
func (s *Session) show(ctx context.Context, at scope, st *sql.Show) (Result, error) {
	switch st.What {
	case "TABLES":
		return s.showTables(at, st)
	case "VIEWS":
		return s.showViews(at, st)
	case "SCHEMAS":
		var rows [][]any
		for _, n := range s.e.catalog.names() {
			if like(st, n) {
				rows = append(rows, []any{n})
			}
		}
		return s.rows(notNull("namespace"), rows), nil
	case "CURRENT SCHEMA":
		return s.rows(notNull("catalog", "namespace"), [][]any{{catalogName, at.database}}), nil
	case "CATALOGS":
		return s.rows(notNull("catalog"), [][]any{{catalogName}}), nil
	case "FUNCTIONS":
		return s.showFunctions(st), nil
	case "COLUMNS":
		return s.showColumns(ctx, at, st)
	case "CREATE TABLE":
		return s.showCreate(ctx, at, st)
	case "TBLPROPERTIES":
		return s.showProperties(ctx, at, st)
	case "PARTITIONS":
		return s.showPartitions(ctx, at, st)
	}
	return Result{}, errs.New("UNSUPPORTED_FEATURE", "SHOW %s is not supported", st.What).State("0A000").At(at.src, st.Span()).
		WithHint("SHOW TABLES, VIEWS, SCHEMAS, COLUMNS, FUNCTIONS, CREATE TABLE, TBLPROPERTIES, PARTITIONS and CATALOGS are")
}

// catalogName is Spark's name of the catalog that is always there.
const catalogName = "spark_catalog"

func notNull(names ...string) types.Schema {
	out := texts(names...)
	for i := range out {
		out[i].Nullable = false
	}
	return out
}

// showTables lists the tables and views of a schema, and the session's; without IN those that a bare
// name may mean: of the current schema and of pipelines.
func (s *Session) showTables(at scope, st *sql.Show) (Result, error) {
	dbs := s.e.catalog.reachable(at.database)
	if len(st.Name.Parts) > 0 {
		name := st.Name.Last().Name
		if !s.e.catalog.hasDatabase(name) {
			return Result{}, s.noSchema(at, name, st.Name)
		}
		dbs = []string{strings.ToLower(name)}
	}
	var rows [][]any
	for _, db := range dbs {
		tables, views, _ := s.e.catalog.contents(db)
		var names []string
		for _, t := range tables {
			names = append(names, t.name)
		}
		for _, v := range views {
			names = append(names, v.name)
		}
		slices.Sort(names)
		for _, n := range names {
			if like(st, n) {
				rows = append(rows, []any{db, n, false})
			}
		}
	}
	for _, n := range s.temporaryNames() {
		if like(st, n) {
			rows = append(rows, []any{"", n, true})
		}
	}
	columns := append(notNull("namespace", "tableName"), types.Field{Name: "isTemporary", Type: types.BooleanType})
	return s.rows(columns, rows), nil
}

func (s *Session) temporaryNames() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for k, v := range s.views.views {
		if !strings.HasPrefix(k, globalPrefix) {
			out = append(out, v.name)
		}
	}
	for _, t := range s.views.tables {
		out = append(out, t.name)
	}
	slices.Sort(out)
	return out
}

func (s *Session) showViews(at scope, st *sql.Show) (Result, error) {
	db := at.database
	if len(st.Name.Parts) > 0 {
		db = st.Name.Last().Name
	}
	if !s.e.catalog.hasDatabase(db) {
		return Result{}, s.noSchema(at, db, st.Name)
	}
	var rows [][]any
	_, views, _ := s.e.catalog.contents(db)
	for _, v := range views {
		if like(st, v.name) {
			rows = append(rows, []any{strings.ToLower(db), v.name, false})
		}
	}
	for _, n := range s.temporaryNames() {
		if like(st, n) {
			rows = append(rows, []any{"", n, true})
		}
	}
	columns := append(notNull("namespace", "viewName"), types.Field{Name: "isTemporary", Type: types.BooleanType})
	return s.rows(columns, rows), nil
}

func (s *Session) showFunctions(st *sql.Show) Result {
	var rows [][]any
	if st.Scope != "USER" {
		for _, name := range analyze.FunctionNames(functionTable()) {
			if like(st, name) {
				rows = append(rows, []any{name})
			}
		}
	}
	return s.rows(notNull("function"), rows)
}

// columnsOf is the columns of a table or view.
func (s *Session) columnsOf(ctx context.Context, at scope, n sql.Name) (types.Schema, *Table, *view, error) {
	t, v, err := s.find(ctx, at, n)
	if err != nil {
		return nil, nil, nil, err
	}
	if t != nil {
		if len(t.Schema()) == 0 {
			now, err := s.readable(ctx, t)
			if err != nil {
				return nil, nil, nil, at.at(err, n.Span())
			}
			return now.Schema(), t, nil, nil
		}
		return t.Schema(), t, nil, nil
	}
	q, err := analyze.Query(ctx, v.Query, s.e.env(ctx, scope{src: v.Source, database: at.database, session: s}, false))
	if err != nil {
		return nil, nil, nil, err
	}
	schema := plan.SchemaOf(q)
	for i := range v.Columns {
		schema[i].Name = v.Columns[i]
	}
	return schema, nil, v, nil
}

func (s *Session) showColumns(ctx context.Context, at scope, st *sql.Show) (Result, error) {
	schema, _, _, err := s.columnsOf(ctx, at, st.Name)
	if err != nil {
		return Result{}, err
	}
	var rows [][]any
	for _, f := range schema {
		rows = append(rows, []any{f.Name})
	}
	return s.rows(notNull("col_name"), rows), nil
}

func (s *Session) showProperties(ctx context.Context, at scope, st *sql.Show) (Result, error) {
	t, _, err := s.find(ctx, at, st.Name)
	if err != nil {
		return Result{}, err
	}
	properties := map[string]string{}
	if t != nil && t.stored != nil {
		properties = t.stored.properties
	}
	columns := notNull("key", "value")
	if st.Key != "" {
		v, ok := properties[st.Key]
		if !ok {
			v = "Table " + catalogName + "." + full(st.Name, at.database) + " does not have property: " + st.Key
		}
		return s.rows(columns, [][]any{{st.Key, v}}), nil
	}
	var rows [][]any
	for _, k := range sortedKeys(properties) {
		rows = append(rows, []any{k, properties[k]})
	}
	return s.rows(columns, rows), nil
}

// full is a name with its schema.
func full(n sql.Name, database string) string {
	if len(n.Parts) > 1 {
		return n.String()
	}
	return quoteName(database) + "." + n.String()
}
