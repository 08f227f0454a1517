package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// Numbers of PostgreSQL's own types.
const (
	oidBool        = 16
	oidBytea       = 17
	oidInt8        = 20
	oidInt2        = 21
	oidInt4        = 23
	oidText        = 25
	oidOID         = 26
	oidFloat4      = 700
	oidFloat8      = 701
	oidBpchar      = 1042
	oidVarchar     = 1043
	oidDate        = 1082
	oidTime        = 1083
	oidTimestamp   = 1114
	oidTimestamptz = 1184
	oidTimetz      = 1266
	oidBit         = 1560
	oidNumeric     = 1700
	oidTID         = 27
	oidOIDs        = 1028
)

// elements are the types of arrays' elements.
var elements = map[uint32]uint32{
	1000: oidBool, 1001: oidBytea, 1005: oidInt2, 1007: oidInt4, 1016: oidInt8, 1009: oidText, 1014: oidBpchar, 1015: oidVarchar,
	1021: oidFloat4, 1022: oidFloat8, 1115: oidTimestamp, 1182: oidDate, 1185: oidTimestamptz, 1231: oidNumeric,
}

// column is a column of a relation.
type column struct {
	name string
	oid  uint32 // its type in PostgreSQL; of an array that of the elements
	typ  types.Type
	form string // how it is selected, with %s for its name; "": as it is
	// exact says that comparisons of what is selected and of the column are the same.
	exact bool
	local bool // a time without zone that is read as one of the session's zone
}

// selected is the column in a statement's select list.
func (c *column) selected() string {
	if c.form == "" {
		return quote(c.name)
	}
	return fmt.Sprintf(c.form, quote(c.name))
}

// newColumn gives a type of PostgreSQL that of Spark. Spark: PostgresDialect.getCatalystType.
func newColumn(name string, oid uint32, typmod int32, ntz bool) column {
	c := column{name: name, oid: oid, exact: true}
	switch oid {
	case oidBool:
		c.typ = types.BooleanType
	case oidInt2:
		c.typ = types.ShortType
	case oidInt4:
		c.typ = types.IntType
	case oidInt8:
		c.typ = types.LongType
	case oidFloat4:
		c.typ = types.FloatType
	case oidFloat8:
		c.typ = types.DoubleType
	case oidNumeric:
		c.typ, c.exact = decimalOf(typmod)
	case oidText, oidVarchar, oidBpchar:
		c.typ = types.StringType
	case oidBytea:
		c.typ = types.BinaryType
	case oidDate:
		c.typ = types.DateType
	case oidTimestamptz:
		c.typ = types.TimestampType
	case oidTimestamp:
		c.typ, c.local = types.TimestampType, !ntz
	default:
		c.exact = false
		c.typ, c.form = formed(oid, typmod)
		c.local = oid == oidTime && !ntz
	}
	if ntz && (oid == oidTimestamp || oid == oidTime) {
		c.typ = types.TimestampNTZType
	}
	return c
}

// formed are the types that are selected in another form; of most it is their text.
func formed(oid uint32, typmod int32) (types.Type, string) {
	switch {
	case oid == oidOID:
		return types.DecimalType(20, 0), "%s::int8::numeric(20,0)"
	case oid == oidTime || oid == oidTimetz:
		return types.TimestampType, "(DATE '1970-01-01' + %s)"
	case oid == oidBit && typmod == 1:
		return types.BooleanType, "%s::int4::bool"
	case oid == oidBit:
		return types.BinaryType, "convert_to(%s::text, 'UTF8')"
	}
	return types.StringType, "%s::text"
}

// decimalOf reads the modifier of a numeric; exact is false where not every value fits.
func decimalOf(typmod int32) (t types.Type, exact bool) {
	if typmod < 4 {
		return types.DecimalType(38, 18), false // Spark: DecimalType.SYSTEM_DEFAULT
	}
	p, s := int((typmod-4)>>16&0xffff), int(typmod-4)&0x7ff
	if s >= 1024 {
		s -= 2048
	}
	if s < 0 { // whole thousands, say
		p, s = p-s, 0
	}
	exact = p <= 38 && s <= p
	p = max(p, s)
	return types.DecimalType(min(p, 38), min(s, 38)), exact
}

