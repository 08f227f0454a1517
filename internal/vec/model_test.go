package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/types"
)

// Tests compare columns with plain Go values: nil for NULL, []any for a struct or a list.

var testTypes = []types.Type{
	types.NullType, types.BooleanType, types.ByteType, types.ShortType, types.IntType, types.LongType,
	types.FloatType, types.DoubleType, types.DecimalType(20, 2), types.StringType, types.BinaryType,
	types.DateType, types.TimestampType, types.TimestampNTZType, types.DayTimeType, types.YearMonthType,
	types.ArrayOf(types.IntType, true), types.ArrayOf(types.StringType, true),
	types.MapOf(types.StringType, types.DoubleType, true),
	types.StructOf(types.Field{Name: "a", Type: types.LongType, Nullable: true}, types.Field{Name: "b", Type: types.StringType, Nullable: true}),
	types.ArrayOf(types.StructOf(types.Field{Name: "x", Type: types.ArrayOf(types.ShortType, true)}), true),
}

// randomValue makes a small-domain value, so that equal ones meet; null says how often nil.
func randomValue(r *rand.Rand, t types.Type, null float64) any {
	if t.Kind == types.Null || r.Float64() < null {
		return nil
	}
	n := r.IntN(7) - 3
	switch t.Kind {
	case types.Boolean:
		return n > 0
	case types.Byte:
		return int8(n * 40)
	case types.Short:
		return int16(n * 10000)
	case types.Int, types.Date, types.YearMonth:
		return int32(n * 500_000_000)
	case types.Long, types.Timestamp, types.TimestampNTZ, types.DayTime:
		return int64(n) * (math.MaxInt64 / 3)
	case types.Float:
		return []float32{float32(math.Copysign(0, -1)), 0, 1.5, -1.5, float32(math.Inf(1)), float32(math.NaN()), -7}[n+3]
	case types.Double:
		return []float64{math.Copysign(0, -1), 0, 1.5, -1.5, math.Inf(-1), math.NaN(), 1e300}[n+3]
	case types.Decimal:
		return decimal128.New(int64(n), uint64(r.IntN(2)))
	case types.String, types.Binary:
		return []string{"", "a", "a\x00", "a\x00b", "ab", "\xff", "ñandú"}[n+3]
	case types.Struct:
		var out []any
		for _, f := range t.Fields {
			out = append(out, randomValue(r, f.Type, null))
		}
		return out
	case types.Array:
		out := []any{}
		for range r.IntN(3) {
			out = append(out, randomValue(r, *t.Elem, null))
		}
		return out
	}
	out := []any{}
	for i := range r.IntN(3) { // distinct keys
		out = append(out, []any{fmt.Sprint("k", i), randomValue(r, *t.Elem, null)})
	}
	return out
}

// push appends a model value.
func push(b *ColBuilder, v any) {
	switch v := v.(type) {
	case nil:
		b.AppendNull()
	case bool:
		Append(b, v)
	case int8:
		Append(b, v)
	case int16:
		Append(b, v)
	case int32:
		Append(b, v)
	case int64:
		Append(b, v)
	case float32:
		Append(b, v)
	case float64:
		Append(b, v)
	case decimal128.Num:
		Append(b, v)
	case string:
		b.AppendString(v)
	case []any:
		pushNested(b, v)
	}
}

func pushNested(b *ColBuilder, v []any) {
	switch b.Type().Kind {
	case types.Struct:
		for f, x := range v {
			push(b.Child(f), x)
		}
		b.EndStruct()
		return
	case types.Map:
		for _, e := range v {
			push(b.Child(0), e.([]any)[0])
			push(b.Child(1), e.([]any)[1])
		}
	default:
		for _, x := range v {
			push(b.Child(0), x)
		}
	}
	b.EndList()
}

// pull reads a model value back through the public readers.
func pull(c *Col, i int) any {
	if c.IsNull(i) {
		return nil
	}
	switch c.Type.Kind {
	case types.Boolean:
		return Get[bool](c, i)
	case types.Byte:
		return Get[int8](c, i)
	case types.Short:
		return Get[int16](c, i)
	case types.Int, types.Date, types.YearMonth:
		return Get[int32](c, i)
	case types.Float:
		return Get[float32](c, i)
	case types.Double:
		return Get[float64](c, i)
	case types.Decimal:
		return Get[decimal128.Num](c, i)
	case types.String, types.Binary:
		return string(c.Bytes(i))
	case types.Struct:
		out := []any{}
		for f := range c.Type.Fields {
			field := c.Field(f)
			out = append(out, pull(&field, i))
		}
		return out
	case types.Array:
		kids, lo, hi := c.List(i)
		out := []any{}
		for k := lo; k < hi; k++ {
			out = append(out, pull(&kids[0], k))
		}
		return out
	case types.Map:
		kids, lo, hi := c.List(i)
		out := []any{}
		for k := lo; k < hi; k++ {
			out = append(out, []any{pull(&kids[0], k), pull(&kids[1], k)})
		}
		return out
	}
	return Get[int64](c, i)
}

// random makes a column of n rows and its model.
func random(r *rand.Rand, t types.Type, n int, null float64) (Col, []any) {
	b := NewColBuilder(t)
	model := make([]any, n)
	for i := range model {
		model[i] = randomValue(r, t, null)
		push(b, model[i])
	}
	return b.Finish(), model
}

// encodings are a random column of each encoding with its model.
func encodings(r *rand.Rand, t types.Type, n int, null float64) map[string]struct {
	col   Col
	model []any
} {
	type pair = struct {
		col   Col
		model []any
	}
	out := map[string]pair{}
	flat, model := random(r, t, n, null)
	out["flat"] = pair{flat, model}
	one, m := random(r, t, 1, null)
	same := make([]any, n)
	for i := range same {
		same[i] = m[0]
	}
	out["const"] = pair{one.Repeat(n), same}
	if t.Kind == types.Null {
		return out
	}
	dict, values := random(r, t, 3, 0)
	coded := Col{Type: t, Enc: Dict, Len: n, Dict: &dict, Ids: make([]uint32, n)}
	rows := make([]any, n)
	for i := range rows {
		if r.Float64() < null {
			coded.Valid = SetNull(coded.Valid, n, i)
			continue
		}
		coded.Ids[i] = uint32(r.IntN(3))
		rows[i] = values[coded.Ids[i]]
	}
	out["dict"] = pair{coded, rows}
	return out
}

func checkCol(t *testing.T, what string, c *Col, want []any) {
	t.Helper()
	if c.Len != len(want) {
		t.Fatalf("%s: Len %d, want %d", what, c.Len, len(want))
	}
	for i, w := range want {
		if got := pull(c, i); fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", w) {
			t.Fatalf("%s: row %d is %#v, want %#v", what, i, got, w)
		}
	}
}
