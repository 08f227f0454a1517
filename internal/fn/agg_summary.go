package fn

import (
	"math"
	"slices"
)

// summary answers quantiles of a stream within a relative rank error (Greenwald and Khanna, 2001).
// What is inserted waits in head and is merged in bulk; the sizes below are Spark's
// (QuantileSummaries), since answers depend on when that happens.
type summary struct {
	eps        float64
	tuples     []tuple
	head       []float64
	count      int64 // values in tuples
	compressed bool
}

// tuple stands for g values up to value; delta is how uncertain its rank is.
type tuple struct {
	value    float64
	g, delta int64
}

const (
	summaryHead  = 50000 // values that wait
	summaryLimit = 10000 // tuples that are not yet worth compressing
)

func (s *summary) insert(v float64) {
	s.head = append(s.head, v)
	s.compressed = false
	if len(s.head) >= summaryHead {
		s.flush()
		if len(s.tuples) >= summaryLimit {
			s.compress()
		}
	}
}

// flush merges the waiting values into the tuples.
func (s *summary) flush() {
	if len(s.head) == 0 {
		return
	}
	slices.SortFunc(s.head, compareNum[float64])
	out := make([]tuple, 0, len(s.tuples)+len(s.head))
	old := s.tuples
	for i, v := range s.head {
		for len(old) > 0 && compareNum(old[0].value, v) <= 0 {
			out, old = append(out, old[0]), old[1:]
		}
		s.count++
		t := tuple{value: v, g: 1}
		if len(out) > 0 && (len(old) > 0 || i < len(s.head)-1) { // neither the smallest nor the largest
			t.delta = int64(math.Floor(2 * s.eps * float64(s.count)))
		}
		out = append(out, t)
	}
	s.tuples, s.head = append(out, old...), s.head[:0]
}

// compress joins neighbours as far as the error allows.
func (s *summary) compress() {
	if s.compressed {
		return
	}
	s.flush()
	s.tuples = joined(s.tuples, 2*s.eps*float64(s.count))
	s.compressed = true
}

func joined(in []tuple, threshold float64) []tuple {
	if len(in) == 0 {
		return nil
	}
	var back []tuple // from the largest to the smallest
	top := in[len(in)-1]
	for i := len(in) - 2; i >= 1; i-- {
		if float64(in[i].g+top.g+top.delta) < threshold {
			top.g += in[i].g
			continue
		}
		back = append(back, top)
		top = in[i]
	}
	back = append(back, top)
	if len(in) > 1 && in[0].value <= top.value {
		back = append(back, in[0])
	}
	slices.Reverse(back)
	return back
}

// merge adds another summary of the same error, which is compressed.
func (s *summary) merge(o *summary) {
	s.flush()
	switch {
	case o.count == 0:
		return
	case s.count == 0:
		*s = *o
		return
	}
	out := make([]tuple, 0, len(s.tuples)+len(o.tuples))
	more := [2]int64{int64(math.Floor(2 * s.eps * float64(o.count))), int64(math.Floor(2 * s.eps * float64(s.count)))}
	i, j := 0, 0
	for i < len(s.tuples) && j < len(o.tuples) {
		t := s.tuples[i]
		if t.value < o.tuples[j].value {
			i++
			if j > 0 {
				t.delta += more[0]
			}
		} else {
			t = o.tuples[j]
			j++
			if i > 0 {
				t.delta += more[1]
			}
		}
		out = append(out, t)
	}
	out = append(append(out, s.tuples[i:]...), o.tuples[j:]...)
	s.count += o.count
	s.tuples, s.compressed = joined(out, 2*s.eps*float64(s.count)), true
}

// query finds a value whose rank is near p; the summary holds something and is compressed.
func (s *summary) query(p float64) float64 {
	last := len(s.tuples) - 1
	switch {
	case p <= s.eps || last == 0:
		return s.tuples[0].value
	case p >= 1-s.eps:
		return s.tuples[last].value
	}
	var widest int64 = math.MinInt64
	for _, t := range s.tuples {
		widest = max(widest, t.g+t.delta)
	}
	target := float64(widest) / 2
	rank := int64(math.Ceil(p * float64(s.count)))
	least := s.tuples[0].g
	for i := 0; i < last; i++ {
		most := least + s.tuples[i].delta
		if float64(most)-target <= float64(rank) && float64(rank) <= float64(least)+target {
			return s.tuples[i].value
		}
		least += s.tuples[i+1].g
	}
	return s.tuples[last].value
}
