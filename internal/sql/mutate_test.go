package sql

import (
	"flag"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
)

var (
	mutants    = flag.Int("mutants", 10_000, "how many mutated statements TestMutants reads")
	mutantSeed = flag.Uint64("mutantseed", 2, "which of them")
)

// seeds are all statements that other tests have.
func seeds(t testing.TB) []string {
	t.Helper()
	var out []string
	for _, c := range statementCases {
		out = append(out, c.text)
	}
	for _, c := range exprCases {
		out = append(out, "SELECT "+c.text)
	}
	lines, err := acceptLines()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if text, _, _ := strings.Cut(line, " ~~> "); text != "" && !strings.HasPrefix(text, "# ") {
			out = append(out, text)
		}
	}
	return out
}

// TestMutants reads statements that are nearly right: parts of the seeds cut out, doubled,
// exchanged, put into one another. None may panic; errors have a place, and what is accepted
// survives printing. The same seed gives the same statements: -mutants 1000000 takes minutes.
func TestMutants(t *testing.T) {
	m := mutator{rand.New(rand.NewPCG(4, *mutantSeed)), seeds(t)}
	for range *mutants {
		text := m.statement()
		stmts, err := Parse(&errs.Source{Name: "mutant", Text: text})
		if err != nil {
			checkPlace(t, text, err)
			continue
		}
		if len(stmts) > 0 {
			roundTrip(t, text)
		}
		if t.Failed() {
			return
		}
	}
}

// noise are the bytes that break a statement.
const noise = "()'\"`,;.*|>-:? \x00\xffaZ09"

type mutator struct {
	*rand.Rand
	seeds []string
}

func (m mutator) seed() string { return m.seeds[m.IntN(len(m.seeds))] }

// statement is a seed with one to four mutations.
func (m mutator) statement() string {
	parts := pieces(m.seed())
	for range 1 + m.IntN(4) {
		parts = m.mutate(parts)
	}
	return strings.Join(parts, "")
}

func (m mutator) mutate(parts []string) []string {
	if len(parts) == 0 {
		return pieces(m.seed())
	}
	i := m.IntN(len(parts))
	j := min(len(parts), i+1+m.IntN(4))
	head, cut, tail := parts[:i:i], parts[i:j], parts[j:]
	other := pieces(m.seed())
	a := m.IntN(len(other))
	some := other[a:min(len(other), a+1+m.IntN(8))]
	switch m.IntN(7) {
	case 0: // leave a part out
		return append(head, tail...)
	case 1: // write it twice
		return append(append(append(head, cut...), cut...), tail...)
	case 2: // put a part of another statement in its place
		return append(append(head, some...), tail...)
	case 3: // or before it
		return append(append(append(append(head, some...), " "), cut...), tail...)
	case 4: // go on with another statement
		return append(head, other[a:]...)
	case 5: // put it into parentheses
		return append(append(append(append(head, "("), cut...), ")"), tail...)
	}
	b := []byte(strings.Join(cut, "")) // break one byte
	if len(b) > 0 {
		b[m.IntN(len(b))] = noise[m.IntN(len(noise))]
	}
	return append(append(head, string(b)), tail...)
}

// pieces cuts a text at the borders of words.
func pieces(s string) []string {
	var out []string
	for start := 0; start < len(s); {
		end := start + 1
		for isIdentByte(s[start]) && end < len(s) && isIdentByte(s[end]) {
			end++
		}
		out = append(out, s[start:end])
		start = end
	}
	return out
}
