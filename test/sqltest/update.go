package sqltest

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
)

// edits are replacements of lines of one file, in no order and without overlaps.
type edits []edit

type edit struct {
	from, to int // lines[from:to] of the old file
	lines    []string
}

// replace puts lines in the place of a section, or makes the section.
func (e *edits) replace(s Section, lines []string) {
	if s.absent {
		lines = append([]string{"----"}, lines...)
	}
	*e = append(*e, edit{s.from, s.to, lines})
}

// stream rewrites the sections of a scenario that are Azud's own; false if it has none.
func (e *edits) stream(sc *Scenario, got StreamResult, err error) bool {
	n := len(*e)
	if sc.ours() {
		head := []string{schemaLine(got.Schema)}
		if got.Schema == nil && err != nil {
			head = []string{failureOf(err).String()}
		}
		e.replace(sc.Want, head)
	}
	for i, want := range sc.StepWants {
		if sc.Azud == "" && !sc.stepOurs[i] {
			continue
		}
		if i < len(got.Steps) {
			e.replace(want, epochLines(got.Steps[i]))
		} else if i == len(got.Steps) && err != nil {
			e.replace(want, []string{failureOf(err).String()})
		}
	}
	return len(*e) > n
}

// pend inserts @pending above the block's first line that is neither comment nor directive.
func (e *edits) pend(line int, reason string) {
	*e = append(*e, edit{line - 1, line - 1, []string{"@pending " + reason}})
}

// unpend removes the @pending above a block's first line.
func (e *edits) unpend(f *File, line int) {
	for i := line - 2; i >= 0 && strings.TrimSpace(f.lines[i]) != ""; i-- {
		if strings.HasPrefix(f.lines[i], "@pending ") {
			*e = append(*e, edit{i, i + 1, nil})
		}
	}
}

// apply writes the edited file, if there is anything to edit.
func (e edits) apply(f *File) error {
	if len(e) == 0 {
		return nil
	}
	slices.SortStableFunc(e, func(a, b edit) int { return cmp.Compare(b.from, a.from) })
	lines := slices.Clone(f.lines)
	for _, x := range e {
		lines = slices.Replace(lines, x.from, x.to, x.lines...)
	}
	return os.WriteFile(f.Path, []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}

func resultLines(m Marks, got Result, err error) []string {
	if err != nil {
		return []string{failureOf(err).String()}
	}
	lines := []string{schemaLine(got.Schema)}
	if m.Types {
		return lines
	}
	return append(lines, got.Rows...)
}

func epochLines(epochs []Epoch) []string {
	var lines []string
	for _, ep := range epochs {
		lines = append(append(lines, ep.String()), ep.Rows...)
	}
	return lines
}

func lineName(line int) string { return fmt.Sprintf("L%d", line) }
