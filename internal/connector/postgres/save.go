package postgres

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// sink writes the rows of a batch query in one transaction: whatever fails, what was there is there.
type sink struct {
	c     *connector.Connector
	env   connector.Env
	table connector.Table
	at    *server
	rel   relation
	key   []string // of mode upsert; nil: append
	conn  *pgconn.PgConn
}

func newSink(c *connector.Connector, env connector.Env, t connector.Table) (*sink, error) {
	if err := c.Check(t.Options); err != nil {
		return nil, err
	}
	s := &sink{c: c, env: env, table: t}
	var err error
	if s.rel, err = newRelation(c, t); err != nil {
		return nil, err
	}
	if s.rel.query != "" {
		return nil, errs.New("UNSUPPORTED_FEATURE", "table %s is a query, and rows go into tables", t.Name).State("0A000").
			WithHint("add OPTIONS (dbtable 'name')")
	}
	if strings.EqualFold(c.Text(t.Options, "mode"), "upsert") {
		for _, name := range strings.Split(c.Text(t.Options, "key"), ",") {
			if name = strings.TrimSpace(name); name != "" {
				s.key = append(s.key, name)
			}
		}
		if len(s.key) == 0 {
			return nil, errs.New("MISSING_OPTION", "table %s has mode 'upsert' and no key", t.Name).
				WithHint("add key 'a,b': the columns that tell rows apart")
		}
	}
	s.at, err = newServer(c, env, t)
	return s, err
}

func (s *sink) Close() error {
	hangUp(s.conn)
	s.conn = nil
	return nil
}

// Begin opens the transaction and makes the table what the mode asks for.
func (s *sink) Begin(ctx context.Context, schema types.Schema, m connector.SaveMode) (connector.BatchWriter, error) {
	conn, err := s.at.connect(ctx)
	if err != nil {
		return nil, err
	}
	s.conn = conn
	if err := s.at.run(ctx, conn, "beginning to write "+s.rel.shown(), "BEGIN"); err != nil {
		return nil, err
	}
	there, err := s.exists(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case there && m == connector.SaveNew:
		return nil, errs.New("TABLE_OR_VIEW_ALREADY_EXISTS", "there is a table %s in %s already", s.rel.shown(), s.at.shown).State("42P07").
			WithHint("INSERT INTO appends to it, INSERT OVERWRITE replaces it")
	case there && m == connector.SaveIgnore:
		return nil, s.Close()
	case there && m == connector.SaveOverwrite:
		if there, err = s.clear(ctx); err != nil {
			return nil, err
		}
	}
	if !there {
		if err := s.create(ctx, schema); err != nil {
			return nil, err
		}
	}
	return s.writer(ctx, schema)
}

func (s *sink) exists(ctx context.Context) (bool, error) {
	rows, err := s.at.ask(ctx, s.conn, "looking for "+s.rel.shown(), "SELECT 1 WHERE pg_catalog.to_regclass($1) IS NOT NULL", s.rel.String())
	return len(rows) > 0, err
}

// clear empties the table or removes it; kept tells which.
func (s *sink) clear(ctx context.Context) (kept bool, err error) {
	sql := "DROP TABLE " + s.rel.String()
	if kept = s.c.Bool(s.table.Options, "truncate") || s.c.Bool(s.table.Options, "cascadeTruncate"); kept {
		sql = "TRUNCATE TABLE " + s.rel.String()
		if s.c.Bool(s.table.Options, "cascadeTruncate") {
			sql += " CASCADE"
		}
	}
	return kept, s.at.run(ctx, s.conn, "overwriting "+s.rel.shown(), sql)
}

