package postgres

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// failed is the error for what the server or the way to it refused; doing is "reading ventas".
func (s *server) failed(ctx context.Context, err error, doing string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var pg *pgconn.PgError
	var connecting *pgconn.ConnectError
	switch {
	case errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "28") || pg.Code == "3D000"):
		return errs.New("FAILED_JDBC.CONNECTION", "%s refuses the connection: %s", s.shown, pg.Message).State("HV000").
			WithHint("give user and database; the password as an option, in PGPASSWORD or in .pgpass")
	case errors.As(err, &pg):
		return s.refused(pg, doing)
	case errors.As(err, &connecting):
		return connector.Passing(errs.Wrap(reason(err), "FAILED_JDBC.CONNECTION", "there is no connection to %s", s.shown).State("HV000").
			WithHint("is PostgreSQL running there, and does it listen on that port?"))
	}
	return connector.Passing(errs.Wrap(err, "FAILED_JDBC.CONNECTION", "the connection to %s broke while %s", s.shown, doing).State("HV000"))
}

// reason is the innermost cause: the outer ones tell all addresses that were tried.
func reason(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// hints are remedies by SQLSTATE.
var hints = map[string]string{
	"42501": "the user has no right to it: GRANT it",
	"2BP01": "something depends on the table; with truncate 'true' it is kept and emptied",
	"0A000": "cascadeTruncate 'true' empties the tables that refer to it as well",
	"42P10": "mode 'upsert' needs a unique index on the columns of the option key",
	"21000": "two of the rows have the same key: keep one of them, as by GROUP BY",
	"23505": "such a row is there already; mode 'upsert' with key '…' replaces it",
	"23502": "the column takes no NULL: write coalesce(column, …), or give the column a default",
	"22021": "PostgreSQL's texts cannot have the character 0",
	"22003": "the column's type is too narrow for the value",
	"40001": "another transaction came between: try again",
	"40P01": "another transaction came between: try again",
}

// refused is a message of the server with Spark's class, its place, detail and a remedy.
func (s *server) refused(pg *pgconn.PgError, doing string) error {
	class, state := "FAILED_JDBC.UNCLASSIFIED", pg.Code
	switch {
	case pg.Code == "42P01" || pg.Code == "3F000":
		class = "TABLE_OR_VIEW_NOT_FOUND"
	case strings.HasPrefix(pg.Code, "42") && pg.Code != "42501" && pg.Code != "42P10":
		class = "JDBC_EXTERNAL_ENGINE_SYNTAX_ERROR.DURING_QUERY_EXECUTION"
	}
	msg := pg.Message
	if pg.Detail != "" {
		msg += " (" + strings.TrimSuffix(pg.Detail, ".") + ")"
	}
	if strings.HasPrefix(pg.Where, "COPY ") {
		msg += ", at " + pg.Where
	}
	e := errs.New(class, "%s: PostgreSQL says: %s", doing, connector.Printable(msg, false)).State(state)
	switch hint := hints[pg.Code]; {
	case hint != "":
		e = e.WithHint("%s", hint)
	case pg.Hint != "":
		e = e.WithHint("%s", connector.Printable(pg.Hint, false))
	}
	if pg.Code == "40001" || pg.Code == "40P01" || strings.HasPrefix(pg.Code, "57P") || strings.HasPrefix(pg.Code, "53") {
		return connector.Passing(e)
	}
	return e
}

func portText(p uint16) string { return strconv.Itoa(int(p)) }
