package conformance

import (
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/vec"
)

// SourceCase is a source to prove.
type SourceCase struct {
	// Make makes the source anew, over the same data.
	Make func(t *testing.T) connector.Source
	// More adds n rows and returns when the source can see them.
	More func(t *testing.T, s connector.Source, n int)
	// Coarse: a limit is kept only to whole groups of rows, one at least.
	Coarse bool
}

// Source proves a source: replays, limits, projections, restarts and its end.
func Source(t *testing.T, c SourceCase) {
	ctx := t.Context()
	s := c.Make(t)
	start, err := s.Initial(ctx)
	if err != nil {
		t.Fatal(err)
	}
	isJSON(t, start)
	if again := latest(t, s, start, 0); again != start {
		t.Fatalf("nothing is new, but Latest goes from %s to %s", start, again)
	}
	from, marks, whole := start, []connector.Offset{start}, []string(nil)
	for _, n := range []int{3, 1, 4} {
		c.More(t, s, n)
		select {
		case <-s.Ready():
		case <-time.After(10 * time.Second):
			t.Fatal("Ready said nothing of new rows")
		}
		to := latest(t, s, from, 0)
		rows := read(t, s, from, to, nil)
		if len(rows) != n {
			t.Fatalf("%d rows in (%s, %s], want %d: %q", len(rows), from, to, n, rows)
		}
		whole, marks, from = append(whole, rows...), append(marks, to), to
	}
	parts := slices.Sorted(slices.Values(whole)) // of several splits: only the sum is the same
	whole = read(t, s, start, from, nil)
	same(t, "the whole at once", slices.Sorted(slices.Values(whole)), parts)
	same(t, "the whole again", read(t, s, start, from, nil), whole)
	c.limits(t, s, start, from, whole)
	projections(t, s, start, from, whole)

	other := c.Make(t) // a restart while the old one lives, as after a crash
	for i := 1; i < len(marks); i++ {
		same(t, "after a restart", read(t, other, marks[i-1], marks[i], nil), read(t, s, marks[i-1], marks[i], nil))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := other.Ack(ctx, marks[len(marks)-1]); err != nil {
		t.Fatal(err)
	}
	if to := latest(t, other, from, 0); to != from {
		t.Errorf("after Ack Latest goes from %s to %s", from, to)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	goroutines(t)
}

// limits reads in steps of at most two rows.
func (c SourceCase) limits(t *testing.T, s connector.Source, from, end connector.Offset, whole []string) {
	var all []string
	for from != end {
		to := latest(t, s, from, 2)
		rows := read(t, s, from, to, nil)
		if len(rows) == 0 || len(rows) > 2 && !c.Coarse {
			t.Fatalf("(%s, %s] has %d rows of at most 2", from, to, len(rows))
		}
		all, from = append(all, rows...), to
	}
	slices.Sort(all)
	want := slices.Sorted(slices.Values(whole))
	same(t, "in steps of two", all, want)
}

// projections reads columns turned round, one alone, and none.
func projections(t *testing.T, s connector.Source, from, to connector.Offset, whole []string) {
	n := len(s.Schema())
	turned := make([]int, n)
	for i := range turned {
		turned[i] = n - 1 - i
	}
	var want, last []string
	for _, row := range whole {
		cells := strings.Split(row, " | ")
		last = append(last, cells[n-1])
		slices.Reverse(cells)
		want = append(want, strings.Join(cells, " | "))
	}
	same(t, "columns turned round", read(t, s, from, to, turned), want)
	same(t, "the last column", read(t, s, from, to, []int{n - 1}), last)
	same(t, "no column", read(t, s, from, to, []int{}), make([]string, len(whole)))
	splits, err := s.Plan(t.Context(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	for range s.Open(t.Context(), splits[0], turned) { // stopping early must be possible
		break
	}
}

func latest(t *testing.T, s connector.Source, from connector.Offset, rows int64) connector.Offset {
	t.Helper()
	to, err := s.Latest(t.Context(), from, connector.Limit{Rows: rows})
	if err != nil {
		t.Fatalf("Latest from %s: %v", from, err)
	}
	isJSON(t, to)
	return to
}

func isJSON(t *testing.T, o connector.Offset) {
	t.Helper()
	if !json.Valid([]byte(o)) {
		t.Fatalf("offset %q is not JSON", o)
	}
}

// read gives a range's rows as text, cells joined by " | "; nil columns are all.
func read(t *testing.T, s connector.Source, from, to connector.Offset, columns []int) []string {
	t.Helper()
	splits, err := s.Plan(t.Context(), from, to)
	if err != nil {
		t.Fatalf("Plan of (%s, %s]: %v", from, to, err)
	}
	again, err := s.Plan(t.Context(), from, to)
	if err != nil || !slices.Equal(splits, again) {
		t.Fatalf("Plan of (%s, %s] gives %v, then %v, %v", from, to, splits, again, err)
	}
	if !slices.IsSortedFunc(splits, func(a, b connector.Split) int { return strings.Compare(a.ID, b.ID) }) {
		t.Fatalf("splits out of order: %v", splits)
	}
	if columns == nil {
		for i := range s.Schema() {
			columns = append(columns, i)
		}
	}
	var rows []string
	for _, sp := range splits {
		for b, err := range s.Open(t.Context(), sp, columns) {
			if err != nil {
				t.Fatalf("Open of %v: %v", sp, err)
			}
			rows = append(rows, Text(b)...)
		}
	}
	return rows
}

// Read gives the rows between two offsets as text, cells joined by " | ".
func Read(t *testing.T, s connector.Source, from, to connector.Offset) []string {
	t.Helper()
	return read(t, s, from, to, nil)
}

// Text is a batch's rows as text, cells joined by " | ".
func Text(b *vec.Batch) []string {
	c := fn.Context{Zone: time.UTC}
	var rows []string
	for i := range b.Each() {
		cells := make([]string, len(b.Cols))
		for k := range b.Cols {
			if cells[k] = "NULL"; !b.Cols[k].IsNull(i) {
				cells[k] = fn.Text(&c, &b.Cols[k], i)
			}
		}
		rows = append(rows, strings.Join(cells, " | "))
	}
	return rows
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s:\ngot  %q\nwant %q", what, got, want)
	}
}

// goroutines waits until none that a connector started runs any more.
func goroutines(t *testing.T) {
	t.Helper()
	var left []string
	for range 200 {
		if left = running(); len(left) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("Close left %d goroutines behind:\n%s", len(left), strings.Join(left, "\n\n"))
}

// running lists the goroutines that a connector's own code has started.
func running() (own []string) {
	buf := make([]byte, 1<<20)
	for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		by := g[strings.LastIndex(g, "\ncreated by ")+1:]
		if strings.Contains(g, "/internal/connector/") && !strings.Contains(by, "testing.") && !strings.Contains(by, "_test.") && strings.HasPrefix(by, "created by ") {
			own = append(own, g)
		}
	}
	return own
}
