package fn

import (
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// groupCount is one more than the largest group id among the selected rows.
func groupCount(groups []uint32, sel []uint32) int {
	var top uint32
	switch {
	case sel != nil:
		if len(sel) == 0 {
			return 0
		}
		for _, i := range sel {
			top = max(top, groups[i])
		}
	case len(groups) == 0:
		return 0
	default:
		for _, g := range groups {
			top = max(top, g)
		}
	}
	return int(top) + 1
}

// grow extends a slice of state with zero values to at least n groups.
func grow[T any](s []T, n int) []T {
	if len(s) >= n {
		return s
	}
	return append(s, make([]T, n-len(s))...)
}

// at reads the state of a group, zero if it has never been seen.
func at[T any](s []T, g uint32) T {
	if int(g) < len(s) {
		return s[g]
	}
	var zero T
	return zero
}

// reset zeroes the state of groups.
func reset[T any](s []T, groups []uint32) {
	var zero T
	for _, g := range groups {
		if int(g) < len(s) {
			s[g] = zero
		}
	}
}

// gather makes a column of the state of groups.
func gather[T vec.Fixed](t types.Type, vals []T, groups []uint32) vec.Col {
	out := make([]T, len(groups))
	for i, g := range groups {
		out[i] = at(vals, g)
	}
	return vec.FlatOf(t, out, nil)
}

// gatherSeen is gather with NULL for the groups that have no value.
func gatherSeen[T vec.Fixed](t types.Type, vals []T, seen []bool, groups []uint32) vec.Col {
	c := gather(t, vals, groups)
	for i, g := range groups {
		if !at(seen, g) {
			c.Valid = vec.SetNull(c.Valid, len(groups), i)
		}
	}
	return c
}
