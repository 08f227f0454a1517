package sqltest

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
)

var (
	update = flag.Bool("update", false, "rewrite what Azud alone answers; what Spark recorded stays")
	pend   = flag.String("pend", "", "mark every wrong answer with @pending and this reason")
)

func flagOptions() Options { return Options{Update: *update, Pend: *pend} }

// replay is a Runner that answers what the scripts of one folder expect. It proves the harness
// and the consistency of the scripts, nothing about an engine.
type replay struct {
	batch  map[string]Section // answers by SQL instead of those expected; nil: none
	stream map[string]*Scenario
}

func newReplay(t *testing.T, pattern string) *replay {
	t.Helper()
	r := &replay{stream: map[string]*Scenario{}}
	for _, f := range loadAll(t, pattern) {
		for _, sc := range f.Scenarios {
			r.stream[streamKey(sc.Stream)] = sc
		}
	}
	return r
}

func setupKey(s Setup, sql string) string {
	key := s.Zone + "\n" + sql
	for _, t := range s.Tables {
		key += "\n" + t.Name + t.Columns + strings.Join(t.Rows, "\n")
	}
	return key
}

func streamKey(s Stream) string {
	key := setupKey(s.Setup, s.Body) + s.Mode
	for _, st := range s.Steps {
		for _, data := range st.Epochs {
			for _, t := range data {
				key += t.Name + strings.Join(t.Rows, "\n")
			}
		}
	}
	return key
}

func fail(f *Failure) error { return errs.New(f.Class, "replayed").State(f.State) }

// replayed answers what the statements of one script expect, in their order.
type replayed struct {
	wants []*Statement
	rows  func(sql string) Section // of TestUpdate; nil: what the script expects
}

func (r *replay) Open(_ context.Context, f *File, _ string) (Session, error) {
	s := &replayed{wants: f.Statements}
	if r.batch != nil {
		s.rows = func(sql string) Section { return r.batch[sql] }
	}
	return s, nil
}

func (s *replayed) Close() error { return nil }

func (s *replayed) Batch(_ context.Context, _ Setup, sql string) (Result, error) {
	want := s.wants[0].Want
	s.wants = s.wants[1:]
	if s.rows != nil {
		want = s.rows(sql)
	}
	if want.Err != nil {
		return Result{}, fail(want.Err)
	}
	rows := slices.Clone(want.Rows)
	if !strings.Contains(strings.ToUpper(sql), "ORDER BY") {
		slices.Reverse(rows)
	}
	return Result{Schema: want.Schema, Rows: rows}, nil
}

func (r *replay) Stream(_ context.Context, s Stream, _ Mode) (StreamResult, error) {
	sc := r.stream[streamKey(s)]
	if sc.Want.Err != nil {
		return StreamResult{}, fail(sc.Want.Err)
	}
	got := StreamResult{Schema: sc.Want.Schema}
	for _, want := range sc.StepWants {
		if want.Err != nil {
			return got, fail(want.Err)
		}
		got.Steps = append(got.Steps, want.Epochs)
	}
	return got, nil
}

func loadAll(t *testing.T, pattern string) []*File {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	var files []*File
	for _, p := range paths {
		f, err := Load(p)
		if err != nil {
			t.Error(err)
			continue
		}
		files = append(files, f)
	}
	return files
}

func TestReplay(t *testing.T) {
	Golden(t, newReplay(t, "*.test"), "*.test", Options{NoPending: true})
}

// TestScripts holds the scripts to the rules of README.md that parsing alone does not see.
func TestScripts(t *testing.T) {
	statements, scenarios := 0, 0
	for _, f := range loadAll(t, "*.test") {
		if f.Recorded == "" {
			t.Errorf("%s: the first line must say which Spark recorded it", f.Path)
		}
		for _, st := range f.Statements {
			statements++
			complain(t, f, st.Line, lintRows(st.Want.absent, st.Want.Schema, st.Want.Rows))
			if hasOrder(st.SQL) != st.Ordered && st.Want.Err == nil {
				t.Errorf("%s:%d: @ordered and an ORDER BY of the whole result belong together", f.Path, st.Line)
			}
		}
		for _, sc := range f.Scenarios {
			scenarios++
			complain(t, f, sc.Line, lintScenario(sc))
		}
	}
	if statements < 3000 || scenarios < 25 {
		t.Errorf("only %d statements and %d scenarios were found", statements, scenarios)
	}
}

