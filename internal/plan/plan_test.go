package plan

import (
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func num(v int32) Expr { return &Lit{Value: vec.ConstOf(types.IntType, v, 1)} }

func truthy(v bool) Expr { return &Lit{Value: vec.ConstOf(types.BooleanType, v, 1)} }

func text(s string) Expr { return &Lit{Value: vec.ConstString(types.StringType, s, 1)} }

func null(t types.Type) Expr { return &Lit{Value: vec.NullCol(t, 1)} }

func col(id ID, t types.Type) Expr {
	return &Ref{Attr: Attr{ID: id, Name: "c", Type: t, Nullable: true}}
}

func call(t *testing.T, name string, args ...Expr) Expr {
	t.Helper()
	f, ok := fn.LookupScalar(name)
	if !ok {
		t.Fatalf("no function %s", name)
	}
	list := make([]fn.Arg, len(args))
	for i, a := range args {
		list[i] = fn.Arg{Type: a.Type(), Nullable: a.Nullable()}
	}
	b, err := f.Bind(list)
	if err != nil {
		t.Fatal(err)
	}
	cast := make([]Expr, len(args))
	for i, a := range args {
		cast[i] = a
		if !a.Type().Equal(b.Params[i]) {
			cast[i] = &Cast{X: a, To: b.Params[i]}
		}
	}
	return &Call{Name: f.Name, Fn: b, Args: cast}
}

func structLit() Expr {
	kid := vec.ConstOf(types.IntType, int32(7), 1)
	t := types.StructOf(types.Field{Name: "a", Type: types.IntType})
	return &Lit{Value: vec.Col{Type: t, Enc: vec.Const, Len: 1, Kids: []vec.Col{kid}}}
}

func TestEqual(t *testing.T) {
	a, b := col(1, types.IntType), col(2, types.IntType)
	at := *a.(*Ref)
	at.At = errs.Span{Start: 3, End: 4}
	at.Attr.Name = "C"
	for _, c := range []struct {
		x, y Expr
		want bool
	}{
		{a, &at, true}, // places and names do not count
		{a, b, false},
		{num(1), num(1), true},
		{num(1), num(2), false},
		{num(1), text("1"), false},
		{null(types.IntType), null(types.IntType), true},
		{null(types.IntType), num(0), false},
		{text("a"), text("a"), true},
		{call(t, "+", a, num(1)), call(t, "+", a, num(1)), true},
		{call(t, "+", a, num(1)), call(t, "+", num(1), a), true},
		{call(t, "-", a, num(1)), call(t, "-", num(1), a), false},
		{call(t, "+", a, num(1)), call(t, "-", a, num(1)), false},
		{call(t, "rand"), call(t, "rand"), false},
		{&Cast{X: a, To: types.LongType}, &Cast{X: a, To: types.LongType}, true},
		{&Cast{X: a, To: types.LongType}, &Cast{X: a, To: types.LongType, Try: true}, false},
		{&Logic{L: truthy(true), R: truthy(false)}, &Logic{L: truthy(false), R: truthy(true)}, true},
		{&Logic{L: truthy(true), R: truthy(false)}, &Logic{Or: true, L: truthy(true), R: truthy(false)}, false},
		{&In{X: a, List: []Expr{num(1)}}, &In{X: a, List: []Expr{num(1), num(2)}}, false},
		{&Case{When: []Expr{truthy(true)}, Then: []Expr{a}}, &Case{When: []Expr{truthy(true)}, Then: []Expr{a}, Else: b}, false},
	} {
		if got := Equal(c.x, c.y); got != c.want {
			t.Errorf("Equal(%s, %s) = %v", String(c.x), String(c.y), got)
		}
	}
}

func TestEval(t *testing.T) {
	fails := call(t, "div", num(1), num(0))
	yes, no, unknown := truthy(true), truthy(false), null(types.BooleanType)
	isFail := call(t, "=", fails, fails)
	for _, c := range []struct {
		e    Expr
		want string // as String prints it; "error"
	}{
		{call(t, "+", num(1), num(2)), "3"},
		{fails, "error"},
		{&Logic{L: no, R: isFail}, "false"}, // the right side is not reached
		{&Logic{L: isFail, R: no}, "error"},
		{&Logic{L: unknown, R: no}, "false"},
		{&Logic{L: unknown, R: yes}, "NULL"},
		{&Logic{L: yes, R: yes}, "true"},
		{&Logic{Or: true, L: yes, R: isFail}, "true"},
		{&Logic{Or: true, L: no, R: unknown}, "NULL"},
		{&Logic{Or: true, L: no, R: no}, "false"},
		{&Case{When: []Expr{no, yes, isFail}, Then: []Expr{num(1), num(2), num(3)}}, "2"},
		{&Case{When: []Expr{unknown}, Then: []Expr{num(1)}}, "NULL"},
		{&Case{When: []Expr{unknown}, Then: []Expr{num(1)}, Else: num(9)}, "9"},
		{&Coalesce{Args: []Expr{null(types.IntType), num(4), num(5)}}, "4"},
		{&In{X: num(1), List: []Expr{num(2), num(1)}}, "true"},
		{&In{X: num(1), List: []Expr{num(2), null(types.IntType)}}, "NULL"},
		{&In{X: num(1), List: []Expr{num(2)}}, "false"},
		{&In{X: null(types.IntType), List: []Expr{num(2)}}, "NULL"},
		{&Cast{X: text("12"), To: types.IntType}, "12"},
		{&Cast{X: text("x"), To: types.IntType}, "error"},
		{&Cast{X: text("x"), To: types.IntType, Try: true}, "NULL"},
		{&Field{X: structLit(), Index: 0}, "7"},
	} {
		v, err := Eval(&fn.Context{}, c.e)
		got := "error"
		if err == nil {
			got = String(&Lit{Value: v})
		}
		if got != c.want {
			t.Errorf("%s = %s, want %s (%v)", String(c.e), got, c.want, err)
		}
	}
	if _, err := Eval(&fn.Context{}, col(1, types.IntType)); err == nil {
		t.Error("a column has no constant value")
	}
}

// TestFold: constant parts are computed, failing and volatile ones stay.
func TestFold(t *testing.T) {
	a := col(1, types.IntType)
	for _, c := range []struct {
		e    Expr
		want string
	}{
		{call(t, "+", a, call(t, "+", num(1), num(2))), "(c#1 + 3)"},
		{call(t, "+", a, call(t, "div", num(1), num(0))), "(CAST(c#1 AS bigint) + (1 div 0))"},
		{call(t, "rand"), "rand()"},
	} {
		if got := String(Fold(&fn.Context{}, c.e)); got != c.want {
			t.Errorf("%s folds to %s, want %s", String(c.e), got, c.want)
		}
	}
}

// TestRewriteKeeps: a rewriting that changes nothing copies nothing.
func TestRewriteKeeps(t *testing.T) {
	same := func(e Expr) Expr { return e }
	e := call(t, "+", col(1, types.IntType), num(1))
	if RewriteUp(e, same) != e {
		t.Error("RewriteUp copied an expression")
	}
	n := Node(&Filter{Child: &Project{Child: &Values{}, Cols: []Named{{Expr: e}}}, Cond: e})
	if TransformUp(n, func(n Node) Node { return MapExprs(n, same) }) != n {
		t.Error("TransformUp copied a plan")
	}
}
