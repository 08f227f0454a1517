package conformance

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// SinkCase is a sink to prove.
type SinkCase struct {
	// Make makes the sink anew, as after a start of the process.
	Make   func(t *testing.T, w *World) connector.Sink
	Schema types.Schema
	Mode   connector.OutputMode
	// Epochs are the rows of each epoch; nil is an epoch without rows.
	Epochs []*vec.Batch
	// Held is what the target holds for everybody to see. It is called when no epoch is
	// being written.
	Held func(t *testing.T, w *World) string
	// Want is what it holds after the first n epochs.
	Want func(n int) string
	// Query is the query's name; "" is "kit.query".
	Query string
	// Fused: the sink works only through World.Sys().FS and World.Store, on the caller's
	// goroutine, so that a crash can be put at each step.
	Fused bool
}

// Sink proves a sink: what it holds after commits, aborts, restarts and crashes.
func Sink(t *testing.T, c SinkCase) {
	t.Run("marks", func(t *testing.T) { c.marks(t) })
	t.Run("restarts", func(t *testing.T) {
		w := NewWorld(t)
		for n := range c.Epochs {
			d := &drive{c: c, t: t, w: w, until: n + 1, committed: int64(n - 1), wrote: -1}
			d.run()
		}
		c.check(t, w, len(c.Epochs))
	})
	if c.Fused {
		t.Run("crashes", func(t *testing.T) { c.crashes(t) })
	}
}

func (c SinkCase) identity(w *World) connector.QueryIdentity {
	name := c.Query
	if name == "" {
		name = "kit.query"
	}
	return connector.QueryIdentity{Name: name, Checkpoint: "0f2c9a52-0000-4000-8000-000000000001", Store: w.Store}
}

func plan(epoch int64) connector.EpochPlan {
	return connector.EpochPlan{Epoch: epoch, Plan: fmt.Appendf(nil, `{"epoch":%d,"bytes":"`+"\x00\xff"+`"}`, epoch), Now: 1_705_314_600_000_000 + epoch*1_000_000}
}

func (c SinkCase) check(t *testing.T, w *World, n int) {
	t.Helper()
	if got, want := c.Held(t, w), c.Want(n); got != want {
		t.Fatalf("after %d epochs the target holds\n%s\nwant\n%s", n, got, want)
	}
}

