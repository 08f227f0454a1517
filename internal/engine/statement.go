package engine

import (
	"context"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sql"
)

// statement runs one statement of a script.
func (s *Session) statement(ctx context.Context, at scope, st sql.Statement) (Result, error) {
	switch st := st.(type) {
	case *sql.QueryStmt:
		return s.query(ctx, at, st.Query)
	case *sql.Explain:
		return s.explain(ctx, at, st)
	case *sql.Insert:
		return done(), s.insert(ctx, at, st)
	case *sql.InsertDir:
		return done(), s.insertDir(ctx, at, st)
	case *sql.CreateTable, *sql.CreateTableLike, *sql.CreateView, *sql.CreateSchema, *sql.Drop, *sql.DropSchema,
		*sql.AlterTable, *sql.AlterView, *sql.Truncate, *sql.CommentOn:
		return done(), s.define(ctx, at, st)
	case *sql.Show:
		return s.show(ctx, at, st)
	case *sql.Describe:
		return s.describe(ctx, at, st)
	case *sql.Set:
		return s.setStatement(at, st)
	case *sql.Reset:
		return done(), s.reset(st)
	case *sql.Use:
		return done(), s.use(at, st)
	case *sql.Declare, *sql.DropVariable, *sql.SetVariable:
		return done(), s.variables(ctx, at, st)
	case *sql.ExecuteImmediate:
		return s.immediate(ctx, at, st)
	case *sql.Cache, *sql.Uncache, *sql.Maintain:
		return done(), s.maintain(ctx, at, st)
	case *sql.CreateFlow, *sql.CreateDataset:
		return Result{}, errs.New("UNSUPPORTED_FEATURE.CREATE_FLOW_QUERY_EXECUTION", "flows and streaming tables are part of a pipeline").
			State("0A000").At(at.src, st.Span()).WithHint("put the statement into a pipeline's folder and start it with 'azud up --pipelines DIR'")
	}
	return Result{}, errs.New("UNSUPPORTED_FEATURE", "this statement cannot be run here").State("0A000").At(at.src, st.Span())
}

// define runs a statement that changes the catalog.
func (s *Session) define(ctx context.Context, at scope, st sql.Statement) error {
	switch st := st.(type) {
	case *sql.CreateTable:
		return s.createTable(ctx, at, st)
	case *sql.CreateTableLike:
		return s.createLike(ctx, at, st)
	case *sql.CreateView:
		return s.createView(ctx, at, st)
	case *sql.CreateSchema:
		return s.createSchema(at, st)
	case *sql.Drop:
		return s.drop(ctx, at, st)
	case *sql.DropSchema:
		return s.dropSchema(ctx, at, st)
	case *sql.AlterTable:
		return s.alterTable(ctx, at, st)
	case *sql.AlterView:
		return s.alterView(ctx, at, st)
	case *sql.Truncate:
		return s.truncate(ctx, at, st)
	case *sql.CommentOn:
		return s.commentOn(ctx, at, st)
	}
	return errs.New("INTERNAL_ERROR", "%T is no definition", st)
}
