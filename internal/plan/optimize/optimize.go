package optimize

import "github.com/azud/azud/internal/plan"

// Rule is one rewriting of a whole plan; it returns the same node if it has nothing to do.
type Rule struct {
	Name  string
	Apply func(plan.Node) plan.Node
}

// Rules are the rules in the order they run.
func Rules() []Rule {
	return []Rule{
		{"fold constants", foldConstants},
		{"simplify predicates", simplify},
		{"push filters down", pushFilters},
		{"flatten unions", flattenUnions},
		{"collapse projects", collapseProjects},
		{"prune columns", pruneColumns},
		{"drop idle projects", dropProjects},
	}
}

// maxRounds bounds the rounds of all rules; plans settle in two or three.
const maxRounds = 10

// Plan optimizes. The root's attributes keep their ids, names and order.
func Plan(n plan.Node) plan.Node {
	rules := Rules()
	for range maxRounds {
		before := n
		for _, r := range rules {
			n = r.Apply(n)
		}
		if n == before {
			break
		}
	}
	return n
}
