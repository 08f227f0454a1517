package optimize

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/azud/azud/internal/plan"
)

// Rule is one rewriting of a whole plan; it returns the same node if it has nothing to do.
type Rule struct {
	Name  string
	Apply func(plan.Node) plan.Node
	// Required: without it a query may not end in any sensible time, or a flow would not have Spark's
	// watermarks. Options.Off leaves it on.
	Required bool
}

// Rules are the rules that need no numbers, in the order they run, round after round; constants that
// may depend on a time zone are not folded.
func Rules() []Rule { return rulesIn(nil) }

// rulesIn are Rules that fold constants in a zone.
func rulesIn(zone *time.Location) []Rule {
	return []Rule{
		{"fold constants", folding(zone), false},
		{"simplify predicates", simplify, false},
		{"factor conditions", factorConditions, true},
		{"push filters down", pushFilters, true},
		{"drop outer joins", dropOuterJoins, false},
		{"flatten unions", flattenUnions, false},
		{"collapse projects", collapseProjects, false},
		{"prune columns", pruneColumns, false},
		{"drop idle projects", dropProjects, false},
	}
}

// closing rules run once, after the rounds; those that need the sizes of tables get them.
func closing(s *stats) []Rule {
	return []Rule{
		{"sink semi joins", s.sinkSemiJoins, false},
		{"reorder joins", s.reorderJoins, false},
		{"choose build sides", s.chooseBuildSides, false},
		{"push filters down", pushFilters, true},
		{"collapse projects", collapseProjects, false},
		{"prune columns", narrowJoins, false},
		{"drop idle projects", dropProjects, false},
		{"push limits down", pushLimits, false},
		{"push filters into scans", filterScans, false},
	}
}

// Options says which rules run.
type Options struct {
	Zone    *time.Location // of the session; nil leaves what may depend on it unfolded
	Off     bool           // only the required rules
	Exclude []string       // rules left out, by name in any case; required ones run nevertheless
}

func (o Options) runs(r Rule) bool {
	return r.Required || !o.Off && !slices.ContainsFunc(o.Exclude, func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), r.Name) })
}

// maxRounds bounds the rounds of all rules; plans settle in two or three.
const maxRounds = 10

// Plan optimizes a flow's plan, or one whose tables have no sizes. The root's attributes keep
// their ids, names and order.
func Plan(n plan.Node) plan.Node { return rounds(n, Options{}) }

// Batch optimizes a batch query's plan by the rules that o leaves on. It asks tables for their
// sizes (plan.Sized); a table that cannot say is taken to be of middle size.
func Batch(ctx context.Context, n plan.Node, o Options) plan.Node {
	n = rounds(n, o)
	want := n.Output()
	for _, r := range closing(newStats(ctx, n)) {
		if o.runs(r) {
			n = r.Apply(n)
		}
	}
	return plan.Exactly(n, want)
}

func rounds(n plan.Node, o Options) plan.Node {
	for range maxRounds {
		before := n
		for _, r := range rulesIn(o.Zone) {
			if o.runs(r) {
				n = r.Apply(n)
			}
		}
		if n == before {
			break
		}
	}
	return n
}
