package stream

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/azud/azud/internal/checkpoint"
	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/exec"
)

// grace is how long Stop lets a running epoch go on before it is abandoned.
const grace = 700 * time.Millisecond

// farewell is how long Stop still waits after it has cancelled everything: what heeds no context
// (a write to a pipe that nobody reads) must not hold up the process's end.
const farewell = 200 * time.Millisecond

// Query is a running streaming query. Its methods are safe for concurrent use.
type Query struct {
	cfg    *Config
	shape  shape
	board  board
	report reporter
	store  *checkpoint.Store // belongs to the query's goroutine

	stop   chan struct{} // closed by Stop: no further epoch
	once   sync.Once
	halt   context.CancelFunc // called by Stop: ends what waits or only looks
	kill   context.CancelFunc // ends everything, commits included
	done   chan struct{}      // closed when the goroutine has ended
	err    error              // why, after done
	drains drains
}

// errStopped ends a session without a fault.
var errStopped = errors.New("stopped")

// Start opens the checkpoint, sources and sink and starts the query's goroutine. ctx bounds
// the opening only. A failure that may pass does not fail Start: it is retried. What Start
// returns an error for has left nothing open.
func Start(ctx context.Context, cfg Config) (*Query, error) {
	q := &Query{cfg: cfg.withDefaults(), stop: make(chan struct{}), done: make(chan struct{})}
	q.drains.wake = make(chan struct{}, 1)
	q.report = reporter{&q.board, cfg.Report}
	var err error
	if q.shape, err = shapeOf(cfg.Plan); err != nil {
		return nil, err
	}
	q.store, err = checkpoint.Open(cfg.Checkpoint, checkpoint.Options{Sys: cfg.Sys, Cache: cfg.Cache, Logger: q.report.Log})
	if err != nil {
		return nil, err
	}
	q.board.status = Status{State: Starting, Message: "Initializing sources", ID: q.store.ID(), RunID: runID(cfg.Sys.Rand.Uint64),
		Name: cfg.Name, Epoch: checkpoint.None, Watermark: initial(q.shape.delays), Started: cfg.Sys.Clock.Now()}
	first, err := q.open(ctx)
	if err != nil && !connector.IsPassing(err) {
		return nil, errors.Join(err, q.store.Close())
	}
	life, kill := context.WithCancel(context.WithoutCancel(ctx))
	calm, halt := context.WithCancel(life)
	q.kill, q.halt = kill, halt
	go q.run(life, calm, first, err)
	return q, nil
}

func runID(random func() uint64) string {
	a, b := random(), random()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, 0x8000|b>>48&0x3fff, b&(1<<48-1))
}

// run is the query's goroutine: sessions, with pauses in between after passing failures.
// calm ends with Stop, life only if Stop loses its patience.
func (q *Query) run(life, calm context.Context, s *session, err error) {
	defer close(q.done)
	defer q.kill()
	pause, failures, last := q.cfg.Retry.Min, 0, int64(checkpoint.None)
	for {
		if err == nil && s == nil {
			s, err = q.open(calm)
		}
		if err == nil {
			err = q.guarded(func() error { return s.loop(life, calm) })
			if closing := q.guarded(s.close); closing != nil {
				q.report.Log("closing: " + closing.Error())
			}
		}
		s = nil
		if now := q.Status().Epoch; now != last {
			pause, failures, last = q.cfg.Retry.Min, 0, now
		}
		if failures++; q.ended(err, failures) {
			break
		}
		q.board.update(func(st *Status) {
			st.State, st.Message, st.LastError, st.Retries = Retrying, "Waiting to try again", err, st.Retries+1
		})
		q.report.Trouble(err)
		if q.pause(calm, pause) {
			err = errStopped
			if q.ended(err, 0) {
				break
			}
		}
		pause, err = min(2*pause, q.cfg.Retry.Max), nil
	}
	if err := q.store.Close(); err != nil && q.err == nil {
		q.err = err
	}
	q.drains.fail(q.err)
}

// guarded turns a panic into an error, with the stack in the log; so is that of a panic which an
// operator has turned into an error.
func (q *Query) guarded(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			q.report.Log(fmt.Sprintf("panic: %v\n%s", v, debug.Stack()))
			err = errs.New("INTERNAL_ERROR", "query %s failed unexpectedly: %v", q.cfg.Name, v).
				WithHint("this is a defect of Azud; the log has the details")
		}
	}()
	err = f()
	var p *exec.PanicError
	if errors.As(err, &p) {
		q.report.Log(fmt.Sprintf("panic: %v\n%s", p.Value, p.Stack))
	}
	return err
}

