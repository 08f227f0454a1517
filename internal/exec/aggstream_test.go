package exec

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// streamModel is the streaming aggregate by its definition: a map.
type streamModel struct {
	mode   connector.OutputMode
	groups map[string]*modelGroup
}

type modelGroup struct {
	key   []any
	event any // nil: none
	vals  []string
	count int
}

func (g *modelGroup) row() []any {
	var trace any
	if len(g.vals) > 0 {
		trace = strings.Join(g.vals, ",")
	}
	return append(slices.Clone(g.key), trace, g.count)
}

// modelRow is an input row with its key and event time (nil: NULL or none).
type modelRow struct {
	key   []any
	event any
	val   any
}

func (m *streamModel) epoch(rows []modelRow, late, evict int64) (out [][]any, dropped int) {
	var changed []*modelGroup
	lateKeys := map[string]bool{}
	for _, r := range rows {
		k := fmt.Sprint(r.key...)
		if r.event != nil && r.event.(int64) <= late && m.mode != connector.Complete {
			lateKeys[k] = true
			continue
		}
		g := m.groups[k]
		if g == nil {
			g = &modelGroup{key: r.key, event: r.event}
			m.groups[k] = g
		}
		g.vals, g.count = append(g.vals, fmt.Sprint(r.val)), g.count+1
		if !slices.Contains(changed, g) {
			changed = append(changed, g)
		}
	}
	var all, evicted []*modelGroup
	for k, g := range m.groups {
		all = append(all, g)
		if g.event != nil && g.event.(int64) <= evict && m.mode != connector.Complete {
			evicted = append(evicted, g)
			delete(m.groups, k)
		}
	}
	emit := map[connector.OutputMode][]*modelGroup{connector.Append: evicted, connector.Update: changed, connector.Complete: all}[m.mode]
	if m.mode != connector.Update {
		slices.SortFunc(emit, func(a, b *modelGroup) int { return slices.CompareFunc(a.key, b.key, compareAny) })
	}
	for _, g := range emit {
		out = append(out, g.row())
	}
	return out, len(lateKeys)
}

// compareAny orders NULL first.
func compareAny(a, b any) int {
	switch {
	case a == nil || b == nil:
		return cmp.Compare(fmt.Sprint(a != nil), fmt.Sprint(b != nil))
	}
	switch a := a.(type) {
	case int64:
		return cmp.Compare(a, b.(int64))
	case string:
		return cmp.Compare(a, b.(string))
	}
	return slices.CompareFunc(a.([]any), b.([]any), compareAny)
}

// stateStore keeps what a checkpoint would: a snapshot and deltas of each shard.
type stateStore [Shards][]*vec.Batch

func (s *stateStore) save(t *testing.T, op Stateful, snapshot bool) {
	t.Helper()
	for d, err := range op.Save() {
		if err != nil {
			t.Fatal(err)
		}
		s[d.Shard] = append(s[d.Shard], d.Rows)
	}
	for shard := range s {
		if !snapshot {
			continue
		}
		b, err := op.Snapshot(shard)
		if err != nil {
			t.Fatal(err)
		}
		s[shard] = []*vec.Batch{b}
	}
}

