package postgres

import (
	"context"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/types"
)

// Connector is the registry's entry.
func Connector() *connector.Connector {
	c := &connector.Connector{Name: "postgres", Doc: "Tables and queries of PostgreSQL.", Options: spec}
	c.Infer = func(ctx context.Context, env connector.Env, t connector.Table) (types.Schema, error) {
		t.Columns = nil
		s, err := open(ctx, c, env, t)
		if err != nil {
			return nil, err
		}
		defer s.Close()
		return s.Schema(), nil
	}
	c.Batch = func(ctx context.Context, env connector.Env, t connector.Table) (connector.BatchSource, error) {
		return open(ctx, c, env, t)
	}
	c.Save = func(_ context.Context, env connector.Env, t connector.Table) (connector.BatchSink, error) {
		return newSink(c, env, t)
	}
	return c
}

func text(name, def, doc string) connector.Option {
	return connector.Option{Name: name, Kind: connector.Text, Default: def, Doc: doc}
}

func number(name, def, doc string) connector.Option {
	return connector.Option{Name: name, Kind: connector.Number, Default: def, Doc: doc}
}

func flag(name, doc string) connector.Option {
	return connector.Option{Name: name, Kind: connector.Bool, Default: "false", Doc: doc}
}

// spec has Spark's names of its JDBC source where it has one.
var spec = []connector.Option{
	text("url", "", "postgres://user@host:port/database?sslmode=…, or as Spark has it jdbc:postgresql://host:port/database"),
	text("host", "", "where the server is; by default PGHOST, else the local one"),
	number("port", "", "by default PGPORT, else 5432"),
	text("database", "", "by default PGDATABASE, else the user's name"),
	text("user", "", "by default PGUSER, else that of the system"),
	text("password", "", "by default PGPASSWORD, else what .pgpass says"),
	text("sslmode", "", "disable, allow, prefer, require, verify-ca or verify-full; by default PGSSLMODE, else prefer"),
	text("dbtable", "", "the table: name, schema.name, \"Name\", or (SELECT …) alias"),
	text("query", "", "a query to read instead of a table"),
	text("schema", "", "the schema of a table that is named without one"),
	number("fetchsize", "0", "the most rows of a batch; 0: as many as are good"),
	text("partitionColumn", "", "a column of numbers, dates or timestamps by which parts are read at the same time"),
	text("lowerBound", "", "where the parts of partitionColumn begin; rows below it are read, too"),
	text("upperBound", "", "where the parts of partitionColumn end; rows above it are read, too"),
	number("numPartitions", "", "how many parts; by default one, of a large table several"),
	flag("preferTimestampNTZ", "times without a zone are TIMESTAMP_NTZ and not times of the session's zone"),
	flag("truncate", "overwriting keeps the table, with its indexes and rights, and empties it; else it is made anew"),
	flag("cascadeTruncate", "empty the tables that refer to it as well"),
	{Name: "mode", Kind: connector.Choice, Values: []string{"append", "upsert"}, Default: "append", Doc: "upsert: a row whose key is there replaces it"},
	text("key", "", "the columns of the key for mode upsert, separated by commas; the table has a unique index on them"),
	text("createTableOptions", "", "what stands behind the columns when the table is made, e.g. TABLESPACE fast"),
}
