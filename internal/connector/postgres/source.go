package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Sizes of a batch: rows, and bytes where they are long.
const (
	batchRows  = 4096
	batchBytes = 8 << 20
	countRows  = 1 << 16
)

// source reads a table or a query.
type source struct {
	conn   *connector.Connector
	table  connector.Table
	at     *server
	rel    relation
	zone   *time.Location
	rows   int      // most of a batch
	cols   []column // those of Schema
	schema types.Schema

	// mu guards what follows. Connections in idle have no transaction open.
	mu     sync.Mutex
	idle   []*pgconn.PgConn
	keeper *pgconn.PgConn // holds the snapshot
	shared string
	known  *size
}

func open(ctx context.Context, c *connector.Connector, env connector.Env, t connector.Table) (*source, error) {
	if err := c.Check(t.Options); err != nil {
		return nil, err
	}
	rel, err := newRelation(c, t)
	if err != nil {
		return nil, err
	}
	at, err := newServer(c, env, t)
	if err != nil {
		return nil, err
	}
	r := &source{conn: c, table: t, at: at, rel: rel, zone: env.Zone, rows: batchRows}
	if r.zone == nil {
		r.zone = time.UTC
	}
	if n := c.Int(t.Options, "fetchsize"); n > 0 {
		r.rows = int(min(n, batchRows))
	}
	conn, err := at.connect(ctx)
	if err != nil {
		return nil, err
	}
	there, err := at.columns(ctx, conn, rel, c.Bool(t.Options, "preferTimestampNTZ"))
	if err == nil {
		err = r.declare(there)
	}
	if err != nil {
		hangUp(conn)
		return nil, err
	}
	r.idle = append(r.idle, conn)
	return r, nil
}

// declare takes the columns that are there, or of them those that the table declares: as its types.
func (r *source) declare(there []column) error {
	if r.cols = there; len(r.table.Columns) > 0 {
		r.cols = nil
		for _, f := range r.table.Columns {
			c, err := pick(there, f, r.rel.shown())
			if err != nil {
				return err
			}
			r.cols = append(r.cols, c)
		}
	}
	for i, c := range r.cols {
		name := c.name
		if len(r.table.Columns) > 0 {
			name = r.table.Columns[i].Name
		}
		r.schema = append(r.schema, types.Field{Name: name, Type: c.typ, Nullable: true})
	}
	return nil
}

// pick finds a declared column. One of another type is cast by PostgreSQL.
func pick(there []column, f types.Field, shown string) (column, error) {
	var names []string
	found := -1
	for i, c := range there {
		names = append(names, c.name)
		if c.name == f.Name || found < 0 && strings.EqualFold(c.name, f.Name) {
			found = i
		}
	}
	if found < 0 {
		e := errs.New("UNRESOLVED_COLUMN.WITH_SUGGESTION", "the table declares a column %s, which %s does not have", f.Name, shown).State("42703")
		if near := errs.Near(f.Name, names); len(near) > 0 {
			return column{}, e.WithHint("did you mean %s?", strings.Join(near, ", "))
		}
		return column{}, e.WithHint("the columns are %s", strings.Join(names, ", "))
	}
	c := there[found]
	if c.typ.Equal(f.Type) {
		return c, nil
	}
	as, err := sqlType(f)
	if err != nil {
		return column{}, err
	}
	local := f.Type.Kind == types.Timestamp && c.oid != oidTimestamptz
	if local { // of the session's zone, which PostgreSQL is not told
		as = "timestamp without time zone"
	}
	if f.Type.Kind == types.Byte {
		return column{}, errs.New("UNSUPPORTED_DATATYPE", "PostgreSQL has no type for the column %s of type TINYINT", f.Name).State("0A000").
			WithHint("declare it SMALLINT")
	}
	form := c.form
	if form == "" {
		form = "%s"
	}
	c.form = "(" + form + ")::" + as
	c.typ, c.exact, c.local, c.oid = f.Type, false, local, 0
	return c, nil
}

