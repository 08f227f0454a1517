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
	names      []string
}

// Scalars lists every scalar function and operator.
func Scalars() []Scalar {
	return withExamples(slices.Concat(
		arithmeticFuncs(), comparisonFuncs(), predicateFuncs(), bitFuncs(),
		mathFuncs(),
		stringFuncs(), codeFuncs(), regexpFuncs(), printfFuncs(),
		dateFuncs(), datePartFuncs(), formatFuncs(),
		makeFuncs(), collectionFuncs(),
		miscFuncs(),
	))
}

// Aggregates lists every aggregate function.
func Aggregates() []Aggregate {
	return withAggExamples(slices.Concat(
		countFuncs(), sumFuncs(), minMaxFuncs(), pickFuncs(), boolFuncs(), momentFuncs(), collectFuncs(),
	))
}

// NewRegistry builds a registry of all functions.
func NewRegistry() *Registry {
	r := &Registry{scalars: map[string]*Scalar{}, aggregates: map[string]*Aggregate{}}
	for _, s := range Scalars() {
		for _, n := range append([]string{s.Name}, s.Aliases...) {
			r.scalars[n] = &s
			r.names = append(r.names, n)
		}
	}
	for _, a := range Aggregates() {
		for _, n := range append([]string{a.Name}, a.Aliases...) {
			r.aggregates[n] = &a
			r.names = append(r.names, n)
		}
	}
	slices.Sort(r.names)
	return r
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

// builtin is the registry of all functions, built once.
var builtin = sync.OnceValue(NewRegistry)

// LookupScalar finds a built-in scalar function.
func LookupScalar(name string) (*Scalar, bool) { return builtin().Scalar(name) }

// LookupAggregate finds a built-in aggregate function.
func LookupAggregate(name string) (*Aggregate, bool) { return builtin().Aggregate(name) }

// Names lists all built-in names and aliases.
func Names() []string { return builtin().Names() }
