package registry

import (
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
)

// Level says which versions must be able to read which.
type Level string

// The levels. BACKWARD: the new version reads what the last one wrote; FORWARD: the other way
// round; FULL: both; TRANSITIVE: with all versions, not only the last.
const (
	None               Level = "NONE"
	Backward           Level = "BACKWARD"
	BackwardTransitive Level = "BACKWARD_TRANSITIVE"
	Forward            Level = "FORWARD"
	ForwardTransitive  Level = "FORWARD_TRANSITIVE"
	Full               Level = "FULL"
	FullTransitive     Level = "FULL_TRANSITIVE"
)

var levels = []Level{None, Backward, BackwardTransitive, Forward, ForwardTransitive, Full, FullTransitive}

func (l Level) backward() bool   { return strings.HasPrefix(string(l), "BACKWARD") || l.full() }
func (l Level) forward() bool    { return strings.HasPrefix(string(l), "FORWARD") || l.full() }
func (l Level) full() bool       { return l == Full || l == FullTransitive }
func (l Level) transitive() bool { return strings.HasSuffix(string(l), "_TRANSITIVE") }

// Mode says what may be done with a subject.
type Mode string

// The modes. IMPORT takes ids and versions from the client and checks nothing.
const (
	ReadWrite        Mode = "READWRITE"
	ReadOnly         Mode = "READONLY"
	ReadOnlyOverride Mode = "READONLY_OVERRIDE"
	Import           Mode = "IMPORT"
)

var modes = []Mode{ReadWrite, ReadOnly, ReadOnlyOverride, Import}

func parseLevel(text string) (Level, error) {
	l := Level(strings.ToUpper(text))
	if !slices.Contains(levels, l) {
		return "", failHint(codeInvalidLevel, near(text, levels),
			"Invalid compatibility level '%s'. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive", text)
	}
	return l, nil
}

func parseMode(text string) (Mode, error) {
	m := Mode(strings.ToUpper(text))
	if !slices.Contains(modes, m) {
		return "", failHint(codeInvalidMode, near(text, modes),
			"Invalid mode '%s'. Valid values are READWRITE, READONLY, READONLY_OVERRIDE, and IMPORT", text)
	}
	return m, nil
}

// near is "Did you mean X?" for a word that resembles one of a list, or "".
func near[T ~string](word string, from []T) string {
	var names []string
	for _, f := range from {
		names = append(names, string(f))
	}
	if list := errs.Near(word, names); len(list) > 0 {
		return "Did you mean " + list[0] + "?"
	}
	return ""
}

// scopes lists where a subject's settings are looked for: itself, its context, everywhere.
func scopes(subject string) []string {
	if c := contextOf(subject); c != "." {
		return []string{subject, ":" + c + ":", ""}
	}
	return []string{subject, ""}
}

// configFor is the setting that counts for a subject: each member from the nearest place that
// has it. The level is BACKWARD where nobody said anything.
func (s *state) configFor(subject string) configValue {
	var out configValue
	for _, scope := range scopes(subject) {
		c := s.configs[scope]
		if out.CompatibilityLevel == "" {
			out.CompatibilityLevel = c.CompatibilityLevel
		}
		if out.Normalize == nil {
			out.Normalize = c.Normalize
		}
	}
	if out.CompatibilityLevel == "" {
		out.CompatibilityLevel = Backward
	}
	return out
}

// modeFor is the mode that counts for a subject. READONLY_OVERRIDE for all beats the rest.
func (s *state) modeFor(subject string) Mode {
	if s.modes[""] == ReadOnlyOverride {
		return ReadOnlyOverride
	}
	for _, scope := range scopes(subject) {
		if m := s.modes[scope]; m != "" {
			return m
		}
	}
	return ReadWrite
}

func (s *state) writable(subject string) error {
	if m := s.modeFor(subject); m == ReadOnly || m == ReadOnlyOverride {
		return readOnly(subject, m)
	}
	return nil
}
