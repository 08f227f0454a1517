package exec

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// reference interprets an expression for one row, as SQL defines it: the oracle.
func reference(e plan.Expr, row map[plan.ID]any) (any, error) {
	switch e := e.(type) {
	case *plan.Ref:
		return row[e.Attr.ID], nil
	case *plan.Lit:
		return value(&e.Value, 0), nil
	case *plan.Call:
		var vals []any
		for _, a := range e.Args {
			v, err := reference(a, row)
			if err != nil {
				return nil, err
			}
			vals = append(vals, v)
		}
		return referenceCall(e.Name, vals)
	case *plan.Logic:
		l, err := reference(e.L, row)
		if err != nil || l == e.Or {
			return l, err
		}
		r, err := reference(e.R, row)
		if err == nil && r != e.Or && l == nil {
			return nil, nil
		}
		return r, err
	case *plan.Case:
		for i := range e.When {
			if c, err := reference(e.When[i], row); err != nil {
				return nil, err
			} else if c == true {
				return reference(e.Then[i], row)
			}
		}
		if e.Else == nil {
			return nil, nil
		}
		return reference(e.Else, row)
	case *plan.Coalesce:
		for _, a := range e.Args {
			if v, err := reference(a, row); err != nil || v != nil {
				return v, err
			}
		}
		return nil, nil
	case *plan.In:
		return referenceIn(e, row)
	}
	panic(fmt.Sprintf("%T", e))
}

func referenceCall(name string, v []any) (any, error) {
	if v[0] == nil || v[1] == nil {
		return nil, nil
	}
	a, b := v[0].(int64), v[1].(int64)
	switch {
	case name == "less":
		return a < b, nil
	case b == 0:
		return nil, errZero
	}
	return a / b, nil
}

func referenceIn(e *plan.In, row map[plan.ID]any) (any, error) {
	x, err := reference(e.X, row)
	if err != nil || x == nil {
		return nil, err
	}
	var out any = false
	for _, item := range e.List {
		v, err := reference(item, row)
		switch {
		case err != nil:
			return nil, err
		case v == x:
			return true, nil
		case v == nil:
			out = nil
		}
	}
	return out, nil
}

var (
	attrA = attr(1, "a", types.LongType)
	attrB = attr(2, "b", types.LongType)
	attrS = attr(3, "s", types.StringType)
	attrP = attr(4, "p", types.BooleanType)
	attrQ = attr(5, "q", types.BooleanType)
	evalS = []plan.Attr{attrA, attrB, attrS, attrP, attrQ}
)

// randomExpr makes an expression of a type: bigint, string or boolean.
func randomExpr(r *rand.Rand, t types.Type, depth int) plan.Expr {
	long := func() plan.Expr { return randomExpr(r, types.LongType, depth-1) }
	boolean := func() plan.Expr { return randomExpr(r, types.BooleanType, depth-1) }
	same := func() plan.Expr { return randomExpr(r, t, depth-1) }
	if depth == 0 {
		return randomLeaf(r, t)
	}
	switch r.IntN(7) {
	case 0:
		e := &plan.Case{When: []plan.Expr{boolean()}, Then: []plan.Expr{same()}}
		if r.IntN(2) == 0 {
			e.When, e.Then = append(e.When, boolean()), append(e.Then, same())
		}
		if r.IntN(3) > 0 {
			e.Else = same()
		}
		return e
	case 1:
		return &plan.Coalesce{Args: []plan.Expr{same(), same(), same()}}
	}
	switch t.Kind {
	case types.Long:
		return div(long(), long())
	case types.String:
		return randomLeaf(r, t)
	}
	switch r.IntN(4) {
	case 0:
		return less(long(), long())
	case 1: // a list of constants, or of anything
		x, list := long(), []plan.Expr{}
		for range 1 + r.IntN(3) {
			list = append(list, randomLeaf(r, types.LongType))
		}
		return &plan.In{X: x, List: list}
	case 2:
		return &plan.In{X: randomLeaf(r, types.StringType), List: []plan.Expr{
			lit(types.StringType, "x"), lit(types.StringType, []any{"y", nil, "z"}[r.IntN(3)])}}
	}
	return &plan.Logic{Or: r.IntN(2) == 0, L: boolean(), R: boolean()}
}

func randomLeaf(r *rand.Rand, t types.Type) plan.Expr {
	switch t.Kind {
	case types.Boolean:
		return []plan.Expr{ref(attrP), ref(attrQ), lit(t, true), lit(t, nil)}[r.IntN(4)]
	case types.String:
		return []plan.Expr{ref(attrS), ref(attrS), lit(t, "x"), lit(t, nil)}[r.IntN(4)]
	}
	return []plan.Expr{ref(attrA), ref(attrB), lit(t, int64(r.IntN(3))), lit(t, nil)}[r.IntN(4)]
}

// randomColumn makes n values of a type in one of the encodings.
func randomColumn(r *rand.Rand, t types.Type, n int) vec.Col {
	domain := []any{int64(0), int64(1), int64(2), nil, int64(-3)}
	switch t.Kind {
	case types.Boolean:
		domain = []any{true, false, nil}
	case types.String:
		domain = []any{"x", "y", "", nil}
	}
	vals := make([]any, n)
	for i := range vals {
		vals[i] = domain[r.IntN(len(domain))]
	}
	switch r.IntN(3) {
	case 0:
		return dictOf(t, vals...)
	case 1:
		return colOf(t, vals[0]).Repeat(n)
	}
	return colOf(t, vals...)
}

