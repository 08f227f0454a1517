package fn

import (
	"slices"
	"strings"
)

// Scalars lists the scalar functions by name, without aliases. The entries must not be changed.
func (r *Registry) Scalars() []*Scalar {
	return distinct(r.scalars, func(s *Scalar) string { return s.Name })
}

// Aggregates lists the aggregate functions likewise.
func (r *Registry) Aggregates() []*Aggregate {
	return distinct(r.aggregates, func(a *Aggregate) string { return a.Name })
}

// Windows lists the window functions likewise.
func (r *Registry) Windows() []*Window {
	return distinct(r.windows, func(w *Window) string { return w.Name })
}

// Generators lists the generators likewise.
func (r *Registry) Generators() []*Generator {
	return distinct(r.generators, func(g *Generator) string { return g.Name })
}

// Highers lists the higher-order functions likewise.
func (r *Registry) Highers() []*Higher {
	return distinct(r.highers, func(h *Higher) string { return h.Name })
}

// distinct is the functions whose own name a key is, sorted.
func distinct[T any](m map[string]*T, name func(*T) string) []*T {
	var out []*T
	for k, f := range m {
		if name(f) == k {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b *T) int { return strings.Compare(name(a), name(b)) })
	return out
}
