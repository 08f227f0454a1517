package postgres

import (
	"context"
	"strconv"

	"github.com/azud/azud/internal/connector"
)

// size is what the catalog says of a table.
type size struct {
	kind         string // "r": a plain table; "": not one that the catalog has
	rows, pages  int64  // rows -1: not known
	version      int
	schema, name string
}

// size asks the catalog once.
func (r *source) size(ctx context.Context) (*size, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known != nil {
		return r.known, nil
	}
	s := &size{rows: -1}
	if r.rel.query == "" {
		conn, err := r.takeLocked(ctx)
		if err != nil {
			return nil, err
		}
		rows, err := r.at.ask(ctx, conn, "reading the size of "+r.rel.shown(), `SELECT c.relkind::text, c.reltuples::float8::int8,
 CASE WHEN c.relkind = 'r' THEN pg_catalog.pg_relation_size(c.oid) / current_setting('block_size')::int8 ELSE 0 END, n.nspname, c.relname, current_setting('server_version_num')
 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = pg_catalog.to_regclass($1)`, r.rel.String())
		if err != nil {
			hangUp(conn)
			return nil, err
		}
		r.idle = append(r.idle, conn)
		if len(rows) == 1 {
			f := rows[0]
			s.kind, s.schema, s.name = string(f[0]), string(f[3]), string(f[4])
			s.rows, s.pages = integer(f[1]), integer(f[2])
			s.version = int(integer(f[5]))
		}
	}
	r.known = s
	return s, nil
}

func integer(v []byte) int64 {
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// Stats are the estimates that PostgreSQL plans by.
func (r *source) Stats(ctx context.Context) (connector.Stats, error) {
	s, err := r.size(ctx)
	if err != nil || s.kind == "" {
		return connector.Stats{Rows: -1, Bytes: -1}, err
	}
	out := connector.Stats{Rows: s.rows, Bytes: -1, Distinct: map[int]int64{}}
	if s.kind == "r" {
		out.Bytes = s.pages * 8192
	}
	if s.rows < 0 {
		return out, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	conn, err := r.takeLocked(ctx)
	if err != nil {
		return out, err
	}
	rows, err := r.at.ask(ctx, conn, "reading the statistics of "+r.rel.shown(),
		"SELECT attname, n_distinct FROM pg_catalog.pg_stats WHERE schemaname = $1 AND tablename = $2 AND NOT inherited", s.schema, s.name)
	if err != nil {
		hangUp(conn)
		return out, err
	}
	r.idle = append(r.idle, conn)
	for _, row := range rows {
		n, err := strconv.ParseFloat(string(row[1]), 64)
		if err != nil || n == 0 {
			continue
		}
		if n < 0 { // a share of the rows
			n *= -float64(s.rows)
		}
		for i, c := range r.cols {
			if c.name == string(row[0]) {
				out.Distinct[i] = max(1, int64(n))
			}
		}
	}
	return out, nil
}
