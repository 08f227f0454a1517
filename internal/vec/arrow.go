package vec

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// unitsKey is the field metadata that keeps an interval's units, which Arrow has no place for.
const unitsKey = "azud.interval"

// ArrowSchema is the Arrow form of a schema, as Spark's ArrowUtils maps it. zone names the
// session time zone that TIMESTAMP columns are labelled with; the values are UTC anyway.
func ArrowSchema(s types.Schema, zone string) *arrow.Schema {
	fields := make([]arrow.Field, len(s))
	for i, f := range s {
		fields[i] = arrowField(f, zone)
	}
	return arrow.NewSchema(fields, nil)
}

func arrowField(f types.Field, zone string) arrow.Field {
	out := arrow.Field{Name: f.Name, Type: arrowType(f.Type, zone), Nullable: f.Nullable || f.Type.Kind == types.Null}
	if f.Type.Kind == types.DayTime || f.Type.Kind == types.YearMonth {
		units := fmt.Sprintf("%d-%d", f.Type.Precision, f.Type.Scale)
		out.Metadata = arrow.NewMetadata([]string{unitsKey}, []string{units})
	}
	return out
}

func arrowType(t types.Type, zone string) arrow.DataType {
	switch t.Kind {
	case types.Boolean:
		return arrow.FixedWidthTypes.Boolean
	case types.Byte:
		return arrow.PrimitiveTypes.Int8
	case types.Short:
		return arrow.PrimitiveTypes.Int16
	case types.Int:
		return arrow.PrimitiveTypes.Int32
	case types.Long:
		return arrow.PrimitiveTypes.Int64
	case types.Float:
		return arrow.PrimitiveTypes.Float32
	case types.Double:
		return arrow.PrimitiveTypes.Float64
	case types.Decimal:
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
	case types.String:
		return arrow.BinaryTypes.String
	case types.Binary:
		return arrow.BinaryTypes.Binary
	case types.Date:
		return arrow.FixedWidthTypes.Date32
	case types.Timestamp:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: zone}
	case types.TimestampNTZ:
		return &arrow.TimestampType{Unit: arrow.Microsecond}
	case types.DayTime:
		return arrow.FixedWidthTypes.Duration_us
	case types.YearMonth:
		return arrow.FixedWidthTypes.MonthInterval
	case types.Array:
		return arrow.ListOfField(arrowField(types.Field{Name: "element", Type: *t.Elem, Nullable: t.HasNull}, zone))
	case types.Map:
		return arrow.MapOfFields(
			arrowField(types.Field{Name: "key", Type: *t.Key}, zone),
			arrowField(types.Field{Name: "value", Type: *t.Elem, Nullable: t.HasNull}, zone))
	case types.Struct:
		fields := make([]arrow.Field, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = arrowField(f, zone)
		}
		return arrow.StructOf(fields...)
	}
	return arrow.Null
}

// SchemaFromArrow is the Spark schema of an Arrow one. A type that Spark has not is an error.
func SchemaFromArrow(s *arrow.Schema) (types.Schema, error) {
	out := make(types.Schema, s.NumFields())
	for i, f := range s.Fields() {
		field, err := fieldFromArrow(f)
		if err != nil {
			return nil, err
		}
		out[i] = field
	}
	return out, nil
}

func fieldFromArrow(f arrow.Field) (types.Field, error) {
	t, err := typeFromArrow(f.Type)
	if err != nil {
		return types.Field{}, errs.Wrap(err, "UNSUPPORTED_ARROWTYPE", "column %s", f.Name)
	}
	if units, ok := f.Metadata.GetValue(unitsKey); ok && (t.Kind == types.DayTime || t.Kind == types.YearMonth) {
		from, to, _ := strings.Cut(units, "-")
		p, err1 := strconv.ParseUint(from, 10, 8)
		q, err2 := strconv.ParseUint(to, 10, 8)
		if err1 != nil || err2 != nil || p > q || q > uint64(types.Second) {
			return types.Field{}, errs.New("UNSUPPORTED_ARROWTYPE", "column %s: interval units %q", f.Name, units)
		}
		t.Precision, t.Scale = uint8(p), uint8(q)
	}
	return types.Field{Name: f.Name, Type: t, Nullable: f.Nullable}, nil
}

var fromArrow = map[arrow.Type]types.Type{
	arrow.NULL: types.NullType, arrow.BOOL: types.BooleanType,
	arrow.INT8: types.ByteType, arrow.INT16: types.ShortType, arrow.INT32: types.IntType, arrow.INT64: types.LongType,
	arrow.FLOAT32: types.FloatType, arrow.FLOAT64: types.DoubleType,
	arrow.STRING: types.StringType, arrow.LARGE_STRING: types.StringType, arrow.STRING_VIEW: types.StringType,
	arrow.BINARY: types.BinaryType, arrow.LARGE_BINARY: types.BinaryType, arrow.BINARY_VIEW: types.BinaryType,
	arrow.DATE32: types.DateType, arrow.DATE64: types.DateType,
	arrow.DURATION: types.DayTimeType, arrow.INTERVAL_MONTHS: types.YearMonthType,
}