func (s *sink) create(ctx context.Context, schema types.Schema) error {
	var columns []string
	for _, f := range schema {
		t, err := sqlType(f)
		if err != nil {
			return err
		}
		columns = append(columns, quote(f.Name)+" "+t)
	}
	if len(s.key) > 0 {
		names, err := s.keyOf(schema.Names())
		if err != nil {
			return err
		}
		columns = append(columns, "PRIMARY KEY ("+quoted(names)+")")
	}
	sql := "CREATE TABLE " + s.rel.String() + " (" + strings.Join(columns, ", ") + ")"
	if more := s.c.Text(s.table.Options, "createTableOptions"); more != "" {
		sql += " " + more
	}
	return s.at.run(ctx, s.conn, "making the table "+s.rel.shown(), sql)
}

// keyOf are the key's columns as they are spelt among names.
func (s *sink) keyOf(names []string) ([]string, error) {
	var out []string
	for _, k := range s.key {
		i := indexOf(names, k)
		if i < 0 {
			return nil, errs.New("INVALID_OPTION", "table %s: its key %q is not among the columns that are written", s.table.Name, k).
				WithHint("the columns are %s", strings.Join(names, ", "))
		}
		out = append(out, names[i])
	}
	return out, nil
}

// indexOf finds a name as it is spelt, or else in another case.
func indexOf(names []string, name string) int {
	found := -1
	for i, n := range names {
		if n == name {
			return i
		}
		if found < 0 && strings.EqualFold(n, name) {
			found = i
		}
	}
	return found
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = quote(n)
	}
	return strings.Join(out, ", ")
}

// writer fits the rows' columns to those of the table, by name, and begins to copy.
func (s *sink) writer(ctx context.Context, schema types.Schema) (*writer, error) {
	there, err := s.at.columns(ctx, s.conn, s.rel, true)
	if err != nil {
		return nil, err
	}
	all := make([]string, len(there))
	for i, c := range there {
		all[i] = c.name
	}
	w := &writer{sink: s, enc: encoder{zone: s.env.Zone}}
	if w.enc.zone == nil {
		w.enc.zone = time.UTC
	}
	w.enc.fn.Zone = w.enc.zone
	var names []string
	for _, f := range schema {
		if _, err := sqlType(f); err != nil {
			return nil, err
		}
		i := indexOf(all, f.Name)
		if i < 0 {
			e := errs.New("UNRESOLVED_COLUMN.WITH_SUGGESTION", "the table %s has no column %s", s.rel.shown(), f.Name).State("42703")
			if near := errs.Near(f.Name, all); len(near) > 0 {
				return nil, e.WithHint("did you mean %s?", strings.Join(near, ", "))
			}
			return nil, e.WithHint("its columns are %s", strings.Join(all, ", "))
		}
		names = append(names, all[i])
		w.enc.local = append(w.enc.local, there[i].oid == oidTimestamp)
	}
	target := s.rel.String()
	if len(s.key) > 0 {
		if target, err = s.staging(ctx, w, names); err != nil {
			return nil, err
		}
	}
	w.start(ctx, "COPY "+target+" ("+quoted(names)+") FROM STDIN")
	return w, nil
}

// staging is the table that an upsert goes through; it ends with the transaction.
func (s *sink) staging(ctx context.Context, w *writer, names []string) (string, error) {
	key, err := s.keyOf(names)
	if err != nil {
		return "", err
	}
	target := s.rel.String()
	const staged = "pg_temp.azud_upsert"
	if err := s.at.run(ctx, s.conn, "writing "+s.rel.shown(),
		"CREATE TEMPORARY TABLE azud_upsert ON COMMIT DROP AS SELECT "+quoted(names)+" FROM "+target+" WITH NO DATA"); err != nil {
		return "", err
	}
	var set []string
	for _, n := range names {
		if indexOf(key, n) < 0 {
			set = append(set, quote(n)+" = EXCLUDED."+quote(n))
		}
	}
	do := "NOTHING"
	if len(set) > 0 {
		do = "UPDATE SET " + strings.Join(set, ", ")
	}
	w.then = "INSERT INTO " + target + " (" + quoted(names) + ") SELECT " + quoted(names) + " FROM " + staged +
		" ON CONFLICT (" + quoted(key) + ") DO " + do
	return staged, nil
}

// errAborted ends a copy that is given up.
var errAborted = errors.New("the write was given up")