// ended settles the query's end, if this is it.
func (q *Query) ended(err error, failures int) bool {
	state := Failed
	switch {
	case q.store.Err() != nil:
		err = q.store.Err()
	case err == nil:
		state = Finished
	case errors.Is(err, errStopped), q.stopping() && errors.Is(err, context.Canceled):
		q.mention(err)
		state, err = Stopped, nil
	case connector.IsPassing(err) && (q.cfg.Retry.Attempts == 0 || failures < q.cfg.Retry.Attempts):
		if !q.stopping() {
			return false
		}
		q.mention(err)
		state, err = Stopped, nil // the last commit stands; the next start goes on from it
	}
	q.err = err
	q.board.update(func(st *Status) {
		st.State, st.Message = state, "Stopped"
		if err != nil {
			st.LastError, st.Message = err, "Terminated with exception"
		}
	})
	return true
}

// mention logs a failure that stays behind because the query stops; what Stop has cut off is none.
func (q *Query) mention(err error) {
	if err != errStopped && !errors.Is(err, context.Canceled) {
		q.report.Log("while stopping: " + errs.Render(err))
	}
}

func (q *Query) stopping() bool {
	select {
	case <-q.stop:
		return true
	default:
		return false
	}
}

// pause sleeps; true means that the query is to stop.
func (q *Query) pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-q.cfg.Sys.Clock.After(d):
		return q.stopping()
	case <-ctx.Done():
		return true
	}
}

// Stop ends the query: a running epoch may finish within a moment or is abandoned, what is
// committed stays. It returns when everything is closed; if ctx ends before, what still
// runs is cancelled, and what does not heed that is left behind with an error of class
// QUERY_STUCK. Else the error is that of Wait.
func (q *Query) Stop(ctx context.Context) error {
	q.once.Do(func() {
		close(q.stop)
		q.halt()
	})
	select {
	case <-q.done:
	case <-ctx.Done():
		q.kill()
		select {
		case <-q.done:
		case <-q.cfg.Sys.Clock.After(farewell):
			return errs.New("QUERY_STUCK", "query %s does not stop", q.cfg.Name).
				WithHint("what it has committed is kept; its sink or source hangs and ends with the process")
		}
	}
	return q.err
}

// Wait returns when the query has ended, with what ended it: nil after Stop and after a
// Trigger.Once has read everything.
func (q *Query) Wait() error {
	<-q.done
	return q.err
}

// Done is closed when the query has ended.
func (q *Query) Done() <-chan struct{} { return q.done }

// Name is the query's name.
func (q *Query) Name() string { return q.cfg.Name }

// Status is the query at a glance.
func (q *Query) Status() Status {
	q.board.mu.Lock()
	defer q.board.mu.Unlock()
	return q.board.status
}

// Progress returns what the last epochs did (at most 100), the newest last.
func (q *Query) Progress() []Progress {
	q.board.mu.Lock()
	defer q.board.mu.Unlock()
	return slices.Clone(q.board.progress)
}

// ProcessAllAvailable waits until all that the sources have now is committed, including
// the empty epoch after a watermark moved. It does not wait for the trigger. It fails when
// the query ends before.
func (q *Query) ProcessAllAvailable(ctx context.Context) error {
	reply := q.drains.ask()
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-q.done:
		select {
		case err := <-reply:
			return err
		default:
		}
		if q.err != nil {
			return q.err
		}
		return errs.New("QUERY_STOPPED", "query %s has stopped", q.cfg.Name)
	}
}

// drains are the waiting calls of ProcessAllAvailable.
type drains struct {
	mu      sync.Mutex
	waiting []chan error
	wake    chan struct{}
}

func (d *drains) ask() <-chan error {
	reply := make(chan error, 1)
	d.mu.Lock()
	d.waiting = append(d.waiting, reply)
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
	return reply
}

// count is how many wait now: whoever asked before a look at the sources may be answered
// by it.
func (d *drains) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.waiting)
}

// answer answers the first n.
func (d *drains) answer(n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.waiting[:n] {
		c <- err
	}
	d.waiting = d.waiting[n:]
}

func (d *drains) fail(err error) {
	if err == nil {
		err = errs.New("QUERY_STOPPED", "the query has stopped")
	}
	d.answer(d.count(), err)
}
