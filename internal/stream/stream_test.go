package stream_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/exec"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/stream"
)

func sec(s float64) int64 { return int64(s * 1e6) }

// TestWatermarksAreSparks replays what Spark 4.2.0 did with these epochs (withWatermark of
// 10 seconds, windows of 5): its numRowsDroppedByWatermark, the watermark in force in each
// batch, and the no-data batch after the watermark moved. Before the first watermark rows of
// before 1970 are late already.
func TestWatermarksAreSparks(t *testing.T) {
	steps := [][]row{
		{{-315619199_000000, "old"}},
		{{-315619139_000000, "old2"}},
		{{sec(-1), "a"}, {sec(5), "b"}},
		{{30_123_456, "c"}},
		{{-315619199_000000, "late"}},
	}
	type batch struct {
		input, late, total int64
		watermark          string
	}
	const zero, later = "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:20.123Z"
	want := []batch{{1, 1, 0, zero}, {1, 1, 0, zero}, {2, 1, 1, zero}, {1, 0, 2, zero}, {0, 0, 1, later}, {1, 1, 1, later}}
	output := map[connector.OutputMode][]string{
		connector.Append: {"00:00:05 b 1"},
		connector.Update: {"00:00:05 b 1", "00:00:30 c 1"},
	}
	for _, restart := range []bool{false, true} {
		for mode, rows := range output {
			src := newSource()
			r := newRig(t, windowCount(t, watermarked(scanNode(0), 0, 10*time.Second), 5*time.Second), src)
			r.cfg.Mode = mode
			q := r.start()
			var got []batch
			for _, s := range steps {
				src.add(s...)
				r.drain(q)
				for _, e := range r.took() {
					p := e.Progress
					got = append(got, batch{p.NumInputRows, e.LateRows, p.StateOperators[0].NumRowsTotal, p.EventTime["watermark"]})
				}
				if restart {
					r.stop(q)
					q = r.start()
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, restart %v:\ngot  %v\nwant %v", mode, restart, got, want)
			}
			if all := r.sink.all(); !reflect.DeepEqual(all, rows) {
				t.Errorf("%s, restart %v: output %q, want %q", mode, restart, all, rows)
			}
			r.stop(q)
		}
	}
}

// TestTheLeastWatermarkCounts: an input without data holds the watermark (Spark's min policy).
func TestTheLeastWatermarkCounts(t *testing.T) {
	a, b := newSource(row{sec(100), "a"}), newSource()
	left, right := watermarked(scanNode(0), 0, 0), watermarked(scanNode(100), 1, 10*time.Second)
	attrs := left.Output()
	union := &plan.Union{Inputs: []plan.Node{left, right}, Attrs: attrs}
	r := newRig(t, windowCount(t, union, 5*time.Second), a, b)
	r.cfg.Mode = connector.Update
	q := r.start()
	r.drain(q)
	if e := r.took(); len(e) != 1 || e[0].Watermark != 0 {
		t.Errorf("one input silent: %+v", e)
	}
	b.add(row{sec(50), "b"})
	r.drain(q)
	e := r.took()
	if last := e[len(e)-1]; last.Watermark != sec(40) {
		t.Errorf("watermark %d, want 40 s", last.Watermark)
	}
	b.add(row{sec(20), "b"})
	r.drain(q)
	if st := q.Status(); st.Watermark != sec(40) {
		t.Errorf("the watermark went back to %d", st.Watermark)
	}
	r.stop(q)
}

func TestNothingNewRunsNoEpoch(t *testing.T) {
	src := newSource(row{1, "a"}, row{2, "b"})
	r := newRig(t, scanNode(0), src)
	r.cfg.MaxRowsPerEpoch = 1
	q := r.start()
	r.drain(q)
	r.drain(q)
	src.ready <- struct{}{} // a false alarm
	r.drain(q)
	if e := r.took(); len(e) != 2 {
		t.Errorf("%d epochs, want 2", len(e))
	}
	st := q.Status()
	if st.State != stream.Running || st.Message != "Waiting for data to arrive" || st.InputRows != 2 || st.OutputRows != 2 || st.Epoch != 1 {
		t.Errorf("status %+v", st)
	}
	r.stop(q)
	if st := q.Status(); st.State != stream.Stopped || src.acked != "2" || src.closed != 1 {
		t.Errorf("after Stop: %+v, acked %s, closed %d", st, src.acked, src.closed)
	}
	if err := q.ProcessAllAvailable(context.Background()); errs.ClassOf(err) != "QUERY_STOPPED" {
		t.Errorf("ProcessAllAvailable after Stop: %v", err)
	}
}

func TestReadyWakesAtOnce(t *testing.T) {
	src := newSource()
	r := newRig(t, scanNode(0), src)
	got := make(chan stream.Epoch, 1)
	r.cfg.Listener = func(e stream.Epoch) { got <- e }
	q := r.start()
	src.add(row{1, "a"})
	select {
	case e := <-got:
		if e.Input != 1 || e.Output != 1 || e.Watermark != exec.NoWatermark {
			t.Errorf("%+v", e)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("no epoch")
	}
	r.stop(q)
}

func TestOnceReadsWhatIsThere(t *testing.T) {
	src := newSource(row{sec(1), "a"}, row{sec(9), "b"}, row{sec(30), "c"})
	r := newRig(t, windowCount(t, watermarked(scanNode(0), 0, 0), 5*time.Second), src)
	r.cfg.Trigger.Once, r.cfg.MaxRowsPerEpoch = true, 2
	if err := r.start().Wait(); err != nil {
		t.Fatal(err)
	}
	if e := r.took(); len(e) != 3 || e[2].Input != 0 {
		t.Errorf("epochs %+v, want two and an empty one", e)
	}
	if want := []string{"00:00:00 a 1", "00:00:05 b 1"}; !reflect.DeepEqual(r.sink.all(), want) {
		t.Errorf("%q, want %q", r.sink.all(), want)
	}
	src.add(row{sec(31), "c"})
	q := r.start()
	if err := q.Wait(); err != nil || q.Status().State != stream.Finished {
		t.Fatal(err, q.Status())
	}
	if e := r.took(); e[0].ID != 3 || e[0].Input != 1 {
		t.Errorf("it goes on with %+v", e[0])
	}
}

func TestATimedTriggerWaits(t *testing.T) {
	src := newSource(row{1, "a"})
	r := newRig(t, scanNode(0), src)
	r.cfg.Trigger.Every = time.Hour
	q := r.start()
	r.drain(q)
	src.add(row{2, "b"})
	r.drain(q) // does not wait for the hour
	if n := len(r.took()); n != 2 {
		t.Errorf("%d epochs", n)
	}
	r.stop(q)
}

func TestPassingFailuresAreRetried(t *testing.T) {
	src := newSource(row{sec(1), "a"}, row{sec(2), "a"})
	r := newRig(t, windowCount(t, watermarked(scanNode(0), 0, 0), 5*time.Second), src)
	r.cfg.Mode, r.cfg.MaxRowsPerEpoch = connector.Update, 1
	n := 0
	src.fault = func() error {
		if n++; n%3 != 0 {
			return connector.Passing(errs.New("NET", "the network is down"))
		}
		return nil
	}
	q := r.start()
	r.drain(q)
	if want := []string{"00:00:00 a 1", "00:00:00 a 2"}; !reflect.DeepEqual(r.sink.all(), want) {
		t.Errorf("%q, want %q", r.sink.all(), want)
	}
	if st := q.Status(); st.Retries != 4 || st.LastError != nil || r.sink.opened != 5 {
		t.Errorf("%+v, sink opened %d times", st, r.sink.opened)
	}
	src.fault = func() error { return errs.New("BAD_RECORD", "unreadable") }
	src.add(row{sec(3), "a"})
	if err := q.Wait(); errs.ClassOf(err) != "BAD_RECORD" {
		t.Errorf("ends with %v", err)
	}
	if st := q.Status(); st.State != stream.Failed || errs.ClassOf(st.LastError) != "BAD_RECORD" {
		t.Errorf("%+v", st)
	}
}

func TestACommitInDoubtIsSettledByTheSink(t *testing.T) {
	for _, applied := range []bool{true, false} {
		src := newSource(row{1, "a"})
		r := newRig(t, scanNode(0), src)
		n := 0
		r.sink.commit = func(apply func()) (connector.Outcome, error) {
			if n++; n == 1 {
				if applied {
					apply()
				}
				return connector.Unknown, errTest
			}
			apply()
			return connector.Committed, nil
		}
		q := r.start()
		r.drain(q)
		if got := r.sink.all(); len(got) != 1 {
			t.Errorf("applied %v: %q", applied, got)
		}
		if e := r.took(); len(e) != 1 || e[0].Rerun != applied || n == 1 != applied {
			t.Errorf("applied %v: %d commits, epochs %+v", applied, n, e)
		}
		r.stop(q)
	}
}

func TestAPanicIsAnError(t *testing.T) {
	src := newSource(row{1, "a"})
	r := newRig(t, scanNode(0), src)
	r.sink.commit = func(func()) (connector.Outcome, error) { panic("boom") }
	q := r.start()
	if err := q.Wait(); errs.ClassOf(err) != "INTERNAL_ERROR" || !strings.Contains(err.Error(), "boom") {
		t.Errorf("%v", err)
	}
	if !slices.ContainsFunc(r.logs, func(s string) bool { return strings.Contains(s, "stream_test.go") }) {
		t.Errorf("no stack in the log: %q", r.logs)
	}
}

func TestStopAbandonsALongEpoch(t *testing.T) {
	src := newSource(row{1, "a"})
	r := newRig(t, scanNode(0), src)
	in := make(chan struct{})
	r.cfg.Static = nil
	block := &blockingSource{memSource: src, in: in}
	r.cfg.OpenSource = func(context.Context, int, connector.Journal, connector.Reporter) (connector.Source, error) {
		return block, nil
	}
	q := r.start()
	<-in
	r.stop(q)
	if st := q.Status(); st.State != stream.Stopped || st.Epoch != -1 {
		t.Errorf("%+v", st)
	}
	r.cfg.OpenSource = func(context.Context, int, connector.Journal, connector.Reporter) (connector.Source, error) {
		return src, nil
	}
	q = r.start()
	r.drain(q)
	r.stop(q)
	if got := r.sink.all(); len(got) != 1 {
		t.Errorf("after the restart: %q", got)
	}
}

func TestAChangedQueryIsRefused(t *testing.T) {
	src := newSource(row{sec(1), "a"})
	r := newRig(t, windowCount(t, watermarked(scanNode(0), 0, 0), 5*time.Second), src)
	q := r.start()
	r.drain(q)
	r.stop(q)
	good := r.cfg
	r.cfg.Plan = windowCount(t, watermarked(scanNode(0), 0, 0), 10*time.Second)
	if _, err := stream.Start(context.Background(), r.cfg); errs.ClassOf(err) != "CHECKPOINT_INCOMPATIBLE" {
		t.Errorf("another window: %v", err)
	}
	r.cfg = good
	r.cfg.Plan = windowCount(t, watermarked(scanNode(0), 0, time.Minute), 5*time.Second)
	q = r.start()
	r.stop(q)
	if !slices.ContainsFunc(r.logs, func(s string) bool { return strings.Contains(s, "delay of watermark 0") }) {
		t.Errorf("no warning: %q", r.logs)
	}
	r.cfg = good
	r.cfg.Checkpoint = "/another"
	r.sink.mark.Checkpoint = "deleted"
	if _, err := stream.Start(context.Background(), r.cfg); errs.ClassOf(err) != "CHECKPOINT_MISMATCH" {
		t.Errorf("a deleted checkpoint: %v", err)
	}
}

// TestSyncsPerEpoch counts what an epoch costs: one sync, and one more where the plan must
// be stored before.
func TestSyncsPerEpoch(t *testing.T) {
	for g, want := range map[connector.Guarantee]int64{connector.ExactlyOnce: 1, connector.AtLeastOnce: 2} {
		var syncs atomic.Int64
		src := newSource()
		r := newRig(t, windowCount(t, watermarked(scanNode(0), 0, 0), 5*time.Second), src)
		r.sink.g, r.cfg.Mode = g, connector.Update
		r.cfg.Sys.FS = errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData {
				syncs.Add(1)
			}
			return nil
		}))
		q := r.start()
		src.add(row{sec(0), "a"})
		r.drain(q)
		syncs.Store(0)
		for range 5 {
			src.add(row{sec(0), "a"})
			r.drain(q)
		}
		if n := syncs.Load(); n != 5*want {
			t.Errorf("%s: %d syncs in 5 epochs, want %d each", g, n, want)
		}
		r.stop(q)
	}
}

