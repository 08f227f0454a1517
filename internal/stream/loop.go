package stream

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/azud/azud/internal/checkpoint"
	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/exec"
)

// loop runs epochs until the query is stopped or has read everything (Trigger.Once).
func (s *session) loop(life, calm context.Context) error {
	err := s.epochs(life, calm)
	if err != nil && err != errStopped && calm.Err() != nil && !s.own && s.q.store.Err() == nil {
		return fmt.Errorf("%w: %w", errStopped, err) // whatever was cut off by Stop
	}
	return err
}

func (s *session) epochs(life, calm context.Context) error {
	s.q.board.update(func(st *Status) { st.State = Running })
	if s.rerun != nil {
		if err := s.bounded(life, s.rerun, true); err != nil {
			return err
		}
	}
	limit, err := s.limit(calm)
	if err != nil {
		return err
	}
	for calm.Err() == nil {
		asked := s.q.drains.count()
		s.trigger = s.q.cfg.Sys.Clock.Now()
		p, err := s.next(calm, limit)
		switch {
		case err != nil:
			return err
		case p != nil:
			if err := s.bounded(life, p, false); err != nil {
				return err
			}
			if s.q.cfg.Trigger.Every > 0 && !s.q.cfg.Trigger.Once && asked == 0 && !s.sleep(calm, s.tick(), nil) {
				return errStopped
			}
		default:
			s.recovered()
			s.q.drains.answer(asked, nil)
			if s.q.cfg.Trigger.Once {
				return nil
			}
			if !s.idle(calm) {
				return errStopped
			}
		}
	}
	return errStopped
}

// recovered clears the error that the query has retried: all opened well and has no news. With
// news it is the commit that clears it, because the epoch may be what fails.
func (s *session) recovered() {
	if s.q.Status().LastError == nil {
		return
	}
	s.q.board.update(func(st *Status) { st.LastError = nil })
	s.q.report.Trouble(nil)
}

// limit is how far Trigger.Once reads: what the sources have at the start.
func (s *session) limit(ctx context.Context) ([]connector.Offset, error) {
	if !s.q.cfg.Trigger.Once {
		return nil, nil
	}
	out := make([]connector.Offset, len(s.sources))
	for i, src := range s.sources {
		var err error
		if out[i], err = src.Latest(ctx, s.from[i], connector.Limit{}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// next plans the next epoch; nil if there is nothing to do.
func (s *session) next(ctx context.Context, limit []connector.Offset) (*checkpoint.Plan, error) {
	if err := s.q.store.Space(); err != nil {
		return nil, err
	}
	to := make([]connector.Offset, len(s.sources))
	news := false
	for i, src := range s.sources {
		var err error
		if to[i] = s.from[i]; limit != nil && s.from[i] == limit[i] {
			continue
		}
		if to[i], err = src.Latest(ctx, s.from[i], connector.Limit{Rows: s.q.cfg.MaxRowsPerEpoch}); err != nil {
			return nil, err
		}
		if limit != nil && s.q.cfg.MaxRowsPerEpoch <= 0 {
			to[i] = limit[i]
		}
		news = news || to[i] != s.from[i]
	}
	p := &checkpoint.Plan{Late: initial(s.q.shape.delays), Evict: s.marks.query, Zone: s.q.cfg.Zone.String(),
		Seed: int64(s.q.cfg.Sys.Rand.Uint64() >> 1), Settings: s.q.cfg.Settings,
		Time: millis(s.q.cfg.Sys.Clock.Now().UnixMicro())}
	if s.last != nil {
		p.Epoch, p.Late = s.last.Plan.Epoch+1, s.last.Plan.Evict
	}
	// Spark's no-data batch: what the watermark has closed is not to wait for more data.
	moved := s.last != nil && s.q.shape.stateful && s.q.cfg.Mode != connector.Complete &&
		s.marks.query != exec.NoWatermark && s.marks.query > s.last.Plan.Evict
	if !news && !moved {
		return nil, nil
	}
	for i := range to {
		p.Sources = append(p.Sources, checkpoint.Range{From: s.from[i], To: to[i]})
	}
	return p, nil
}

// idle sleeps until a source may have news, and then, with a timed trigger, until its next
// tick. False means that the query is to stop.
func (s *session) idle(ctx context.Context) bool {
	s.q.board.update(func(st *Status) { st.Message = "Waiting for data to arrive" })
	ready := make([]<-chan struct{}, len(s.sources))
	for i, src := range s.sources {
		ready[i] = src.Ready()
	}
	if !s.sleep(ctx, nil, ready) {
		return false
	}
	if s.q.cfg.Trigger.Every > 0 && s.q.drains.count() == 0 {
		return s.sleep(ctx, s.tick(), nil)
	}
	return true
}

// tick is the next trigger's time: multiples of the interval, or at once if one has passed
// since the last trigger. Spark: ProcessingTimeExecutor.
func (s *session) tick() <-chan time.Time {
	clock, every := s.q.cfg.Sys.Clock, s.q.cfg.Trigger.Every
	due := s.trigger.Truncate(every).Add(every)
	return clock.After(max(0, due.Sub(clock.Now())))
}

// sleep waits for a timer, a channel or a waiting ProcessAllAvailable; false means stop.
func (s *session) sleep(ctx context.Context, timer <-chan time.Time, ready []<-chan struct{}) bool {
	cases := []reflect.SelectCase{recv(ctx.Done()), recv(s.q.drains.wake)}
	if timer != nil {
		cases = append(cases, recv(timer))
	}
	for _, c := range ready {
		cases = append(cases, recv(c))
	}
	chosen, _, _ := reflect.Select(cases)
	return chosen >= 1
}

func recv(c any) reflect.SelectCase {
	return reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(c)}
}

// bounded runs an epoch; when the query is to stop it gets a moment to finish.
func (s *session) bounded(life context.Context, p *checkpoint.Plan, rerun bool) error {
	ctx, cancel := context.WithCancel(life)
	over := make(chan struct{})
	watcher := make(chan struct{})
	go func() {
		defer close(watcher)
		select {
		case <-s.q.stop:
		case <-over:
			return
		}
		select {
		case <-s.q.cfg.Sys.Clock.After(grace):
			cancel()
		case <-over:
		}
	}()
	err := s.epoch(ctx, life, p, rerun)
	close(over)
	<-watcher
	if err != nil && ctx.Err() != nil {
		s.q.report.Log(fmt.Sprintf("epoch %d was abandoned to stop; the next start reads its rows again", p.Epoch))
	}
	s.own = err != nil && ctx.Err() == nil
	cancel()
	return err
}
