package stream_test

import (
	"context"
	"testing"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
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
