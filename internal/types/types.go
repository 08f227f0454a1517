package types

import (
	"fmt"
	"strings"
)

// Kind is the family of a type.
type Kind uint8

// The kinds, in Spark's widening order for the numeric ones.
const (
	Null Kind = iota // VOID: the type of a bare NULL
	Boolean
	Byte  // TINYINT
	Short // SMALLINT
	Int
	Long // BIGINT
	Float
	Double
	Decimal
	String
	Binary
	Date         // days since 1970-01-01, int32
	Timestamp    // microseconds since the epoch, UTC, int64
	TimestampNTZ // microseconds of local time, int64
	DayTime      // INTERVAL DAY TO SECOND, microseconds, int64
	YearMonth    // INTERVAL YEAR TO MONTH, months, int32
	Array
	Map
	Struct
)

// Type is a Spark SQL type. It is a value: compare with Equal, never modify a shared one.
type Type struct {
	Kind      Kind
	Precision uint8   // Decimal: 1..38. DayTime and YearMonth: first unit (see Unit)
	Scale     uint8   // Decimal: 0..Precision. DayTime and YearMonth: last unit
	Elem      *Type   // Array: element. Map: value
	Key       *Type   // Map: key
	HasNull   bool    // Array: elements may be NULL. Map: values may be NULL
	Fields    []Field // Struct
}

// Field is a named part of a struct, and a column of a schema.
type Field struct {
	Name     string
	Type     Type
	Nullable bool
}

// Schema is an ordered list of columns.
type Schema []Field

// Interval units, in Precision and Scale of an interval type.
const (
	Day uint8 = iota
	Hour
	Minute
	Second
)

// Units of YearMonth.
const (
	Year uint8 = iota
	Month
)

// The types without parameters.
var (
	NullType         = Type{Kind: Null}
	BooleanType      = Type{Kind: Boolean}
	ByteType         = Type{Kind: Byte}
	ShortType        = Type{Kind: Short}
	IntType          = Type{Kind: Int}
	LongType         = Type{Kind: Long}
	FloatType        = Type{Kind: Float}
	DoubleType       = Type{Kind: Double}
	StringType       = Type{Kind: String}
	BinaryType       = Type{Kind: Binary}
	DateType         = Type{Kind: Date}
	TimestampType    = Type{Kind: Timestamp}
	TimestampNTZType = Type{Kind: TimestampNTZ}
	DayTimeType      = Type{Kind: DayTime, Precision: Day, Scale: Second}
	YearMonthType    = Type{Kind: YearMonth, Precision: Year, Scale: Month}
)

// DecimalType is DECIMAL(p, s).
func DecimalType(p, s int) Type {
	return Type{Kind: Decimal, Precision: uint8(p), Scale: uint8(s)}
}

// ArrayOf is ARRAY<elem>.
func ArrayOf(elem Type, hasNull bool) Type {
	return Type{Kind: Array, Elem: &elem, HasNull: hasNull}
}

// MapOf is MAP<key, value>.
func MapOf(key, value Type, hasNull bool) Type {
	return Type{Kind: Map, Key: &key, Elem: &value, HasNull: hasNull}
}

// StructOf is STRUCT<fields>.
func StructOf(fields ...Field) Type { return Type{Kind: Struct, Fields: fields} }

// IsNumeric reports TINYINT to DECIMAL.
func (t Type) IsNumeric() bool { return t.Kind >= Byte && t.Kind <= Decimal }

// IsIntegral reports TINYINT to BIGINT.
func (t Type) IsIntegral() bool { return t.Kind >= Byte && t.Kind <= Long }

// IsFractional reports FLOAT, DOUBLE and DECIMAL.
func (t Type) IsFractional() bool { return t.Kind >= Float && t.Kind <= Decimal }

// IsTime reports DATE, TIMESTAMP and TIMESTAMP_NTZ.
func (t Type) IsTime() bool { return t.Kind >= Date && t.Kind <= TimestampNTZ }

// IsNested reports ARRAY, MAP and STRUCT.
func (t Type) IsNested() bool { return t.Kind >= Array }

// IsOrderable reports whether values can be compared with < (Spark: maps cannot).
func (t Type) IsOrderable() bool {
	switch t.Kind {
	case Map:
		return false
	case Array:
		return t.Elem.IsOrderable()
	case Struct:
		for _, f := range t.Fields {
			if !f.Type.IsOrderable() {
				return false
			}
		}
	}
	return true
}

// Equal compares the whole type; nullability of nested parts is ignored, as Spark's sameType.
func (t Type) Equal(u Type) bool {
	if t.Kind != u.Kind || t.Precision != u.Precision || t.Scale != u.Scale || len(t.Fields) != len(u.Fields) {
		return false
	}
	if t.Elem != nil && !t.Elem.Equal(*u.Elem) || t.Key != nil && !t.Key.Equal(*u.Key) {
		return false
	}
	for i, f := range t.Fields {
		if !strings.EqualFold(f.Name, u.Fields[i].Name) || !f.Type.Equal(u.Fields[i].Type) {
			return false
		}
	}
	return true
}

var kindNames = [...]string{
	"void", "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal", "string", "binary",
	"date", "timestamp", "timestamp_ntz", "interval", "interval", "array", "map", "struct",
}

var dayTimeUnits = [...]string{"day", "hour", "minute", "second"}
var yearMonthUnits = [...]string{"year", "month"}

// String is Spark's simpleString: "struct<start:timestamp,end:timestamp>".
func (t Type) String() string {
	switch t.Kind {
	case Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case DayTime:
		return "interval " + unitRange(dayTimeUnits[t.Precision], dayTimeUnits[t.Scale])
	case YearMonth:
		return "interval " + unitRange(yearMonthUnits[t.Precision], yearMonthUnits[t.Scale])
	case Array:
		return "array<" + t.Elem.String() + ">"
	case Map:
		return "map<" + t.Key.String() + "," + t.Elem.String() + ">"
	case Struct:
		parts := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			parts[i] = f.Name + ":" + f.Type.String()
		}
		return "struct<" + strings.Join(parts, ",") + ">"
	}
	return kindNames[t.Kind]
}

func unitRange(from, to string) string {
	if from == to {
		return from
	}
	return from + " to " + to
}

// SQL is the type as Spark names it in messages: upper case, "BIGINT".
func (t Type) SQL() string { return strings.ToUpper(t.String()) }

// Index returns the position of a column by name (case-insensitive), or -1.
func (s Schema) Index(name string) int {
	for i, f := range s {
		if strings.EqualFold(f.Name, name) {
			return i
		}
	}
	return -1
}

// Names returns the column names.
func (s Schema) Names() []string {
	out := make([]string, len(s))
	for i, f := range s {
		out[i] = f.Name
	}
	return out
}

// Struct is the schema as a STRUCT type.
func (s Schema) Struct() Type { return StructOf(s...) }
