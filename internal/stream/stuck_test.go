package stream_test

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/exec"
	"github.com/azud/azud/internal/stream"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/vec"
)

// A sink that heeds nothing does not keep Stop from returning; the query says that it has ended
// only when it has.
func TestStopLeavesBehindWhatHangs(t *testing.T) {
	r := newRig(t, scanNode(0), newSource(row{1, "a"}))
	in, release := make(chan struct{}), make(chan struct{})
	r.sink.commit = func(apply func()) (connector.Outcome, error) {
		close(in)
		<-release
		apply()
		return connector.Committed, nil
	}
	q := r.start()
	<-in
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := q.Stop(ctx); errs.ClassOf(err) != "QUERY_STUCK" {
		t.Errorf("%v", err)
	}
	select {
	case <-q.Done():
		t.Error("it says that it has ended")
	default:
	}
	close(release)
	if err := q.Wait(); err != nil {
		t.Error(err)
	}
}

// graceClock tells when the query lets its epoch go on for a moment, to stop then.
type graceClock struct {
	sys.Clock
	grace chan struct{}
}

func (c *graceClock) After(d time.Duration) <-chan time.Time {
	select {
	case c.grace <- struct{}{}:
	default:
	}
	return make(chan time.Time)
}

// What fails while the query stops is a failure too, and what is let be is in the log.
func TestFailuresWhileStopping(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   error
		class string // of what it ends with
		log   string
	}{
		{"lasting", errs.New("DATA_LOSS", "rows are gone"), "DATA_LOSS", ""},
		{"passing", connector.Passing(errs.New("NET", "no broker")), "", "NET"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, scanNode(0), newSource(row{1, "a"}))
			in, release := make(chan struct{}), make(chan struct{})
			r.sink.commit = func(func()) (connector.Outcome, error) {
				close(in)
				<-release
				return connector.Aborted, c.err
			}
			clock := &graceClock{r.cfg.Sys.Clock, make(chan struct{}, 1)}
			r.cfg.Sys.Clock = clock
			q := r.start()
			<-in
			stopped := make(chan error)
			go func() { stopped <- q.Stop(context.Background()) }()
			<-clock.grace
			close(release)
			if err := <-stopped; errs.ClassOf(err) != c.class {
				t.Errorf("it ends with %v", err)
			}
			state := stream.Stopped
			if c.class != "" {
				state = stream.Failed
			}
			if st := q.Status(); st.State != state || errs.ClassOf(st.LastError) != c.class {
				t.Errorf("%+v", st)
			}
			if !logged(r, c.log) {
				t.Errorf("the log lacks %q: %q", c.log, r.logs)
			}
		})
	}
}

func logged(r *rig, part string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return part == "" || slices.ContainsFunc(r.logs, func(s string) bool { return strings.Contains(s, part) })
}

func TestAnAbandonedEpochIsLogged(t *testing.T) {
	r := newRig(t, scanNode(0))
	block := &blockingSource{memSource: newSource(row{1, "a"}), in: make(chan struct{})}
	r.cfg.OpenSource = func(context.Context, int, connector.Journal, connector.Reporter) (connector.Source, error) {
		return block, nil
	}
	q := r.start()
	<-block.in
	r.stop(q)
	if !logged(r, "epoch 0 was abandoned") {
		t.Errorf("%q", r.logs)
	}
}

// brokenOperator fails as operators do after a panic.
type brokenOperator struct{ exec.Operator }

func (brokenOperator) Close() error { return nil }
func (brokenOperator) Run(context.Context, *exec.EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		yield(nil, errs.Wrap(&exec.PanicError{Value: "boom", Stack: []byte("at operator.go:7")}, "INTERNAL_ERROR", "failed"))
	}
}

func TestAnOperatorsPanicHasItsStackInTheLog(t *testing.T) {
	r := newRig(t, scanNode(0), newSource(row{1, "a"}))
	r.cfg.Build = func() (exec.Operator, []exec.Stateful, error) { return brokenOperator{}, nil, nil }
	if err := r.start().Wait(); errs.ClassOf(err) != "INTERNAL_ERROR" {
		t.Error(err)
	}
	if !logged(r, "boom\nat operator.go:7") {
		t.Errorf("%q", r.logs)
	}
}
