package alert_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/alert"
	"github.com/azud/azud/internal/connector/conformance"
)

// Flows of one table, and tables of one file by different names of it, lose nothing.
func TestSinksThatShareAFileLoseNothing(t *testing.T) {
	const epochs = 100
	w, c := conformance.NewWorld(t), alert.Connector()
	var flows sync.WaitGroup
	for n, file := range []string{"a.log", "/casa/a.log", "./x/../a.log"} {
		env := w.Env()
		env.Sys.FS = w.FS()
		options := connector.Options{"template": "<{lugar}>", "file": file, "console": "false"}
		s, err := c.Sink(t.Context(), env, connector.Table{Name: "avisos", Options: options})
		if err != nil {
			t.Fatal(err)
		}
		q := connector.QueryIdentity{Name: fmt.Sprint(n), Checkpoint: "c", Store: conformance.NewWorld(t).Store}
		if _, err := s.Open(t.Context(), q, quakes, connector.Append); err != nil {
			t.Fatal(err)
		}
		flows.Go(func() {
			for e := range int64(epochs) {
				wr, err := s.Begin(t.Context(), connector.EpochPlan{Epoch: e})
				if err == nil {
					err = wr.Write(t.Context(), quake(fmt.Sprintf("flow %d epoch %d", n, e)))
				}
				if err != nil {
					t.Error(err)
					return
				}
				if out, err := wr.Commit(t.Context()); out != connector.Committed || err != nil {
					t.Errorf("commit: %v, %v", out, err)
				}
			}
		})
	}
	flows.Wait()
	got := w.Read(t, "/casa/a.log")
	for n := range 3 {
		for e := range epochs {
			if line := fmt.Sprintf("<flow %d epoch %d>\n", n, e); strings.Count(got, line) != 1 {
				t.Fatalf("%q is there %d times", line, strings.Count(got, line))
			}
		}
	}
}