func (r *source) find(name string) *column {
	for i := range r.cols {
		if strings.EqualFold(r.cols[i].name, name) {
			return &r.cols[i]
		}
	}
	return nil
}

func (r *source) names() []string { return r.schema.Names() }

func (r *source) Schema() types.Schema { return r.schema }

// Close ends all connections, and with them their transactions.
func (r *source) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range append(r.idle, r.keeper) {
		hangUp(c)
	}
	r.idle, r.keeper = nil, nil
	return nil
}

// hangUp closes a connection without waiting for a server that does not answer.
func hangUp(c *pgconn.PgConn) {
	if c == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c.Close(ctx) //nolint:errcheck // nothing depends on how it ends
}

const beginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

// snapshot is the name of what all parts see.
func (r *source) snapshot(ctx context.Context) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keeper != nil {
		return r.shared, nil
	}
	conn, err := r.takeLocked(ctx)
	if err != nil {
		return "", err
	}
	doing := "taking a snapshot"
	err = r.at.run(ctx, conn, doing, beginRead)
	var rows [][][]byte
	if err == nil {
		rows, err = r.at.ask(ctx, conn, doing, "SELECT pg_catalog.pg_export_snapshot()")
	}
	if err != nil {
		hangUp(conn)
		return "", err
	}
	r.keeper, r.shared = conn, string(rows[0][0])
	return r.shared, nil
}

func (r *source) takeLocked(ctx context.Context) (*pgconn.PgConn, error) {
	if n := len(r.idle); n > 0 {
		conn := r.idle[n-1]
		r.idle = r.idle[:n-1]
		return conn, nil
	}
	return r.at.connect(ctx)
}

// begin gives a connection that sees the snapshot.
func (r *source) begin(ctx context.Context, share string) (*pgconn.PgConn, error) {
	r.mu.Lock()
	conn, err := r.takeLocked(ctx)
	r.mu.Unlock()
	if err != nil {
		return nil, err
	}
	sql := beginRead
	if share != "" {
		sql += "; SET TRANSACTION SNAPSHOT '" + strings.ReplaceAll(share, "'", "''") + "'"
	}
	if err := r.at.run(ctx, conn, "beginning to read "+r.rel.shown(), sql); err != nil {
		hangUp(conn)
		return nil, err
	}
	return conn, nil
}

// end ends a part's transaction and keeps the connection for the next part.
func (r *source) end(ctx context.Context, conn *pgconn.PgConn) {
	if r.at.run(ctx, conn, "ending", "COMMIT") != nil {
		hangUp(conn)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle = append(r.idle, conn)
}

func (r *source) Read(ctx context.Context, part connector.Part, sc connector.Scan) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		p, ok := part.Data.(piece)
		if !ok {
			yield(nil, errs.New("INTERNAL_ERROR", "the part %s is not one of a table of PostgreSQL", part.ID))
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		conn, err := r.begin(ctx, p.share)
		if err != nil {
			yield(nil, err)
			return
		}
		done, err := r.stream(ctx, cancel, conn, p, sc, part.ID, yield)
		switch {
		case err != nil:
			hangUp(conn)
			yield(nil, err)
		case !done:
			hangUp(conn)
		default:
			r.end(ctx, conn)
		}
	}
}

// stream yields a part's rows; done is false when the caller wants no more.
func (r *source) stream(ctx context.Context, cancel func(), conn *pgconn.PgConn, p piece, sc connector.Scan, id string, yield func(*vec.Batch, error) bool) (done bool, err error) {
	st := r.statement(p, sc)
	values, oids, formats := make([][]byte, len(st.params)), make([]uint32, len(st.params)), make([]int16, len(st.params))
	for i, v := range st.params {
		values[i], oids[i], formats[i] = v.value, v.oid, v.format
	}
	out := r.newRows(sc.Columns, id)
	rows := conn.ExecParams(ctx, st.sql.String(), values, oids, formats, []int16{1})
	for rows.NextRow() {
		if err = out.add(rows.Values()); err == nil && !out.full(r.rows) {
			continue
		}
		if err != nil || !out.give(yield) {
			cancel() // the server stops, too
			rows.Close()
			return false, err
		}
	}
	if _, err := rows.Close(); err != nil {
		return false, r.at.failed(ctx, err, "reading "+r.rel.shown())
	}
	return out.give(yield), nil
}

