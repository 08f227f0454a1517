package sqltest

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"testing"
)

// Options of Golden.
type Options struct {
	// Update rewrites what Azud alone answers (@azud blocks, ---- azud sections) with its answers,
	// and removes @pending where the answer is right by now. What Spark recorded stays.
	Update bool
	// Pend, if not "", marks every wrong answer that is not pending yet with @pending and this reason.
	Pend string
	// NoPending ignores @pending: everything must be right.
	NoPending bool
}

// Golden runs every script that matches the glob pattern on r, each statement once and each
// scenario in all Modes, as subtests FILE/LINE and FILE/LINE/MODE.
func Golden(t *testing.T, r Runner, pattern string, o Options) {
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts match %s: %v", pattern, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			f, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			g := golden{r: r, f: f, o: o}
			g.statements(t)
			for _, sc := range f.Scenarios {
				g.scenario(t, sc)
			}
			if err := g.edits.apply(f); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// golden runs the scripts of one file and gathers the edits to it.
type golden struct {
	r     Runner
	f     *File
	o     Options
	edits edits
}

// statements runs the batch statements of the file in one session. All of them run, also those
// that -run leaves out: the next ones may build on what they change.
func (g *golden) statements(t *testing.T) {
	if len(g.f.Statements) == 0 {
		return
	}
	s, err := g.r.Open(context.Background(), g.f, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range g.f.Statements {
		got, err := guarded(s, st)
		g.statement(t, st, got, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// guarded runs a statement; a panic becomes an error, so that the other statements are heard.
func guarded(s Session, st *Statement) (got Result, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return s.Batch(context.Background(), st.Setup, st.SQL)
}

func (g *golden) statement(t *testing.T, st *Statement, got Result, err error) {
	t.Run(lineName(st.Line), func(t *testing.T) {
		diff := diffResult(st.Want, st.Marks, got, err)
		if diff != "" && g.o.Update && st.ours() {
			g.edits.replace(st.Want, resultLines(st.Marks, got, err))
			return
		}
		g.judge(t, st.Marks, st.Line, diff, st.SQL)
	})
}

func (g *golden) scenario(t *testing.T, sc *Scenario) {
	t.Run(lineName(sc.Line), func(t *testing.T) {
		failed := ""
		for i, mode := range Modes(len(sc.Steps)) {
			got, err := g.r.Stream(context.Background(), sc.Stream, mode)
			diff := diffStream(sc, got, err)
			if diff != "" && i == 0 && g.o.Update && g.edits.stream(sc, got, err) {
				return
			}
			if diff != "" && failed == "" {
				failed = "mode " + mode.Name + ": " + diff
			}
		}
		g.judge(t, sc.Marks, sc.Line, failed, sc.Title+"\n"+sc.Body)
	})
}

// judge fails the test unless the answer is right, or wrong and pending.
func (g *golden) judge(t *testing.T, m Marks, line int, diff, what string) {
	t.Helper()
	if g.o.NoPending {
		m.Pending = ""
	}
	switch {
	case diff == "" && m.Pending == "":
	case diff == "" && g.o.Update:
		g.edits.unpend(g.f, line)
	case diff == "":
		t.Errorf("%s:%d: right by now: remove @pending (or run with -update)", g.f.Path, line)
	case m.Pending != "":
		t.Skipf("pending: %s: %s", m.Pending, diff)
	case g.o.Pend != "":
		g.edits.pend(line, g.o.Pend)
	default:
		t.Errorf("%s:%d: %s\n%s", g.f.Path, line, diff, what)
	}
}

// ours reports whether the expected rows are Azud's own, not Spark's.
func (m Marks) ours() bool { return m.Azud != "" || m.Differs != "" }
