package registry

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// compareNumbers compares two JSON numbers exactly; those with exponents beyond a few hundred
// digits, which nobody writes but for harm, as floating-point numbers.
func compareNumbers(a, b string) int {
	if a == b {
		return 0
	}
	x, y := exact(a), exact(b)
	if x != nil && y != nil {
		return x.Cmp(y)
	}
	f, g := float(a), float(b)
	switch {
	case f < g:
		return -1
	case f > g:
		return 1
	}
	return 0
}

// exact is a JSON number as a fraction, or nil if that would take much memory.
func exact(s string) *big.Rat {
	if len(s) > 400 {
		return nil
	}
	if _, exp, ok := strings.Cut(strings.ToLower(s), "e"); ok {
		if n, err := strconv.Atoi(exp); err != nil || n > 400 || n < -400 {
			return nil
		}
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil
	}
	return r
}

func float(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0
	}
	return f
}

// divides tells whether a is a whole multiple of b.
func divides(a, b string) bool {
	x, y := exact(a), exact(b)
	if x == nil || y == nil || y.Sign() == 0 {
		return false
	}
	return new(big.Rat).Quo(x, y).IsInt()
}

// javaNumbers is the value with numbers that have a fraction or an exponent as Java writes a
// double, which is how Avro's library prints them.
func (n *node) javaNumbers() *node {
	switch {
	case n.kind == numberNode && strings.ContainsAny(n.text, ".eE"):
		return &node{kind: numberNode, text: javaDouble(float(n.text))}
	case n.kind == arrayNode:
		out := &node{kind: arrayNode}
		for _, item := range n.items {
			out.items = append(out.items, item.javaNumbers())
		}
		return out
	case n.kind == objectNode:
		out := &node{kind: objectNode, keys: n.keys, fields: map[string]*node{}}
		for k, v := range n.fields {
			out.fields[k] = v.javaNumbers()
		}
		return out
	}
	return n
}

func javaDouble(f float64) string {
	if math.IsInf(f, 0) {
		f = math.Copysign(math.MaxFloat64, f) // no JSON number is infinite
	}
	if a := math.Abs(f); f == 0 || a >= 1e-3 && a < 1e7 {
		s := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	digits, exp, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	if !strings.Contains(digits, ".") {
		digits += ".0"
	}
	n, _ := strconv.Atoi(exp) // FormatFloat writes a number there
	return digits + "E" + strconv.Itoa(n)
}
