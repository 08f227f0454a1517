package kafkatool

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
)

// stringHash is java.lang.String.hashCode.
func stringHash(s string) int32 {
	var h int32
	for _, u := range utf16.Encode([]rune(s)) {
		h = 31*h + int32(u)
	}
	return h
}

// hashOrder puts items into the order in which a java.util.HashMap yields them that was made with
// the given capacity and into which they were put in their present order. Kafka's tools print
// several lists in that order; it is the same on every run.
func hashOrder[T any](items []T, capacity int, hash func(T) int32) []T {
	n := 1
	for n < capacity {
		n *= 2
	}
	for float64(len(items)) > 0.75*float64(n) {
		n *= 2
	}
	buckets := make([][]T, n)
	for _, it := range items {
		h := uint32(hash(it))
		i := (h ^ h>>16) & uint32(n-1)
		buckets[i] = append(buckets[i], it)
	}
	out := make([]T, 0, len(items))
	for _, b := range buckets {
		out = append(out, b...)
	}
	return out
}

// defaultCapacity is that of a HashMap made without one.
const defaultCapacity = 16

// fullMatch compiles a regular expression for whole strings, as String.matches does. Go's expressions
// are Java's without back references and look-around.
func fullMatch(expr string) (*regexp.Regexp, error) {
	return regexp.Compile("^(?:" + expr + ")$")
}

// topicPattern compiles the list of topics that a tool is given: a regular expression, or several with
// commas between them. Rule: org.apache.kafka.tools.filter.TopicFilter.
func topicPattern(list string) (*regexp.Regexp, error) {
	s := strings.NewReplacer(",", "|", " ", "").Replace(strings.TrimSpace(list))
	s = strings.TrimRight(strings.TrimLeft(s, `"'`), `"'`)
	re, err := fullMatch(s)
	if err != nil {
		return nil, runtimeError(s + " is an invalid regex.")
	}
	return re, nil
}

// formatDouble is java.lang.Double.toString (bits 64) or Float.toString (bits 32).
func formatDouble(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	if a := math.Abs(f); a == 0 || a >= 1e-3 && a < 1e7 {
		s := strconv.FormatFloat(f, 'f', -1, bits)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, bits), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, _ := strconv.Atoi(exponent)
	return mantissa + "E" + strconv.Itoa(n)
}
