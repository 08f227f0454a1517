package fn

import (
	"testing"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// arg makes an Arg of a column that is not foldable.
func arg(c vec.Col) Arg { return Arg{Type: c.Type, Nullable: c.MayNull()} }

// ints makes an INT column.
func ints(v ...int32) vec.Col { return vec.FlatOf(types.IntType, v, nil) }

// strs makes a STRING column.
func strs(v ...string) vec.Col {
	b := vec.NewColBuilder(types.StringType)
	for _, s := range v {
		b.AppendString(s)
	}
	return b.Finish()
}

// call binds and runs a scalar over columns, casting the arguments as the analyzer does.
func call(t *testing.T, name string, n int, sel []uint32, cols ...vec.Col) (vec.Col, error) {
	t.Helper()
	args := make([]Arg, len(cols))
	for i, c := range cols {
		args[i] = arg(c)
	}
	return callArgs(name, n, sel, args, cols)
}

func callArgs(name string, n int, sel []uint32, args []Arg, cols []vec.Col) (vec.Col, error) {
	s, ok := LookupScalar(name)
	if !ok {
		return vec.Col{}, errNull
	}
	b, err := s.Bind(args)
	if err != nil {
		return vec.Col{}, err
	}
	c := &Context{}
	in := make([]vec.Col, len(cols))
	for i, p := range b.Params {
		k, err := CastKernel(cols[i].Type, p, false)
		if err != nil {
			return vec.Col{}, err
		}
		if in[i], err = k(c, cols[i], n, sel); err != nil {
			return vec.Col{}, err
		}
	}
	return b.Kernel(c, in, n, sel)
}

func TestOverflowOnlyOnSelectedRows(t *testing.T) {
	x, y := ints(1, 2147483647, 3), ints(1, 1, 1)
	if _, err := call(t, "+", 3, nil, x, y); err == nil {
		t.Fatal("an overflow went unnoticed")
	} else if re, ok := err.(*RowError); !ok || re.Row != 1 {
		t.Fatalf("want row 1, got %v", err)
	}
	got, err := call(t, "+", 3, []uint32{0, 2}, x, y)
	if err != nil {
		t.Fatal(err)
	}
	if v := vec.Values[int32](&got); v[0] != 2 || v[2] != 4 {
		t.Fatalf("got %v", v)
	}
}