// marks: a mark comes with a commit and only with it.
func (c SinkCase) marks(t *testing.T) {
	ctx, w := t.Context(), NewWorld(t)
	open := func() (connector.Sink, connector.EpochMark) {
		s := c.Make(t, w)
		m, err := s.Open(ctx, c.identity(w), c.Schema, c.Mode)
		if err != nil {
			t.Fatal(err)
		}
		return s, m
	}
	s, m := open()
	if m.Checkpoint != "" {
		t.Fatalf("a new sink holds %+v", m)
	}
	exactly := s.Guarantee() == connector.ExactlyOnce
	wrote := int64(-1)
	for n, rows := range c.Epochs {
		p := plan(int64(n))
		for _, commit := range []bool{false, true} { // each epoch is abandoned once first
			wr, err := s.Begin(ctx, p)
			if err != nil {
				t.Fatal(err)
			}
			c.write(t, ctx, wr, rows)
			if !commit {
				if err := wr.Abort(ctx); err != nil {
					t.Fatalf("abort: %v", err)
				}
				if exactly {
					c.check(t, w, n)
				}
			} else if out, err := wr.Commit(ctx); out != connector.Committed || err != nil {
				t.Fatalf("commit of epoch %d: %v, %v", n, out, err)
			}
			if commit && rows != nil {
				wrote = int64(n)
			}
			w.Store.Sync()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s, m = open()
			c.expect(t, m, exactly, wrote, int64(n))
		}
		c.check(t, w, n+1)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// expect checks a mark: of the last epoch with rows, or of a later one without.
func (c SinkCase) expect(t *testing.T, m connector.EpochMark, exactly bool, wrote, most int64) {
	t.Helper()
	switch {
	case !exactly && (m.Checkpoint != "" || m.Plan != nil):
		t.Fatalf("an at-least-once sink marks %+v", m)
	case exactly && wrote >= 0 && m.Checkpoint == "":
		t.Fatalf("no mark after epoch %d", wrote)
	case m.Checkpoint == "":
	case m.Checkpoint != c.identity(&World{}).Checkpoint || m.Epoch < wrote || m.Epoch > most:
		t.Fatalf("mark %+v, want epoch %d to %d", m, wrote, most)
	case !bytes.Equal(m.Plan, plan(m.Epoch).Plan):
		t.Fatalf("the mark of epoch %d has the plan %q", m.Epoch, m.Plan)
	}
}

// write gives the rows in batches of at most two, the second of them by selection, and
// spoils each batch afterwards: it was only lent.
func (c SinkCase) write(t *testing.T, ctx context.Context, wr connector.Writer, rows *vec.Batch) {
	if rows == nil {
		return
	}
	for lo := 0; lo < rows.N; lo += 2 {
		b := rows.View(lo, min(lo+2, rows.N)).Compact()
		if lo%4 == 2 {
			both := vec.NewBuilder(c.Schema)
			both.AppendRow(b, 0)
			both.AppendBatch(b)
			sel := []uint32{1, 2}[:b.N]
			b = both.Finish()
			b.Sel = sel
		}
		if err := wr.Write(ctx, b); err != nil {
			t.Fatalf("write: %v", err)
		}
		for i := range b.Cols {
			spoil(&b.Cols[i])
		}
	}
}

func spoil(c *vec.Col) {
	for i := range c.Data {
		c.Data[i] = 'X'
	}
	clear(c.Valid)
	for i := range c.Kids {
		spoil(&c.Kids[i])
	}
}

// crashes ends the process at each step of a run, three times over with different losses,
// and goes on. Then it does so twice in a row.
func (c SinkCase) crashes(t *testing.T) {
	for seed := range uint64(3) {
		for at := 1; ; at++ {
			w := NewWorld(t)
			w.seed = seed*1000 + uint64(at)
			d := &drive{c: c, t: t, w: w, until: len(c.Epochs), committed: -1, wrote: -1}
			again := 1 + int(seed)*3 // a second crash, soon after the restart
			died := w.DieAt(at, d.run)
			if died {
				w.DieAt(again, d.run)
				d.run()
			}
			c.check(t, w, len(c.Epochs))
			if !died {
				break
			}
		}
	}
}

// drive does what the runner does with a sink; its own fields are the checkpoint.
type drive struct {
	c         SinkCase
	t         *testing.T
	w         *World
	until     int
	committed int64
	wrote     int64 // the last committed epoch that had rows
}

func (d *drive) run() {
	ctx := d.t.Context()
	s := d.c.Make(d.t, d.w)
	m, err := s.Open(ctx, d.c.identity(d.w), d.c.Schema, d.c.Mode)
	if err != nil {
		d.t.Fatalf("open: %v", err)
	}
	if m.Checkpoint != "" {
		d.c.expect(d.t, m, true, d.wrote, d.committed+1)
	} else if d.wrote >= 0 && s.Guarantee() == connector.ExactlyOnce {
		d.t.Fatalf("the mark of epoch %d is gone", d.wrote)
	}
	held := m.Checkpoint != "" && m.Epoch == d.committed+1
	for n := d.committed + 1; n < int64(d.until); n++ {
		if !held {
			wr, err := s.Begin(ctx, plan(n))
			if err != nil {
				d.t.Fatal(err)
			}
			d.c.write(d.t, ctx, wr, d.c.Epochs[n])
			if out, err := wr.Commit(ctx); out != connector.Committed || err != nil {
				d.t.Fatalf("commit of epoch %d: %v, %v", n, out, err)
			}
		}
		held = false
		d.w.fuse.step()
		d.w.Store.Sync() // the epoch's commit
		d.committed = n
		if d.c.Epochs[n] != nil {
			d.wrote = n
		}
		d.w.fuse.step()
	}
	if err := s.Close(); err != nil {
		d.t.Fatal(err)
	}
}

// DieAt runs f in a process that ends at its nth step: a change of the store, a file opened
// for writing, each half of a write, a sync. What is synced by then survives. It reports
// whether f came so far.
func (w *World) DieAt(n int, f func()) (died bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(crashed); !ok {
				panic(r)
			}
			died = true
			w.crash()
		}
	}()
	w.fuse.left = n
	f()
	w.fuse.left = 0
	return false
}
