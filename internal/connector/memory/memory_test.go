package memory_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/conformance"
	"github.com/azud/azud/internal/connector/memory"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

var counts = types.Schema{
	{Name: "zona", Type: types.StringType, Nullable: true},
	{Name: "ventana", Type: types.StructOf(types.Field{Name: "start", Type: types.LongType}, types.Field{Name: "end", Type: types.LongType}), Nullable: true},
	{Name: "n", Type: types.LongType, Nullable: true},
}

// table makes rows of "zona:window:n"; zona "-" is NULL.
func table(rows ...string) *vec.Batch {
	b := vec.NewBuilder(counts)
	for _, r := range rows {
		var zona string
		var w, n int64
		if _, err := fmt.Sscanf(strings.ReplaceAll(r, ":", " "), "%s %d %d", &zona, &w, &n); err != nil {
			panic(err)
		}
		if zona == "-" {
			b.Cols[0].AppendNull()
		} else {
			b.Cols[0].AppendString(zona)
		}
		vec.Append(b.Cols[1].Child(0), w)
		vec.Append(b.Cols[1].Child(1), w+5)
		b.Cols[1].EndStruct()
		vec.Append(b.Cols[2], n)
	}
	return b.Finish()
}

func show(b *vec.Batch) string {
	var out []string
	for _, row := range conformance.Text(b) {
		row = strings.ReplaceAll(strings.ReplaceAll(row, "NULL", "-"), " | ", ":")
		at := strings.Index(row, ", ")
		row = strings.Replace(row[:at], "{", "", 1) + row[strings.Index(row, "}")+1:]
		out = append(out, row)
	}
	return strings.Join(out, " ")
}

