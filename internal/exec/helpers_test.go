package exec

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Columns of tests are given as plain values: nil is NULL, int64, float64, string, bool.

func colOf(t types.Type, vals ...any) vec.Col {
	b := vec.NewColBuilder(t)
	for _, v := range vals {
		put(b, v)
	}
	return b.Finish()
}

func put(b *vec.ColBuilder, v any) {
	switch v := v.(type) {
	case nil:
		b.AppendNull()
	case int:
		vec.Append(b, int64(v))
	case int64:
		vec.Append(b, v)
	case float64:
		vec.Append(b, v)
	case bool:
		vec.Append(b, v)
	case string:
		b.AppendString(v)
	case []any:
		for i, x := range v {
			put(b.Child(i), x)
		}
		b.EndStruct()
	default:
		panic(fmt.Sprintf("put %T", v))
	}
}

// dictOf is colOf in dictionary encoding.
func dictOf(t types.Type, vals ...any) vec.Col {
	c := vec.Col{Type: t, Enc: vec.Dict, Len: len(vals), Ids: make([]uint32, len(vals))}
	var distinct []any
	for i, v := range vals {
		if v == nil {
			c.Valid = vec.SetNull(c.Valid, len(vals), i)
			continue
		}
		id := slices.Index(distinct, v)
		if id < 0 {
			id = len(distinct)
			distinct = append(distinct, v)
		}
		c.Ids[i] = uint32(id)
	}
	d := colOf(t, distinct...)
	c.Dict = &d
	return c
}

func value(c *vec.Col, i int) any {
	if c.IsNull(i) {
		return nil
	}
	switch c.Type.Kind {
	case types.Boolean:
		return vec.Get[bool](c, i)
	case types.Double:
		return vec.Get[float64](c, i)
	case types.String:
		return string(c.Bytes(i))
	case types.Struct:
		var out []any
		for f := range c.Type.Fields {
			k := c.Field(f)
			out = append(out, value(&k, i))
		}
		return out
	}
	return vec.Get[int64](c, i)
}

// rowsOf reads the selected rows.
func rowsOf(b *vec.Batch) [][]any {
	out := [][]any{}
	for i := range b.Each() {
		row := []any{}
		for c := range b.Cols {
			row = append(row, value(&b.Cols[c], i))
		}
		out = append(out, row)
	}
	return out
}

// text makes rows comparable and readable, one a line.
func text(rows [][]any) string {
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintln(&b, r...)
	}
	return b.String()
}

func wantRows(t *testing.T, got, want [][]any) {
	t.Helper()
	if text(got) != text(want) {
		t.Fatalf("rows\n%swant\n%s", text(got), text(want))
	}
}

func attr(id plan.ID, name string, t types.Type) plan.Attr {
	return plan.Attr{ID: id, Name: name, Type: t, Nullable: true}
}

func ref(a plan.Attr) plan.Expr { return &plan.Ref{Attr: a} }

func lit(t types.Type, v any) plan.Expr { return &plan.Lit{Value: colOf(t, v)} }

func named(a plan.Attr, e plan.Expr) plan.Named { return plan.Named{Attr: a, Expr: e} }

// source is a Scan over given batches.
type source struct {
	batches []*vec.Batch
	err     error // after the batches
}

func scanOf(attrs ...plan.Attr) *plan.Scan { return &plan.Scan{Attrs: attrs, Stream: true} }

func (s source) task() *EpochTask {
	return &EpochTask{Late: NoWatermark, Evict: NoWatermark,
		Scan: func(context.Context, *plan.Scan) iter.Seq2[*vec.Batch, error] {
			return func(yield func(*vec.Batch, error) bool) {
				for _, b := range s.batches {
					if !yield(b, nil) {
						return
					}
				}
				if s.err != nil {
					yield(nil, s.err)
				}
			}
		}}
}

// batchSizes are those that every operator is tested with.
var batchSizes = []int{1, 3, 4096}

func mustBuild(t testing.TB, n plan.Node, o BuildOptions) Operator {
	t.Helper()
	op, err := Build(n, o)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

func collect(t testing.TB, op Operator, e *EpochTask) [][]any {
	t.Helper()
	b, err := Collect(context.Background(), op, e, 0)
	if err != nil {
		t.Fatal(err)
	}
	return rowsOf(b)
}

// run builds and runs a plan as a batch, with all batch sizes.
func run(t *testing.T, n plan.Node, batches ...*vec.Batch) [][]any {
	t.Helper()
	var first [][]any
	for _, size := range batchSizes {
		got := collect(t, mustBuild(t, n, BuildOptions{BatchSize: size}), source{batches: batches}.task())
		if first == nil {
			first = got
		}
		if !reflect.DeepEqual(got, first) && text(got) != text(first) {
			t.Fatalf("batch size %d gives\n%sbut %d gives\n%s", size, text(got), batchSizes[0], text(first))
		}
	}
	return first
}

func batchOf(cols ...vec.Col) *vec.Batch { return &vec.Batch{N: cols[0].Len, Cols: cols} }

// kernelOf makes a kernel of a row function; errors become RowErrors.
func kernelOf(t types.Type, f func(args []any) (any, error)) fn.Kernel {
	return func(_ *fn.Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		b := vec.NewColBuilder(t)
		vals := make([]any, len(args))
		next := 0
		for i := range vec.Each(n, sel) {
			for ; next < i; next++ {
				b.AppendNull()
			}
			for k := range args {
				vals[k] = value(&args[k], i)
			}
			v, err := f(vals)
			if err != nil {
				return vec.Col{}, &fn.RowError{Row: i, Err: err}
			}
			put(b, v)
			next = i + 1
		}
		for ; next < n; next++ {
			b.AppendNull()
		}
		return b.Finish(), nil
	}
}

var errZero = errs.New("DIVIDE_BY_ZERO", "division by zero")

func call(name string, t types.Type, f func(args []any) (any, error), args ...plan.Expr) *plan.Call {
	return &plan.Call{Name: name, Args: args, Fn: fn.Bound{Result: t, Nullable: true, Kernel: kernelOf(t, f)}}
}

// div is a / b, which raises for b = 0; NULL if either is.
func div(a, b plan.Expr) *plan.Call {
	return call("div", types.LongType, func(v []any) (any, error) {
		if v[0] == nil || v[1] == nil {
			return nil, nil
		}
		if v[1] == int64(0) {
			return nil, errZero
		}
		return v[0].(int64) / v[1].(int64), nil
	}, a, b)
}

// less is a < b over bigint.
func less(a, b plan.Expr) *plan.Call {
	return call("less", types.BooleanType, func(v []any) (any, error) {
		if v[0] == nil || v[1] == nil {
			return nil, nil
		}
		return v[0].(int64) < v[1].(int64), nil
	}, a, b)
}

func isErr(err error, class string) bool { return err != nil && errs.ClassOf(err) == class }

// boom is a kernel that panics.
func boom() *plan.Call {
	c := call("boom", types.LongType, nil)
	c.Fn.Kernel = func(*fn.Context, []vec.Col, int, []uint32) (vec.Col, error) { panic("boom") }
	return c
}

var errScan = errors.New("the source failed")