// columns asks the server what a relation's columns are.
func (s *server) columns(ctx context.Context, conn *pgconn.PgConn, r relation, ntz bool) ([]column, error) {
	doing := "reading the columns of " + r.shown()
	d, err := conn.Prepare(ctx, "", "SELECT * FROM "+r.from(), nil)
	if err != nil {
		return nil, s.near(ctx, conn, r, s.failed(ctx, err, doing))
	}
	var out []column
	for _, f := range d.Fields {
		c := newColumn(f.Name, f.DataTypeOID, f.TypeModifier, ntz)
		if _, own := elements[f.DataTypeOID]; own || c.form == "%s::text" && f.DataTypeOID > 26 {
			if c, err = s.array(ctx, conn, f, c, ntz); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// array makes a column of arrays one; others stay as they are.
func (s *server) array(ctx context.Context, conn *pgconn.PgConn, f pgconn.FieldDescription, c column, ntz bool) (column, error) {
	elem, own := elements[f.DataTypeOID]
	if !own {
		rows, err := s.ask(ctx, conn, "reading the type of "+f.Name, "SELECT typelem FROM pg_catalog.pg_type WHERE oid = $1::oid AND typcategory = 'A'", oidLabel(f.DataTypeOID))
		if err != nil || len(rows) == 0 {
			return c, err
		}
	}
	dims := 1
	rows, err := s.ask(ctx, conn, "reading the dimensions of "+f.Name, "SELECT attndims FROM pg_catalog.pg_attribute WHERE attrelid = $1::oid AND attnum = $2::int2",
		oidLabel(f.TableOID), strconv.Itoa(int(int16(f.TableAttributeNumber))))
	if err != nil {
		return c, err
	}
	if len(rows) == 1 {
		if n, err := strconv.Atoi(string(rows[0][0])); err == nil && n > 1 {
			dims = n
		}
	}
	one := column{typ: types.StringType}
	form := "%s::text[]"
	if f.DataTypeOID == oidOIDs { // Spark: of unsigned numbers alone it makes DECIMAL
		own, one, form = false, column{typ: types.LongType}, "%s::int8[]"
	}
	if own {
		one, form = newColumn(f.Name, elem, f.TypeModifier, ntz), ""
	}
	c = column{name: f.Name, oid: one.oid, typ: one.typ, form: form, local: one.local}
	for range dims {
		c.typ = types.ArrayOf(c.typ, true)
	}
	return c, nil
}

func oidLabel(oid uint32) string { return strconv.FormatUint(uint64(oid), 10) }

// near adds names like it to the error for a table that does not exist.
func (s *server) near(ctx context.Context, conn *pgconn.PgConn, r relation, err error) error {
	if errs.ClassOf(err) != "TABLE_OR_VIEW_NOT_FOUND" || r.query != "" {
		return err
	}
	e := errs.New("TABLE_OR_VIEW_NOT_FOUND", "there is no table %s in %s", r.shown(), s.shown).State("42P01")
	rows, askErr := s.ask(ctx, conn, "listing tables", `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r','v','m','p','f') AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema' LIMIT 10000`)
	if askErr != nil {
		return e
	}
	var names []string
	for _, row := range rows {
		if string(row[0]) == "public" {
			names = append(names, string(row[1]))
		}
		names = append(names, string(row[0])+"."+string(row[1]))
	}
	if near := errs.Near(r.shown(), names); len(near) > 0 {
		return e.WithHint("did you mean %s?", strings.Join(near, ", "))
	}
	return e.WithHint("name its schema, as dbtable 'schema.name', and what is not lower case in quotes")
}

// sqlType is the type of a column that is made for values of Spark's type. Spark:
// PostgresDialect.getJDBCType.
func sqlType(f types.Field) (string, error) {
	switch t := f.Type; t.Kind {
	case types.Boolean:
		return "boolean", nil
	case types.Byte, types.Short:
		return "smallint", nil
	case types.Int:
		return "integer", nil
	case types.Long:
		return "bigint", nil
	case types.Float:
		return "real", nil
	case types.Double:
		return "double precision", nil
	case types.Decimal:
		return fmt.Sprintf("numeric(%d,%d)", t.Precision, t.Scale), nil
	case types.String:
		return "text", nil
	case types.Binary:
		return "bytea", nil
	case types.Date:
		return "date", nil
	case types.Timestamp:
		return "timestamp with time zone", nil
	case types.TimestampNTZ:
		return "timestamp without time zone", nil
	case types.Array:
		elem, err := sqlType(types.Field{Name: f.Name, Type: *t.Elem})
		return elem + "[]", err
	}
	return "", errs.New("UNSUPPORTED_DATATYPE", "the column %s of type %s has no type in PostgreSQL", f.Name, f.Type.SQL()).State("0A000").
		WithHint("write it as text: to_json(%s) of a struct or a map, CAST(%s AS STRING) of an interval", f.Name, f.Name)
}
