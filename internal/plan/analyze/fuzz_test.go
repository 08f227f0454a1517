package analyze

import (
	"context"
	"errors"
	"testing"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
)

// FuzzQuery: whatever parses either analyzes into a plan whose nodes read only what their
// children give, or fails with an error that has a place.
func FuzzQuery(f *testing.F) {
	for _, file := range answerFiles {
		pairs(f, "testdata/"+file+".txt", func(query, _ string) { f.Add(query) })
	}
	pairs(f, "testdata/stream.txt", func(line, _ string) {
		f.Add(line[len("append: "):])
	})
	f.Fuzz(func(t *testing.T, text string) {
		src := &errs.Source{Name: "q.sql", Text: text}
		stmts, err := sql.Parse(src)
		if err != nil || len(stmts) == 0 {
			return
		}
		q, ok := stmts[0].(*sql.QueryStmt)
		if !ok {
			return
		}
		n, err := Query(context.Background(), q.Query, testEnv(t, src))
		if err != nil {
			var e *errs.Error
			if !errors.As(err, &e) || e.Source == nil {
				t.Fatalf("an error without a place: %v", err)
			}
			return
		}
		for _, m := range []connector.OutputMode{connector.Append, connector.Update, connector.Complete} {
			_ = CheckStreaming(n, m, src)
		}
		_ = plan.Explain(n)
		checkRefs(t, n)
	})
}

func checkRefs(t *testing.T, root plan.Node) {
	t.Helper()
	plan.Walk(root, func(n plan.Node) bool {
		have, need := map[plan.ID]bool{}, map[plan.ID]bool{}
		for _, c := range n.Children() {
			for _, a := range c.Output() {
				have[a.ID] = true
			}
		}
		for _, e := range plan.ExprsOf(n) {
			plan.Refs(e, need)
			plan.WalkExpr(e, func(e plan.Expr) bool {
				if l, ok := e.(*plan.Lambda); ok {
					for _, p := range l.Params {
						have[p.ID] = true
					}
				}
				return true
			})
		}
		for id := range need {
			if !have[id] {
				t.Fatalf("#%d is read but not there by:\n%s", id, plan.Explain(n))
			}
		}
		return true
	})
}