func TestProgressHasSparksNames(t *testing.T) {
	src := newSource(row{sec(1), "a"}, row{sec(2), "b"})
	r := newRig(t, windowCount(t, watermarked(scanNode(0), 0, 0), 5*time.Second), src)
	q := r.start()
	r.drain(q)
	for range 150 {
		src.add(row{sec(2), "b"})
		r.drain(q)
	}
	list := q.Progress()
	if len(list) != 100 {
		t.Fatalf("%d remembered, want 100", len(list))
	}
	data, err := json.Marshal(list[99])
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"id", "runId", "name", "timestamp", "batchId", "numInputRows", "inputRowsPerSecond",
		"processedRowsPerSecond", "durationMs", "eventTime", "stateOperators", "sources", "sink"} {
		if _, ok := m[name]; !ok {
			t.Errorf("no %s in %s", name, data)
		}
	}
	if s := m["sources"].([]any)[0].(map[string]any); s["startOffset"] == s["endOffset"] || s["numInputRows"] != 1.0 {
		t.Errorf("source %v", s)
	}
	r.stop(q)
}

func TestAPassingFailureAtStartIsNoFailureOfStart(t *testing.T) {
	src := newSource(row{1, "a"})
	r := newRig(t, scanNode(0), src)
	n := 0
	r.cfg.OpenSource = func(context.Context, int, connector.Journal, connector.Reporter) (connector.Source, error) {
		if n++; n < 3 {
			return nil, connector.Passing(errs.New("NET", "no broker"))
		}
		return src, nil
	}
	q := r.start()
	r.drain(q)
	r.stop(q)
	r.cfg.OpenSource = func(context.Context, int, connector.Journal, connector.Reporter) (connector.Source, error) {
		return nil, errs.New("UNKNOWN_TOPIC", "no such topic")
	}
	if _, err := stream.Start(context.Background(), r.cfg); errs.ClassOf(err) != "UNKNOWN_TOPIC" {
		t.Errorf("%v", err)
	}
	r.cfg.Retry.Attempts = 2
	r.cfg.OpenSource = func(context.Context, int, connector.Journal, connector.Reporter) (connector.Source, error) {
		return nil, connector.Passing(errs.New("NET", "no broker"))
	}
	if err := r.start().Wait(); errs.ClassOf(err) != "NET" {
		t.Errorf("after the attempts: %v", err)
	}
}

