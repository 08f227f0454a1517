package vec

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// eachColumn runs f over random columns of all types and encodings, with and without NULLs.
func eachColumn(t *testing.T, f func(t *testing.T, r *rand.Rand, c Col, model []any)) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, typ := range testTypes {
		for _, null := range []float64{0, 0.3} {
			for _, n := range []int{0, 1, 8, 21} {
				for enc, p := range encodings(r, typ, n, null) {
					t.Run(typ.String()+"/"+enc, func(t *testing.T) { f(t, r, p.col, p.model) })
				}
			}
		}
	}
}

func TestColumnsReadBack(t *testing.T) {
	eachColumn(t, func(t *testing.T, _ *rand.Rand, c Col, model []any) {
		checkCol(t, "column", &c, model)
		flat := Flatten(&c)
		if flat.Enc != Flat {
			t.Fatalf("Flatten gave encoding %d", flat.Enc)
		}
		checkCol(t, "Flatten", &flat, model)
	})
}

func TestTakeSliceView(t *testing.T) {
	eachColumn(t, func(t *testing.T, r *rand.Rand, c Col, model []any) {
		if len(model) == 0 {
			return
		}
		var rows []uint32
		var want []any
		for range 20 {
			i := r.IntN(len(model))
			rows, want = append(rows, uint32(i)), append(want, model[i])
		}
		taken := Take(&c, rows)
		checkCol(t, "Take", &taken, want)
		lo := r.IntN(len(model))
		hi := lo + r.IntN(len(model)-lo+1)
		cut := Slice(&c, lo, hi)
		checkCol(t, "Slice", &cut, model[lo:hi])
		view := c.View(lo, hi)
		checkCol(t, "View", &view, model[lo:hi])
		mid := view.View(view.Len/2, view.Len)
		checkCol(t, "View of View", &mid, model[lo:hi][view.Len/2:])
		b := NewColBuilder(c.Type)
		b.AppendRows(&mid, mid.Len, nil)
		b.AppendRows(&view, view.Len, nil)
		again := b.Finish()
		checkCol(t, "AppendRows of views", &again, append(append([]any{}, model[lo:hi][view.Len/2:]...), model[lo:hi]...))
	})
}

func TestTruncateUndoesRows(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, typ := range testTypes {
		for _, null := range []float64{0, 0.5} {
			for keep := range 12 {
				b := NewColBuilder(typ)
				model := make([]any, keep)
				for i := range model {
					model[i] = randomValue(r, typ, null)
					push(b, model[i])
				}
				for range r.IntN(10) {
					push(b, randomValue(r, typ, null))
				}
				b.Truncate(keep)
				b.Truncate(keep + 5) // beyond the end: nothing
				for range 3 {
					v := randomValue(r, typ, null)
					model = append(model, v)
					push(b, v)
				}
				c := b.Finish()
				checkCol(t, typ.String(), &c, model)
			}
		}
	}
}

func TestTruncateUndoesHalfAList(t *testing.T) {
	list := types.ArrayOf(types.StringType, true)
	b := NewColBuilder(types.StructOf(types.Field{Name: "n", Type: types.IntType}, types.Field{Name: "l", Type: list}))
	push(b, []any{int32(1), []any{"a", nil}})
	push(b.Child(0), int32(2)) // a row that fails after some of it was written
	b.Child(1).Child(0).AppendString("lost")
	b.Truncate(1)
	push(b, []any{int32(3), []any{"b"}})
	c := b.Finish()
	checkCol(t, "after", &c, []any{[]any{int32(1), []any{"a", nil}}, []any{int32(3), []any{"b"}}})
}

func TestBuilderIsEmptyAfterFinish(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, typ := range testTypes {
		b := NewColBuilder(typ)
		push(b, randomValue(r, typ, 0.5))
		first := b.Finish()
		v := []any{randomValue(r, typ, 0.5), nil}
		push(b, v[0])
		push(b, v[1])
		second := b.Finish()
		checkCol(t, typ.String(), &second, v)
		if first.Len != 1 || b.Len() != 0 {
			t.Fatalf("%s: lengths %d and %d", typ, first.Len, b.Len())
		}
	}
}

