package exec

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// joinKeyTypes are types of join keys, those that are packed and those that are not.
var joinKeyTypes = []types.Type{
	types.BooleanType, types.ByteType, types.ShortType, types.IntType, types.LongType, types.FloatType, types.DoubleType,
	types.DecimalType(10, 2), types.DecimalType(30, 2), types.StringType, types.BinaryType, types.DateType, types.TimestampType,
	types.ArrayOf(types.IntType, true), types.StructOf(types.Field{Name: "a", Type: types.IntType, Nullable: true}, types.Field{Name: "b", Type: types.StringType, Nullable: true}),
}

// putRandom appends a value of a small domain, sometimes NULL.
func putRandom(r *rand.Rand, b *vec.ColBuilder) {
	x := r.IntN(6)
	if r.IntN(6) == 0 {
		b.AppendNull()
		return
	}
	switch b.Type().Kind {
	case types.Boolean:
		vec.Append(b, x > 2)
	case types.Byte:
		vec.Append(b, int8(x-3))
	case types.Short:
		vec.Append(b, int16(x-3)*1000)
	case types.Int, types.Date:
		vec.Append(b, int32(x-3)*100_000)
	case types.Long, types.Timestamp:
		vec.Append(b, int64(x-3)<<40)
	case types.Float:
		vec.Append(b, []float32{0, float32(math.Copysign(0, -1)), float32(math.NaN()), 1.5, -2, float32(math.Inf(1))}[x])
	case types.Double:
		vec.Append(b, []float64{0, math.Copysign(0, -1), math.NaN(), math.Float64frombits(0xfff8000000000001), -2, math.Inf(1)}[x])
	case types.Decimal:
		vec.Append(b, decimal128.FromI64(int64(x-3)*125))
	case types.String, types.Binary:
		b.AppendString([]string{"", "a", "a\x00", "bb", "a long string beyond eight bytes", "ñ"}[x])
	case types.Array:
		for range x / 2 {
			putRandom(r, b.Child(0))
		}
		b.EndList()
	case types.Struct:
		for i := range b.Type().Fields {
			putRandom(r, b.Child(i))
		}
		b.EndStruct()
	default:
		panic("putRandom: " + b.Type().String())
	}
}

// table is random rows, cut into batches of several shapes.
type table struct {
	attrs []plan.Attr
	rows  *vec.Batch
}

func randomTable(r *rand.Rand, first plan.ID, n int, typs ...types.Type) table {
	var t table
	t.rows = &vec.Batch{N: n}
	for k, typ := range typs {
		t.attrs = append(t.attrs, attr(first+plan.ID(k), fmt.Sprint("c", first+plan.ID(k)), typ))
		b := vec.NewColBuilder(typ)
		for range n {
			putRandom(r, b)
		}
		t.rows.Cols = append(t.rows.Cols, b.Finish())
	}
	return t
}

// batches cuts the rows, with selections in between that leave nothing out in the end.
func (t table) batches(r *rand.Rand) []*vec.Batch {
	var out []*vec.Batch
	for lo := 0; lo < t.rows.N; {
		hi := min(t.rows.N, lo+1+r.IntN(40))
		part := t.rows.View(lo, hi)
		if lo = hi; r.IntN(3) > 0 {
			out = append(out, part)
			continue
		}
		odd, even := *part, *part
		odd.Sel, even.Sel = []uint32{}, []uint32{}
		for i := range uint32(part.N) {
			if i%2 == 1 {
				odd.Sel = append(odd.Sel, i)
			} else {
				even.Sel = append(even.Sel, i)
			}
		}
		out = append(out, &odd, &even)
	}
	return out
}

// inOrder cuts the rows into batches.
func (t table) inOrder(r *rand.Rand) []*vec.Batch {
	var out []*vec.Batch
	for lo := 0; lo < t.rows.N; {
		hi := min(t.rows.N, lo+1+r.IntN(40))
		out = append(out, t.rows.View(lo, hi))
		lo = hi
	}
	return out
}

// tables is a source of several tables, told apart by their first attribute.
type tables map[plan.ID][]*vec.Batch

func (s tables) task() *EpochTask {
	e := source{}.task()
	e.Fn.Zone = time.UTC
	e.Scan = func(ctx context.Context, n *plan.Scan) iter.Seq2[*vec.Batch, error] {
		return source{batches: s[n.Attrs[0].ID]}.task().Scan(ctx, n)
	}
	e.Parts = func(_ context.Context, n *plan.Scan) (parts []iter.Seq2[*vec.Batch, error], err error) {
		for b := range slices.Chunk(s[n.Attrs[0].ID], 2) {
			parts = append(parts, source{batches: b}.task().Scan(nil, n))
		}
		return parts, nil
	}
	return e
}

// cond is one conjunct of a join's condition: left column, operator, right column.
type cond struct {
	op   string
	l, r int
}

func fnCall(name string, args ...plan.Expr) plan.Expr {
	var of []fn.Arg
	for _, a := range args {
		of = append(of, fn.Arg{Type: a.Type(), Nullable: true})
	}
	for _, s := range fn.Scalars() {
		if s.Name == name {
			b, err := s.Bind(of)
			if err != nil {
				panic(err)
			}
			return &plan.Call{Name: name, Fn: b, Args: args}
		}
	}
	panic("no function " + name)
}

