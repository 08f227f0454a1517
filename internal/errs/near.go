package errs

import (
	"slices"
	"strings"
)

// Near returns up to three candidates that resemble name, the nearest first, for
// "did you mean". Case is ignored.
func Near(name string, candidates []string) []string {
	type hit struct {
		s string
		d int
	}
	var hits []hit
	low := strings.ToLower(name)
	limit := max(2, len(low)/3)
	if len(low) <= 3 { // of two letters any two differ by two
		limit = 1
	}
	for _, c := range candidates {
		lc := strings.ToLower(c)
		d := distance(low, lc)
		if d <= limit || (len(low) >= 3 && (strings.HasPrefix(lc, low) || strings.HasPrefix(low, lc))) {
			hits = append(hits, hit{c, d})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		if a.d != b.d {
			return a.d - b.d
		}
		return strings.Compare(a.s, b.s)
	})
	var out []string
	for _, h := range hits {
		if !slices.Contains(out, h.s) && len(out) < 3 {
			out = append(out, h.s)
		}
	}
	return out
}

// distance is the Levenshtein distance in bytes, which is near enough for names.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(diag+cost, row[j]+1, row[j+1]+1)
			diag, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