// statement is the SQL of a part. Without columns it counts.
func (r *source) statement(p piece, sc connector.Scan) *statement {
	s := &statement{}
	s.sql.WriteString("SELECT ")
	for i, c := range sc.Columns {
		if i > 0 {
			s.sql.WriteString(", ")
		}
		s.sql.WriteString(r.cols[c].selected())
	}
	limited := sc.Limit >= 0 && len(sc.Filters) == 0
	if len(sc.Columns) == 0 {
		s.sql.WriteString("count(*) FROM (SELECT 1")
	}
	s.sql.WriteString(" FROM " + r.rel.from())
	var where []string
	for _, f := range sc.Filters {
		if c := s.condition(&r.cols[f.Column], f, r.zone); c != "" {
			where = append(where, c)
		}
	}
	if c := s.rangeOf(p); c != "" {
		where = append(where, c)
	}
	if len(where) > 0 {
		s.sql.WriteString(" WHERE " + strings.Join(where, " AND "))
	}
	if limited {
		s.sql.WriteString(" LIMIT " + s.value(textParam(oidInt8, strconv.FormatInt(sc.Limit, 10))))
	}
	if len(sc.Columns) == 0 {
		s.sql.WriteString(") AS azud_rows")
	}
	return s
}

// rows builds batches of a part.
type rows struct {
	id       string
	cols     []*column
	decoders []decoder
	out      *vec.Builder
	n, given int
}

func (r *source) newRows(columns []int, id string) *rows {
	o := &rows{id: id}
	var schema types.Schema
	for _, c := range columns {
		o.cols = append(o.cols, &r.cols[c])
		o.decoders = append(o.decoders, decoderOf(&r.cols[c], r.cols[c].typ, r.zone))
		schema = append(schema, r.schema[c])
	}
	o.out = vec.NewBuilder(schema)
	return o
}

func (o *rows) add(values [][]byte) error {
	if len(o.cols) == 0 {
		if len(values) == 1 && len(values[0]) == 8 {
			o.n = int(be.Uint64(values[0]))
		}
		return nil
	}
	for i, d := range o.decoders {
		if err := d(o.out.Cols[i], values[i]); err != nil {
			return o.at(err, o.cols[i].name)
		}
	}
	o.n++
	return nil
}

// at adds the row and the column to an error.
func (o *rows) at(err error, name string) error {
	where := fmt.Sprintf("column %s of %s", name, o.origin(o.given+o.n))
	var e *errs.Error
	if errors.As(err, &e) {
		d := *e
		d.Msg += ", in " + where
		return &d
	}
	return errs.Wrap(err, "FAILED_JDBC.UNCLASSIFIED", "PostgreSQL sent what cannot be read, in %s", where)
}

func (o *rows) origin(n int) string { return fmt.Sprintf("%s row %d", o.id, n+1) }

func (o *rows) full(most int) bool {
	return len(o.cols) > 0 && (o.n >= most || o.n%64 == 0 && o.out.Size() > batchBytes)
}

// give yields what there is.
func (o *rows) give(yield func(*vec.Batch, error) bool) bool {
	for o.n > 0 {
		b := o.out.Finish()
		if b.N = o.n; len(o.cols) == 0 {
			b.N = min(o.n, countRows)
		}
		first := o.given
		b.Origin = func(row int) string { return o.origin(first + row) }
		o.n -= b.N
		o.given += b.N
		if !yield(b, nil) {
			return false
		}
	}
	return true
}
