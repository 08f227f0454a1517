package sparkfuzz

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/test/sqltest"
)

// runs are the settings with which the kept queries are asked: the answer is always the same.
var runs = map[string]map[string]string{
	"plain":        nil,
	"one row":      {"azud.sql.batchSize": "1", "azud.sql.workers": "1"},
	"spilling":     {"azud.sql.memory": "1", "azud.sql.batchSize": "3"},
	"workers":      {"azud.sql.workers": "3", "azud.sql.batchSize": "2"},
	"no optimizer": {"azud.sql.optimizer": "off"},
}

// TestKept asks Azud the cases that are kept with Spark's answers.
func TestKept(t *testing.T) {
	all := readKept(t)
	for name, settings := range runs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAzud(t, settings)
			for _, k := range all {
				want := Answer{Error: k.Error}
				want.Rows = k.Rows
				for _, c := range k.Schema {
					want.Schema = append(want.Schema, sqltest.Column{Name: c[0], Type: c[1]})
				}
				got, err := a.ask(k.SQL)
				if d := difference(want, got, err, Case{Ordered: k.Ordered, Strict: k.Strict}); d != "" {
					t.Errorf("seed %d: %s\n%s", k.Seed, d, k.SQL)
				}
			}
		})
	}
}

func readKept(t *testing.T) (all []kept) {
	t.Helper()
	file, err := os.Open("testdata/kept.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(plain)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var k kept
		if err := json.Unmarshal(lines.Bytes(), &k); err != nil {
			t.Fatal(err)
		}
		all = append(all, k)
	}
	if len(all) < 2000 || lines.Err() != nil {
		t.Errorf("only %d cases: %v", len(all), lines.Err())
	}
	return all
}

// TestNoDefects asks queries of other seeds than the kept ones: no panic, no internal error.
func TestNoDefects(t *testing.T) {
	a := newAzud(t, nil)
	for s := range uint64(300) {
		k := New(Seeded(1_000_000 + s))
		if _, err := a.ask(k.SQL); err != nil && errs.ClassOf(err) == "INTERNAL_ERROR" {
			t.Errorf("seed %d: %v\n%s", 1_000_000+s, err, k.SQL)
		}
	}
}

// azud is a session to ask.
type azud struct{ s *engine.Session }

func newAzud(t *testing.T, settings map[string]string) *azud {
	t.Helper()
	world := sys.Real()
	world.Dir = t.TempDir()
	e, err := engine.Open(engine.Config{Sys: world, FS: vfs.NewMem(), Version: "test", Log: func(string) {}, Spill: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	s, err := e.NewSession(engine.SessionOptions{Settings: settings})
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
