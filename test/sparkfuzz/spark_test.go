package sparkfuzz

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/test/sqltest"
)

var (
	seed   = flag.Uint64("seed", 1, "first seed")
	number = flag.Int("queries", 2000, "how many seeds")
	tries  = flag.Int("shrink", 150, "how many queries shrinking a difference may take")
	keep   = flag.String("keep", "", "append the cases on which both agree to this file")
	skip   = flag.String("skip", "", "do not report differences with one of these texts, separated by |")
	again  = flag.String("again", "", "a file of queries to ask instead, an object with sql a line")
)

// batch is how many queries Spark gets at once.
const batch = 50

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
	f := &fuzz{t: t, spark: spark, azud: newAzud(t, nil)}
	list := f.cases()
	for len(list) > 0 {
		n := min(batch, len(list))
		f.batch(list[:n])
		list = list[n:]
	}
	t.Logf("%d queries: %d agree, %d errors on both sides, %d differ, %d left out", f.agree+f.failed+f.differ+f.skipped, f.agree, f.failed, f.differ, f.skipped)
}

// seeded is a case and where it comes from.
type seeded struct {
	Case
	seed    uint64
	choices []uint32 // nil: it cannot be shrunk
}

type fuzz struct {
	t     *testing.T
	spark *Spark
	azud  *azud

	agree, failed, differ, skipped int
}

// cases are those of the seeds, or of the file of -again.
func (f *fuzz) cases() (list []seeded) {
	if *again == "" {
		for s := *seed; s < *seed+uint64(*number); s++ {
			c := Seeded(s)
			k := New(c)
			list = append(list, seeded{k, s, c.data})
		}
		return list
	}
	file, err := os.Open(*again)
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		k := seeded{seed: uint64(len(list))}
		if err := json.Unmarshal(lines.Bytes(), &k.Case); err != nil {
			f.t.Fatal(err)
		}
		list = append(list, k)
	}
	return list
}

func (f *fuzz) batch(list []seeded) {
	texts := make([]string, len(list))
	for i, k := range list {
		texts[i] = k.SQL
	}
	answers, err := f.spark.Ask(texts...)
	if err != nil {
		f.t.Fatal(err)
	}
	for i, k := range list {
		f.one(k, answers[i])
	}
}

func (f *fuzz) one(k seeded, want Answer) {
	got, err := f.azud.ask(k.SQL)
	diff := difference(want, got, err, k.Case)
	switch {
	case diff == "" && want.Error != "":
		f.failed++
		if !k.Strict {
			f.t.Logf("seed %d: both fail: %s", k.seed, want.Error)
		}
		if want.Error != "*" && !strings.HasSuffix(want.Error, "XX000") {
			f.save(k, want)
		}
	case diff == "":
		f.agree++
		f.save(k, want)
	case f.known(diff):
		f.skipped++
	default:
		f.differ++
		f.t.Errorf("seed %d: %s\n%s", k.seed, diff, f.small(k, sort(diff)))
	}
}

// small is a case that differs in the same way, as small as could be found.
func (f *fuzz) small(k seeded, kind string) string {
	last := ""
	compare := func(data []uint32) bool {
		k := New(Given(data))
		got, err := f.azud.ask(k.SQL)
		want, failed := f.spark.Ask(k.SQL)
		if failed != nil {
			f.t.Fatal(failed)
		}
		d := difference(want[0], got, err, k)
		if d == "" || sort(d) != kind {
			return false
		}
		last = k.SQL + "\n" + d
		return true
	}
	if Shrink(k.choices, *tries, compare); last == "" {
		return k.SQL
	}
	return last
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

// difference is how Azud's answer differs from the right one, "" if it does not. Two errors are
// taken as equal unless the case is strict: which of several is raised first is open. Spark's "*",
// an error without a class of its own, and its internal errors are mostly defects of Spark: nothing
// is expected then.
func difference(want Answer, got sqltest.Result, err error, k Case) string {
	internal := err != nil && errs.ClassOf(err) == "INTERNAL_ERROR"
	switch {
	case want.Error == "*" && !internal, strings.HasSuffix(want.Error, "XX000"):
		return ""
	case err != nil && want.Error != "" && !internal:
		if class, _, _ := strings.Cut(want.Error, " "); !k.Strict || errs.ClassOf(err) == class {
			return ""
		}
		return fmt.Sprintf("want error %s, got the error %v", want.Error, err)
	case err != nil && want.Error != "":
		return fmt.Sprintf("want error %s, got the error %v", want.Error, err)
	case err != nil:
		return "want rows, got the error " + err.Error()
	case want.Error != "":
		return "want error " + want.Error + ", got rows"
	}
	return sqltest.Diff(want.Result, got, k.Ordered)
}

// kept is a line of testdata/kept.jsonl.gz: a case with Spark's answer.
type kept struct {
	Seed    uint64      `json:"seed"`
	SQL     string      `json:"sql"`
	Ordered bool        `json:"ordered,omitempty"`
	Strict  bool        `json:"strict,omitempty"`
	Schema  [][2]string `json:"schema,omitempty"`
	Rows    []string    `json:"rows,omitempty"`
	Error   string      `json:"error,omitempty"`
}

func (f *fuzz) save(k seeded, a Answer) {
	if *keep == "" {
		return
	}
	line := kept{Seed: k.seed, SQL: k.SQL, Ordered: k.Ordered, Strict: k.Strict, Rows: a.Rows, Error: a.Error}
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
