package vec_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

var everyType = []types.Type{
	types.NullType, types.BooleanType, types.ByteType, types.ShortType, types.IntType, types.LongType,
	types.FloatType, types.DoubleType, types.DecimalType(38, 10), types.StringType, types.BinaryType,
	types.DateType, types.TimestampType, types.TimestampNTZType, types.DayTimeType, types.YearMonthType,
	{Kind: types.DayTime, Precision: types.Hour, Scale: types.Minute},
	types.ArrayOf(types.StringType, true), types.ArrayOf(types.LongType, false),
	types.MapOf(types.StringType, types.DoubleType, true),
	types.StructOf(types.Field{Name: "start", Type: types.TimestampType},
		types.Field{Name: "on", Type: types.BooleanType, Nullable: true}),
	types.ArrayOf(types.StructOf(types.Field{Name: "m", Type: types.MapOf(types.IntType, types.ArrayOf(types.BooleanType, true), true),
		Nullable: true}), true),
}

func appendRandom(r *rand.Rand, b *vec.ColBuilder, nulls bool) {
	t := b.Type()
	if t.Kind == types.Null || nulls && r.IntN(4) == 0 {
		b.AppendNull()
		return
	}
	switch t.Kind {
	case types.Boolean:
		vec.Append(b, r.IntN(2) == 0)
	case types.Byte:
		vec.Append(b, int8(r.Uint32()))
	case types.Short:
		vec.Append(b, int16(r.Uint32()))
	case types.Int, types.Date, types.YearMonth:
		vec.Append(b, int32(r.Uint32()))
	case types.Float:
		vec.Append(b, r.Float32())
	case types.Double:
		vec.Append(b, r.NormFloat64())
	case types.Decimal:
		vec.Append(b, decimal128.New(int64(r.Uint64())>>8, r.Uint64()))
	case types.String, types.Binary:
		b.AppendString(strings.Repeat("ñ", r.IntN(4)) + fmt.Sprint(r.IntN(100)))
	case types.Array, types.Map:
		for range r.IntN(4) {
			appendRandom(r, b.Child(0), t.Kind == types.Array && t.HasNull)
			if t.Kind == types.Map {
				appendRandom(r, b.Child(1), t.HasNull)
			}
		}
		b.EndList()
	case types.Struct:
		for i, f := range t.Fields {
			appendRandom(r, b.Child(i), f.Nullable)
		}
		b.EndStruct()
	default:
		vec.Append(b, int64(r.Uint64()))
	}
}

// text shows a value for comparison, through any encoding.
func text(c *vec.Col, i int) string {
	if c.IsNull(i) {
		return "NULL"
	}
	p, j := c.Phys(i)
	switch c.Type.Kind {
	case types.String, types.Binary:
		return fmt.Sprintf("%q", p.Bytes(j))
	case types.Array, types.Map:
		kids, lo, hi := p.List(j)
		var parts []string
		for e := lo; e < hi; e++ {
			s := text(&kids[0], e)
			if len(kids) > 1 {
				s += ":" + text(&kids[1], e)
			}
			parts = append(parts, s)
		}
		return "[" + strings.Join(parts, " ") + "]"
	case types.Struct:
		var parts []string
		for k := range p.Kids {
			parts = append(parts, text(&p.Kids[k], j))
		}
		return "{" + strings.Join(parts, " ") + "}"
	}
	w := vec.Width(c.Type)
	return fmt.Sprintf("%x", p.Data[j*w:(j+1)*w])
}

func rows(b *vec.Batch) []string {
	var out []string
	for i := range b.Each() {
		var parts []string
		for c := range b.Cols {
			parts = append(parts, text(&b.Cols[c], i))
		}
		out = append(out, strings.Join(parts, " | "))
	}
	return out
}

func everySchema() types.Schema {
	var s types.Schema
	for i, t := range everyType {
		s = append(s, types.Field{Name: fmt.Sprintf("c%d", i), Type: t, Nullable: true},
			types.Field{Name: fmt.Sprintf("d%d", i), Type: t, Nullable: t.Kind == types.Null})
	}
	return s
}

func randomBatch(r *rand.Rand, s types.Schema, n int) *vec.Batch {
	b := vec.NewBuilder(s)
	for range n {
		for i, f := range s {
			appendRandom(r, b.Cols[i], f.Nullable)
		}
	}
	return b.Finish()
}

func same(t *testing.T, what string, want, got *vec.Batch) {
	t.Helper()
	w, g := rows(want), rows(got)
	if !reflect.DeepEqual(w, g) {
		t.Fatalf("%s: %d rows want, %d got\nwant %q\ngot  %q", what, len(w), len(g), w, g)
	}
}

