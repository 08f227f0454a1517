package sql

import (
	"fmt"
	"strconv"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// simpleTypes are the types without parameters, by all their names.
var simpleTypes = map[string]types.Type{
	"BOOLEAN": types.BooleanType, "TINYINT": types.ByteType, "BYTE": types.ByteType,
	"SMALLINT": types.ShortType, "SHORT": types.ShortType, "INT": types.IntType, "INTEGER": types.IntType,
	"BIGINT": types.LongType, "LONG": types.LongType, "FLOAT": types.FloatType, "REAL": types.FloatType,
	"DOUBLE": types.DoubleType, "DATE": types.DateType, "TIMESTAMP_LTZ": types.TimestampType,
	"TIMESTAMP_NTZ": types.TimestampNTZType, "BINARY": types.BinaryType, "VOID": types.NullType,
}

// foreignTypes are names that other systems use, with Spark's.
var foreignTypes = map[string]string{
	"TEXT": "STRING", "NVARCHAR": "STRING", "UUID": "STRING", "JSON": "STRING", "JSONB": "STRING",
	"DATETIME": "TIMESTAMP", "DATETIME2": "TIMESTAMP", "TIMESTAMPTZ": "TIMESTAMP", "BOOL": "BOOLEAN", "BYTEA": "BINARY",
	"BLOB": "BINARY", "INT2": "SMALLINT", "INT4": "INT", "INT8": "BIGINT", "FLOAT4": "FLOAT", "FLOAT8": "DOUBLE",
	"INT32": "INT", "INT64": "BIGINT", "FLOAT64": "DOUBLE", "NUMBER": "DECIMAL", "SERIAL": "BIGINT", "ROW": "STRUCT", "LIST": "ARRAY", "STR": "STRING",
	"VARBINARY": "BINARY", "BYTES": "BINARY",
}

// dataType reads a type.
func (p *parser) dataType() types.Type {
	p.enter()
	defer p.leave()
	t := p.tok()
	if t.kind != tkWord {
		p.fail("a type such as STRING")
	}
	p.i++
	if s, ok := simpleTypes[t.up]; ok {
		p.noLength(t)
		return s
	}
	switch t.up {
	case "STRING":
		p.noLength(t)
		p.collation()
		return types.StringType
	case "DECIMAL", "DEC", "NUMERIC":
		return p.decimalParams(t)
	case "TIMESTAMP":
		if p.acceptWords("WITHOUT", "TIME", "ZONE") {
			return types.TimestampNTZType
		}
		p.acceptWords("WITH", "LOCAL", "TIME", "ZONE")
		p.noLength(t)
		return types.TimestampType
	case "INTERVAL":
		return p.intervalType(t)
	case "ARRAY", "MAP", "STRUCT":
		return p.nestedType(t)
	case "CHAR", "CHARACTER", "VARCHAR":
		n := p.textLength(t)
		if !p.lenient {
			p.unsupported(p.from(t.pos.Start).Pos, fmt.Sprintf("%s(%d) within another type", t.up, n), "use STRING")
		}
		return types.StringType
	case "TIME", "VARIANT", "GEOGRAPHY", "GEOMETRY":
		p.unsupported(t.pos, "The type "+t.up, "use STRING")
	}
	return p.unknownType(t)
}

// textLength reads the (n) of CHAR and VARCHAR.
func (p *parser) textLength(t *token) int {
	if !p.acceptOp("(") {
		p.refuse("DATATYPE_MISSING_SIZE", t.pos, "write "+t.up+"(10), or STRING without a bound", "The type %s needs a length", t.up)
	}
	n := p.smallInt("the length")
	if n < 1 {
		p.refuse("INVALID_PARAMETER_VALUE", p.prev().pos, "write at least 1", "The length of %s must be positive", t.up)
	}
	p.expectOp(")")
	p.collation()
	return n
}

// collation passes COLLATE UTF8_BINARY, which is how texts compare anyway.
func (p *parser) collation() {
	if at := p.tok().pos; p.acceptWord("COLLATE") != "" {
		if n := p.plainName("the name of a collation"); upper(n.Last().Name) != "UTF8_BINARY" {
			p.unsupported(errs.Span{Start: at.Start, End: n.Pos.End}, "The collation "+n.String(), "leave COLLATE out and compare with lower(x)")
		}
	}
}

// noLength refuses INT(5) and the like.
func (p *parser) noLength(t *token) {
	if p.isOp("(") {
		p.refuse("UNSUPPORTED_DATATYPE", errs.Span{Start: t.pos.Start, End: p.tok().pos.End}, "write "+t.up+" alone; only DECIMAL takes (precision, scale)",
			"The type %s takes no length", t.up)
	}
}

func (p *parser) unknownType(t *token) types.Type {
	hint := "the types are BOOLEAN, TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE, DECIMAL, STRING, BINARY, DATE, TIMESTAMP, TIMESTAMP_NTZ, INTERVAL, ARRAY, MAP and STRUCT"
	if name, ok := foreignTypes[t.up]; ok {
		hint = "write " + name
	} else {
		names := []string{"STRING", "DECIMAL", "TIMESTAMP", "ARRAY", "MAP", "STRUCT", "INTERVAL", "NUMERIC"}
		for n := range simpleTypes {
			names = append(names, n)
		}
		if near := errs.Near(t.up, names); len(near) > 0 {
			hint = "did you mean " + near[0] + "?"
		}
	}
	panic(bail{errs.New("UNSUPPORTED_DATATYPE", "There is no type %s", t.text).State("0A000").At(p.src, t.pos).WithHint("%s", hint)})
}

// smallInt reads a number such as the precision of a DECIMAL.
func (p *parser) smallInt(what string) int {
	t := p.tok()
	n, err := strconv.Atoi(t.text)
	if t.kind != tkNumber || t.num != numInt || err != nil {
		p.fail(what)
	}
	p.i++
	return n
}

func (p *parser) decimalParams(t *token) types.Type {
	precision, scale := 10, 0
	if p.acceptOp("(") {
		precision = p.smallInt("the number of digits")
		if p.acceptOp(",") {
			scale = p.smallInt("the number of decimals")
		}
		p.expectOp(")")
	}
	pos := p.from(t.pos.Start).Pos
	switch {
	case precision > 38:
		p.refuse("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", pos, "a DECIMAL has at most 38 digits", "The precision %d is too large", precision)
	case precision < 1:
		p.refuse("INVALID_DECIMAL_PRECISION", pos, "write at least DECIMAL(1)", "A DECIMAL needs at least one digit")
	case scale > precision:
		p.refuse("INVALID_DECIMAL_SCALE", pos, "the first number counts all digits, the second those after the point", "The scale %d is larger than the precision %d", scale, precision)
	}
	return types.DecimalType(precision, scale)
}

// intervalType reads INTERVAL YEAR, INTERVAL DAY TO SECOND …; INTERVAL alone mixes months and
// days, which Azud does not have.
func (p *parser) intervalType(t *token) types.Type {
	if !p.isWord("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND") {
		p.unsupported(t.pos, "The type INTERVAL without units", "write INTERVAL DAY TO SECOND or INTERVAL YEAR TO MONTH")
	}
	first := intervalUnits[p.advance().up]
	last := first
	if p.isWord("TO") {
		p.i++
		to := p.tok()
		u, ok := intervalUnits[to.up]
		if !ok || u.yearMonth != first.yearMonth || u.field <= first.field || to.up == "WEEK" {
			p.fail("a smaller unit after TO, as in DAY TO SECOND or YEAR TO MONTH")
		}
		p.i++
		last = u
	}
	kind := types.DayTime
	if first.yearMonth {
		kind = types.YearMonth
	}
	return types.Type{Kind: kind, Precision: first.field, Scale: last.field}
}

// nestedType reads ARRAY<t>, MAP<k, v> and STRUCT<a: t, …>.
func (p *parser) nestedType(t *token) types.Type {
	if t.up == "STRUCT" && p.acceptOp("<>") {
		return types.StructOf()
	}
	if !p.isOp("<") {
		example := map[string]string{"ARRAY": "ARRAY<INT>", "MAP": "MAP<STRING, INT>", "STRUCT": "STRUCT<name: STRING, age: INT>"}[t.up]
		p.refuse("INCOMPLETE_TYPE_DEFINITION."+t.up, t.pos, "write for example "+example, "The type %s does not say what it holds", t.up)
	}
	p.i++
	var out types.Type
	switch t.up {
	case "ARRAY":
		out = types.ArrayOf(p.dataType(), true)
	case "MAP":
		key := p.dataType()
		p.expectOp(",")
		out = types.MapOf(key, p.dataType(), true)
	default:
		out = types.StructOf()
		if !p.isOp(">") {
			out.Fields = list(p, func() types.Field { return p.field(true) })
		}
	}
	p.closeAngle()
	return out
}

// closeAngle passes one '>', which the lexer may have joined with the next: ARRAY<ARRAY<INT>>.
func (p *parser) closeAngle() {
	t := p.tok()
	if t.kind == tkOp && (t.up == ">>" || t.up == ">>>") {
		t.up = t.up[1:]
		t.pos.Start++
		return
	}
	p.expectOp(">")
}

// field reads name [:] type [NOT NULL] [COMMENT 'c'].
func (p *parser) field(colon bool) types.Field {
	name := p.dashed(p.anyIdent("a column name"))
	if colon {
		p.acceptOp(":")
	}
	f := types.Field{Name: name.Name, Type: p.dataType(), Nullable: true}
	if p.isWords("NOT", "NULL") {
		p.i += 2
		f.Nullable = false
	}
	if p.acceptWord("COMMENT") != "" {
		p.stringText("the comment in quotes")
	}
	return f
}

// columnTypes reads "a INT, b STRING" and refuses a name given twice.
func (p *parser) columnTypes() []types.Field {
	seen := map[string]bool{}
	return list(p, func() types.Field {
		t := p.tok()
		f := p.field(false)
		p.once(seen, f.Name, t.pos)
		return f
	})
}
