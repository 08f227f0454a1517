package engine

import (
	"context"
	"errors"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// scope is where a statement stands: its text, its database and, in a session, what it shares
// with the session's other statements.
type scope struct {
	src      *errs.Source
	database string
	session  *Session // nil in a pipeline
	args     Args
}

// at gives an error the place of a node, unless it has one.
func (s scope) at(err error, span errs.Span) error {
	var e *errs.Error
	if errors.As(err, &e) && e.Source == nil {
		return e.At(s.src, span)
	}
	return err
}

// createTable declares a source or a sink of a pipeline.
func (e *Engine) createTable(s scope, st *sql.CreateTable) error {
	switch {
	case st.Query != nil:
		return errs.New("UNSUPPORTED_FEATURE", "CREATE TABLE … AS SELECT is not supported in a pipeline").At(s.src, st.Span()).
			WithHint("declare the table, and write it with CREATE FLOW … AS INSERT INTO … BY NAME SELECT …")
	case len(st.Using.Parts) == 0:
		return errs.New("MISSING_CONNECTOR", "CREATE TABLE %s says no connector", st.Name).At(s.src, st.Name.Span()).
			WithHint("add USING kafka, http, alert, console or memory")
	case st.OrReplace, st.Location != "", len(st.PartitionBy) > 0:
		return errs.New("UNSUPPORTED_FEATURE", "OR REPLACE, LOCATION and PARTITIONED BY are not supported for a pipeline's tables").At(s.src, st.Span())
	}
	t, err := e.newTable(s, st, st.Using.String())
	if err != nil {
		return err
	}
	if len(t.columns) == 0 && t.conn.Source != nil && t.conn.Schema != nil && t.conn.Sink == nil {
		if t.columns, err = t.conn.Schema(t.declared(true)); err != nil {
			return s.at(err, st.Span())
		}
	}
	return s.at(e.catalog.addTable(t, st.IfNotExists), st.Name.Span())
}

// newTable makes a table of its declaration; it is in no catalog yet.
func (e *Engine) newTable(s scope, st *sql.CreateTable, using string) (*Table, error) {
	conn, err := e.connectors.find(using)
	if err != nil {
		return nil, s.at(err, st.Using.Span())
	}
	options, err := s.options(st.Options)
	if err != nil {
		return nil, err
	}
	if st.Location != "" {
		options["path"] = st.Location
	}
	if s.session != nil {
		if err := s.session.allowed(conn, options); err != nil {
			return nil, s.at(err, st.Span())
		}
	}
	t := &Table{e: e, database: s.database, name: st.Name.Last().Name, conn: conn, options: options}
	if len(st.Name.Parts) > 1 {
		t.database = st.Name.Parts[len(st.Name.Parts)-2].Name
	}
	if t.columns, err = s.columns(st.Columns); err != nil {
		return nil, err
	}
	return t, s.at(conn.Check(options), s.optionAt(st, conn.Check(options)))
}

// columns reads a table's columns.
func (s scope) columns(list []sql.ColumnDef) (types.Schema, error) {
	var out types.Schema
	for _, c := range list {
		if c.Default != nil && s.session == nil {
			return nil, errs.New("UNSUPPORTED_FEATURE", "a default value of a column is not supported").At(s.src, c.Span())
		}
		if out.Index(c.Name.Name) >= 0 {
			return nil, errs.New("COLUMN_ALREADY_EXISTS", "the column %s is declared twice", c.Name.Name).State("42711").At(s.src, c.Span())
		}
		out = append(out, types.Field{Name: c.Name.Name, Type: c.Type, Nullable: !c.NotNull})
	}
	return out, nil
}

// options reads OPTIONS.
func (s scope) options(list []sql.Option) (connector.Options, error) {
	out := connector.Options{}
	for _, o := range list {
		if _, twice := out.Lookup(o.Key); twice {
			return nil, errs.New("DUPLICATE_KEY", "option %s is given twice", o.Key).State("23505").At(s.src, o.Span())
		}
		out[o.Key] = o.Value
	}
	return out, nil
}

// optionAt is the place of the option that an error of Check names, else the statement's.
func (s scope) optionAt(st *sql.CreateTable, err error) errs.Span {
	if err == nil {
		return errs.Span{}
	}
	for _, o := range st.Options {
		if strings.Contains(err.Error(), `"`+o.Key+`"`) || strings.Contains(err.Error(), "option "+o.Key+":") {
			return o.Span()
		}
	}
	return st.Name.Span()
}

// createView stores a query under a name.
func (e *Engine) createView(s scope, st *sql.CreateView) error {
	if st.Query == nil || st.Global {
		return errs.New("UNSUPPORTED_FEATURE", "only CREATE [TEMPORARY] VIEW … AS query is supported").At(s.src, st.Span())
	}
	return s.at(e.catalog.addView(s.database, newView(s, st), st.OrReplace, st.IfNotExists), st.Name.Span())
}

func newView(s scope, st *sql.CreateView) *view {
	v := &view{View: analyze.View{Query: st.Query, Source: s.src}, name: st.Name.Last().Name, comment: st.Comment, text: st.Text,
		comments: map[string]string{}}
	for _, c := range st.Columns {
		v.Columns = append(v.Columns, c.Name.Name)
		if c.Comment != "" {
			v.comments[strings.ToLower(c.Name.Name)] = c.Comment
		}
	}
	return v
}

// env is how names in a query of this scope are resolved. streams says whether FROM STREAM
// is allowed.
func (e *Engine) env(ctx context.Context, s scope, streams bool) analyze.Env {
	env := analyze.Env{
		Source: s.src, Zone: e.zone, AllowStream: streams, Functions: functionTable(), Resolve: e.resolver(ctx, s),
		View: func(name []string) (*analyze.View, bool) {
			if v, ok := e.catalog.view(name, s.database); ok {
				return &v.View, true
			}
			return nil, false
		},
	}
	if s.session != nil {
		s.session.extend(ctx, s, &env)
	}
	return env
}