func newSink(t *testing.T, h *memory.Hub, options connector.Options) connector.Sink {
	t.Helper()
	c := memory.Connector(h)
	if err := c.Check(options); err != nil {
		t.Fatal(err)
	}
	s, err := c.Sink(t.Context(), connector.Env{}, connector.Table{Name: "vivo", Options: options})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func identity(w *conformance.World) connector.QueryIdentity {
	return connector.QueryIdentity{Name: "q", Checkpoint: "c", Store: w.Store}
}

func commit(t *testing.T, s connector.Sink, epoch int64, b *vec.Batch) connector.Outcome {
	t.Helper()
	w, err := s.Begin(t.Context(), connector.EpochPlan{Epoch: epoch, Plan: []byte("p")})
	if err != nil {
		t.Fatal(err)
	}
	if b != nil {
		if err := w.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	out, _ := w.Commit(t.Context())
	return out
}

func TestConforms(t *testing.T) {
	a, b, c := table("a:0:1", "b:0:1", "-:0:1"), table("a:0:2"), table("c:5:1", "-:0:7", "b:0:9", "-:0:8")
	for name, k := range map[string]struct {
		options connector.Options
		mode    connector.OutputMode
		want    []string // after each epoch
	}{
		"append":         {nil, connector.Append, []string{"a:0:1 b:0:1 -:0:1", "", "a:0:1 b:0:1 -:0:1 a:0:2", "", "a:0:1 b:0:1 -:0:1 a:0:2 c:5:1 -:0:7 b:0:9 -:0:8"}},
		"at most":        {connector.Options{"maxRows": "3"}, connector.Append, []string{"a:0:1 b:0:1 -:0:1", "", "b:0:1 -:0:1 a:0:2", "", "-:0:7 b:0:9 -:0:8"}},
		"update":         {connector.Options{"key": "zona, VENTANA"}, connector.Update, []string{"a:0:1 b:0:1 -:0:1", "", "b:0:1 -:0:1 a:0:2", "", "a:0:2 c:5:1 b:0:9 -:0:8"}},
		"update at most": {connector.Options{"key": "zona", "maxRows": "2"}, connector.Update, []string{"b:0:1 -:0:1", "", "-:0:1 a:0:2", "", "b:0:9 -:0:8"}},
		"complete":       {nil, connector.Complete, []string{"a:0:1 b:0:1 -:0:1", "none", "a:0:2", "none", "c:5:1 -:0:7 b:0:9 -:0:8"}},
		"top":            {connector.Options{"maxRows": "2"}, connector.Complete, []string{"a:0:1 b:0:1", "none", "a:0:2", "none", "c:5:1 -:0:7"}},
	} {
		t.Run(name, func(t *testing.T) {
			epochs := []*vec.Batch{a, nil, b, nil, c}
			hubs := map[*conformance.World]*memory.Hub{}
			conformance.Sink(t, conformance.SinkCase{
				Make: func(t *testing.T, w *conformance.World) connector.Sink {
					hubs[w] = memory.NewHub() // a new process knows nothing
					return newSink(t, hubs[w], k.options)
				},
				Schema: counts, Mode: k.mode, Epochs: epochs, Fused: true,
				Held: func(t *testing.T, w *conformance.World) string {
					_, rows, _, _, ok := hubs[w].Snapshot("vivo")
					if !ok {
						t.Fatal("the table is not there")
					}
					return show(rows)
				},
				Want: func(n int) string {
					for ; n > 0; n-- { // "": as before; "none": an empty result
						if s := k.want[n-1]; s != "" {
							return strings.TrimPrefix(s, "none")
						}
					}
					return ""
				},
			})
		})
	}
}

// Many epochs are rewritten as one chunk; the table must be the same before and after, and
// after a restart at any of them.
func TestChunksAreRewritten(t *testing.T) {
	w := conformance.NewWorld(t)
	options := connector.Options{"key": "zona", "maxRows": "7"}
	s := newSink(t, memory.NewHub(), options)
	if _, err := s.Open(t.Context(), identity(w), counts, connector.Update); err != nil {
		t.Fatal(err)
	}
	var want []string
	most := 0
	for n := range int64(200) {
		row := fmt.Sprintf("k%d:%d:%d", n*n%11, n, n)
		want = slices.DeleteFunc(want, func(r string) bool { return strings.HasPrefix(r, fmt.Sprintf("k%d:", n*n%11)) })
		want = append(want, row)
		want = want[max(0, len(want)-7):]
		if out := commit(t, s, n, table(row)); out != connector.Committed {
			t.Fatal(out)
		}
		if n%20 != 0 && n%64 > 2 {
			continue
		}
		h := memory.NewHub()
		m, err := newSink(t, h, options).Open(t.Context(), identity(w), counts, connector.Update)
		if err != nil || m.Epoch != n {
			t.Fatalf("mark %+v, %v", m, err)
		}
		_, rows, _, _, _ := h.Snapshot("vivo")
		if got := show(rows); got != strings.Join(want, " ") {
			t.Fatalf("epoch %d: %s, want %s", n, got, want)
		}
		chunks := 0
		for range w.Store.Each([]byte("rows/")) {
			chunks++
		}
		most = max(most, chunks)
	}
	if most < 30 || most > 65 {
		t.Errorf("up to %d chunks", most)
	}
}

func TestASnapshotNeverChanges(t *testing.T) {
	w, h := conformance.NewWorld(t), memory.NewHub()
	s := newSink(t, h, connector.Options{"key": "zona"})
	if _, err := s.Open(t.Context(), identity(w), counts, connector.Update); err != nil {
		t.Fatal(err)
	}
	commit(t, s, 0, table("a:0:1", "b:0:1"))
	_, rows, version, changed, _ := h.Snapshot("vivo")
	src, err := memory.Connector(h).Source(t.Context(), connector.Env{}, connector.Table{Name: "vivo"})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
		t.Error("changed before the change")
	default:
	}
	commit(t, s, 1, table("a:0:2", "c:0:3"))
	<-changed
	if got := show(rows); got != "a:0:1 b:0:1" {
		t.Errorf("the old snapshot is now %s", got)
	}
	from, _ := src.Initial(t.Context())
	to, err := src.Latest(t.Context(), from, connector.Limit{})
	if err != nil {
		t.Fatal(err)
	}
	if got := conformance.Read(t, src, from, to); len(got) != 2 || got[0] != "a | {0, 5} | 1" {
		t.Errorf("the source gives %q", got)
	}
	_, rows, next, _, _ := h.Snapshot("vivo")
	if got := show(rows); got != "b:0:1 a:0:2 c:0:3" || next <= version {
		t.Errorf("version %d after %d: %s", next, version, got)
	}
}

func TestBatchReadProjects(t *testing.T) {
	w, h := conformance.NewWorld(t), memory.NewHub()
	c := memory.Connector(h)
	declared := connector.Table{Name: "vivo", Columns: counts}
	if _, err := c.Source(t.Context(), connector.Env{}, declared); errs.ClassOf(err) != "LIVE_TABLE_NOT_RUNNING" {
		t.Errorf("before its flow started: %v", err)
	}
	s := newSink(t, h, nil)
	if _, err := s.Open(t.Context(), identity(w), counts, connector.Append); err != nil {
		t.Fatal(err)
	}
	commit(t, s, 0, table("a:0:1", "b:5:2"))
	src, err := c.Source(t.Context(), connector.Env{}, declared)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		columns []int
		want    []string
	}{{[]int{2, 0}, []string{"1 | a", "2 | b"}}, {[]int{}, []string{"", ""}}} {
		var got []string
		for b, err := range src.Open(t.Context(), connector.Split{}, k.columns) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, conformance.Text(b)...)
		}
		if !slices.Equal(got, k.want) {
			t.Errorf("columns %v: %q", k.columns, got)
		}
	}
}

