//go:build unix

package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

var two = types.Schema{{Name: "id", Type: types.IntType, Nullable: true}, {Name: "nombre", Type: types.StringType, Nullable: true}}

// pairs makes rows "id:nombre"; "-" is NULL.
func pairs(rows ...string) *vec.Batch {
	b := vec.NewBuilder(two)
	for _, r := range rows {
		id, name, _ := strings.Cut(r, ":")
		var n int32
		if _, err := fmt.Sscan(id, &n); err != nil {
			b.Cols[0].AppendNull()
		} else {
			vec.Append(b.Cols[0], n)
		}
		if name == "-" {
			b.Cols[1].AppendNull()
		} else {
			b.Cols[1].AppendString(name)
		}
	}
	return b.Finish()
}

func TestSaveModes(t *testing.T) {
	l := newLab(t)
	tab := l.table(nil, "dbtable", "t")
	save := func(m connector.SaveMode, rows ...string) error {
		t.Helper()
		return l.save(tab, two, m, pairs(rows...))
	}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	all := func() []string { return l.sql("SELECT id, nombre FROM t ORDER BY id, nombre") }
	ok(save(connector.SaveNew, "1:a", "-:-"))
	l.want("new", all(), "1 | a", "NULL | NULL")
	if err := save(connector.SaveNew, "2:b"); errs.ClassOf(err) != "TABLE_OR_VIEW_ALREADY_EXISTS" {
		t.Errorf("new again: %v", err)
	}
	ok(save(connector.SaveIgnore, "3:c"))
	ok(save(connector.SaveAppend, "4:d"))
	l.want("ignored, appended", all(), "1 | a", "4 | d", "NULL | NULL")
	l.sql("CREATE INDEX viejo ON t (id); ALTER TABLE t ADD mas int DEFAULT 7")
	ok(save(connector.SaveAppend, "5:e"))
	l.want("a column more", l.sql("SELECT mas FROM t WHERE id = 5"), "7")
	tab = l.table(nil, "dbtable", "t", "truncate", "true")
	ok(save(connector.SaveOverwrite, "6:f"))
	l.want("emptied", l.sql("SELECT id, nombre, mas, (SELECT count(*) FROM pg_indexes WHERE indexname = 'viejo') FROM t"), "6 | f | 7 | 1")
	tab = l.table(nil, "dbtable", "t")
	ok(save(connector.SaveOverwrite, "7:g"))
	l.want("made anew", l.sql("SELECT t.*, (SELECT count(*) FROM pg_indexes WHERE indexname = 'viejo') FROM t"), "7 | g | 0")
	ok(save(connector.SaveOverwrite)) // TRUNCATE TABLE of SQL
	l.want("nothing", all())
	ok(l.save(l.table(nil, "dbtable", `"Con Espacio"`, "createTableOptions", "WITH (fillfactor=70)"), two, connector.SaveAppend, pairs("1:a"), pairs("2:b\tc\\.\nd\r")))
	l.want("two batches", l.sql(`SELECT id, nombre = E'b\tc\\.\nd\r' FROM "Con Espacio"`), "1 | f", "2 | t")
}