func TestArrowKeepsEveryTypeAndRow(t *testing.T) {
	s := everySchema()
	codec, err := vec.NewIPC(s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := vec.SchemaFromArrow(vec.ArrowSchema(s, "Europe/Madrid"))
	if err != nil || !reflect.DeepEqual(back, s) {
		t.Fatalf("schema: %v\nwant %v\ngot  %v", err, s, back)
	}
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		b := randomBatch(r, s, int(seed)*3)
		if seed%3 == 1 {
			b.Sel = []uint32{}
			for i := range b.N {
				if r.IntN(2) == 0 {
					b.Sel = append(b.Sel, uint32(i))
				}
			}
		}
		msg, err := codec.Encode(b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := codec.Decode(msg)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		same(t, fmt.Sprintf("seed %d", seed), b, got)

		var buf bytes.Buffer
		if err := vec.EncodeIPC(&buf, s, b, b); err != nil {
			t.Fatal(err)
		}
		schema, list, err := vec.DecodeIPC(&buf)
		if err != nil || len(list) != 2 || !reflect.DeepEqual(schema, s) {
			t.Fatalf("stream: %v, %d batches", err, len(list))
		}
		same(t, "stream", b, list[1])
	}
}

func TestArrowReadsSlices(t *testing.T) {
	s := everySchema()
	b := randomBatch(rand.New(rand.NewPCG(7, 7)), s, 50)
	rec := vec.ToArrow(vec.ArrowSchema(s, "UTC"), b)
	defer rec.Release()
	for _, r := range [][2]int64{{0, 50}, {3, 20}, {8, 9}, {17, 17}, {49, 50}} {
		part := rec.NewSlice(r[0], r[1])
		got, err := vec.FromArrow(part)
		part.Release()
		if err != nil {
			t.Fatal(err)
		}
		want := &vec.Batch{Cols: b.Cols, N: b.N, Sel: []uint32{}}
		for i := r[0]; i < r[1]; i++ {
			want.Sel = append(want.Sel, uint32(i))
		}
		same(t, fmt.Sprint(r), want, got)
	}
}

func TestArrowWritesOutConstantsAndDictionaries(t *testing.T) {
	s := types.Schema{{Name: "c", Type: types.LongType, Nullable: true}, {Name: "s", Type: types.StringType},
		{Name: "d", Type: types.StringType, Nullable: true}, {Name: "n", Type: types.StringType, Nullable: true}}
	dict := vec.NewColBuilder(types.StringType)
	dict.AppendString("uno")
	dict.AppendString("dos")
	values := dict.Finish()
	b := &vec.Batch{N: 3, Cols: []vec.Col{
		vec.ConstOf(types.LongType, int64(7), 3), vec.ConstString(types.StringType, "x", 3),
		{Type: types.StringType, Enc: vec.Dict, Len: 3, Dict: &values, Ids: []uint32{1, 0, 0}, Valid: []byte{0b101}},
		vec.NullCol(types.StringType, 3),
	}}
	codec, err := vec.NewIPC(s)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := codec.Encode(b)
	if err != nil {
		t.Fatal(err)
	}
	got, err := codec.Decode(msg)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "encodings", b, got)
}

func TestArrowReadsForeignLayouts(t *testing.T) {
	mem := memory.DefaultAllocator
	strs := []string{"a", "bb", "", "a", "una cadena bastante más larga que doce bytes"}
	valid := []bool{true, true, false, true, true}
	build := func(b array.Builder, add func(string)) arrow.Array {
		for i, s := range strs {
			if valid[i] {
				add(s)
			} else {
				b.AppendNull()
			}
		}
		return b.NewArray()
	}
	large := array.NewLargeStringBuilder(mem)
	view := array.NewStringViewBuilder(mem)
	dict := array.NewDictionaryBuilder(mem, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}).(*array.BinaryDictionaryBuilder)
	ms := array.NewTimestampBuilder(mem, &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"})
	day := array.NewDate64Builder(mem)
	for range strs {
		ms.Append(-1)
		day.Append(-1)
	}
	cols := []arrow.Array{
		build(large, large.Append), build(view, view.Append),
		build(dict, func(s string) { _ = dict.AppendString(s) }), ms.NewArray(), day.NewArray(),
	}
	var fields []arrow.Field
	for i, c := range cols {
		fields = append(fields, arrow.Field{Name: fmt.Sprint(i), Type: c.DataType(), Nullable: true})
	}
	rec := array.NewRecordBatch(arrow.NewSchema(fields, nil), cols, int64(len(strs)))
	got, err := vec.FromArrow(rec)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range strs {
		for c := range 3 {
			if got.Cols[c].IsNull(i) == valid[i] || valid[i] && got.Cols[c].Str(i) != s {
				t.Errorf("column %d row %d is not %q", c, i, s)
			}
		}
		if v := vec.Get[int64](&got.Cols[3], i); v != -1 {
			t.Errorf("-1 ns is %d µs, want -1", v)
		}
		if v := vec.Get[int32](&got.Cols[4], i); v != -1 {
			t.Errorf("-1 ms is day %d, want -1", v)
		}
	}
	uints := array.NewUint64Builder(mem)
	uints.Append(1)
	bad := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "u", Type: arrow.PrimitiveTypes.Uint64}}, nil),
		[]arrow.Array{uints.NewArray()}, 1)
	if _, err := vec.FromArrow(bad); err == nil || !strings.Contains(err.Error(), "column u") {
		t.Errorf("an unsigned column: %v", err)
	}
}

func TestBrokenArrowIsAnError(t *testing.T) {
	s := everySchema()
	codec, err := vec.NewIPC(s)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(2, 2))
	msg, err := codec.Encode(randomBatch(r, s, 5))
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for range 1000 {
		m := bytes.Clone(msg)
		for range 1 + r.IntN(3) {
			m[r.IntN(len(m))] = byte(r.Uint32())
		}
		b, err := codec.Decode(m)
		if err != nil {
			refused++
		} else if b.N < 1000 {
			rows(b) // must not panic either
		}
	}
	if refused == 0 {
		t.Error("no broken message was noticed")
	}
}

func FuzzIPC(f *testing.F) {
	s := everySchema()
	codec, err := vec.NewIPC(s)
	if err != nil {
		f.Fatal(err)
	}
	msg, err := codec.Encode(randomBatch(rand.New(rand.NewPCG(1, 1)), s, 5))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(msg)
	f.Fuzz(func(t *testing.T, data []byte) {
		if b, err := codec.Decode(data); err == nil && b.N < 1000 {
			rows(b)
		}
	})
}
