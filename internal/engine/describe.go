package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// describe is DESCRIBE. Its columns are Spark's.
func (s *Session) describe(ctx context.Context, at scope, st *sql.Describe) (Result, error) {
	switch st.What {
	case "TABLE":
		return s.describeTable(ctx, at, st)
	case "QUERY":
		n, err := analyze.Query(ctx, st.Query, s.e.env(ctx, at, false))
		if err != nil {
			return Result{}, err
		}
		return s.columnRows(plan.SchemaOf(n), nil), nil
	case "SCHEMA":
		return s.describeSchema(at, st)
	case "FUNCTION":
		return s.describeFunction(at, st)
	}
	return Result{}, errs.New("UNSUPPORTED_FEATURE", "DESCRIBE %s is not supported", st.What).State("0A000").At(at.src, st.Span())
}

func describeColumns() types.Schema {
	return types.Schema{{Name: "col_name", Type: types.StringType}, {Name: "data_type", Type: types.StringType},
		{Name: "comment", Type: types.StringType, Nullable: true}}
}

func (s *Session) columnRows(schema types.Schema, comments map[string]string) Result {
	return s.rows(describeColumns(), columnList(schema, comments))
}

func columnList(schema types.Schema, comments map[string]string) [][]any {
	var rows [][]any
	for _, f := range schema {
		var comment any
		if c, ok := comments[strings.ToLower(f.Name)]; ok {
			comment = c
		}
		rows = append(rows, []any{f.Name, fmt.Sprint(f.Type), comment})
	}
	return rows
}

// withLengths shows CHAR(n) and VARCHAR(n) as they were declared.
func withLengths(rows [][]any, t *Table) [][]any {
	if t == nil || t.stored == nil {
		return rows
	}
	for _, r := range rows {
		if n, ok := t.stored.lengths[strings.ToLower(r[0].(string))]; ok {
			r[1] = strings.ToLower(n.String())
		}
	}
	return rows
}

func (s *Session) describeTable(ctx context.Context, at scope, st *sql.Describe) (Result, error) {
	schema, t, v, err := s.columnsOf(ctx, at, st.Name)
	if err != nil {
		return Result{}, err
	}
	var comments map[string]string
	switch {
	case v != nil:
		comments = v.comments
	case t.stored != nil:
		comments = t.stored.comments
	}
	if len(st.Column.Parts) > 0 {
		return s.describeColumn(at, st, schema, comments)
	}
	rows := withLengths(columnList(schema, comments), t)
	if t != nil && t.stored != nil && len(t.stored.partitions) > 0 {
		rows = append(rows, []any{"# Partition Information", "", ""}, []any{"# col_name", "data_type", "comment"})
		var parts types.Schema
		for _, p := range t.stored.partitions {
			parts = append(parts, schema[schema.Index(p)])
		}
		rows = append(rows, columnList(parts, comments)...)
	}
	if st.Extended {
		rows = append(rows, s.details(t, v)...)
	}
	return s.rows(describeColumns(), rows), nil
}

// details is what DESCRIBE EXTENDED adds.
func (s *Session) details(t *Table, v *view) [][]any {
	rows := [][]any{{"", "", ""}, {"# Detailed Table Information", "", ""}, {"Catalog", catalogName, ""}}
	add := func(k, v string) {
		if v != "" {
			rows = append(rows, []any{k, v, ""})
		}
	}
	if v != nil {
		add("Table", v.name)
		add("Type", "VIEW")
		add("Comment", v.comment)
		add("View Text", v.text)
		return rows
	}
	add("Database", t.database)
	add("Table", t.name)
	add("Provider", t.conn.Name)
	if t.stored != nil {
		kind := "EXTERNAL"
		if t.stored.managed {
			kind = "MANAGED"
		}
		add("Type", kind)
		add("Comment", t.stored.comment)
	}
	for _, k := range sortedKeys(t.options) {
		add(k, t.options[k])
	}
	return rows
}

