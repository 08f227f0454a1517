package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/azud/azud/internal/checkpoint"
	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/exec"
	"github.com/azud/azud/internal/stream"
)

// trial is what a seed is tried on.
type trial struct {
	flow      flow
	guarantee connector.Guarantee
	deaths    int
	flaky     int
	torn      bool
	stored    bool                                          // the sink keeps its rows in the checkpoint
	decide    func(checkpoint.Observed) checkpoint.Decision // planted fault
	late      bool                                          // planted fault
}

// outcome is what is left in the end.
type outcome struct {
	rows   []string
	state  []string
	events int
	story  []string
}

const dir = "/sim"

// run lets processes live and die until one has read everything.
func (t trial) run(seed uint64, events int) (o outcome, err error) {
	w, c := newWorld(seed), &contents{}
	w.torn = t.torn
	for life := 0; ; life++ {
		n := 0
		if life < t.deaths {
			n = 1 + w.rng.IntN(events)
		}
		w.live(n)
		err = t.process(w, c)
		w.mu.Lock()
		dead := w.dead
		w.note("life %d: %d events, error %v", life, w.events, err)
		o.events, o.story = w.events, slices.Clone(w.story)
		w.mu.Unlock()
		if dead {
			continue
		}
		if err != nil {
			return o, err
		}
		break
	}
	w.live(0)
	o.rows = c.rows
	return o, t.inspect(w, &o)
}

// process is one process's life.
func (t trial) process(w *world, c *contents) error {
	q, err := stream.Start(context.Background(), stream.Config{
		Name: "sim." + t.flow.name, Plan: t.flow.plan, Mode: t.flow.mode, Trigger: stream.Trigger{Once: true},
		Checkpoint: dir, Sys: w.sys(), MaxRowsPerEpoch: 30, Decide: t.decide, Retry: stream.Retry{Attempts: 1000},
		OpenSource: func(context.Context, int, connector.Journal, connector.Reporter) (connector.Source, error) {
			return &source{w: w, flaky: 20 * t.flaky}, nil
		},
		OpenSink: func(context.Context, connector.Reporter) (connector.Sink, error) {
			if t.stored {
				return &storedSink{w: w}, nil
			}
			return &sink{w: w, c: c, g: t.guarantee, flaky: t.flaky, late: t.late}, nil
		},
	})
	if err != nil {
		return err
	}
	return q.Wait()
}

// inspect reads what the checkpoint holds in the end.
func (t trial) inspect(w *world, o *outcome) error {
	s, err := checkpoint.Open(dir, checkpoint.Options{Sys: w.sys()})
	if err != nil {
		return err
	}
	if t.stored {
		o.rows, err = storedRows(s.Sink())
	}
	if err == nil {
		o.state, err = t.state(s)
	}
	return errors.Join(err, s.Close())
}

// state is the operators' state, as rows in order.
func (t trial) state(s *checkpoint.Store) (rows []string, err error) {
	root, err := exec.Build(t.flow.plan, exec.BuildOptions{Streaming: true, Mode: t.flow.mode, Zone: "UTC"})
	if err != nil {
		return nil, err
	}
	for _, op := range exec.StatefulOps(root) {
		st, err := s.State(op.Number(), op.StateSchema())
		if err != nil {
			return nil, err
		}
		for r, err := range st.Load() {
			if err == nil {
				err = op.Load(r.Shard, r.Batch)
			}
			if err != nil {
				return nil, err
			}
		}
		for shard := range exec.Shards {
			b, err := op.Snapshot(shard)
			if err != nil {
				return nil, err
			}
			for i := range b.Each() {
				parts := []string{fmt.Sprint(op.Number(), "/", shard)}
				for c := range b.Cols {
					parts = append(parts, show(&b.Cols[c], i))
				}
				rows = append(rows, strings.Join(parts, " "))
			}
		}
	}
	slices.Sort(rows)
	return rows, nil
}

// check says what is wrong with a sink's rows.
func (t trial) check(rows []string) error {
	switch t.flow.name {
	case "copy":
		var want []string
		for i := range totalRows {
			want = append(want, fmt.Sprintf("%d k%d", i, i%5))
		}
		return t.compare(rows, want)
	case "windows":
		var want []string
		for end := 10; end <= totalRows-1-5; end += 10 {
			for k := range 5 {
				want = append(want, fmt.Sprintf("%d k%d 2", int64(1_700_000_000+end)*1_000_000, k))
			}
		}
		return t.compare(rows, want)
	}
	return t.checkCounts(rows)
}

func (t trial) compare(rows, want []string) error {
	if t.guarantee == connector.AtLeastOnce {
		rows = slices.Clone(rows)
		slices.Sort(rows)
		rows = slices.Compact(rows)
		slices.Sort(want)
	}
	for i := range max(len(rows), len(want)) {
		switch {
		case i >= len(rows):
			return fmt.Errorf("%q is missing", want[i])
		case i >= len(want):
			return fmt.Errorf("%q is too much", rows[i])
		case rows[i] != want[i]:
			return fmt.Errorf("row %d is %q, want %q", i, rows[i], want[i])
		}
	}
	return nil
}

// checkCounts wants each key's count to rise to its total, and never to repeat if the sink
// is exact.
func (t trial) checkCounts(rows []string) error {
	last := map[string]int{}
	for _, r := range rows {
		var k string
		var n int
		if _, err := fmt.Sscan(r, &k, &n); err != nil {
			return err
		}
		if n <= last[k] && t.guarantee == connector.ExactlyOnce {
			return fmt.Errorf("the count of %s goes from %d to %d", k, last[k], n)
		}
		last[k] = n
	}
	for k := range 5 {
		if n := last[fmt.Sprintf("k%d", k)]; n != totalRows/5 {
			return fmt.Errorf("the count of k%d ends at %d, want %d", k, n, totalRows/5)
		}
	}
	return nil
}