// onOf is the condition as an expression.
func onOf(conds []cond, l, r table) plan.Expr {
	var on plan.Expr
	for k, c := range conds {
		a, b := ref(l.attrs[c.l]), ref(r.attrs[c.r])
		if k%2 == 1 && c.op != "<" {
			a, b = b, a
		}
		on = plan.And(on, fnCall(c.op, a, b))
	}
	return on
}

// truth is FALSE, NULL or TRUE of the conditions for a pair of rows.
func truth(conds []cond, l, r table, i, j int) uint8 {
	out := hasMatch
	for _, c := range conds {
		a, b := &l.rows.Cols[c.l], &r.rows.Cols[c.r]
		null := a.IsNull(i) || b.IsNull(j)
		holds := false
		switch c.op {
		case "<=>":
			null, holds = false, vec.Compare(a, i, b, j) == 0
		case "=":
			holds = vec.Compare(a, i, b, j) == 0
		case "<":
			holds = vec.Compare(a, i, b, j) < 0
		}
		switch {
		case null:
			out = min(out, nullMatch)
		case !holds:
			return noMatch
		}
	}
	return out
}

// rowText shows a row of a table, or NULLs for row -1.
func rowText(b *vec.Batch, i int) string {
	var out strings.Builder
	for c := range b.Cols {
		if i < 0 {
			out.WriteString("00|")
			continue
		}
		fmt.Fprintf(&out, "%x|", vec.AppendKey(nil, b.Cols[c:c+1], i))
	}
	return out.String()
}

// oracle joins row by row; class is the error expected.
func oracle(n *plan.Join, conds []cond, l, r table) (out []string, class string) {
	used := make([]bool, r.rows.N)
	for i := range l.rows.N {
		matches, best := 0, noMatch
		for j := range r.rows.N {
			t := truth(conds, l, r, i, j)
			best = max(best, t)
			if t != hasMatch {
				continue
			}
			used[j] = true
			matches++
			if !n.Kind.KeepsLeftOnly() {
				out = append(out, rowText(l.rows, i)+rowText(r.rows, j))
			}
		}
		left := rowText(l.rows, i)
		switch n.Kind {
		case plan.LeftSingle:
			if matches > 1 {
				return nil, "SCALAR_SUBQUERY_TOO_MANY_ROWS"
			}
			fallthrough
		case plan.LeftOuter, plan.FullOuter:
			if matches == 0 {
				out = append(out, left+rowText(r.rows, -1))
			}
		case plan.LeftSemi:
			if best == hasMatch {
				out = append(out, left)
			}
		case plan.LeftAnti:
			if best == noMatch || best == nullMatch && !n.NullAware {
				out = append(out, left)
			}
		case plan.LeftMark:
			out = append(out, left+[]string{"0100", "00", "0101"}[best]+"|")
		}
	}
	if n.Kind == plan.RightOuter || n.Kind == plan.FullOuter {
		for j := range r.rows.N {
			if !used[j] {
				out = append(out, rowText(l.rows, -1)+rowText(r.rows, j))
			}
		}
	}
	slices.Sort(out)
	return out, ""
}

// joinOptions are the ways in which each join is run.
var joinOptions = []BuildOptions{{BatchSize: 1, Workers: 1}, {BatchSize: 7, Workers: 2}, {Workers: 4}, {Memory: 1, Workers: 1}, {Memory: 1, Workers: 3, BatchSize: 5}, {Memory: 600, Workers: 3, BatchSize: 7}}

// tight gives options with a budget a place to spill to, and a share so small that they do.
func tight(o BuildOptions) (BuildOptions, *vfs.MemFS) {
	fs := vfs.NewMem()
	if o.Memory > 0 {
		o.Spill, o.minShare = &Spill{FS: fs, Dir: "/spill/q"}, o.Memory
	}
	return o, fs
}

// sortedRows runs a plan and returns its rows as sorted text.
func sortedRows(n plan.Node, o BuildOptions, e *EpochTask) ([]string, error) {
	out, err := orderedRows(n, o, e)
	slices.Sort(out)
	return out, err
}

// orderedRows runs a plan, returns its rows as text, and looks that nothing is left behind.
func orderedRows(n plan.Node, o BuildOptions, e *EpochTask) (out []string, err error) {
	o, fs := tight(o)
	op, err := Build(n, o)
	if err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, op.Close())
		if left, _ := fs.List("/spill/q"); len(left) > 0 {
			err = errors.Join(err, fmt.Errorf("files left: %v", left))
		}
		if used := op.(*root).o.q.mem.used.Load(); used != 0 {
			err = errors.Join(err, fmt.Errorf("%d bytes are still held", used))
		}
	}()
	b, err := Collect(context.Background(), op, e, 0)
	if err != nil {
		return nil, err
	}
	for i := range b.N {
		out = append(out, rowText(b, i))
	}
	return out, nil
}

