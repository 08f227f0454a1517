package sqltest

import (
	"context"
	"strings"
	"testing"

	azud "github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/fn"
)

// TestFunctionExamples runs the examples of the aggregate, window, generator and higher-order functions
// through a session: the rows that the reference shows are those that people get.
func TestFunctionExamples(t *testing.T) {
	open, err := engine{}.Open(context.Background(), nil, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	s := open.(*session)
	check := func(name, example, result string) {
		if example == "" || result == "" {
			t.Errorf("%s has no example", name)
			return
		}
		r, err := s.one(context.Background(), example, azud.Args{})
		if err != nil {
			t.Errorf("%s: %v", example, err)
			return
		}
		var rows []string
		for i := range r.Rows.Each() {
			var cells []string
			for k := range r.Rows.Cols {
				cells = append(cells, fn.Text(&r.Ctx, &r.Rows.Cols[k], i))
			}
			rows = append(rows, strings.Join(cells, ", "))
		}
		if got := strings.Join(rows, "; "); got != result {
			t.Errorf("%s\n got %s\nwant %s", example, got, result)
		}
	}
	for _, a := range fn.Aggregates() {
		check(a.Name, a.Example, a.Result)
	}
	for _, w := range fn.Windows() {
		check(w.Name, w.Example, w.Result)
	}
	for _, g := range fn.Generators() {
		check(g.Name, g.Example, g.Result)
	}
	for _, h := range fn.Highers() {
		check(h.Name, h.Example, h.Result)
	}
}
