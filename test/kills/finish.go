package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// run does a whole run and returns what it knows at its end.
func (w *world) run(ctx context.Context) (*history, error) {
	ctx, cancel := context.WithCancel(ctx)
	ld := w.startLoad(ctx)
	err := w.killing(ctx)
	if err == nil {
		err = w.settle(ctx, ld)
	}
	ld.endWork()
	ld.endRead()
	cancel() // on an error, whatever is still under way
	ld.work.wg.Wait()
	ld.read.wg.Wait()
	if err != nil {
		return nil, err
	}
	return w.look2(context.WithoutCancel(ctx))
}

// settle ends the work, with what is under way, and lets groups and transactions come to their end.
func (w *world) settle(ctx context.Context, ld *load) error {
	if _, err := w.d.waitReady(60 * time.Second); err != nil {
		return err
	}
	fmt.Fprintln(w.out, "     waiting for what is under way")
	ld.endWork()
	done := make(chan struct{})
	go func() { ld.work.wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(90 * time.Second):
		return errors.New("producers are not done 90 s after the last restart")
	}
	if err := w.eventually(ctx, "transactions end", w.decided); err != nil {
		return err
	}
	return w.eventually(ctx, "groups get everything", w.caughtUp)
}

// eventually waits for something, a minute at most.
func (w *world) eventually(ctx context.Context, what string, ok func(context.Context) (string, error)) error {
	for end := time.Now().Add(time.Minute); ; pause(ctx, 300*time.Millisecond) {
		var why string
		err := insist(ctx, func() (err error) { why, err = ok(ctx); return err })
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if why == "" {
			return nil
		}
		if time.Now().After(end) || ctx.Err() != nil {
			return fmt.Errorf("a minute was not enough that %s: %s", what, why)
		}
	}
}

func (w *world) decided(ctx context.Context) (string, error) {
	ends, err := w.limits(ctx, w.look.ListEndOffsets)
	if err != nil {
		return "", err
	}
	stable, err := w.limits(ctx, w.look.ListCommittedOffsets)
	for p, end := range ends {
		if stable[p] < end {
			return fmt.Sprintf("%s ends at %d, and is stable up to %d", p, end, stable[p]), err
		}
	}
	return "", err
}

func (w *world) caughtUp(ctx context.Context) (string, error) {
	ends, err := w.limits(ctx, w.look.ListEndOffsets)
	if err != nil {
		return "", err
	}
	for group := range groupNames() {
		found, err := w.glanceGroup(ctx, group)
		if err != nil {
			return "", err
		}
		for n := range int32(keptTopics()[groupTopic]) {
			if p := (part{groupTopic, n}); found[p] < ends[p] {
				return fmt.Sprintf("group %s is at %d of %d in %s", group, found[p], ends[p], p), nil
			}
		}
	}
	return "", nil
}

// look2 kills once more, then stops and starts in peace, and reads everything both times.
func (w *world) look2(ctx context.Context) (*history, error) {
	fmt.Fprintln(w.out, "     reading everything, after a last kill and after a clean stop")
	w.d.kill()
	w.killed++
	if w.tamper != nil {
		if err := w.tamper(w.d.data); err != nil {
			return nil, err
		}
	}
	h, err := w.lookAfter(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.d.stop(15 * time.Second); err != nil {
		w.l.complain("broker", "%v", err)
	}
	again, err := w.lookAfter(ctx)
	if err != nil {
		return nil, err
	}
	again.all.name, again.sure.name = again.all.name+" after a clean stop", again.sure.name+" after a clean stop"
	h.live = append(h.live, again.all, again.sure)
	for p, c := range again.cuts {
		if first := h.cuts[p]; c.found != first.found && p.topic != "retained" {
			w.l.complain(kindBack, "%s starts at %d after a kill, and at %d after a clean stop", p, first.found, c.found)
		}
	}
	h.offsets = append(h.offsets, again.offsets...)
	return h, nil
}

// lookAfter starts the broker and reads everything. Nothing else works.
func (w *world) lookAfter(ctx context.Context) (*history, error) {
	if err := w.d.start(); err != nil {
		return nil, err
	}
	took, err := w.d.waitReady(60 * time.Second)
	if err != nil {
		return nil, err
	}
	w.restarts = append(w.restarts, took)
	if err := w.glance(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	h := &history{topics: map[string]keeping{}, writers: w.l.writers, cuts: map[part]cut{}, groups: map[string]map[part]map[int64]bool{},
		steps: steps{input: txnTopic, output: stepTopic, done: map[int32]int64{}}}
	for _, t := range topics() {
		h.topics[t.name] = t.keeps
	}
	if err := insist(ctx, func() error { return w.readWhole(ctx, h) }); err != nil {
		return nil, err
	}
	for _, r := range w.l.live {
		h.live = append(h.live, r.view)
	}
	for group := range groupNames() {
		h.groups[group] = w.l.got[group]
	}
	return h, w.groupState(ctx, h)
}

func (w *world) readWhole(ctx context.Context, h *history) error {
	starts, err := w.limits(ctx, w.look.ListStartOffsets)
	if err != nil {
		return err
	}
	ends, err := w.limits(ctx, w.look.ListEndOffsets)
	if err != nil {
		return err
	}
	stable, err := w.limits(ctx, w.look.ListCommittedOffsets)
	if err != nil {
		return err
	}
	if h.all, err = w.readAll(ctx, "read_uncommitted at the end", false, starts, ends); err != nil {
		return err
	}
	if h.sure, err = w.readAll(ctx, "read_committed at the end", true, starts, stable); err != nil {
		return err
	}
	// retention may have gone on meanwhile: what matters is where it is now
	if starts, err = w.limits(ctx, w.look.ListStartOffsets); err != nil {
		return err
	}
	for p, found := range starts {
		c := w.l.cuts[p]
		c.found = found
		if p.topic == "retained" {
			c.acked, c.asked = w.startsSeen[p], found
		}
		h.cuts[p] = c
	}
	return nil
}

// groupState fills in the groups' committed offsets.
func (w *world) groupState(ctx context.Context, h *history) error {
	for _, group := range w.groups() {
		var found map[part]int64
		if err := insist(ctx, func() (err error) { found, err = w.glanceGroup(ctx, group); return err }); err != nil {
			return err
		}
		for p, o := range w.l.offsets[group] {
			c := *o
			if at, ok := found[p]; ok {
				c.found = at
			}
			h.offsets = append(h.offsets, c)
		}
		if group == stepGroup {
			for p, at := range found {
				h.steps.done[p.n] = at
			}
		}
	}
	return nil
}
