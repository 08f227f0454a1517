package exec

// eventHeap is a binary heap of groups with the earliest event time (microseconds) on top.
type eventHeap []eventEntry

type eventEntry struct {
	time int64
	id   uint32
}

func (h *eventHeap) push(e eventEntry) {
	*h = append(*h, e)
	for i := len(*h) - 1; i > 0; {
		up := (i - 1) / 2
		if (*h)[up].time <= (*h)[i].time {
			return
		}
		(*h)[up], (*h)[i] = (*h)[i], (*h)[up]
		i = up
	}
}

// pop removes the top; the heap is not empty.
func (h *eventHeap) pop() eventEntry {
	s := *h
	top, last := s[0], len(s)-1
	s[0] = s[last]
	s = s[:last]
	for i := 0; ; {
		low := i
		for _, kid := range [2]int{2*i + 1, 2*i + 2} {
			if kid < last && s[kid].time < s[low].time {
				low = kid
			}
		}
		if low == i {
			break
		}
		s[i], s[low] = s[low], s[i]
		i = low
	}
	*h = s
	return top
}