func checkJoin(t *testing.T, r *rand.Rand, n *plan.Join, conds []cond, left, right table) {
	t.Helper()
	want, class := oracle(n, conds, left, right)
	data := tables{left.attrs[0].ID: left.batches(r), right.attrs[0].ID: right.batches(r)}
	for _, k := range r.Perm(len(joinOptions))[:2] { // each way comes often enough
		o := joinOptions[k]
		got, err := sortedRows(n, o, data.task())
		if errs.ClassOf(err) != class {
			t.Fatalf("%v %v with %+v: error %v, want %q", n.Kind, conds, o, err, class)
		}
		if class == "" && !slices.Equal(got, want) {
			t.Fatalf("%v %v null-aware=%v with %+v, %d and %d rows: got %d rows, want %d\n%s\nwant\n%s", n.Kind, conds, n.NullAware, o,
				left.rows.N, right.rows.N, len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func joinOf(kind plan.JoinKind, left, right table, conds []cond) *plan.Join {
	return &plan.Join{Kind: kind, L: &plan.Scan{Attrs: left.attrs}, R: &plan.Scan{Attrs: right.attrs}, On: onOf(conds, left, right),
		Mark: attr(99, "mark", types.BooleanType)}
}

// TestJoins compares every kind of join with the pairs taken one by one.
func TestJoins(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	shapes := [][]cond{
		{{"=", 0, 0}}, {{"<=>", 0, 0}}, {{"=", 0, 0}, {"=", 1, 1}}, {{"=", 0, 0}, {"<=>", 1, 1}},
		{{"=", 0, 0}, {"<", 1, 1}}, {{"<", 1, 1}}, {{"=", 1, 1}, {"=", 2, 2}, {"<", 0, 0}}, nil,
	}
	for _, typ := range joinKeyTypes {
		t.Run(typ.String(), func(t *testing.T) {
			for k := range len(shapes) {
				sizes := [][2]int{{20, 30}, {0, 10}, {10, 0}, {5, 40}, {30, 20}}[r.IntN(5)]
				left := randomTable(r, 1, sizes[0], typ, types.IntType, types.StringType)
				right := randomTable(r, 11, sizes[1], typ, types.IntType, types.StringType)
				if k%3 == 0 { // few matches: keys that are unique on the right
					right.rows = uniqueRows(right.rows)
				}
				conds := shapes[k%len(shapes)]
				for kind := plan.Inner; kind <= plan.LeftSingle; kind++ {
					checkJoin(t, r, joinOf(kind, left, right, conds), conds, left, right)
				}
				anti := joinOf(plan.LeftAnti, left, right, conds)
				anti.NullAware = true
				checkJoin(t, r, anti, conds, left, right)
			}
		})
	}
}

// uniqueRows keeps the first row of each value of the first column.
func uniqueRows(b *vec.Batch) *vec.Batch {
	seen := map[string]bool{}
	sel := []uint32{}
	for i := range b.N {
		k := string(vec.AppendKey(nil, b.Cols[:1], i))
		if !seen[k] {
			sel = append(sel, uint32(i))
		}
		seen[k] = true
	}
	return (&vec.Batch{Cols: b.Cols, N: b.N, Sel: sel}).Compact()
}

// TestLateralJoins runs a right side that reads the left row, and compares it with the same
// condition as an ordinary join.
func TestLateralJoins(t *testing.T) {
	r := rand.New(rand.NewPCG(43, 44))
	for range 20 {
		left := randomTable(r, 1, r.IntN(30), types.IntType, types.LongType)
		right := randomTable(r, 11, r.IntN(30), types.IntType, types.LongType)
		conds := []cond{{"=", 0, 0}, {"<", 1, 1}}
		for _, kind := range []plan.JoinKind{plan.Inner, plan.LeftOuter, plan.LeftSemi, plan.LeftAnti, plan.LeftSingle} {
			n := joinOf(kind, left, right, conds)
			inside := fnCall("=", &plan.Outer{Attr: left.attrs[0]}, ref(right.attrs[0]))
			lat := *n
			lat.Lateral, lat.R = true, &plan.Filter{Child: n.R, Cond: inside}
			lat.On = onOf(conds[1:], left, right)
			checkJoin(t, r, &lat, conds, left, right)
		}
	}
}

func TestTooManyRowsNamesItsPlace(t *testing.T) {
	src := &errs.Source{Name: "q.sql", Text: "SELECT (SELECT x FROM r) FROM l"}
	l := table{attrs: []plan.Attr{attr(1, "a", types.LongType)}, rows: batchOf(colOf(types.LongType, 1))}
	r := table{attrs: []plan.Attr{attr(2, "b", types.LongType)}, rows: batchOf(colOf(types.LongType, 1, 2))}
	n := joinOf(plan.LeftSingle, l, r, nil)
	n.At = errs.Span{Start: 7, End: 24}
	_, err := sortedRows(n, BuildOptions{Source: src}, tables{1: {l.rows}, 2: {r.rows}}.task())
	var e *errs.Error
	if !errors.As(err, &e) || e.SQLState != "21000" || e.Span != n.At || e.Source != src {
		t.Errorf("error %v", err)
	}
}
