package sqltest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
)

// Diff compares an answer with the right one, as rows in order or as a multiset; "" means equal.
func Diff(want, got Result, ordered bool) string {
	if d := diffSchema(want.Schema, got.Schema); d != "" {
		return d
	}
	return diffRows(want.Schema, want.Rows, got.Rows, ordered)
}

// diffResult compares a batch answer with what is expected; "" means equal.
func diffResult(want Section, m Marks, got Result, err error) string {
	if want.absent {
		return "nothing is recorded: run record.py (or -update for @azud)"
	}
	if err != nil || want.Err != nil {
		return diffError(want.Err, err)
	}
	if d := diffSchema(want.Schema, got.Schema); d != "" || m.Types {
		return d
	}
	return diffRows(want.Schema, want.Rows, got.Rows, m.Ordered)
}

func diffError(want *Failure, err error) string {
	switch {
	case want == nil:
		return "want rows, got the error " + errs.Render(err)
	case err == nil:
		return fmt.Sprintf("want %v, got rows", want)
	}
	got := failureOf(err)
	if want.Class != "*" && (got.Class != want.Class || got.State != "" && got.State != want.State) {
		return fmt.Sprintf("want %v\n got %v: %s", want, got, errs.Render(err))
	}
	return ""
}

func failureOf(err error) *Failure {
	var e *errs.Error
	if errors.As(err, &e) {
		return &Failure{e.Class, e.SQLState}
	}
	return &Failure{Class: "(no class)"}
}

func diffSchema(want, got []Column) string {
	if slices.Equal(want, got) {
		return ""
	}
	var b strings.Builder
	b.WriteString("schema differs")
	for i := range max(len(want), len(got)) {
		w, g := columnText(want, i), columnText(got, i)
		if w != g {
			fmt.Fprintf(&b, "\n  column %d: want %s, got %s", i+1, w, g)
		}
	}
	return b.String()
}

func columnText(cols []Column, i int) string {
	if i >= len(cols) {
		return "none"
	}
	return fmt.Sprintf("%q %s", cols[i].Name, cols[i].Type)
}

// diffRows compares rows of one schema, as a list when ordered, else as a multiset.
func diffRows(schema []Column, want, got []string, ordered bool) string {
	w, err := canonical(schema, want)
	if err != nil {
		return "expected " + err.Error()
	}
	g, err := canonical(schema, got)
	if err != nil {
		return "got " + err.Error()
	}
	if ordered {
		if slices.Equal(w, g) {
			return ""
		}
		return "rows differ (their order counts)\n  want " + listed(want) + "\n  got  " + listed(got)
	}
	missing, extra := subtract(want, w, g), subtract(got, g, w)
	if len(missing)+len(extra) == 0 {
		return ""
	}
	return "rows differ\n  missing " + listed(missing) + "\n  extra   " + listed(extra)
}

// subtract returns the texts of a whose keys are not in b, counting repeats.
func subtract(texts, a, b []string) []string {
	left := map[string]int{}
	for _, k := range b {
		left[k]++
	}
	var out []string
	for i, k := range a {
		if left[k]--; left[k] < 0 {
			out = append(out, texts[i])
		}
	}
	return out
}

func listed(rows []string) string {
	if len(rows) == 0 {
		return "(none)"
	}
	return strings.Join(rows, "\n          ")
}

// diffStream compares a scenario's run with what is expected; "" means equal.
func diffStream(sc *Scenario, got StreamResult, err error) string {
	if sc.Want.absent {
		return "nothing is recorded: run record.py (or -update for @azud)"
	}
	if sc.Want.Err != nil || got.Schema == nil {
		if got.Schema != nil && err != nil {
			return "refused only after its start: " + errs.Render(err)
		}
		if got.Schema == nil && err == nil {
			return "neither a schema nor an error"
		}
		return diffError(sc.Want.Err, err)
	}
	if d := diffSchema(sc.Want.Schema, got.Schema); d != "" {
		return d
	}
	for i, want := range sc.StepWants {
		if d := diffStep(sc, want, i, got, err); d != "" {
			return fmt.Sprintf("step %d (line %d): %s", i+1, want.from, d)
		}
		if want.Err != nil {
			return ""
		}
	}
	if len(got.Steps) > len(sc.StepWants) {
		return fmt.Sprintf("%d steps for %d", len(got.Steps), len(sc.StepWants))
	}
	if err != nil {
		return "all steps were right, then " + errs.Render(err)
	}
	return ""
}

func diffStep(sc *Scenario, want Section, i int, got StreamResult, err error) string {
	if want.absent {
		return "nothing is recorded: run record.py (or -update for @azud)"
	}
	if i >= len(got.Steps) {
		if err == nil {
			return "the flow did not run it, and gave no error"
		}
		return diffError(want.Err, err)
	}
	if want.Err != nil {
		return fmt.Sprintf("want %v, got epochs", want.Err)
	}
	epochs := got.Steps[i]
	for j, w := range want.Epochs {
		if j >= len(epochs) {
			return fmt.Sprintf("want %v, got no such epoch", w)
		}
		if w.String() != epochs[j].String() {
			return fmt.Sprintf("epoch differs\n  want %v\n  got  %v\n  with rows %s", w, epochs[j], listed(epochs[j].Rows))
		}
		if d := diffRows(sc.Want.Schema, w.Rows, epochs[j].Rows, sc.Ordered); d != "" {
			return fmt.Sprintf("epoch %d: %s", w.ID, d)
		}
	}
	if extra := len(epochs) - len(want.Epochs); extra > 0 {
		return fmt.Sprintf("%d epochs more than expected, the first: %v", extra, epochs[len(want.Epochs)])
	}
	return ""
}