func (s *stateStore) load(t *testing.T, op Stateful) {
	t.Helper()
	for shard, list := range s {
		for _, b := range list {
			if err := op.Load(shard, b); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// streamCase is a way of grouping: what the keys are, and their values for a row.
type streamCase struct {
	name  string
	modes []connector.OutputMode
	plan  func(scan plan.Node) *plan.Aggregate
	key   func(ts, k any) (key []any, event any)
}

const modelWindow = 10 // µs

func streamCases() []streamCase {
	event := &plan.EventTime{Delay: 5}
	ts, w := attrT, attr(20, "window", window)
	ts.Event, w.Event = event, event
	keyed := func(child plan.Node, keys ...plan.Attr) *plan.Aggregate {
		var list []plan.Named
		for _, k := range keys {
			list = append(list, named(k, ref(k)))
		}
		n := group(child, list, trace(ref(attrV)), countStar())
		n.Stateful = 0
		return n
	}
	windowed := func(scan plan.Node) plan.Node {
		return &plan.TimeWindow{Child: scan, Time: ref(ts), Duration: modelWindow, Slide: modelWindow, Out: w}
	}
	windowKey := func(ts any) ([]any, any) {
		if ts == nil {
			return nil, nil
		}
		start := ts.(int64) - ((ts.(int64)%modelWindow)+modelWindow)%modelWindow
		return []any{start, start + modelWindow}, start + modelWindow
	}
	all := []connector.OutputMode{connector.Append, connector.Update, connector.Complete}
	return []streamCase{
		{"window and key", all,
			func(s plan.Node) *plan.Aggregate { return keyed(windowed(s), w, attrK) },
			func(ts, k any) ([]any, any) {
				win, end := windowKey(ts)
				if win == nil {
					return nil, nil
				}
				return []any{win, k}, end
			}},
		{"key and timestamp", all,
			func(s plan.Node) *plan.Aggregate { return keyed(s, attrK, ts) },
			func(ts, k any) ([]any, any) { return []any{k, ts}, ts }},
		{"no event time", all[1:],
			func(s plan.Node) *plan.Aggregate { return keyed(s, attrK) },
			func(_, k any) ([]any, any) { return []any{k}, nil }},
	}
}

// randomEpoch makes rows whose times move on with the epoch, some of them very late.
func randomEpoch(r *rand.Rand, epoch int) (*vec.Batch, [][3]any) {
	n := r.IntN(25)
	if epoch%7 == 6 {
		n = 0
	}
	var cols [3][]any
	var rows [][3]any
	sel := []uint32{}
	for i := range n {
		var ts, k any = int64(epoch*8 + r.IntN(40) - 20), fmt.Sprint("k", r.IntN(4))
		if r.IntN(8) == 0 {
			ts = nil
		}
		if r.IntN(8) == 0 {
			k = nil
		}
		row := [3]any{ts, k, int64(epoch*100 + i)}
		for c := range cols {
			cols[c] = append(cols[c], row[c])
		}
		if r.IntN(5) > 0 {
			sel = append(sel, uint32(i))
			rows = append(rows, row)
		}
	}
	b := &vec.Batch{N: n, Sel: sel, Cols: []vec.Col{colOf(attrT.Type, cols[0]...), dictOf(attrK.Type, cols[1]...), colOf(attrV.Type, cols[2]...)}}
	return b, rows
}

func TestStreamAggregateAgainstModel(t *testing.T) {
	for _, c := range streamCases() {
		for _, mode := range c.modes {
			t.Run(c.name+"/"+string(mode), func(t *testing.T) {
				for seed := range uint64(3) {
					checkStream(t, c, mode, rand.New(rand.NewPCG(seed, 5)))
				}
			})
		}
	}
}

// checkStream runs the same epochs through an operator that lives on, one that runs a row at a
// time, and one that is replaced from its saved state after each epoch.
func checkStream(t *testing.T, c streamCase, mode connector.OutputMode, r *rand.Rand) {
	t.Helper()
	n := c.plan(scanOf(attrT, attrK, attrV))
	opts := BuildOptions{Streaming: true, Mode: mode}
	straight := mustBuild(t, n, opts)
	tiny := opts
	tiny.BatchSize = 1
	single := mustBuild(t, n, tiny)
	model := &streamModel{mode, map[string]*modelGroup{}}
	var store stateStore
	late, evict, top := NoWatermark, NoWatermark, NoWatermark
	dropped := 0
	for epoch := range 30 {
		b, rows := randomEpoch(r, epoch)
		var in []modelRow
		for _, row := range rows {
			if key, event := c.key(row[0], row[1]); key != nil {
				in = append(in, modelRow{key, event, row[2]})
			}
		}
		want, wantLate := model.epoch(in, late, evict)
		dropped += wantLate
		restarted := mustBuild(t, n, opts)
		store.load(t, StatefulOps(restarted)[0])
		for name, op := range map[string]Operator{"straight": straight, "single rows": single, "restarted": restarted} {
			got, gotLate := runEpoch(t, op, b, mode, late, evict)
			if text(got) != text(want) || gotLate != wantLate {
				t.Fatalf("epoch %d, %s: %d late, rows\n%swant %d late, rows\n%s", epoch, name, gotLate, text(got), wantLate, text(want))
			}
			if rows := StatefulOps(op)[0].Rows(); rows != int64(len(model.groups)) {
				t.Fatalf("epoch %d, %s: state of %d rows, want %d", epoch, name, rows, len(model.groups))
			}
		}
		store.save(t, StatefulOps(restarted)[0], epoch%4 == 3)
		for _, row := range rows {
			if row[0] != nil {
				top = max(top, row[0].(int64))
			}
		}
		late = evict
		if top != NoWatermark {
			evict = max(evict, top-5)
		}
	}
	if c.name != "no event time" && mode != connector.Complete && dropped == 0 {
		t.Error("nothing was late: the test is blind")
	}
}

func runEpoch(t *testing.T, op Operator, b *vec.Batch, mode connector.OutputMode, late, evict int64) ([][]any, int) {
	t.Helper()
	e := source{batches: []*vec.Batch{b}}.task()
	e.Mode, e.Late, e.Evict = mode, late, evict
	lateRows := 0
	e.CountLate = func(n int, rows int64) { lateRows += int(rows) }
	return collect(t, op, e), lateRows
}

// Seen on Spark 4.2.0: a global aggregate in update mode emits (0, NULL) for an empty epoch.
func TestStreamGlobalAggregate(t *testing.T) {
	for _, mode := range []connector.OutputMode{connector.Update, connector.Complete} {
		n := group(scanOf(attrV), nil, countStar(), trace(ref(attrV)))
		n.Stateful = 0
		var store stateStore
		want := [][][]any{{{0, nil}}, {{2, "1,2"}}, {{2, "1,2"}}, {{3, "1,2,3"}}}
		for epoch, in := range []*vec.Batch{batchOf(colOf(types.LongType)), batchOf(colOf(types.LongType, 1, 2)), batchOf(colOf(types.LongType)), batchOf(colOf(types.LongType, 3))} {
			op := mustBuild(t, n, BuildOptions{Streaming: true, Mode: mode})
			store.load(t, StatefulOps(op)[0])
			got, _ := runEpoch(t, op, in, mode, NoWatermark, NoWatermark)
			wantRows(t, got, want[epoch])
			store.save(t, StatefulOps(op)[0], false)
		}
	}
}

// TestDeltasAreSmall: an epoch saves the groups that it changed and no others.
func TestDeltasAreSmall(t *testing.T) {
	n := group(scanOf(attrV), []plan.Named{named(attrV, ref(attrV))}, countStar())
	n.Stateful = 0
	op := mustBuild(t, n, BuildOptions{Streaming: true, Mode: connector.Update})
	saved := func() (rows int) {
		for d, err := range StatefulOps(op)[0].Save() {
			if err != nil {
				t.Fatal(err)
			}
			rows += d.Rows.N
		}
		return rows
	}
	for _, e := range []struct{ n, from, want int }{{1000, 0, 1000}, {3, 10, 3}, {0, 0, 0}, {5, 998, 5}} {
		var vals []any
		for i := range e.n {
			vals = append(vals, e.from+i)
		}
		runEpoch(t, op, batchOf(colOf(types.LongType, vals...)), connector.Update, NoWatermark, NoWatermark)
		if got := saved(); got != e.want || saved() != got {
			t.Errorf("%d rows saved, want %d, twice", got, e.want)
		}
	}
}

func TestShardIsPartOfTheFormat(t *testing.T) {
	n := group(scanOf(attrK), []plan.Named{named(attrK, ref(attrK))}, countStar())
	n.Stateful = 0
	op := mustBuild(t, n, BuildOptions{Streaming: true, Mode: connector.Update})
	runEpoch(t, op, batchOf(colOf(types.StringType, "azud", "rio", nil)), connector.Update, NoWatermark, NoWatermark)
	got := map[string]int{}
	for d, err := range StatefulOps(op)[0].Save() {
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rowsOf(d.Rows) {
			got[fmt.Sprint(row[1])] = d.Shard
		}
	}
	want := map[string]int{"azud": 2, "rio": 16, "<nil>": 8}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("shards %v, want %v", got, want)
	}
}

func TestLoadRefusesWhatIsNotItsOwn(t *testing.T) {
	n := group(scanOf(attrK), []plan.Named{named(attrK, ref(attrK))}, countStar())
	n.Stateful = 0
	op := StatefulOps(mustBuild(t, n, BuildOptions{Streaming: true, Mode: connector.Update}))[0]
	row := batchOf(colOf(types.BooleanType, false), colOf(types.StringType, "azud"), colOf(types.LongType, 1))
	loaded := 0
	for shard := range Shards {
		if err := op.Load(shard, row); err == nil {
			loaded++
		} else if !isErr(err, "STATE_CORRUPTED") {
			t.Fatal(err)
		}
	}
	if loaded != 1 {
		t.Errorf("%d shards took the row", loaded)
	}
	if err := op.Load(0, batchOf(colOf(types.BooleanType, false))); !isErr(err, "STATE_CORRUPTED") {
		t.Errorf("two columns too few: %v", err)
	}
	bad := batchOf(colOf(types.BooleanType), colOf(types.StringType), colOf(types.LongType))
	bad.N, bad.Sel = 1, []uint32{0}
	if err := op.Load(0, bad); !isErr(err, "INTERNAL_ERROR") {
		t.Errorf("a batch that lies about its rows: %v", err)
	}
}

func TestStreamAggregateRefuses(t *testing.T) {
	scan := scanOf(attrK, attrV)
	keys := []plan.Named{named(attrK, ref(attrK))}
	d := trace(ref(attrV))
	d.Distinct = true
	for class, c := range map[string]struct {
		agg  *plan.Agg
		mode connector.OutputMode
	}{
		"STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION":       {countStar(), connector.Append},
		"UNSUPPORTED_STREAMING_OPERATOR.DISTINCT_AGGREGATE": {d, connector.Update},
	} {
		n := group(scan, keys, c.agg)
		n.Stateful = 0
		if _, err := Build(n, BuildOptions{Streaming: true, Mode: c.mode}); !isErr(err, class) {
			t.Errorf("%v, want %s", err, class)
		}
	}
}

func TestFingerprint(t *testing.T) {
	c := streamCases()[0]
	op := mustBuild(t, c.plan(scanOf(attrT, attrK, attrV)), BuildOptions{Streaming: true, Mode: connector.Append, Zone: "UTC"})
	const want = `{"kind":"aggregate","version":1,"mode":"append","shards":32,"zone":"UTC","event":0,` +
		`"keys":["struct\u003cstart:timestamp,end:timestamp\u003e","string"],"keysOf":["window","k"],"window":[10,10,0],` +
		`"aggs":[{"name":"trace","of":"trace(v)","params":["bigint"],"partial":["string"],"version":1},{"name":"count","of":"count()","params":[],"partial":["bigint"],"version":1}]}`
	if got := StatefulOps(op)[0].Fingerprint(); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestFingerprintNamesColumns: the state of one column is not that of another of the same type;
// the numbers of attributes, and the letters' case, do not matter.
func TestFingerprintNamesColumns(t *testing.T) {
	of := func(key, arg plan.Attr, filter plan.Expr) string {
		call := trace(ref(arg))
		call.Filter = filter
		n := group(scanOf(key, arg), []plan.Named{named(key, ref(key))}, call)
		n.Stateful = 0
		op := mustBuild(t, n, BuildOptions{Streaming: true, Mode: connector.Update, Zone: "UTC"})
		return StatefulOps(op)[0].Fingerprint()
	}
	red, magnitud := attr(1, "red", types.StringType), attr(2, "magnitud", types.LongType)
	base := of(red, magnitud, nil)
	if got := of(attr(21, "red", types.StringType), attr(22, "Magnitud", types.LongType), nil); got != base {
		t.Errorf("%s\nwant %s", got, base)
	}
	for what, got := range map[string]string{
		"an argument": of(red, attr(2, "profundidad_km", types.LongType), nil),
		"a key":       of(attr(1, "lugar", types.StringType), magnitud, nil),
		"a filter":    of(red, magnitud, less(lit(types.LongType, 5), ref(magnitud))),
	} {
		if got == base {
			t.Errorf("%s does not count", what)
		}
	}
}

func TestStatefulOpsAreInOrder(t *testing.T) {
	scan := scanOf(attrV)
	upper := &plan.Limit{Child: group(scan, []plan.Named{named(attrV, ref(attrV))}), Count: 1, Stateful: 1}
	agg := upper.Child.(*plan.Aggregate)
	agg.Stateful = 0
	agg.Keys[0].Attr.Event, agg.Keys[0].Attr.Type = &plan.EventTime{}, types.TimestampType
	ops := StatefulOps(mustBuild(t, upper, BuildOptions{Streaming: true, Mode: connector.Append}))
	if len(ops) != 2 || ops[0].Number() != 0 || ops[1].Number() != 1 {
		t.Fatalf("%v", ops)
	}
}

func TestStreamErrorsEndTheEpoch(t *testing.T) {
	n := group(scanOf(attrV), []plan.Named{named(attrV, ref(attrV))}, countStar())
	n.Stateful = 0
	op := mustBuild(t, n, BuildOptions{Streaming: true, Mode: connector.Update})
	_, err := Collect(context.Background(), op, source{err: errScan}.task(), 0)
	if !errors.Is(err, errScan) {
		t.Errorf("error %v", err)
	}
}

// TestStreamAggregateReplays: a kernel whose sequence starts anew with each Context, as that of
// rand() does, gives an epoch the same values in a stream that ran on as in one made anew.
func TestStreamAggregateReplays(t *testing.T) {
	k := attr(1, "k", types.LongType)
	random := call("random", types.LongType, nil)
	last, next := (*fn.Context)(nil), int64(0)
	random.Fn.Kernel = func(c *fn.Context, _ []vec.Col, n int, _ []uint32) (vec.Col, error) {
		if c != last {
			last, next = c, c.Seed
		}
		out := make([]int64, n)
		for i := range out {
			out[i] = next
			next++
		}
		return vec.FlatOf(types.LongType, out, nil), nil
	}
	n := &plan.Aggregate{Child: scanOf(k), Keys: []plan.Named{named(k, ref(k))}, Aggs: []plan.Named{named(attr(2, "t", types.StringType), trace(random))}}
	epoch := func(op Operator, key int, seed int64) [][]any {
		e := source{batches: []*vec.Batch{batchOf(colOf(types.LongType, key, key))}}.task()
		e.Fn.Seed = seed
		return collect(t, op, e)
	}
	op := mustBuild(t, n, BuildOptions{Mode: connector.Update})
	wantRows(t, epoch(op, 1, 100), [][]any{{1, "100,101"}})
	wantRows(t, epoch(op, 2, 200), [][]any{{2, "200,201"}})
	wantRows(t, epoch(mustBuild(t, n, BuildOptions{Mode: connector.Update}), 2, 200), [][]any{{2, "200,201"}})
}