func randomSel(r *rand.Rand, n int) []uint32 {
	if r.IntN(3) == 0 {
		return nil
	}
	sel := []uint32{}
	for i := range n {
		if r.IntN(2) == 0 {
			sel = append(sel, uint32(i))
		}
	}
	return sel
}

func TestExpressionsAgreeWithRowByRowEvaluation(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	raised, passed := 0, 0
	for round := range 2500 {
		typ := []types.Type{types.LongType, types.StringType, types.BooleanType}[r.IntN(3)]
		e := randomExpr(r, typ, 1+r.IntN(3))
		n := 1 + r.IntN(12)
		b := &vec.Batch{N: n, Sel: randomSel(r, n)}
		for _, a := range evalS {
			b.Cols = append(b.Cols, randomColumn(r, a.Type, n))
		}
		c := compiler{in: evalS}
		ev, err := c.compile(e)
		if err != nil {
			t.Fatal(err)
		}
		got, gotErr := ev.eval(&frame{&fn.Context{}, b}, b.Sel)
		var wantErr error
		for i := range b.Each() {
			row := map[plan.ID]any{}
			for k, a := range evalS {
				row[a.ID] = value(&b.Cols[k], i)
			}
			want, err := reference(e, row)
			if err != nil {
				wantErr = err
				continue
			}
			if gotErr == nil && !reflect.DeepEqual(value(&got, i), want) {
				t.Fatalf("round %d row %d: %v, want %v", round, i, value(&got, i), want)
			}
		}
		if (gotErr != nil) != (wantErr != nil) {
			t.Fatalf("round %d: error %v, want %v", round, gotErr, wantErr)
		}
		if gotErr == nil {
			passed++
			if got.Len != n || !got.Type.Equal(typ) {
				t.Fatalf("round %d: %d rows of %s, want %d of %s", round, got.Len, got.Type, n, typ)
			}
		} else {
			raised++
		}
	}
	if raised < 100 || passed < 100 {
		t.Fatalf("the test is lopsided: %d raised, %d passed", raised, passed)
	}
}

func TestRowErrorHasPlaceAndRow(t *testing.T) {
	src := &errs.Source{Name: "q.sql", Text: "SELECT a / b"}
	d := div(ref(attrA), ref(attrB))
	d.At = errs.Span{Start: 7, End: 12}
	c := compiler{in: evalS, src: src}
	ev, err := c.compile(d)
	if err != nil {
		t.Fatal(err)
	}
	b := batchOf(colOf(types.LongType, 1, 1, 1), colOf(types.LongType, 0, 1, 0))
	_, err = ev.eval(&frame{&fn.Context{}, b}, []uint32{1, 2})
	var row *fn.RowError
	var e *errs.Error
	if !errors.As(err, &row) || row.Row != 2 || !errors.As(err, &e) || e.Source != src || e.Span != d.At {
		t.Fatalf("error %v", err)
	}
	if errZero.Source != nil {
		t.Error("the kernel's own error was changed")
	}
}

func TestField(t *testing.T) {
	st := types.StructOf(types.Field{Name: "x", Type: types.LongType, Nullable: true}, types.Field{Name: "y", Type: types.StringType})
	a := attr(1, "st", st)
	arr := attr(2, "arr", types.ArrayOf(st, true))
	list := vec.NewColBuilder(arr.Type)
	put(list.Child(0), []any{1, "p"})
	list.Child(0).AppendNull()
	list.EndList()
	list.AppendNull()
	list.EndList()
	b := batchOf(colOf(st, []any{7, "u"}, nil, []any{nil, "w"}), list.Finish())
	for _, e := range []struct {
		expr plan.Expr
		want string
	}{
		{&plan.Field{X: ref(a), Index: 0}, "[7 <nil> <nil>]"},
		{&plan.Field{X: ref(a), Index: 1}, "[u <nil> w]"},
	} {
		c := compiler{in: []plan.Attr{a, arr}}
		ev, err := c.compile(e.expr)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ev.eval(&frame{&fn.Context{}, b}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var vals []any
		for i := range got.Len {
			vals = append(vals, value(&got, i))
		}
		if fmt.Sprint(vals) != e.want {
			t.Errorf("%v, want %s", vals, e.want)
		}
	}
	c := compiler{in: []plan.Attr{a, arr}}
	ev, err := c.compile(&plan.Field{X: ref(arr), Index: 1})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ev.eval(&frame{&fn.Context{}, b}, nil)
	if err != nil {
		t.Fatal(err)
	}
	kids, lo, hi := got.List(0)
	if hi-lo != 2 || value(&kids[0], lo) != "p" || value(&kids[0], lo+1) != nil || !got.IsNull(1) {
		t.Errorf("field of an array: %v", got)
	}
}

func TestUnknownAttributeIsInternal(t *testing.T) {
	n := &plan.Filter{Child: scanOf(attrA), Cond: ref(attrP)}
	if _, err := Build(n, BuildOptions{}); !isErr(err, "INTERNAL_ERROR") {
		t.Fatalf("error %v", err)
	}
}
