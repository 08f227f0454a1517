package postgres

import (
	"context"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// connectTimeout bounds how long a server is waited for where the address does not say.
const connectTimeout = 15 * time.Second

// server is where a table is.
type server struct {
	config *pgconn.Config
	shown  string // the address without what is secret
}

// newServer reads the options of the connection. What they leave out comes from the variables and
// files that libpq knows.
func newServer(c *connector.Connector, env connector.Env, t connector.Table) (*server, error) {
	address := strings.TrimPrefix(c.Text(t.Options, "url"), "jdbc:")
	s := &server{}
	s.shown, _, _ = strings.Cut(connector.ShownURL(address), "?")
	if address == "" {
		address = "postgres://"
	}
	if !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://") {
		return nil, errs.New("INVALID_OPTION", "table %s: url %q is not an address of PostgreSQL", t.Name, s.shown).
			WithHint("write it as postgres://user@host:port/database")
	}
	for _, o := range []struct{ option, name string }{{"host", "host"}, {"port", "port"}, {"database", "dbname"}, {"user", "user"}, {"password", "password"}, {"sslmode", "sslmode"}} {
		if v, ok := t.Options.Lookup(o.option); ok && v != "" {
			address += separator(address) + o.name + "=" + strings.ReplaceAll(url.QueryEscape(v), "+", "%20")
		}
	}
	config, err := pgconn.ParseConfig(address)
	if err != nil { // its text may have the address in it
		return nil, errs.New("INVALID_OPTION", "table %s: the address of PostgreSQL %q or one of its options cannot be read", t.Name, s.shown).
			WithHint("write url as postgres://user@host:port/database and escape special characters as %%40; sslmode is one of disable, allow, prefer, require, verify-ca, verify-full")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	params(config, c.Text(t.Options, "schema"))
	config.DialFunc = env.Sys.Net.DialContext
	config.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil } // dialing does it
	config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: 2 * time.Second}
	}
	if s.config = config; s.shown == "" || s.shown == "postgres://" {
		s.shown = "postgres://" + net.JoinHostPort(config.Host, portText(config.Port)) + "/" + config.Database
	}
	return s, nil
}

// params are the settings of a session that what is read and written depends on.
func params(config *pgconn.Config, schema string) {
	p := config.RuntimeParams
	if v, ok := p["currentSchema"]; ok { // as Spark's driver calls it
		delete(p, "currentSchema")
		p["search_path"] = v
	}
	if schema != "" {
		p["search_path"] = quote(schema)
	}
	if _, ok := p["application_name"]; !ok {
		p["application_name"] = "azud"
	}
	// Poolers let these pass, and others not.
	p["client_encoding"], p["DateStyle"], p["TimeZone"] = "UTF8", "ISO, YMD", "UTC"
}

func separator(address string) string {
	if strings.Contains(address, "?") {
		return "&"
	}
	if _, rest, _ := strings.Cut(address, "://"); !strings.Contains(rest, "/") {
		return "/?"
	}
	return "?"
}

// connect opens a session.
func (s *server) connect(ctx context.Context) (*pgconn.PgConn, error) {
	conn, err := pgconn.ConnectConfig(ctx, s.config)
	if err != nil {
		return nil, s.failed(ctx, err, "connecting")
	}
	return conn, nil
}

// run executes statements that give no rows.
func (s *server) run(ctx context.Context, conn *pgconn.PgConn, doing, sql string) error {
	if _, err := conn.Exec(ctx, sql).ReadAll(); err != nil {
		return s.failed(ctx, err, doing)
	}
	return nil
}

// ask executes a statement with parameters as text and gives its rows as text; nil is NULL.
func (s *server) ask(ctx context.Context, conn *pgconn.PgConn, doing, sql string, args ...string) ([][][]byte, error) {
	values := make([][]byte, len(args))
	for i, a := range args {
		values[i] = []byte(a)
	}
	r := conn.ExecParams(ctx, sql, values, nil, nil, nil).Read()
	if r.Err != nil {
		return nil, s.failed(ctx, r.Err, doing)
	}
	return r.Rows, nil
}