// TestAFailedWriteLeavesWhatWasThere: at whatever point it fails.
func TestAFailedWriteLeavesWhatWasThere(t *testing.T) {
	l := newLab(t)
	l.sql("CREATE TABLE t (id int PRIMARY KEY, nombre text NOT NULL CHECK (nombre <> 'mal')); INSERT INTO t VALUES (1, 'a'); CREATE VIEW mira AS SELECT * FROM t")
	long := make([]string, 50_000)
	for i := range long {
		long[i] = fmt.Sprintf("%d:%s", i+100, strings.Repeat("x", 20))
	}
	bad := slices.Clone(long)
	bad[100] = "3:mal"
	for what, c := range map[string]struct {
		options []string
		mode    connector.SaveMode
		batches []*vec.Batch
		want    string
	}{
		"a key twice":      {nil, connector.SaveAppend, []*vec.Batch{pairs("2:b", "1:c")}, "mode 'upsert' with key"},
		"NULL":             {nil, connector.SaveAppend, []*vec.Batch{pairs("2:b"), pairs("3:-")}, "takes no NULL"},
		"a check, early":   {nil, connector.SaveAppend, []*vec.Batch{pairs(bad...), pairs(long...), pairs(long...)}, "violates check constraint"},
		"after TRUNCATE":   {[]string{"truncate", "true"}, connector.SaveOverwrite, []*vec.Batch{pairs("2:mal")}, "violates check constraint"},
		"DROP with a view": {nil, connector.SaveOverwrite, []*vec.Batch{pairs("2:b")}, "with truncate 'true'"},
		"the character 0":  {nil, connector.SaveAppend, []*vec.Batch{pairs("2:b", "3:a\x00b")}, "cannot have the character 0"},
		"no unique index":  {[]string{"mode", "upsert", "key", "nombre"}, connector.SaveAppend, []*vec.Batch{pairs("2:b")}, "needs a unique index"},
		"two of a key":     {[]string{"mode", "upsert", "key", "id"}, connector.SaveAppend, []*vec.Batch{pairs("2:b", "2:c")}, "keep one of them"},
	} {
		err := l.save(l.table(nil, append([]string{"dbtable", "t"}, c.options...)...), two, c.mode, c.batches...)
		if err == nil || !strings.Contains(errs.Render(err), c.want) {
			t.Errorf("%s: %v", what, err)
		}
		l.want(what, l.sql("SELECT * FROM t"), "1 | a")
	}
	// A write that is given up, with rows that the server has already.
	for _, options := range [][]string{{"dbtable", "t"}, {"dbtable", "t", "truncate", "true"}, {"dbtable", "otra"}} {
		sink, err := connectorOf().Save(t.Context(), l.env(), l.table(nil, options...))
		if err != nil {
			t.Fatal(err)
		}
		mode := connector.SaveAppend
		if len(options) > 2 {
			mode = connector.SaveOverwrite
		}
		w, err := sink.Begin(t.Context(), two, mode)
		if err == nil {
			err = w.Write(t.Context(), pairs(long...))
		}
		if err == nil {
			err = w.Abort(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		l.want("given up", l.sql("SELECT * FROM t"), "1 | a")
	}
	l.want("not made", l.sql("SELECT to_regclass('otra')"), "NULL")
}

func TestUpsert(t *testing.T) {
	l := newLab(t)
	tab := l.table(nil, "dbtable", "t", "mode", "upsert", "key", "ID")
	if err := l.save(tab, two, connector.SaveAppend, pairs("1:a", "2:b")); err != nil { // makes the table with its key
		t.Fatal(err)
	}
	l.sql("ALTER TABLE t ADD mas int; UPDATE t SET mas = id")
	if err := l.save(tab, two, connector.SaveAppend, pairs("2:B", "3:c")); err != nil {
		t.Fatal(err)
	}
	l.want("rows", l.sql("SELECT * FROM t ORDER BY id"), "1 | a | 1", "2 | B | 2", "3 | c | NULL")
	l.sql("CREATE TABLE solo (id int, nombre text, PRIMARY KEY (nombre, id)); INSERT INTO solo VALUES (1, 'a')")
	if err := l.save(l.table(nil, "dbtable", "solo", "mode", "upsert", "key", "id, nombre"), two, connector.SaveAppend, pairs("1:a", "2:b")); err != nil {
		t.Fatal(err)
	}
	l.want("only keys", l.sql("SELECT * FROM solo ORDER BY id"), "1 | a", "2 | b")
}

// TestTypesRoundTrip: what is written is read again, and the table has the types of Spark's documentation.
func TestTypesRoundTrip(t *testing.T) {
	l := newLab(t)
	l.zone = zone(t, "America/Lima")
	schema := types.Schema{
		{Name: "b", Type: types.BooleanType}, {Name: "i1", Type: types.ByteType}, {Name: "i2", Type: types.ShortType}, {Name: "i4", Type: types.IntType}, {Name: "i8", Type: types.LongType},
		{Name: "f4", Type: types.FloatType}, {Name: "f8", Type: types.DoubleType}, {Name: "d", Type: types.DecimalType(38, 10)}, {Name: "s", Type: types.StringType}, {Name: "raw", Type: types.BinaryType},
		{Name: "dt", Type: types.DateType}, {Name: "ts", Type: types.TimestampType}, {Name: "ntz", Type: types.TimestampNTZType},
		{Name: "a", Type: types.ArrayOf(types.StringType, true)}, {Name: "aa", Type: types.ArrayOf(types.ArrayOf(types.IntType, true), true)},
	}
	v := vec.NewBuilder(schema)
	for i := range 3 {
		k := 1 - 2*int64(i%2)
		vec.Append(v.Cols[0], i == 0)
		vec.Append(v.Cols[1], int8(k*127))
		vec.Append(v.Cols[2], int16(k*32767))
		vec.Append(v.Cols[3], int32(k*2147483647))
		vec.Append(v.Cols[4], k*9223372036854775807)
		vec.Append(v.Cols[5], float32(k)*1.1e-20)
		vec.Append(v.Cols[6], float64(k)*0.1)
		most := decimal128.New(5421010862427522170, 687399551400673279) // 38 nines
		if k < 0 {
			most = most.Negate()
		}
		vec.Append(v.Cols[7], most)
		v.Cols[8].AppendString([]string{"ñ\\N\t\"{}',", "", `\N`}[i])
		v.Cols[9].AppendString([]string{"\x00\xff\\", "", "x"}[i])
		vec.Append(v.Cols[10], []int32{19737, -719162, -800000}[i]) // the last is before Christ
		vec.Append(v.Cols[11], []int64{1_705_314_600_123_456, -1, -62135596800000000}[i])
		vec.Append(v.Cols[12], []int64{1_705_314_600_123_456, -1, 253402300799999999}[i])
		for _, e := range [][]string{{"a", `b"\,{}`, "NULL", ""}, {}, {"-"}}[i] {
			if e == "-" {
				v.Cols[13].Child(0).AppendNull()
			} else {
				v.Cols[13].Child(0).AppendString(e)
			}
		}
		v.Cols[13].EndList()
		for range []int{2, 0, 1}[i] {
			vec.Append(v.Cols[14].Child(0).Child(0), int32(k))
			v.Cols[14].Child(0).EndList()
		}
		v.Cols[14].EndList()
	}
	for _, c := range v.Cols {
		c.AppendNull()
	}
	b := v.Finish()
	if err := l.save(l.table(nil, "dbtable", "t"), schema, connector.SaveNew, b); err != nil {
		t.Fatal(err)
	}
	l.want("types", l.sql("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum"),
		"boolean", "smallint", "smallint", "integer", "bigint", "real", "double precision", "numeric(38,10)", "text", "bytea", "date",
		"timestamp with time zone", "timestamp without time zone", "text[]", "integer[]")
	l.sql("CREATE VIEW v AS SELECT b, i1, i2, i4, i8, f4, f8, d, s, raw, dt, ts, ntz, a FROM t")
	back := slices.Clone(schema[:14])
	back[1].Type = types.ShortType
	rows, _, err := l.scan(l.table(back, "dbtable", "v"), connector.Scan{Limit: -1}, true)
	if err != nil {
		t.Fatal(err)
	}
	b.Cols = b.Cols[:14]
	l.want("rows", rows, sorted(textOf(b))...)
	l.want("an array of arrays", l.sql("SELECT aa FROM t ORDER BY aa NULLS LAST"), "{}", "{{1}}", "{{1},{1}}", "NULL")
}

// TestValuesBecomeTheColumnsType: the table's types count, not those that Azud would make.
func TestValuesBecomeTheColumnsType(t *testing.T) {
	l := newLab(t)
	l.zone = zone(t, "Europe/Madrid")
	l.sql(`CREATE TYPE animo AS ENUM ('bien', 'mal'); CREATE TABLE t (a uuid, b jsonb, c animo, d numeric(5,1), e timestamp, f timestamptz, g varchar(3), h text)`)
	schema := types.Schema{{Name: "A", Type: types.StringType}, {Name: "b", Type: types.StringType}, {Name: "c", Type: types.StringType}, {Name: "d", Type: types.IntType},
		{Name: "e", Type: types.TimestampType}, {Name: "f", Type: types.TimestampType}, {Name: "g", Type: types.StringType}, {Name: "h", Type: types.DoubleType}}
	row := func(g string) *vec.Batch {
		v := vec.NewBuilder(schema)
		v.Cols[0].AppendString("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11")
		v.Cols[1].AppendString(`{"b":1}`)
		v.Cols[2].AppendString("mal")
		vec.Append(v.Cols[3], int32(7))
		vec.Append(v.Cols[4], int64(1_719_828_000_000_000)) // 2024-07-01 10:00 UTC
		vec.Append(v.Cols[5], int64(1_719_828_000_000_000))
		v.Cols[6].AppendString(g)
		vec.Append(v.Cols[7], 1.5)
		return v.Finish()
	}
	if err := l.save(l.table(nil, "dbtable", "t"), schema, connector.SaveAppend, row("abc")); err != nil {
		t.Fatal(err)
	}
	l.want("row", l.sql("SELECT * FROM t"), `a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 | {"b": 1} | mal | 7.0 | 2024-07-01 12:00:00 | 2024-07-01 10:00:00+00 | abc | 1.5`)
	if err := l.save(l.table(nil, "dbtable", "t"), schema, connector.SaveAppend, row("abcd")); err == nil || !strings.Contains(err.Error(), "value too long for type character varying(3), at COPY t, line 1, column g") {
		t.Errorf("too long: %v", err)
	}
}

func TestSaveRefusals(t *testing.T) {
	l := newLab(t)
	l.sql("CREATE TABLE t (id int, nombre text)")
	nested := types.Schema{{Name: "x", Type: types.StructOf(types.Field{Name: "a", Type: types.IntType})}}
	for _, c := range []struct {
		options     []string
		schema      types.Schema
		class, hint string
	}{
		{nil, two, "MISSING_OPTION", "dbtable"},
		{[]string{"query", "SELECT 1"}, two, "UNSUPPORTED_FEATURE", "dbtable"},
		{[]string{"dbtable", "t", "mode", "upsert"}, two, "MISSING_OPTION", "key"},
		{[]string{"dbtable", "t", "mode", "upsert", "key", "otro"}, two, "INVALID_OPTION", "id, nombre"},
		{[]string{"dbtable", "t", "mode", "merge"}, two, "INVALID_OPTION", ""},
		{[]string{"dbtable", "t"}, types.Schema{{Name: "nombr", Type: types.StringType}}, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "did you mean nombre?"},
		{[]string{"dbtable", "nueva"}, nested, "UNSUPPORTED_DATATYPE", "to_json"},
		{[]string{"dbtable", "nada.t2"}, two, "TABLE_OR_VIEW_NOT_FOUND", ""},
	} {
		err := l.save(l.table(nil, c.options...), c.schema, connector.SaveAppend)
		if errs.ClassOf(err) != c.class || !strings.Contains(errs.Render(err), c.hint) {
			t.Errorf("%q: %v", c.options, err)
		}
	}
	l.want("nothing was made", l.sql("SELECT to_regclass('nueva')"), "NULL")
}
