package csv

import (
	"fmt"
	"strings"

	"github.com/azud/azud/internal/types"
)

// Inferrer finds the types of columns from records. Not safe for concurrent use. Spark: CSVInferSchema.
type Inferrer struct {
	o      *Options
	tokens *tokens
	types  []types.Type
	width  int // of the widest record
}

// NewInferrer makes an inferrer that has seen nothing. Without inferSchema every column is a STRING.
func NewInferrer(o *Options) *Inferrer { return &Inferrer{o: o, tokens: newTokens(o)} }

// Fields are the values of a record as texts.
func (f *Inferrer) Fields(record []byte) []string { return fieldsOf(f.tokens, record) }

// Width makes the schema as wide as a header.
func (f *Inferrer) Width(n int) {
	for len(f.types) < n {
		f.types = append(f.types, types.NullType)
	}
	f.width = n
}

// Add looks at a record. The first one says how many columns there are; an error is a record with
// more than maxColumns.
func (f *Inferrer) Add(record []byte) error {
	fields, err := f.tokens.cut(record)
	if err != nil {
		return err
	}
	if f.width == 0 {
		f.Width(len(fields))
	}
	for i, v := range fields[:min(len(fields), f.width)] {
		if v.null || len(v.text) == 0 || string(v.text) == f.o.NullValue {
			continue
		}
		f.types[i] = f.see(f.types[i], v.text)
	}
	return nil
}

// Schema is the columns found, named by a header or else _c0, _c1 and so on.
func (f *Inferrer) Schema(header []string) types.Schema {
	s := make(types.Schema, f.width)
	names := f.names(header)
	for i := range s {
		t := f.types[i]
		if t.Kind == types.Null || !f.o.InferSchema {
			t = types.StringType
		}
		s[i] = types.Field{Name: names[i], Type: t, Nullable: true}
	}
	return s
}

// names are unique: one that is missing becomes _c and its place, those that repeat without regard
// to case get their places behind. Spark: CSVUtils.makeSafeHeader.
func (f *Inferrer) names(header []string) []string {
	out := make([]string, f.width)
	count := map[string]int{}
	for _, h := range header {
		count[strings.ToLower(h)]++
	}
	for i := range out {
		switch {
		case i >= len(header) || header[i] == "" || header[i] == f.o.NullValue:
			out[i] = fmt.Sprintf("_c%d", i)
		case count[strings.ToLower(header[i])] > 1:
			out[i] = fmt.Sprintf("%s%d", header[i], i)
		default:
			out[i] = header[i]
		}
	}
	return out
}

// see widens a type by a value: the value is tried as the type that the column has so far, and then
// as the wider ones in Spark's order.
func (f *Inferrer) see(so types.Type, s []byte) types.Type {
	var found types.Type
	switch so.Kind {
	case types.Null, types.Int:
		found = f.tryInt(s)
	case types.Long:
		found = f.tryLong(s)
	case types.Decimal:
		found = f.tryDecimal(s)
	case types.Double:
		found = f.tryDouble(s)
	case types.Date:
		found = f.tryDate(s)
	case types.Timestamp:
		found = f.tryTimestamp(s)
	case types.Boolean:
		found = f.tryBoolean(s)
	default:
		return types.StringType
	}
	return common(so, found)
}

func (f *Inferrer) tryInt(s []byte) types.Type {
	if v, ok := parseInt(s); ok && int64(int32(v)) == v {
		return types.IntType
	}
	return f.tryLong(s)
}

func (f *Inferrer) tryLong(s []byte) types.Type {
	if _, ok := parseInt(s); ok {
		return types.LongType
	}
	return f.tryDecimal(s)
}

// tryDecimal takes whole numbers only, of up to 38 digits.
func (f *Inferrer) tryDecimal(s []byte) types.Type {
	if v, scale, ok := parseDecimal(s); ok && scale == 0 {
		if p := len(v.Text(10)) - strings.Count(v.Text(10), "-"); p <= types.MaxPrecision {
			return types.DecimalType(p, 0)
		}
	}
	return f.tryDouble(s)
}

func (f *Inferrer) tryDouble(s []byte) types.Type {
	if _, ok := f.o.float(s, 64); ok {
		return types.DoubleType
	}
	if f.o.PreferDate {
		return f.tryDate(s)
	}
	return f.tryTimestamp(s)
}

func (f *Inferrer) tryDate(s []byte) types.Type {
	if _, ok := f.o.inferDate.Parse(string(s), utc); ok {
		return types.DateType
	}
	return f.tryTimestamp(s)
}

func (f *Inferrer) tryTimestamp(s []byte) types.Type {
	if _, ok := f.o.timestampOf(s); ok {
		return types.TimestampType
	}
	return f.tryBoolean(s)
}

func (f *Inferrer) tryBoolean(s []byte) types.Type {
	if _, ok := boolean(s); ok {
		return types.BooleanType
	}
	return types.StringType
}

// common is the type that holds both. Spark: CSVInferSchema.compatibleType.
func common(a, b types.Type) types.Type {
	if a.Kind > b.Kind {
		a, b = b, a
	}
	switch {
	case a.Kind == types.Null || a.Equal(b):
		return b
	case a.Kind == types.Decimal && b.Kind == types.Decimal:
		return types.DecimalType(int(max(a.Precision, b.Precision)), 0)
	case b.Kind == types.Decimal && a.IsIntegral():
		return types.DecimalType(max(int(types.DecimalFor(a).Precision), int(b.Precision)), 0)
	case a.Kind == types.Double && b.Kind == types.Decimal:
		return types.DoubleType
	case a.IsIntegral() && (b.IsIntegral() || b.Kind == types.Double):
		return b
	case a.Kind == types.Date && b.Kind == types.Timestamp:
		return b
	}
	return types.StringType
}
