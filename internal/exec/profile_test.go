package exec

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// pipeline is a plan with everything that has goroutines or files: a join, groups, a sort.
func pipeline(left, right table) (join *plan.Join, agg *plan.Aggregate, top *plan.Sort) {
	conds := []cond{{"=", 0, 0}}
	join = joinOf(plan.Inner, left, right, conds)
	agg = group(join, []plan.Named{named(left.attrs[0], ref(left.attrs[0]))}, aggOf("count", ref(right.attrs[1])))
	return join, agg, &plan.Sort{Child: agg, By: []plan.Order{{Expr: ref(left.attrs[0])}}}
}

func TestProfileCountsRowsTimeAndMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(91, 92))
	left, right := randomTable(r, 1, 300, types.LongType, types.StringType), randomTable(r, 11, 200, types.LongType, types.StringType)
	join, agg, top := pipeline(left, right)
	var pairs int64
	for i := range left.rows.N {
		for j := range right.rows.N {
			if truth([]cond{{"=", 0, 0}}, left, right, i, j) == hasMatch {
				pairs++
			}
		}
	}
	for _, o := range []BuildOptions{{Workers: 1}, {Workers: 3}, {Workers: 2, Memory: 1}} {
		var clock atomic.Int64
		o.Stats = &Profile{Now: func() time.Duration { return time.Duration(clock.Add(1)) }}
		got, err := orderedRows(top, o, tables{1: left.inOrder(r), 11: right.inOrder(r)}.task())
		if err != nil {
			t.Fatal(err)
		}
		for n, want := range map[plan.Node]int64{join: pairs, agg: int64(len(got)), top: int64(len(got)), join.L: 300, join.R: 200} {
			s := o.Stats.Of(n)
			if s == nil || s.Rows.Load() != want || s.Batches.Load() == 0 || s.Nanos.Load() <= 0 {
				t.Errorf("%+v: %T has %+v, want %d rows", o, n, s, want)
			}
		}
		if s := o.Stats.Of(join); s.Memory.Load() == 0 || (s.Spilled.Load() > 0) != (o.Memory > 0) {
			t.Errorf("the join held %d and spilled %d bytes with a budget of %d", s.Memory.Load(), s.Spilled.Load(), o.Memory)
		}
	}
}

// goroutines waits until there are no more than n.
func goroutines(t *testing.T, n int) {
	t.Helper()
	for range 200 {
		if runtime.NumGoroutine() <= n {
			return
		}
		runtime.Gosched()
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines are left, there were %d", runtime.NumGoroutine(), n)
}

// TestNothingIsLeftAfterAnEarlyEnd stops queries by a consumer that has had enough, a failing source, a
// panic in an expression and a cancelled context: no goroutine and no file may stay.
func TestNothingIsLeftAfterAnEarlyEnd(t *testing.T) {
	r := rand.New(rand.NewPCG(93, 94))
	left, right := randomTable(r, 1, 400, types.LongType, types.StringType), randomTable(r, 11, 300, types.LongType, types.StringType)
	join, _, top := pipeline(left, right)
	bad := &plan.Project{Child: join, Cols: []plan.Named{named(attr(90, "x", types.LongType), boom())}}
	before := runtime.NumGoroutine()
	for _, o := range []BuildOptions{{Workers: 1}, {Workers: 4, BatchSize: 3}, {Workers: 3, Memory: 1}} {
		for name, n := range map[string]plan.Node{"join": join, "sort": top, "panic": bad} {
			for _, how := range []string{"stop", "fail", "cancel"} {
				o, fs := tight(o)
				op := mustBuild(t, n, o)
				ctx, cancel := context.WithCancel(context.Background())
				e := tables{1: left.inOrder(r), 11: right.inOrder(r)}.task()
				if how == "fail" {
					e.Parts = failing(e.Parts)
				}
				if how == "cancel" {
					e.Parts = cancelling(e.Parts, cancel)
				}
				var err error
				for _, err = range op.Run(ctx, e) {
					if how == "stop" {
						break
					}
				}
				cancel()
				want := map[string]error{"fail": errScan, "cancel": context.Canceled}[how]
				if name != "panic" && o.Workers > 1 && !errors.Is(err, want) {
					t.Errorf("%s/%s, workers %d: error %v", name, how, o.Workers, err)
				}
				if name == "panic" && how == "stop" && errs.ClassOf(err) != "INTERNAL_ERROR" {
					t.Errorf("panic: error %v", err)
				}
				if err := op.Close(); err != nil {
					t.Error(err)
				}
				if left, _ := fs.List("/spill/q"); len(left) > 0 || op.(*root).o.q.mem.used.Load() != 0 {
					t.Errorf("%s/%s: %v and %d bytes are left", name, how, left, op.(*root).o.q.mem.used.Load())
				}
				goroutines(t, before)
			}
		}
	}
}

type opener func(context.Context, *plan.Scan) ([]iter.Seq2[*vec.Batch, error], error)

// failing lets the last part of the first table fail.
func failing(open opener) opener {
	return func(ctx context.Context, n *plan.Scan) ([]iter.Seq2[*vec.Batch, error], error) {
		parts, err := open(ctx, n)
		if n.Attrs[0].ID == 1 {
			parts[len(parts)-1] = func(yield func(*vec.Batch, error) bool) { yield(nil, errScan) }
		}
		return parts, err
	}
}

// cancelling cancels the query when the third part of the first table is read.
func cancelling(open opener, cancel func()) opener {
	return func(ctx context.Context, n *plan.Scan) ([]iter.Seq2[*vec.Batch, error], error) {
		parts, err := open(ctx, n)
		if n.Attrs[0].ID == 1 {
			third := parts[2]
			parts[2] = func(yield func(*vec.Batch, error) bool) {
				cancel()
				third(yield)
			}
		}
		return parts, err
	}
}

// TestErrorsNameTheRow: a run-time error says where its row comes from, through filters, joins and workers.
func TestErrorsNameTheRow(t *testing.T) {
	k, v := attr(1, "k", types.LongType), attr(2, "v", types.LongType)
	in := batchOf(colOf(types.LongType, 1, 2, 3, 4), colOf(types.LongType, 5, 5, 0, 5))
	in.Origin = func(row int) string { return "a.csv:" + string(rune('1'+row)) }
	other := table{attrs: []plan.Attr{attr(11, "r", types.LongType)}, rows: batchOf(colOf(types.LongType, 4, 3, 2))}
	scan := &plan.Scan{Attrs: []plan.Attr{k, v}}
	joined := &plan.Join{Kind: plan.Inner, L: &plan.Filter{Child: scan, Cond: less(lit(types.LongType, 1), ref(k))},
		R: &plan.Scan{Attrs: other.attrs}, On: fnCall("=", ref(k), ref(other.attrs[0]))}
	n := &plan.Project{Child: joined, Cols: []plan.Named{named(attr(20, "x", types.LongType), div(ref(k), ref(v)))}}
	for _, o := range []BuildOptions{{Workers: 1}, {Workers: 2}, {BatchSize: 2, Workers: 1}} {
		_, err := sortedRows(n, o, tables{1: {in}, 11: {other.rows}}.task())
		var e *errs.Error
		if !errors.As(err, &e) || !strings.Contains(e.Hint, "a.csv:3") {
			t.Errorf("%+v: error %v", o, err)
		}
	}
}