func complain(t *testing.T, f *File, line int, problem string) {
	t.Helper()
	if problem != "" {
		t.Errorf("%s:%d: %s", f.Path, line, problem)
	}
}

// hasOrder reports an ORDER BY outside of parentheses.
func hasOrder(sql string) bool {
	depth := 0
	upper := strings.ToUpper(sql)
	for i := range len(upper) {
		switch {
		case upper[i] == '(':
			depth++
		case upper[i] == ')':
			depth--
		case depth == 0 && strings.HasPrefix(upper[i:], "ORDER BY"):
			return true
		}
	}
	return false
}

func lintRows(absent bool, schema []Column, rows []string) string {
	if absent {
		return "not recorded"
	}
	if _, err := canonical(schema, rows); err != nil {
		return err.Error()
	}
	return ""
}

func lintScenario(sc *Scenario) string {
	if d := lintRows(sc.Want.absent, sc.Want.Schema, nil); d != "" {
		return d
	}
	if (sc.Want.Err == nil) != (len(sc.Steps) > 0) {
		return "a flow that starts has steps, a refused one has none"
	}
	next := int64(0)
	for i, want := range sc.StepWants {
		if want.absent || len(want.Epochs) == 0 && want.Err == nil {
			return "a step is not recorded"
		}
		for _, e := range want.Epochs {
			if e.ID != next {
				return "epochs are not numbered in a row: " + e.String()
			}
			next++
			if d := lintRows(false, sc.Want.Schema, e.Rows); d != "" {
				return d
			}
		}
		for _, data := range sc.Steps[i].Epochs {
			for _, in := range data {
				if !slices.ContainsFunc(sc.Inputs, func(t Table) bool { return t.Name == in.Name }) {
					return "input " + in.Name + " is no table of the stream"
				}
			}
		}
	}
	return ""
}

const ours = `# a file of our own

@azud count_window is a function that only Azud has
SELECT 1 AS n
----
schema [["n", "int"]]
[1]

@azud a second one, not written yet
SELECT 2 AS n

@pending not built yet
SELECT 3 AS n
----
schema [["n", "int"]]
[3]

SELECT 4 AS n
----
schema [["n", "int"]]
[4]
`

// TestUpdate: what is Azud's own is rewritten, what Spark said stays, @pending comes and goes.
func TestUpdate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ours.test")
	if err := os.WriteFile(path, []byte(ours), 0o644); err != nil {
		t.Fatal(err)
	}
	answer := func(rows ...string) Section { return Section{Schema: []Column{{"n", "int"}}, Rows: rows} }
	r := &replay{batch: map[string]Section{}}
	for sql, s := range map[string]Section{
		"SELECT 1 AS n": answer("[10]", "[11]"), "SELECT 2 AS n": {Err: &Failure{"DIVIDE_BY_ZERO", "22012"}},
		"SELECT 3 AS n": answer("[3]"), "SELECT 4 AS n": answer("[40]"),
	} {
		r.batch[sql] = s
	}
	t.Run("golden", func(t *testing.T) { Golden(t, r, path, Options{Update: true, Pend: "later"}) }) // waits for the scripts
	want := strings.NewReplacer(
		"[1]\n", "[11]\n[10]\n",
		"SELECT 2 AS n\n", "SELECT 2 AS n\n----\nerror DIVIDE_BY_ZERO 22012\n",
		"@pending not built yet\n", "",
		"SELECT 4", "@pending later\nSELECT 4",
	).Replace(ours)
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