// troubled keeps the last trouble that was reported.
type troubled struct {
	*rig
	last error
}

func (r *troubled) Trouble(err error) { r.last = err }

func TestAQueryWithoutNewsRecoversToo(t *testing.T) {
	src := newSource()
	r := &troubled{rig: newRig(t, scanNode(0), src)}
	r.cfg.Report = r
	n := 0
	r.cfg.OpenSource = func(context.Context, int, connector.Journal, connector.Reporter) (connector.Source, error) {
		if n++; n < 3 {
			return nil, connector.Passing(errs.New("NET", "no broker"))
		}
		return src, nil
	}
	q := r.start()
	r.drain(q)
	if st := q.Status(); st.Retries != 2 || st.LastError != nil || st.State != stream.Running {
		t.Errorf("%+v", st)
	}
	r.stop(q)
	if r.last != nil {
		t.Errorf("it still reports %v", r.last)
	}
}

func TestStateOutgrowsItsDeltas(t *testing.T) {
	src := newSource()
	r := newRig(t, windowCount(t, watermarked(scanNode(0), 0, time.Hour), 5*time.Second), src)
	r.cfg.Mode = connector.Update
	q := r.start()
	for i := range 200 {
		src.add(row{sec(1), "a"}, row{sec(1), fmt.Sprintf("k%d", i%7)})
		r.drain(q)
		if i%50 == 49 {
			r.stop(q)
			q = r.start()
		}
	}
	r.stop(q)
	got := r.sink.all()
	if !slices.Contains(got, "00:00:00 a 200") || !slices.Contains(got, "00:00:00 k0 29") || slices.Contains(got, "00:00:00 k0 30") {
		t.Errorf("the last rows are %q", got[len(got)-4:])
	}
}