func typeFromArrow(dt arrow.DataType) (types.Type, error) {
	if t, ok := fromArrow[dt.ID()]; ok {
		return t, nil
	}
	switch d := dt.(type) {
	case *arrow.TimestampType:
		if d.TimeZone == "" {
			return types.TimestampNTZType, nil
		}
		return types.TimestampType, nil
	case *arrow.Decimal128Type:
		return types.DecimalType(int(d.Precision), int(d.Scale)), nil
	case *arrow.DictionaryType:
		return typeFromArrow(d.ValueType)
	case *arrow.MapType:
		key, err := fieldFromArrow(d.KeyField())
		if err != nil {
			return types.Type{}, err
		}
		value, err := fieldFromArrow(d.ItemField())
		return types.MapOf(key.Type, value.Type, value.Nullable), err
	case *arrow.ListType:
		elem, err := fieldFromArrow(d.ElemField())
		return types.ArrayOf(elem.Type, elem.Nullable), err
	case *arrow.LargeListType:
		elem, err := fieldFromArrow(d.ElemField())
		return types.ArrayOf(elem.Type, elem.Nullable), err
	case *arrow.StructType:
		fields := make([]types.Field, d.NumFields())
		for i, f := range d.Fields() {
			field, err := fieldFromArrow(f)
			if err != nil {
				return types.Type{}, err
			}
			fields[i] = field
		}
		return types.StructOf(fields...), nil
	}
	return types.Type{}, errs.New("UNSUPPORTED_ARROWTYPE", "Spark SQL has no type for Arrow's %s", dt)
}

// ToArrow gives the selected rows as an Arrow record batch of a schema made by ArrowSchema
// (of the batch's own types). It aliases the batch's memory where it can: it is valid as
// long as the batch is, and the caller releases it.
func ToArrow(s *arrow.Schema, b *Batch) arrow.RecordBatch {
	if b.Sel != nil {
		b = b.Compact()
	}
	cols := make([]arrow.Array, len(b.Cols))
	for i := range b.Cols {
		data := arrowData(s.Field(i).Type, &b.Cols[i])
		cols[i] = array.MakeFromData(data)
		data.Release()
	}
	rec := array.NewRecordBatch(s, cols, int64(b.N))
	for _, c := range cols {
		c.Release()
	}
	return rec
}

// arrowData lays a column out as Arrow does; dictionaries and constants are written out.
func arrowData(dt arrow.DataType, col *Col) arrow.ArrayData {
	if col.Type.Kind == types.Null {
		return array.NewData(arrow.Null, col.Len, []*memory.Buffer{nil}, nil, col.Len, 0)
	}
	c := Flatten(col)
	var valid *memory.Buffer
	nulls := 0
	if c.Valid != nil {
		valid, nulls = memory.NewBufferBytes(c.Valid), array.UnknownNullCount
	}
	buffers := []*memory.Buffer{valid}
	var kids []arrow.ArrayData
	switch c.Type.Kind {
	case types.Boolean:
		buffers = append(buffers, memory.NewBufferBytes(packBools(c.Data)))
	case types.String, types.Binary:
		buffers = append(buffers, offsetBuffer(&c), memory.NewBufferBytes(c.Data))
	case types.Array:
		buffers = append(buffers, offsetBuffer(&c))
		kids = []arrow.ArrayData{arrowData(dt.(*arrow.ListType).Elem(), &c.Kids[0])}
	case types.Map:
		entries := dt.(*arrow.MapType).Elem().(*arrow.StructType)
		k, v := arrowData(entries.Field(0).Type, &c.Kids[0]), arrowData(entries.Field(1).Type, &c.Kids[1])
		buffers = append(buffers, offsetBuffer(&c))
		kids = []arrow.ArrayData{array.NewData(entries, c.Kids[0].Len, []*memory.Buffer{nil}, []arrow.ArrayData{k, v}, 0, 0)}
		k.Release()
		v.Release()
	case types.Struct:
		for i := range c.Kids {
			kids = append(kids, arrowData(dt.(*arrow.StructType).Field(i).Type, &c.Kids[i]))
		}
	default:
		buffers = append(buffers, memory.NewBufferBytes(c.Data))
	}
	data := array.NewData(dt, c.Len, buffers, kids, nulls, 0)
	for _, k := range kids {
		k.Release()
	}
	return data
}

func offsetBuffer(c *Col) *memory.Buffer {
	off := c.Off
	if len(off) == 0 {
		off = []int32{0}
	}
	return memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(off))
}

// packBools turns a byte a value into a bit a value.
func packBools(data []byte) []byte {
	bits := make([]byte, (len(data)+7)/8)
	for i, v := range data {
		bits[i>>3] |= (v & 1) << (i & 7)
	}
	return bits
}

// unpackBools turns n bits from bit lo on into a byte a value.
func unpackBools(bits []byte, lo, n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = bits[(lo+i)>>3] >> ((lo + i) & 7) & 1
	}
	return data
}
