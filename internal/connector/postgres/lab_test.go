//go:build unix

package postgres_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/conformance"
	"github.com/azud/azud/internal/connector/postgres"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// lab is a schema of the server, which goes with its test.
type lab struct {
	t      *testing.T
	at     *server
	db     *pgconn.PgConn
	schema string
	zone   *time.Location
}

func newLab(t *testing.T) *lab {
	t.Helper()
	at := running(t)
	db, err := pgconn.Connect(t.Context(), at.address())
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, at: at, db: db, schema: strings.ToLower(t.Name()), zone: time.UTC}
	l.sql(`DROP SCHEMA IF EXISTS "` + l.schema + `" CASCADE; CREATE SCHEMA "` + l.schema + `"; SET search_path = "` + l.schema + `"; SET TimeZone = 'UTC'`)
	t.Cleanup(func() { db.Close(context.Background()) }) //nolint:errcheck // the server ends soon
	return l
}

// sql runs statements, and gives the last one's rows as text: "a | b".
func (l *lab) sql(text string) (rows []string) {
	l.t.Helper()
	results, err := l.db.Exec(l.t.Context(), text).ReadAll()
	if err != nil {
		l.t.Fatalf("%s: %v", text, err)
	}
	for _, row := range results[len(results)-1].Rows {
		var f []string
		for _, v := range row {
			if v == nil {
				f = append(f, "NULL")
			} else {
				f = append(f, string(v))
			}
		}
		rows = append(rows, strings.Join(f, " | "))
	}
	return rows
}

func (l *lab) env() connector.Env {
	return connector.Env{Sys: sys.Real(), Zone: l.zone, Report: &conformance.Reporter{}}
}

// options are name, value, name, value …
func (l *lab) table(columns types.Schema, options ...string) connector.Table {
	o := connector.Options{"url": l.at.address(), "schema": l.schema}
	for i := 0; i < len(options); i += 2 {
		o[options[i]] = options[i+1]
	}
	return connector.Table{Name: "tabla", Columns: columns, Options: o}
}

func (l *lab) open(t connector.Table) (connector.BatchSource, error) {
	return postgres.Connector().Batch(l.t.Context(), l.env(), t)
}

// read gives all that is in a table, sorted by its text.
func (l *lab) read(options ...string) []string {
	l.t.Helper()
	rows, _, err := l.scan(l.table(nil, options...), connector.Scan{Limit: -1}, true)
	if err != nil {
		return []string{err.Error()}
	}
	return rows
}

func (l *lab) scan(t connector.Table, sc connector.Scan, all bool) (rows []string, parts int, err error) {
	l.t.Helper()
	src, err := l.open(t)
	if err != nil {
		return nil, 0, err
	}
	defer src.Close()
	for i := range src.Schema() {
		if all {
			sc.Columns = append(sc.Columns, i)
		}
	}
	list, err := src.Parts(l.t.Context(), sc)
	if err != nil {
		return nil, 0, err
	}
	for _, p := range list {
		for b, err := range src.Read(l.t.Context(), p, sc) {
			if err != nil {
				return nil, 0, err
			}
			if len(sc.Columns) == 0 {
				rows = append(rows, slices.Repeat([]string{"row"}, b.Rows())...)
			} else {
				rows = append(rows, conformance.Text(b)...)
			}
		}
	}
	slices.Sort(rows)
	return rows, len(list), nil
}

func (l *lab) want(what string, got []string, want ...string) {
	l.t.Helper()
	if !slices.Equal(got, want) {
		l.t.Errorf("%s:\ngot  %q\nwant %q", what, got, want)
	}
}

// save writes batches; an error aborts.
func (l *lab) save(t connector.Table, s types.Schema, m connector.SaveMode, batches ...*vec.Batch) error {
	l.t.Helper()
	sink, err := postgres.Connector().Save(l.t.Context(), l.env(), t)
	if err != nil {
		return err
	}
	defer sink.Close()
	w, err := sink.Begin(l.t.Context(), s, m)
	if err != nil || w == nil {
		return err
	}
	for _, b := range batches {
		if err := w.Write(l.t.Context(), b); err != nil {
			w.Abort(l.t.Context()) //nolint:errcheck // the first failure counts
			return err
		}
	}
	return w.Commit(l.t.Context())
}