func (s *Session) describeColumn(at scope, st *sql.Describe, schema types.Schema, comments map[string]string) (Result, error) {
	name := st.Column.Last().Name
	i := schema.Index(name)
	if i < 0 || len(st.Column.Parts) > 1 {
		e := errs.New("COLUMN_NOT_FOUND", "%s has no column `%s`", st.Name, name).State("42703").At(at.src, st.Column.Span())
		if near := errs.Near(name, schema.Names()); len(near) > 0 {
			e.WithHint("did you mean %s?", strings.Join(near, ", "))
		}
		return Result{}, e
	}
	comment, ok := comments[strings.ToLower(name)]
	if !ok {
		comment = "NULL"
	}
	return s.rows(notNull("info_name", "info_value"), [][]any{{"col_name", schema[i].Name}, {"data_type", fmt.Sprint(schema[i].Type)}, {"comment", comment}}), nil
}

func (s *Session) describeSchema(at scope, st *sql.Describe) (Result, error) {
	name := st.Name.Last().Name
	if !s.e.catalog.hasDatabase(name) {
		return Result{}, s.noSchema(at, name, st.Name)
	}
	return s.rows(notNull("info_name", "info_value"), [][]any{{"Catalog Name", catalogName}, {"Namespace Name", strings.ToLower(name)}}), nil
}

func (s *Session) describeFunction(at scope, st *sql.Describe) (Result, error) {
	f, ok := analyze.DescribeFunction(functionTable(), st.Name.Last().Name)
	if !ok {
		e := errs.New("UNRESOLVED_ROUTINE", "there is no function `%s`", st.Name.Last().Name).State("42883").At(at.src, st.Name.Span())
		if near := errs.Near(st.Name.Last().Name, analyze.FunctionNames(functionTable())); len(near) > 0 {
			e.WithHint("did you mean %s?", strings.Join(near, ", "))
		}
		return Result{}, e
	}
	rows := [][]any{{"Function: " + f.Name}, {"Usage: " + f.Usage + " - " + f.Doc}}
	if st.Extended && f.Example != "" {
		rows = append(rows, []any{"Example: " + f.Example + " gives " + f.Result})
	}
	return s.rows(notNull("function_desc"), rows), nil
}

// lines is a text as rows of one column.
func (s *Session) lines(name, text string) Result {
	var rows [][]any
	for line := range strings.Lines(text) {
		rows = append(rows, []any{strings.TrimRight(line, "\n")})
	}
	return s.rows(notNull(name), rows)
}

// immediate is EXECUTE IMMEDIATE: a statement whose text is computed.
func (s *Session) immediate(ctx context.Context, at scope, st *sql.ExecuteImmediate) (Result, error) {
	text, err := s.constant(ctx, at, st.Text, &types.StringType)
	if err != nil {
		return Result{}, err
	}
	if text.IsNull(0) {
		return Result{}, errs.New("NULL_QUERY_STRING_EXECUTE_IMMEDIATE", "the text of EXECUTE IMMEDIATE is NULL").State("22004").At(at.src, st.Text.Span())
	}
	args := Args{Named: map[string]vec.Col{}}
	for _, u := range st.Using {
		v, err := s.constant(ctx, at, u.X, nil)
		if err != nil {
			return Result{}, err
		}
		if len(u.Alias) > 0 {
			args.Named[u.Alias[0].Name] = v
		} else {
			args.Positional = append(args.Positional, v)
		}
	}
	src := &errs.Source{Name: "EXECUTE IMMEDIATE", Text: text.Str(0)}
	list, err := sql.Parse(src)
	if err != nil {
		return Result{}, err
	}
	if len(list) != 1 {
		return Result{}, errs.New("INVALID_STATEMENT_FOR_EXECUTE_INTO", "EXECUTE IMMEDIATE runs one statement, not %d", len(list)).State("07501").At(at.src, st.Text.Span())
	}
	if _, again := list[0].(*sql.ExecuteImmediate); again {
		return Result{}, errs.New("NESTED_EXECUTE_IMMEDIATE", "EXECUTE IMMEDIATE cannot run another").State("07501").At(at.src, st.Text.Span())
	}
	inner := scope{src: src, database: at.database, session: s, args: args}
	if len(st.Into) == 0 {
		return s.statement(ctx, inner, list[0])
	}
	q, ok := list[0].(*sql.QueryStmt)
	if !ok {
		return Result{}, errs.New("INVALID_STATEMENT_FOR_EXECUTE_INTO", "INTO needs a query").State("07501").At(at.src, st.Span())
	}
	return done(), s.setVariables(ctx, inner, &sql.SetVariable{At: sql.At{Pos: errs.Span{}}, Targets: st.Into, Query: q.Query})
}
