package fn

import (
	"slices"
	"strings"
	"sync"
)

// Registry looks functions up by name or alias, in any case. It is immutable.
type Registry struct {
	scalars    map[string]*Scalar
	aggregates map[string]*Aggregate
	windows    map[string]*Window
	generators map[string]*Generator
	highers    map[string]*Higher
	names      []string
}

// Scalars lists every scalar function and operator.
func Scalars() []Scalar {
	return withExamples(slices.Concat(
		arithmeticFuncs(), comparisonFuncs(), predicateFuncs(), bitFuncs(),
		mathFuncs(),
		stringFuncs(), codeFuncs(), regexpFuncs(), printfFuncs(),
		dateFuncs(), datePartFuncs(), formatFuncs(),
		makeFuncs(), collectionFuncs(), arraySetFuncs(), arrayEditFuncs(), mapMoreFuncs(),
		charsetFuncs(), stringMiscFuncs(), numberFormatFuncs(), urlFuncs(), trigFuncs(), vectorFuncs(), aesFuncs(),
		makeTimeFuncs(), unitFuncs(), sessionFuncs(), operatorFuncs(),
		miscFuncs(),
	))
}

// Aggregates lists every aggregate function.
func Aggregates() []Aggregate {
	return withAggregateExamples(slices.Concat(
		countFuncs(), sumFuncs(), minMaxFuncs(), pickFuncs(), boolFuncs(), momentFuncs(), collectFuncs(),
		pairFuncs(), bitAggFuncs(), percentileFuncs(), approxFuncs(), distinctFuncs(), tallyFuncs(), listFuncs(), histogramFuncs(),
	))
}

// Windows lists every function that needs OVER and is no aggregate.
func Windows() []Window { return withWindowExamples(windowFuncs()) }

// Generators lists every generator.
func Generators() []Generator { return withGeneratorExamples(generatorFuncs()) }

// Highers lists every higher-order function.
func Highers() []Higher { return withHigherExamples(higherFuncs()) }

// NewRegistry builds a registry of this package's functions and of more scalar functions.
func NewRegistry(more ...Scalar) *Registry {
	r := &Registry{scalars: map[string]*Scalar{}, aggregates: map[string]*Aggregate{},
		windows: map[string]*Window{}, generators: map[string]*Generator{}, highers: map[string]*Higher{}}
	for _, s := range append(Scalars(), more...) {
		enter(r, r.scalars, &s, s.Name, s.Aliases)
	}
	for _, a := range Aggregates() {
		enter(r, r.aggregates, &a, a.Name, a.Aliases)
	}
	for _, w := range Windows() {
		enter(r, r.windows, &w, w.Name, w.Aliases)
	}
	for _, g := range Generators() {
		enter(r, r.generators, &g, g.Name, g.Aliases)
	}
	for _, h := range Highers() {
		enter(r, r.highers, &h, h.Name, h.Aliases)
	}
	slices.Sort(r.names)
	return r
}

func enter[T any](r *Registry, m map[string]*T, f *T, name string, aliases []string) {
	for _, n := range append([]string{name}, aliases...) {
		m[n] = f
		r.names = append(r.names, n)
	}
}

// Window finds a window function.
func (r *Registry) Window(name string) (*Window, bool) {
	w, ok := r.windows[strings.ToLower(name)]
	return w, ok
}

// Generator finds a generator.
func (r *Registry) Generator(name string) (*Generator, bool) {
	g, ok := r.generators[strings.ToLower(name)]
	return g, ok
}

// Higher finds a higher-order function.
func (r *Registry) Higher(name string) (*Higher, bool) {
	h, ok := r.highers[strings.ToLower(name)]
	return h, ok
}

// Scalar finds a scalar function.
func (r *Registry) Scalar(name string) (*Scalar, bool) {
	s, ok := r.scalars[strings.ToLower(name)]
	return s, ok
}

// Aggregate finds an aggregate function.
func (r *Registry) Aggregate(name string) (*Aggregate, bool) {
	a, ok := r.aggregates[strings.ToLower(name)]
	return a, ok
}

// Names lists all names and aliases, sorted, for "did you mean". The caller must not modify it.
func (r *Registry) Names() []string { return r.names }

// Builtin is the registry of this package's functions, built once.
func Builtin() *Registry { return builtin() }

var builtin = sync.OnceValue(func() *Registry { return NewRegistry() })

// LookupScalar finds a built-in scalar function.
func LookupScalar(name string) (*Scalar, bool) { return builtin().Scalar(name) }

// LookupAggregate finds a built-in aggregate function.
func LookupAggregate(name string) (*Aggregate, bool) { return builtin().Aggregate(name) }

// Names lists all built-in names and aliases.
func Names() []string { return builtin().Names() }
