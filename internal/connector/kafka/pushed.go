package kafka

import (
	"context"
	"math"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/vec"
)

// Columns of the raw schema that filters are used of.
const (
	topicColumn     = 2
	partitionColumn = 3
	offsetColumn    = 4
	timeColumn      = 5
	headersColumn   = 7
)

// wanted is what the filters of a scan say of the records that can pass. Times of records are not
// in order, so that only "not before" leaves something out: Kafka finds the first such record.
type wanted struct {
	none    bool // no record can pass
	topics  []func(string) bool
	numbers map[int][]connector.Predicate // of partition and offset
	since   int64                         // least time in ms
}

// wanted reads the filters. Those on the columns of a format are none of Kafka's.
func (b *batch) wanted(sc connector.Scan) (wanted, error) {
	w := wanted{since: math.MinInt64, numbers: map[int][]connector.Predicate{}}
	if len(b.src.table.Columns) > 0 {
		return w, nil
	}
	for _, f := range sc.Filters {
		switch {
		case f.Column < topicColumn || f.Column > timeColumn:
		case f.Op == connector.IsNotNull:
		case f.Op == connector.IsNull || len(f.Values) == 0:
			w.none = true // these are never NULL
		case f.Column == topicColumn && (f.Op == connector.Equal || f.Op == connector.In):
			w.topics = append(w.topics, oneOf(f.Values))
		case f.Column == timeColumn:
			w.since = max(w.since, leastTime(f))
		case f.Column != topicColumn:
			w.numbers[f.Column] = append(w.numbers[f.Column], f)
		}
	}
	return w, nil
}

func oneOf(values []vec.Col) func(string) bool {
	return func(s string) bool {
		for i := range values {
			if values[i].Str(0) == s {
				return true
			}
		}
		return false
	}
}

// leastTime is the least time of a record that passes, in ms: records have whole ones.
func leastTime(f connector.Predicate) int64 {
	least := int64(math.MaxInt64)
	for i := range f.Values {
		least = min(least, vec.Get[int64](&f.Values[i], 0))
	}
	ms := least / 1000
	up := least%1000 > 0 // Go divides towards zero
	switch f.Op {
	case connector.Greater:
		if least%1000 >= 0 {
			return ms + 1
		}
		return ms
	case connector.GreaterEqual, connector.Equal, connector.In:
		if up {
			return ms + 1
		}
		return ms
	}
	return math.MinInt64
}

// interval is what numbers pass a filter, both ends included; of In what is between may not.
func interval(f connector.Predicate) (lo, hi int64) {
	lo, hi = math.MaxInt64, math.MinInt64
	for i := range f.Values {
		v := number(&f.Values[i])
		lo, hi = min(lo, v), max(hi, v)
	}
	switch f.Op {
	case connector.Less:
		if hi == math.MinInt64 {
			return 1, 0
		}
		return math.MinInt64, hi - 1
	case connector.LessEqual:
		return math.MinInt64, hi
	case connector.Greater:
		if lo == math.MaxInt64 {
			return 1, 0
		}
		return lo + 1, math.MaxInt64
	case connector.GreaterEqual:
		return lo, math.MaxInt64
	}
	return lo, hi
}

// number is the value of a column of one row, an INT or a BIGINT.
func number(c *vec.Col) int64 {
	if vec.Width(c.Type) == 4 {
		return int64(vec.Get[int32](c, 0))
	}
	return vec.Get[int64](c, 0)
}

// partition reports whether records of a partition can pass.
func (w *wanted) partition(p tp) bool {
	for _, is := range w.topics {
		if !is(p.topic) {
			return false
		}
	}
	for _, f := range w.numbers[partitionColumn] {
		lo, hi := interval(f)
		if n := int64(p.part); n < lo || n > hi || f.Op == connector.In && !contains(f.Values, n) {
			return false
		}
	}
	return !w.none
}

func contains(values []vec.Col, n int64) bool {
	for i := range values {
		if number(&values[i]) == n {
			return true
		}
	}
	return false
}

// narrow is what of [from, to) can have records that pass.
func (w *wanted) narrow(ctx context.Context, at cluster, from, to positions) ([]reach, error) {
	var out []reach
	times := positions{}
	for _, p := range to.sorted() {
		if !w.partition(p) {
			continue
		}
		r := reach{p: p, from: from[p], to: to[p]}
		for _, f := range w.numbers[offsetColumn] {
			lo, hi := interval(f)
			if r.from = max(r.from, lo); hi < r.to {
				r.to = hi + 1
			}
		}
		if r.from < r.to {
			out = append(out, r)
			times[p] = w.since
		}
	}
	if w.since <= 0 || len(out) == 0 {
		return out, nil
	}
	found, err := at.after(ctx, times)
	if err != nil {
		return nil, err
	}
	young := out[:0]
	for _, r := range out {
		if n, ok := found[r.p]; ok && n >= 0 {
			if r.from = max(r.from, n); r.from < r.to {
				young = append(young, r)
			}
		}
	}
	return young, nil
}
