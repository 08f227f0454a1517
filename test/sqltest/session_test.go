package sqltest

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/connector"
	azud "github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// session runs the batch statements of one script as `azud sql` does.
type session struct {
	dir    string
	e      *azud.Engine
	s      *azud.Session
	tables map[string]*table // that exist by now, by their names in lower case
}

func (engine) Open(_ context.Context, _ *File, dir string) (Session, error) {
	world := sys.Real()
	world.Dir = dir
	s := &session{dir: dir, tables: map[string]*table{}}
	var err error
	s.e, err = azud.Open(azud.Config{
		Sys: world, FS: vfs.NewMem(), Version: "test", Warehouse: filepath.Join(dir, "warehouse"), Log: func(string) {},
		Connectors: []*connector.Connector{s.connector()},
	})
	if err != nil {
		return nil, err
	}
	s.s, err = s.e.NewSession(azud.SessionOptions{})
	return s, err
}

func (s *session) Close() error { return s.e.Close(context.Background()) }

func (s *session) Batch(ctx context.Context, setup Setup, text string) (Result, error) {
	if err := s.declare(ctx, setup.Tables); err != nil {
		return Result{}, fmt.Errorf("the tables of the script: %w", err)
	}
	args, err := s.arguments(ctx, setup.Args)
	if err != nil {
		return Result{}, fmt.Errorf("@args: %w", err)
	}
	if setup.Zone != "" {
		old, err := s.zone(ctx)
		if err != nil {
			return Result{}, err
		}
		if _, err := s.one(ctx, setZone(setup.Zone), azud.Args{}); err != nil {
			return Result{}, err
		}
		defer func() { _, _ = s.one(ctx, setZone(old), azud.Args{}) }()
	}
	text = strings.ReplaceAll(text, "${DIR}", s.dir)
	r, err := s.one(ctx, text, args)
	if err != nil {
		return Result{}, err
	}
	got := Result{Schema: columnsOf(r.Schema), Rows: []string{}}
	if r.Rows != nil {
		got.Rows = jsonRows(&r.Ctx, r.Rows)
	}
	return got, nil
}

// one runs a text that is one statement: Spark takes no scripts here.
func (s *session) one(ctx context.Context, text string, args azud.Args) (azud.Result, error) {
	src := &errs.Source{Name: "script", Text: text}
	stmts, err := sql.Parse(src)
	if err == nil && len(stmts) != 1 {
		err = errs.New("PARSE_SYNTAX_ERROR", "%d statements", len(stmts)).State("42601")
	}
	if err != nil {
		return azud.Result{}, err
	}
	var last azud.Result
	for r, err := range s.s.Run(ctx, src, args) {
		if err != nil {
			return azud.Result{}, err
		}
		last = r
	}
	return last, nil
}

// declare makes the tables that do not exist yet temporary views of the script's connector.
func (s *session) declare(ctx context.Context, tables []Table) error {
	for _, t := range tables {
		if s.tables[strings.ToLower(t.Name)] != nil {
			continue
		}
		list, err := newTables([]Table{t}, time.UTC)
		if err != nil {
			return err
		}
		maps.Copy(s.tables, list)
		text := fmt.Sprintf("CREATE TEMPORARY VIEW `%s` (%s) USING golden", t.Name, t.Columns)
		if _, err := s.one(ctx, text, azud.Args{}); err != nil {
			return err
		}
	}
	return nil
}

// connector reads the tables of the script by their names.
func (s *session) connector() *connector.Connector {
	return &connector.Connector{Name: "golden", Batch: func(_ context.Context, _ connector.Env, t connector.Table) (connector.BatchSource, error) {
		name := t.Name[strings.LastIndexByte(t.Name, '.')+1:]
		if found := s.tables[strings.ToLower(name)]; found != nil {
			return &staticSource{found}, nil
		}
		return nil, fmt.Errorf("the script has no table %s", t.Name)
	}}
}

// staticSource reads a script's table in one part. Filters and limits are left to the query.
type staticSource struct{ t *table }

func (s *staticSource) Schema() types.Schema { return s.t.columns }
func (s *staticSource) Close() error         { return nil }

func (s *staticSource) Stats(context.Context) (connector.Stats, error) {
	return connector.Stats{Rows: int64(len(s.t.rows)), Bytes: -1}, nil
}

func (s *staticSource) Parts(context.Context, connector.Scan) ([]connector.Part, error) {
	return []connector.Part{{ID: s.t.name}}, nil
}

func (s *staticSource) Read(_ context.Context, _ connector.Part, want connector.Scan) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		b, err := s.t.decode(s.t.rows)
		if err != nil {
			yield(nil, err)
			return
		}
		yield(project(b, want.Columns), nil)
	}
}

// arguments are the values of @args.
func (s *session) arguments(ctx context.Context, text string) (args azud.Args, err error) {
	if text == "" {
		return args, nil
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var given any
	if err := dec.Decode(&given); err != nil {
		return args, err
	}
	switch given := given.(type) {
	case []any:
		for _, v := range given {
			c, err := s.constant(ctx, v)
			if err != nil {
				return args, err
			}
			args.Positional = append(args.Positional, c)
		}
	case map[string]any:
		args.Named = map[string]vec.Col{}
		for name, v := range given {
			if args.Named[name], err = s.constant(ctx, v); err != nil {
				return args, err
			}
		}
	default:
		return args, fmt.Errorf("neither an object nor a list")
	}
	return args, nil
}

// constant is a JSON value as a column of one row, typed as PySpark types it.
func (s *session) constant(ctx context.Context, v any) (vec.Col, error) {
	text := ""
	switch v := v.(type) {
	case nil:
		text = "NULL"
	case string:
		text = literal(v)
	case json.Number:
		text = v.String()
		if strings.ContainsAny(text, ".eE") {
			text += "D"
		}
	case bool:
		text = fmt.Sprint(v)
	case map[string]any:
		text = fmt.Sprint(v["sql"])
	}
	r, err := s.one(ctx, "SELECT "+text, azud.Args{})
	if err != nil {
		return vec.Col{}, err
	}
	return r.Rows.Cols[0], nil
}

func (s *session) zone(ctx context.Context) (string, error) {
	r, err := s.one(ctx, "SET spark.sql.session.timeZone", azud.Args{})
	if err != nil {
		return "", err
	}
	var row []string
	err = json.Unmarshal([]byte(jsonRows(&r.Ctx, r.Rows)[0]), &row)
	return row[len(row)-1], err
}

func setZone(id string) string { return "SET TIME ZONE " + literal(id) }

// literal quotes a text for SQL.
func literal(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