func TestRefusals(t *testing.T) {
	w, h := conformance.NewWorld(t), memory.NewHub()
	c := memory.Connector(h)
	if _, err := c.Schema(connector.Table{Name: "vivo"}); errs.ClassOf(err) != "LIVE_TABLE_NOT_RUNNING" {
		t.Errorf("a table that no flow has opened: %v", err)
	}
	if _, err := c.Source(t.Context(), connector.Env{}, connector.Table{Name: "vivo", Stream: true}); errs.ClassOf(err) != "UNSUPPORTED_FEATURE" {
		t.Errorf("read as a stream: %v", err)
	}
	_, err := newSink(t, h, connector.Options{"key": "zon"}).Open(t.Context(), identity(w), counts, connector.Update)
	if want := `its key "zon" is not a column of the query`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a wrong key: %v", err)
	}
	s := newSink(t, h, nil)
	if _, err := s.Open(t.Context(), identity(w), counts, connector.Append); err != nil {
		t.Fatal(err)
	}
	commit(t, s, 0, table("a:0:1"))
	other := types.Schema{counts[0], {Name: "n", Type: types.IntType}}
	_, err = newSink(t, memory.NewHub(), nil).Open(t.Context(), identity(w), other, connector.Append)
	if errs.ClassOf(err) != "INCOMPATIBLE_TABLE_SCHEMA" || !strings.Contains(errs.Render(err), "hint: give the new result a table of its own; or, to drop what the table holds and begin anew, stop azud, remove the flow's folder") {
		t.Errorf("another schema: %v", err)
	}
	if _, err := c.Source(t.Context(), connector.Env{}, connector.Table{Name: "vivo", Columns: other}); errs.ClassOf(err) != "INCOMPATIBLE_TABLE_SCHEMA" {
		t.Errorf("declared otherwise: %v", err)
	}
	w.Store.Fail = errors.New("disk")
	if out := commit(t, s, 1, table("z:0:1")); out != connector.Unknown {
		t.Errorf("a commit that failed is %v", out)
	}
	if _, rows, _, _, _ := h.Snapshot("vivo"); show(rows) != "a:0:1" {
		t.Errorf("after a failed commit: %s", show(rows))
	}
}
