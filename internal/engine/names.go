package engine

import (
	"context"
	"strings"
	"unicode"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/vec"
)

// extend adds to a query's environment what a session knows: its zone, temporary views, variables
// and parameters, and files as tables.
func (s *Session) extend(ctx context.Context, at scope, env *analyze.Env) {
	s.mu.Lock()
	env.Zone = s.zone
	s.mu.Unlock()
	env.Database, env.User = at.database, s.user()
	env.File = s.fileTable
	env.Variable = s.variableValue
	env.Positional = at.args.Positional
	env.Named = func(name string) (vec.Col, bool) {
		for k, v := range at.args.Named {
			if strings.EqualFold(k, name) {
				return v, true
			}
		}
		return vec.Col{}, false
	}
	view, resolve := env.View, env.Resolve
	env.View = func(name []string) (*analyze.View, bool) {
		if v, _ := s.temporary(name); v != nil {
			return &v.View, true
		}
		return view(name)
	}
	env.Resolve = func(name []string, span errs.Span) (plan.Table, error) {
		if _, t := s.temporary(name); t != nil {
			return s.readable(ctx, t)
		}
		return resolve(name, span)
	}
}

// temporary finds a temporary view, which hides tables of its name.
func (s *Session) temporary(name []string) (*view, *Table) {
	key, ok := temporaryKey(name)
	if !ok {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.views.views[key], s.views.tables[key]
}

// globalPrefix comes before the keys of global temporary views, which are named with their schema.
const globalPrefix = "global_temp."

// temporaryKey is the key of a temporary view's name.
func temporaryKey(name []string) (string, bool) {
	switch {
	case len(name) == 1:
		return strings.ToLower(name[0]), true
	case len(name) == 2 && strings.EqualFold(name[0], "global_temp"):
		return globalPrefix + strings.ToLower(name[1]), true
	}
	return "", false
}

func (s *Session) variableValue(name string) (vec.Col, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.vars[strings.ToLower(name)]; v != nil {
		return v.value, true
	}
	return vec.Col{}, false
}

// user is who runs the process, as the system says.
func (s *Session) user() string {
	for _, name := range []string{"USER", "USERNAME", "LOGNAME"} {
		if v, ok := s.e.sys.Env(name); ok && v != "" {
			return v
		}
	}
	return "azud"
}

// fileTable is the table that a path is: parquet.`/data/x`.
func (s *Session) fileTable(ctx context.Context, format, path string, _ errs.Span) (plan.Table, bool, error) {
	conn, err := s.e.connectors.find(format)
	if err != nil || conn.Batch == nil || conn.Infer == nil || !hasOption(conn, "path") {
		return nil, false, nil
	}
	if err := s.allowed(conn, connector.Options{"path": path}); err != nil {
		return nil, true, err
	}
	t := &Table{e: s.e, database: strings.ToLower(format), name: path, conn: conn, options: connector.Options{"path": path}}
	found, err := s.readable(ctx, t)
	return found, true, err
}

// hasOption reports whether a connector has an option.
func hasOption(c *connector.Connector, name string) bool {
	for _, o := range c.Options {
		if strings.EqualFold(o.Name, name) {
			return true
		}
	}
	return false
}

// allowed refuses what a confined session must not reach: files, and databases that the owner of the
// process may have a password for.
func (s *Session) allowed(c *connector.Connector, o connector.Options) error {
	if !s.confined || c.Batch == nil || c.Name == "kafka" {
		return nil
	}
	if _, named := o.Lookup("path"); hasOption(c, "path") && !named {
		if _, more := o.Lookup("paths"); !more {
			return nil // a table in the warehouse
		}
	}
	return errs.New("FILES_NOT_ALLOWED", "a request without the token of the data directory can name neither files nor databases").State("42501").
		WithHint("'azud sql' sends it; others find it in daemon.json of the data directory, for the header Azud-Token")
}

// checkName refuses names that could not be those of folders. Spark: INVALID_SCHEMA_OR_RELATION_NAME.
func checkName(at scope, n sql.Name) error {
	for _, p := range n.Parts {
		for _, c := range p.Name {
			if c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) {
				return errs.New("INVALID_SCHEMA_OR_RELATION_NAME", "%s cannot be the name of a table, view or schema: %q is neither a letter nor a digit nor _", n, c).
					State("42602").At(at.src, n.Span())
			}
		}
		if p.Name == "" {
			return errs.New("INVALID_SCHEMA_OR_RELATION_NAME", "a name is empty").State("42602").At(at.src, n.Span())
		}
	}
	return nil
}