func TestBatchSelection(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	s := types.Schema{{Name: "a", Type: types.StringType}, {Name: "b", Type: types.LongType}}
	a, ma := random(r, s[0].Type, 20, 0.2)
	b, mb := random(r, s[1].Type, 20, 0.2)
	all := &Batch{N: 20, Cols: []Col{a, b}}
	some := &Batch{N: 20, Cols: []Col{a, b}, Sel: []uint32{1, 5, 6, 19}}
	none := &Batch{N: 20, Cols: []Col{a, b}, Sel: []uint32{}}
	pick := func(m []any) []any { return []any{m[1], m[5], m[6], m[19]} }
	if all.Rows() != 20 || some.Rows() != 4 || none.Rows() != 0 {
		t.Fatal("Rows", all.Rows(), some.Rows(), none.Rows())
	}
	for i, m := range [][]any{ma, mb} {
		c := some.Compact()
		checkCol(t, "Compact", &c.Cols[i], pick(m))
		e := none.Compact()
		checkCol(t, "Compact of nothing", &e.Cols[i], nil)
		j := Concat(s, []*Batch{some, none, all})
		checkCol(t, "Concat", &j.Cols[i], append(pick(m), m...))
		v := some.View(5, 19).Compact()
		checkCol(t, "View", &v.Cols[i], []any{m[5], m[6]})
	}
	if got := Concat(nil, []*Batch{{N: 2}, {N: 3, Sel: []uint32{0}}}); got.N != 3 {
		t.Errorf("rows without columns: %d, want 3", got.N)
	}
}

func TestNullColOfEveryType(t *testing.T) {
	for _, typ := range testTypes {
		c := NullCol(typ, 5)
		checkCol(t, typ.String(), &c, make([]any, 5))
		flat := Flatten(&c)
		checkCol(t, typ.String()+" flat", &flat, make([]any, 5))
	}
}

func TestFieldOfNullStructs(t *testing.T) {
	typ := types.StructOf(types.Field{Name: "a", Type: types.LongType})
	dict := NewColBuilder(typ).Finish()
	c := Col{Type: typ, Enc: Dict, Len: 2, Valid: []byte{0}, Dict: &dict, Ids: []uint32{0, 0}}
	f := c.Field(0)
	checkCol(t, "field of an empty dictionary", &f, []any{nil, nil})

	one := FlatOf(types.LongType, []int64{7, 7}, nil)
	con := ConstOf(types.LongType, int64(9), 2)
	st := Col{Type: typ, Len: 2, Valid: []byte{1}, Kids: []Col{one}}
	f = st.Field(0)
	checkCol(t, "flat child", &f, []any{int64(7), nil})
	st.Kids = []Col{con}
	f = st.Field(0)
	checkCol(t, "constant child", &f, []any{int64(9), nil})
}

// TestOffsetsDoNotGoRound: a column beyond Arrow's offsets ends with an error, not with others' rows.
func TestOffsetsDoNotGoRound(t *testing.T) {
	if offset(math.MaxInt32) != math.MaxInt32 {
		t.Error("the last offset there is")
	}
	defer func() {
		if err, ok := recover().(error); !ok || errs.ClassOf(err) != "RESULT_TOO_LARGE" {
			t.Errorf("got %v", err)
		}
	}()
	t.Error(offset(math.MaxInt32 + 1))
}

func TestBuilderSize(t *testing.T) {
	b := NewBuilder(types.Schema{{Type: types.StringType}, {Type: types.LongType}})
	before := b.Size()
	b.Cols[0].AppendString("abc")
	Append(b.Cols[1], int64(1))
	if got := b.Size() - before; got != 3+4+8 {
		t.Errorf("%d bytes", got)
	}
}
