package analyze

import (
	"context"
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/vec"
)

// Env is what a query's meaning depends on besides its text.
type Env struct {
	Source *errs.Source // the text of the query
	// Resolve finds a table by its name's parts. Its errors (class TABLE_OR_VIEW_NOT_FOUND, with
	// near names) get the place if they have none.
	Resolve func(name []string, at errs.Span) (plan.Table, error)
	// View finds a view by its name's parts; nil if there are none. It is asked before Resolve.
	View func(name []string) (*View, bool)
	// Zone is the session time zone; nil is UTC.
	Zone *time.Location
	// Functions is nil for the built-in functions.
	Functions *fn.Registry
	// AllowStream permits FROM STREAM: a flow's query, not one for the shell.
	AllowStream bool
	// File finds the table that is a file or folder: SELECT … FROM parquet.`/data/x`. It answers false
	// if format names no file format; nil if there are none.
	File func(ctx context.Context, format, path string, at errs.Span) (plan.Table, bool, error)
	// Named and Positional are the values of parameters, of one row each.
	Named      func(name string) (vec.Col, bool)
	Positional []vec.Col
	// Variable is the value of a session variable, of one row; nil if there are none.
	Variable func(name string) (vec.Col, bool)
	// Database and User are what current_schema() and current_user() give.
	Database, User string
}

// functions is the registry in use.
func (e *Env) functions() *fn.Registry {
	if e.Functions == nil {
		return fn.Builtin()
	}
	return e.Functions
}

// scalar finds a scalar function.
func (e *Env) scalar(name string) (*fn.Scalar, bool) { return e.functions().Scalar(name) }

// aggregate finds an aggregate function.
func (e *Env) aggregate(name string) (*fn.Aggregate, bool) { return e.functions().Aggregate(name) }

// functionNames are all names, for "did you mean".
func (e *Env) functionNames() []string { return e.functions().Names() }

// View is a stored query with the text it was written in.
type View struct {
	Query   *sql.Query
	Source  *errs.Source
	Columns []string // names given by CREATE VIEW v (a, b); nil: the query's own
}

// Query analyzes a query. The plan's watermarks, streaming sources and stateful operators
// are numbered in the order of the text. Errors are *errs.Error with a place.
func Query(ctx context.Context, q *sql.Query, env Env) (plan.Node, error) {
	if env.Zone == nil {
		env.Zone = time.UTC
	}
	a := &analyzer{env: env, src: env.Source, folding: &fn.Context{Zone: env.Zone}, ctx: ctx}
	n, _, err := a.query(ctx, q, nil)
	if err != nil {
		return nil, err
	}
	if err := a.streamQueries(n); err != nil {
		return nil, err
	}
	return numberStateful(a.foldAll(n)), nil
}
