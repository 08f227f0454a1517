//go:build unix

package postgres_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/postgres"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// TestTypes: the types that Spark's documentation gives those of PostgreSQL, and their values.
func TestTypes(t *testing.T) {
	l := newLab(t)
	l.sql(`CREATE TYPE animo AS ENUM ('bien', 'mal'); CREATE DOMAIN corto AS varchar(5)`)
	for _, c := range []struct{ pg, literal, spark, want string }{
		{"smallint", "-32768", "smallint", "-32768"},
		{"integer", "2147483647", "int", "2147483647"},
		{"bigint", "-9223372036854775808", "bigint", "-9223372036854775808"},
		{"boolean", "true", "boolean", "true"},
		{"real", "1.5", "float", "1.5"},
		{"double precision", "'NaN'", "double", "NaN"},
		{"double precision", "'-Infinity'", "double", "-Infinity"},
		{"numeric(10,2)", "-1234.5", "decimal(10,2)", "-1234.50"},
		{"numeric(5,0)", "99999", "decimal(5,0)", "99999"},
		{"numeric(4,-2)", "123400", "decimal(6,0)", "123400"},
		{"numeric(38,10)", "-1234567890123456789012345678.0123456789", "decimal(38,10)", "-1234567890123456789012345678.0123456789"},
		{"numeric", "12.5", "decimal(38,18)", "12.500000000000000000"},
		{"numeric", "0.0000000000000000005", "decimal(38,18)", "0.000000000000000001"},
		{"numeric", "0.00000000000000000049999", "decimal(38,18)", "0.000000000000000000"},
		{"numeric", "99999999999999999999.9999999999999999999", "decimal(38,18)", "[NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION] a numeric has more digits than DECIMAL(38,18) takes, in column v of testtypes.t row 1"},
		{"numeric", "1e100", "decimal(38,18)", "[NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION] a numeric has more digits than DECIMAL(38,18) takes, in column v of testtypes.t row 1"},
		{"numeric", "'NaN'", "decimal(38,18)", "[NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION] NaN and infinity cannot be DECIMAL(38,18), in column v of testtypes.t row 1"},
		{"text", "'ñandú'", "string", "ñandú"},
		{"varchar(9)", "'a'", "string", "a"},
		{"char(3)", "'a'", "string", "a  "},
		{"corto", "'abc'", "string", "abc"},
		{"name", "'n'", "string", "n"},
		{"uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "string", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{"json", `'{"a": 1}'`, "string", `{"a": 1}`},
		{"jsonb", `'{"b":2,"a":1}'`, "string", `{"a": 1, "b": 2}`},
		{"animo", "'mal'", "string", "mal"},
		{"interval", "'1 year 2 days 3 hours'", "string", "1 year 2 days 03:00:00"},
		{"inet", "'10.0.0.1/8'", "string", "10.0.0.1/8"},
		{"money", "'12.5'", "string", "$12.50"},
		{"int4range", "'[1,5)'", "string", "[1,5)"},
		{"bytea", `'\x6f6c61'`, "binary", "ola"},
		{"bit(1)", "B'1'", "boolean", "true"},
		{"bit(3)", "B'101'", "binary", "101"},
		{"bit varying", "B'10'", "string", "10"},
		{"oid[]", "'{4294967295}'", "array<bigint>", "[4294967295]"},
		{"oid", "4294967295", "decimal(20,0)", "4294967295"},
		{"date", "'2024-02-29'", "date", "2024-02-29"},
		{"date", "'0001-01-01'", "date", "0001-01-01"},
		{"date", "'infinity'", "date", "9999-12-31"},
		{"timestamp", "'2024-01-15 10:30:00.123456'", "timestamp", "2024-01-15 10:30:00.123456"},
		{"timestamp", "'-infinity'", "timestamp", "0001-01-01 00:00:00"},
		{"timestamptz", "'2024-01-15 10:30:00-05'", "timestamp", "2024-01-15 15:30:00"},
		{"time", "'10:30:00.5'", "timestamp", "1970-01-01 10:30:00.5"},
		{"int[]", "'{1,NULL,3}'", "array<int>", "[1, null, 3]"},
		{"int[]", "'{}'", "array<int>", "[]"},
		{"int[]", "'{{1,2},{3,4}}'", "array<int>", "[UNSUPPORTED_ARRAY] an array has 2 dimensions, but the column's type is ARRAY<INT>, in column v of testtypes.t row 1"},
		{"int[][]", "'{{1,2},{3,4}}'", "array<array<int>>", "[[1, 2], [3, 4]]"},
		{"text[]", `'{a,"b c"}'`, "array<string>", "[a, b c]"},
		{"uuid[]", "'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'", "array<string>", "[a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11]"},
		{"numeric(6,1)[]", "'{1.5}'", "array<decimal(6,1)>", "[1.5]"},
		{"timestamptz[]", "'{2024-01-15 10:30:00Z}'", "array<timestamp>", "[2024-01-15 10:30:00]"},
		{"int", "NULL", "int", "NULL"},
		{"int[]", "NULL", "array<int>", "NULL"},
	} {
		l.sql("DROP TABLE IF EXISTS t; CREATE TABLE t (v " + c.pg + "); INSERT INTO t VALUES (" + c.literal + ")")
		s, err := postgres.Connector().Infer(t.Context(), l.env(), l.table(nil, "dbtable", "t"))
		if err != nil || len(s) != 1 || s[0].Type.String() != c.spark || s[0].Name != "v" || !s[0].Nullable {
			t.Errorf("%s is %v, %v; want %s", c.pg, s, err, c.spark)
			continue
		}
		l.want(c.pg+" "+c.literal, l.read("dbtable", "t"), c.want)
	}
}

func TestTimesInZones(t *testing.T) {
	l := newLab(t)
	l.sql(`CREATE TABLE t (a timestamp, b timestamptz, c date); INSERT INTO t VALUES ('2024-07-01 12:00:00', '2024-07-01 12:00:00Z', '2024-07-01');
CREATE TABLE turn (a timestamp); INSERT INTO turn VALUES ('2024-03-31 02:30:00'), ('2024-10-27 02:30:00')`)
	l.zone = zone(t, "Europe/Madrid") // two hours before UTC then
	l.want("as TIMESTAMP", l.read("dbtable", "t"), "2024-07-01 10:00:00 | 2024-07-01 12:00:00 | 2024-07-01")
	l.want("as TIMESTAMP_NTZ", l.read("dbtable", "t", "preferTimestampNTZ", "true"), "2024-07-01 12:00:00 | 2024-07-01 12:00:00 | 2024-07-01")
	l.want("where clocks turn", l.read("dbtable", "turn"), "2024-03-31 01:30:00", "2024-10-27 00:30:00")
	rows, _, err := l.scan(l.table(types.Schema{{Name: "c", Type: types.TimestampType}}, "dbtable", "t"), connector.Scan{Columns: []int{0}, Limit: -1}, false)
	if err != nil {
		t.Fatal(err)
	}
	l.want("a date declared TIMESTAMP", rows, "2024-06-30 22:00:00")
	// 2024-10-27 01:10 UTC is 02:10 for the second time, which is before 02:30 of the first.
	at := vec.ConstOf(types.TimestampType, time.Date(2024, 10, 27, 0, 20, 0, 0, time.UTC).UnixMicro(), 1)
	for op, want := range map[connector.PredicateOp]int{connector.Greater: 1, connector.LessEqual: 2, connector.Equal: 1, connector.In: 2} {
		rows, _, err := l.scan(l.table(nil, "dbtable", "turn"), connector.Scan{Limit: -1, Filters: []connector.Predicate{{Op: op, Values: []vec.Col{at}}}}, true)
		if err != nil || len(rows) != want {
			t.Errorf("%s: %q, %v; want %d rows", op, rows, err, want)
		}
	}
}

func zone(t *testing.T, name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestFilters: every filter gives the rows that the same condition gives in PostgreSQL, or all
// where its comparison is another than Spark's.
func TestFilters(t *testing.T) {
	l := newLab(t)
	l.sql(`CREATE TABLE t (id int, i2 int2, i8 int8, f4 real, f8 double precision, d numeric(6,2), u numeric, s text, c char(3), b bool, dt date, ts timestamptz, raw bytea, uu uuid, arr int[]);
INSERT INTO t VALUES
(1, 1, 10, 1.5, 1.5, 1.50, 1.5, 'a', 'x', true, '2024-01-01', '2024-01-01 00:00:00Z', '\x01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{1}'),
(2, 2, 20, 'NaN', 'NaN', 2.50, 2.5, 'B', 'y', false, '2024-06-01', '2024-06-01 00:00:00Z', '\x02', NULL, NULL),
(3, 3, 30, -1, 'Infinity', -3.25, 3.5, 'ñ', 'z z', true, '1969-12-31', '1969-12-31 23:59:59.999999Z', '\x03', NULL, NULL),
(4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`)
	src, err := l.open(l.table(nil, "dbtable", "t"))
	if err != nil {
		t.Fatal(err)
	}
	schema := src.Schema()
	src.Close() //nolint:errcheck // read
	str := func(vs ...string) (out []vec.Col) {
		for _, v := range vs {
			out = append(out, vec.ConstString(types.StringType, v, 1))
		}
		return out
	}
	dec := func(n int64, t types.Type) []vec.Col {
		b := vec.NewColBuilder(t)
		vec.Append(b, decimalOf(n))
		return []vec.Col{b.Finish()}
	}
	nan := []vec.Col{vec.ConstOf(types.DoubleType, nanOf(), 1)}
	day := func(y int, m time.Month, d int) int64 { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400 }
	for _, c := range []struct {
		column string
		op     connector.PredicateOp
		values []vec.Col
		want   string // ids
	}{
		{"i2", connector.Greater, []vec.Col{vec.ConstOf(types.ShortType, int16(1), 1)}, "2 3"},
		{"id", connector.In, []vec.Col{vec.ConstOf(types.IntType, int32(1), 1), vec.ConstOf(types.IntType, int32(4), 1)}, "1 4"},
		{"i8", connector.LessEqual, []vec.Col{vec.ConstOf(types.LongType, int64(20), 1)}, "1 2"},
		{"i8", connector.IsNull, nil, "4"},
		{"i8", connector.IsNotNull, nil, "1 2 3"},
		{"f4", connector.Less, []vec.Col{vec.ConstOf(types.FloatType, float32(1.5), 1)}, "3"},
		{"f8", connector.Equal, nan, "2"},
		{"f8", connector.GreaterEqual, []vec.Col{vec.ConstOf(types.DoubleType, 1.5, 1)}, "1 2 3"}, // NaN is the largest
		{"d", connector.Less, dec(150, types.DecimalType(6, 2)), "3"},
		{"d", connector.Equal, dec(-325, types.DecimalType(6, 2)), "3"},
		{"u", connector.Equal, dec(15, types.DecimalType(38, 18)), "1 2 3 4"}, // what is read is rounded
		{"s", connector.Equal, str("B"), "2"},
		{"s", connector.Equal, str("' OR true --"), ""},
		{"s", connector.In, str("a", "ñ", "q"), "1 3"},
		{"s", connector.Less, str("a"), "1 2 3 4"}, // collations
		{"c", connector.Equal, str("x  "), "1"},
		{"c", connector.Equal, str("z z"), "3"},
		{"b", connector.Equal, []vec.Col{vec.ConstOf(types.BooleanType, true, 1)}, "1 3"},
		{"dt", connector.Less, []vec.Col{vec.ConstOf(types.DateType, int32(day(2024, 1, 1)), 1)}, "3"},
		{"dt", connector.Equal, []vec.Col{vec.ConstOf(types.DateType, int32(day(2024, 6, 1)), 1)}, "2"},
		{"ts", connector.Equal, []vec.Col{vec.ConstOf(types.TimestampType, int64(-1), 1)}, "3"},
		{"ts", connector.Greater, []vec.Col{vec.ConstOf(types.TimestampType, day(2024, 1, 1)*86400e6, 1)}, "2"},
		{"raw", connector.Equal, []vec.Col{vec.ConstString(types.BinaryType, "\x02", 1)}, "2"},
		{"uu", connector.Equal, str("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), "1"},
		{"uu", connector.Greater, str("a"), "1 2 3 4"},
		{"arr", connector.IsNotNull, nil, "1"},
	} {
		sc := connector.Scan{Columns: []int{0}, Limit: -1, Filters: []connector.Predicate{{Column: schema.Index(c.column), Op: c.op, Values: c.values}}}
		rows, _, err := l.scan(l.table(nil, "dbtable", "t"), sc, false)
		if err != nil {
			t.Errorf("%s %s: %v", c.column, c.op, err)
		}
		l.want(c.column+" "+string(c.op), rows, strings.Fields(c.want)...)
	}
	many := make([]vec.Col, 5000)
	for i := range many {
		many[i] = vec.ConstOf(types.IntType, int32(i+2), 1)
	}
	if rows, _, err := l.scan(l.table(nil, "dbtable", "t"), connector.Scan{Columns: []int{0}, Limit: -1, Filters: []connector.Predicate{{Op: connector.In, Values: many}}}, false); err != nil || len(rows) != 4 {
		t.Errorf("5000 values: %q, %v", rows, err)
	}
}

func TestColumnsLimitAndCount(t *testing.T) {
	l := newLab(t)
	l.sql(`CREATE TABLE "Año 2024" (a int, "B ""b""" text, c int); INSERT INTO "Año 2024" SELECT i, 'v' || i, -i FROM generate_series(1, 10000) i; CREATE VIEW v AS SELECT a FROM "Año 2024"`)
	name := `"Año 2024"`
	rows, _, err := l.scan(l.table(nil, "dbtable", name), connector.Scan{Columns: []int{1, 0}, Limit: 3}, false)
	if err != nil || len(rows) != 3 || rows[0] != "v1 | 1" {
		t.Errorf("limit: %q, %v", rows, err)
	}
	for what, options := range map[string][]string{"table": {"dbtable", name}, "view": {"dbtable", "V"}, "schema": {"dbtable", l.schema + "." + name},
		"query": {"query", `SELECT a FROM "Año 2024"; -- all`}, "subquery": {"dbtable", `(SELECT a FROM "Año 2024") alias`}} {
		if what == "query" {
			options[1] = `SELECT a FROM "Año 2024" -- all`
		}
		rows, _, err := l.scan(l.table(nil, options...), connector.Scan{Limit: -1}, false)
		if err != nil || len(rows) != 10000 {
			t.Errorf("count of the %s: %d, %v", what, len(rows), err)
		}
	}
	src, err := l.open(l.table(nil, "dbtable", name, "fetchsize", "100"))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	sc := connector.Scan{Columns: []int{0}, Limit: -1}
	parts, err := src.Parts(t.Context(), sc)
	if err != nil || len(parts) != 1 {
		t.Fatalf("parts %v, %v", parts, err)
	}
	n := 0
	for b, err := range src.Read(t.Context(), parts[0], sc) {
		if err != nil || b.N != 100 || b.Origin(99) != fmt.Sprintf("%s.Año 2024 row %d", l.schema, n+100) {
			t.Fatalf("%d rows, %s, %v", b.N, b.Origin(99), err)
		}
		if n += b.N; n == 300 { // whoever has enough leaves
			break
		}
	}
	if n != 300 {
		t.Errorf("%d rows", n)
	}
	declared := types.Schema{{Name: "C", Type: types.StringType}, {Name: "a", Type: types.DecimalType(12, 1)}}
	rows, _, err = l.scan(l.table(declared, "dbtable", name), connector.Scan{Columns: []int{0, 1}, Limit: 1}, false)
	l.want(fmt.Sprint("declared columns ", err), rows, "-1 | 1.0")
}

// TestPartsShareASnapshot: rows that come or change while parts are read are in none of them.
func TestPartsShareASnapshot(t *testing.T) {
	l := newLab(t)
	l.sql(`CREATE TABLE t (id int, d date, pad text); INSERT INTO t SELECT i, DATE '2024-01-01' + i, repeat('x', 500) FROM generate_series(0, 99) i; INSERT INTO t VALUES (NULL, NULL, '')`)
	for _, c := range []struct {
		options []string
		parts   int
	}{
		{[]string{"partitionColumn", "ID", "lowerBound", "10", "upperBound", "50", "numPartitions", "4"}, 4},
		{[]string{"partitionColumn", "id", "lowerBound", "10", "upperBound", "12", "numPartitions", "4"}, 2},
		{[]string{"partitionColumn", "d", "lowerBound", "2024-01-01", "upperBound", "2024-03-01", "numPartitions", "3"}, 3},
		{[]string{"numPartitions", "3"}, 3}, // by pages
		{nil, 1},
	} {
		src, err := l.open(l.table(nil, append([]string{"dbtable", "t"}, c.options...)...))
		if err != nil {
			t.Fatal(err)
		}
		sc := connector.Scan{Columns: []int{0}, Limit: -1}
		parts, err := src.Parts(t.Context(), sc)
		if err != nil || len(parts) != c.parts {
			t.Fatalf("%v: %d parts, %v", c.options, len(parts), err)
		}
		if len(parts) > 1 {
			l.sql("UPDATE t SET id = id + 1000; INSERT INTO t SELECT i FROM generate_series(1, 50) i")
		}
		n := 0
		for _, p := range parts {
			for b, err := range src.Read(t.Context(), p, sc) {
				if err != nil {
					t.Fatal(err)
				}
				for i := range b.Each() {
					if n++; !b.Cols[0].IsNull(i) && vec.Get[int32](&b.Cols[0], i) >= 1000 {
						t.Fatalf("%v: %d came later", c.options, vec.Get[int32](&b.Cols[0], i))
					}
				}
			}
		}
		src.Close() //nolint:errcheck // read
		if n != 101 {
			t.Errorf("%v: %d rows", c.options, n)
		}
		l.sql("DELETE FROM t WHERE pad IS NULL; UPDATE t SET id = id % 1000")
	}
}

func TestStats(t *testing.T) {
	l := newLab(t)
	l.sql(`CREATE TABLE t (a int, b int, c int); INSERT INTO t SELECT i, i % 7, NULL FROM generate_series(1, 2000) i; CREATE TABLE fresh (a int)`)
	stats := func(options ...string) connector.Stats {
		src, err := l.open(l.table(nil, options...))
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		s, err := src.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := stats("dbtable", "t"); s.Rows != -1 || s.Bytes < 8192 {
		t.Errorf("before ANALYZE: %+v", s)
	}
	l.sql("ANALYZE t")
	if s := stats("dbtable", "t"); s.Rows != 2000 || s.Distinct[0] != 2000 || s.Distinct[1] != 7 || len(s.Distinct) != 2 {
		t.Errorf("after it: %+v", s)
	}
	if s := stats("query", "SELECT 1"); s.Rows != -1 || s.Bytes != -1 {
		t.Errorf("of a query: %+v", s)
	}
}

func TestReadRefusals(t *testing.T) {
	l := newLab(t)
	l.sql(`CREATE TABLE ventas (id int, nombre text); CREATE ROLE pobre LOGIN; CREATE ROLE secreta LOGIN PASSWORD 'abretesesamo'`)
	defer l.sql("DROP ROLE pobre; DROP ROLE secreta")
	for _, c := range []struct {
		options     []string
		class, want string
	}{
		{nil, "MISSING_OPTION", "names no table"},
		{[]string{"dbtable", "a", "query", "SELECT 1"}, "INVALID_OPTION", "can not be specified at the same time"},
		{[]string{"dbtable", "a; DROP TABLE ventas"}, "INVALID_OPTION", "is not the name of a table"},
		{[]string{"dbtable", `"ventas" WHERE true`}, "INVALID_OPTION", "is not the name of a table"},
		{[]string{"dbtable", `"ventas"; DROP TABLE ventas"`}, "INVALID_OPTION", "is not the name of a table"},
		{[]string{"dbtable", `"x""; DROP TABLE ventas; --"`}, "TABLE_OR_VIEW_NOT_FOUND", "there is no table"},
		{[]string{"dbtable", "venta"}, "TABLE_OR_VIEW_NOT_FOUND", "did you mean testreadrefusals.ventas?"},
		{[]string{"query", "SELECT 1; DROP TABLE ventas"}, "JDBC_EXTERNAL_ENGINE_SYNTAX_ERROR.DURING_QUERY_EXECUTION", "syntax error"},
		{[]string{"query", "SELEC 1"}, "JDBC_EXTERNAL_ENGINE_SYNTAX_ERROR.DURING_QUERY_EXECUTION", "syntax error"},
		{[]string{"dbtable", "ventas", "lowerBound", "1"}, "MISSING_OPTION", "specify all or none"},
		{[]string{"dbtable", "ventas", "partitionColumn", "id"}, "MISSING_OPTION", "specify all or none"},
		{[]string{"dbtable", "ventas", "partitionColumn", "nada", "lowerBound", "1", "upperBound", "2", "numPartitions", "2"}, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "names nada"},
		{[]string{"dbtable", "ventas", "partitionColumn", "nombre", "lowerBound", "1", "upperBound", "2", "numPartitions", "2"}, "INVALID_OPTION", "must be a number"},
		{[]string{"dbtable", "ventas", "partitionColumn", "id", "lowerBound", "x", "upperBound", "2", "numPartitions", "2"}, "INVALID_OPTION", `"x" is not a value of column id`},
		{[]string{"dbtable", "ventas", "partitionColumn", "id", "lowerBound", "3", "upperBound", "2", "numPartitions", "2"}, "INVALID_OPTION", "is more than upperBound"},
		{[]string{"dbtable", "ventas", "numPartitions", "0"}, "INVALID_OPTION", "at least 1"},
		{[]string{"dbtable", "ventas", "user", "pobre"}, "FAILED_JDBC.UNCLASSIFIED", "GRANT"},
		{[]string{"dbtable", "ventas", "user", "secreta", "password", "contraseña mala"}, "FAILED_JDBC.CONNECTION", "refuses the connection"},
		{[]string{"dbtable", "ventas", "database", "nada"}, "FAILED_JDBC.CONNECTION", "does not exist"},
		{[]string{"dbtable", "ventas", "port", "1"}, "FAILED_JDBC.CONNECTION", "there is no connection"},
		{[]string{"dbtable", "ventas", "url", "mysql://u:abretesesamo@h/d"}, "INVALID_OPTION", "is not an address"},
		{[]string{"dbtable", "ventas", "url", "postgres://u:abretesesamo@h:x/d"}, "INVALID_OPTION", "cannot be read"},
		{[]string{"dbtable", "ventas", "sslmode", "quizás"}, "INVALID_OPTION", "cannot be read"},
		{[]string{"dbtabel", "ventas"}, "UNKNOWN_OPTION", "did you mean dbtable"},
	} {
		_, _, err := l.scan(l.table(nil, c.options...), connector.Scan{Columns: []int{0}, Limit: -1}, false)
		if errs.ClassOf(err) != c.class || !strings.Contains(errs.Render(err), c.want) {
			t.Errorf("%q: %v", c.options, err)
		}
		if err != nil && (strings.Contains(errs.Render(err), "abretesesamo") || strings.Contains(errs.Render(err), "contraseña mala")) {
			t.Errorf("%q tells the password: %v", c.options, err)
		}
	}
	declared := types.Schema{{Name: "nombres", Type: types.StringType}}
	if _, err := l.open(l.table(declared, "dbtable", "ventas")); errs.ClassOf(err) != "UNRESOLVED_COLUMN.WITH_SUGGESTION" || !strings.Contains(errs.Render(err), "did you mean nombre?") {
		t.Errorf("a column that is not there: %v", err)
	}
}

// TestPasswords: they come from an option, the address, PGPASSWORD or a password file.
func TestPasswords(t *testing.T) {
	l := newLab(t)
	l.sql(`CREATE ROLE secreta LOGIN PASSWORD 'á b/c@:'`)
	defer l.sql("DROP ROLE secreta")
	address := strings.Replace(l.at.address(), "azud@", "secreta@", 1)
	query := []string{"query", "SELECT current_user::text AS u"}
	l.want("an option", l.read(append(query, "url", address, "password", "á b/c@:")...), "secreta")
	l.want("Spark's address", l.read(append(query, "url", "jdbc:"+strings.Replace(l.at.address(), "azud@", "", 1)+"&user=secreta&password=%C3%A1%20b%2Fc%40%3A")...), "secreta")
	l.want("host and port", l.read(append(query, "url", "", "host", "127.0.0.1", "port", fmt.Sprint(l.at.port), "database", "postgres", "user", "secreta", "password", "á b/c@:", "sslmode", "disable")...), "secreta")
	file := filepath.Join(t.TempDir(), "pgpass")
	if err := os.WriteFile(file, []byte(`127.0.0.1:*:*:secreta:á b/c@\:`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGPASSFILE", file)
	l.want("a password file", l.read(append(query, "url", address)...), "secreta")
	t.Setenv("PGPASSFILE", file+".none")
	t.Setenv("PGPASSWORD", "á b/c@:")
	l.want("PGPASSWORD", l.read(append(query, "url", address)...), "secreta")
}

// TestConnectionsEnd: whatever a read comes to, it leaves no session behind.
func TestConnectionsEnd(t *testing.T) {
	l := newLab(t)
	l.sql("CREATE TABLE t (a int); INSERT INTO t SELECT i FROM generate_series(1, 100000) i")
	for range 3 {
		src, err := l.open(l.table(nil, "dbtable", "t", "numPartitions", "3"))
		if err != nil {
			t.Fatal(err)
		}
		sc := connector.Scan{Columns: []int{0}, Limit: -1}
		parts, err := src.Parts(t.Context(), sc)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parts {
			for range src.Read(t.Context(), p, sc) {
				break
			}
		}
		src.Close() //nolint:errcheck // read
	}
	const open = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'azud'"
	for range 200 {
		if slices.Equal(l.sql(open), []string{"0"}) {
			return
		}
		time.Sleep(10 * time.Millisecond) // the server takes a moment to see the end of a connection
	}
	t.Errorf("%s sessions are open", l.sql(open))
}
