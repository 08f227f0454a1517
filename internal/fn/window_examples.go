package fn

import (
	_ "embed" // for the examples
	"strings"
	"sync"
)

//go:embed examples_more.tsv
var moreExamplesText string

// moreExamples maps the name of an aggregate, window, generator or higher-order function to its example
// and the rows recorded from Spark: cells joined by ", ", rows by "; ".
var moreExamples = sync.OnceValue(func() map[string][2]string {
	out := map[string][2]string{}
	for line := range strings.Lines(moreExamplesText) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(f) == 3 && !strings.HasPrefix(line, "#") {
			out[f[0]] = [2]string{f[1], f[2]}
		}
	}
	return out
})

// exampled fills in the examples of entries; fields gives where an entry keeps them.
func exampled[T any](list []T, fields func(*T) (name string, example, result *string)) []T {
	for i := range list {
		name, example, result := fields(&list[i])
		if e, ok := moreExamples()[name]; ok {
			*example, *result = e[0], e[1]
		}
	}
	return list
}

func withAggregateExamples(list []Aggregate) []Aggregate {
	return exampled(withAggExamples(list), func(a *Aggregate) (string, *string, *string) { return a.Name, &a.Example, &a.Result })
}

func withWindowExamples(list []Window) []Window {
	return exampled(list, func(w *Window) (string, *string, *string) { return w.Name, &w.Example, &w.Result })
}

func withGeneratorExamples(list []Generator) []Generator {
	return exampled(list, func(g *Generator) (string, *string, *string) { return g.Name, &g.Example, &g.Result })
}

func withHigherExamples(list []Higher) []Higher {
	return exampled(list, func(h *Higher) (string, *string, *string) { return h.Name, &h.Example, &h.Result })
}
