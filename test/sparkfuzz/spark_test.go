package sparkfuzz

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/test/sqltest"
)

var (
	seed   = flag.Uint64("seed", 1, "first seed")
	number = flag.Int("n", 2000, "how many seeds")
	tries  = flag.Int("shrink", 150, "how many queries shrinking a difference may take")
	keep   = flag.String("keep", "", "append the cases on which both agree to this file")
	skip   = flag.String("skip", "", "do not report differences with one of these texts, separated by |")
)

// TestSpark asks the Spark of SPARK_PYTHON and Azud the queries of many seeds and shows, shrunk,
// where they differ.
func TestSpark(t *testing.T) {
	python := os.Getenv("SPARK_PYTHON")
	if python == "" {
		t.Skip("SPARK_PYTHON is not set: README.md")
	}
	spark, err := StartSpark(python)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := spark.Close(); err != nil {
			t.Error(err)
		}
	}()
	f := &fuzz{t: t, spark: spark, azud: newAzud(t)}
	for s := *seed; s < *seed+uint64(*number); s++ {
		f.seed(s)
	}
	t.Logf("%d queries: %d agree, %d errors on both sides, %d differ, %d left out", *number, f.agree, f.failed, f.differ, f.skipped)
}

type fuzz struct {
	t     *testing.T
	spark *Spark
	azud  *azud

	agree, failed, differ, skipped int
}

func (f *fuzz) seed(seed uint64) {
	c := Seeded(seed)
	k := New(c)
	want, diff := f.compare(k)
	switch {
	case diff == "" && want.Error != "":
		f.failed++
	case diff == "":
		f.agree++
		f.save(seed, k, want)
	case f.known(diff):
		f.skipped++
	default:
		f.differ++
		kind := sort(diff)
		data := Shrink(c.data, *tries, func(data []uint32) bool {
			_, d := f.compare(New(Given(data)))
			return d != "" && sort(d) == kind
		})
		small := New(Given(data))
		_, d := f.compare(small)
		f.t.Errorf("seed %d: %s\n%s", seed, d, small.SQL)
	}
}

// sort is what kind of difference one is: shrinking keeps it.
func sort(diff string) string {
	if i := strings.Index(diff, "got the error "); i >= 0 {
		diff = diff[i:]
		return diff[:min(len(diff), 70)]
	}
	return diff[:min(len(diff), 12)]
}

func (f *fuzz) known(diff string) bool {
	for text := range strings.SplitSeq(*skip, "|") {
		if text != "" && strings.Contains(diff, text) {
			return true
		}
	}
	return false
}

// compare asks Azud, then Spark, unless Azud says what is left out.
func (f *fuzz) compare(k Case) (Answer, string) {
	got, gotErr := f.azud.ask(k.SQL)
	if gotErr != nil && f.known(gotErr.Error()) {
		return Answer{}, "got the error " + gotErr.Error()
	}
	want, err := f.spark.Ask(k.SQL)
	if err != nil {
		f.t.Fatal(err)
	}
	return want, difference(want, got, gotErr, k.Ordered)
}

// difference is how Azud's answer differs from the right one, "" if it does not. Two errors are
// taken as equal: which of several is raised first is open. Spark's "*", an error without a class
// of its own, is mostly a defect of Spark: nothing is expected then.
func difference(want Answer, got sqltest.Result, err error, ordered bool) string {
	switch {
	case (err != nil && want.Error != "" || want.Error == "*") && errs.ClassOf(err) != "INTERNAL_ERROR":
		return ""
	case err != nil && want.Error != "":
		return fmt.Sprintf("want error %s, got the error %v", want.Error, err)
	case err != nil:
		return "want rows, got the error " + err.Error()
	case want.Error != "":
		return "want error " + want.Error + ", got rows"
	}
	return sqltest.Diff(want.Result, got, ordered)
}

// kept is a line of testdata/kept.jsonl: a case with Spark's answer.
type kept struct {
	Seed    uint64      `json:"seed"`
	SQL     string      `json:"sql"`
	Ordered bool        `json:"ordered,omitempty"`
	Schema  [][2]string `json:"schema"`
	Rows    []string    `json:"rows"`
}

func (f *fuzz) save(seed uint64, k Case, a Answer) {
	if *keep == "" {
		return
	}
	line := kept{Seed: seed, SQL: k.SQL, Ordered: k.Ordered, Rows: a.Rows}
	for _, c := range a.Schema {
		line.Schema = append(line.Schema, [2]string{c.Name, c.Type})
	}
	file, err := os.OpenFile(*keep, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	enc := json.NewEncoder(file)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(line); err != nil {
		f.t.Error(err)
	}
}

// TestKept asks Azud the cases that are kept with Spark's answers.
func TestKept(t *testing.T) {
	file, err := os.Open("testdata/kept.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	a := newAzud(t)
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	n := 0
	for ; lines.Scan(); n++ {
		var k struct {
			Seed    uint64
			SQL     string
			Ordered bool
		}
		if err := json.Unmarshal(lines.Bytes(), &k); err != nil {
			t.Fatal(err)
		}
		want, err := ParseAnswer(lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.ask(k.SQL)
		if d := difference(want, got, err, k.Ordered); d != "" {
			t.Errorf("seed %d: %s\n%s", k.Seed, d, k.SQL)
		}
	}
	if n < 100 || lines.Err() != nil {
		t.Errorf("only %d cases: %v", n, lines.Err())
	}
}

// TestNoDefects asks queries of other seeds than the kept ones: no panic, no internal error.
func TestNoDefects(t *testing.T) {
	a := newAzud(t)
	for s := range uint64(300) {
		k := New(Seeded(1_000_000 + s))
		if _, err := a.ask(k.SQL); err != nil && errs.ClassOf(err) == "INTERNAL_ERROR" {
			t.Errorf("seed %d: %v\n%s", 1_000_000+s, err, k.SQL)
		}
	}
}

// azud is a session to ask.
type azud struct{ s *engine.Session }

func newAzud(t *testing.T) *azud {
	t.Helper()
	world := sys.Real()
	world.Dir = t.TempDir()
	e, err := engine.Open(engine.Config{Sys: world, FS: vfs.NewMem(), Version: "test", Log: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	s, err := e.NewSession(engine.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return &azud{s}
}

func (a *azud) ask(sql string) (got sqltest.Result, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for r, err := range a.s.Run(ctx, &errs.Source{Name: "query", Text: sql}, engine.Args{}) {
		if err != nil {
			return got, err
		}
		for _, f := range r.Schema {
			got.Schema = append(got.Schema, sqltest.Column{Name: f.Name, Type: f.Type.String()})
		}
		got.Rows = []string{}
		for i := range r.Rows.Each() {
			row := []byte{'['}
			for k := range r.Rows.Cols {
				if k > 0 {
					row = append(row, ',')
				}
				row = fn.AppendJSON(row, &r.Ctx, &r.Rows.Cols[k], i)
			}
			got.Rows = append(got.Rows, string(append(row, ']')))
		}
	}
	return got, nil
}
