package stream

import (
	"github.com/azud/azud/internal/exec"
)

// watermarks follows Spark's WatermarkTracker: a watermark is in milliseconds, each node's
// is the maximum event time seen minus its delay, the query's is the least of them and
// never goes back. A node that has seen nothing holds at 0, the epoch of 1970: before the
// first data rows of earlier times are late already. Values are microseconds.
type watermarks struct {
	delays []int64
	nodes  []int64
	query  int64
}

func newWatermarks(delays, nodes []int64, query int64) *watermarks {
	w := &watermarks{delays: delays, nodes: make([]int64, len(delays)), query: query}
	copy(w.nodes, nodes)
	if len(delays) == 0 {
		w.query = exec.NoWatermark
	} else if query == exec.NoWatermark {
		w.query = 0
	}
	return w
}

// initial is the watermark of a query that has seen nothing.
func initial(delays []int64) int64 {
	if len(delays) == 0 {
		return exec.NoWatermark
	}
	return 0
}

// advance takes the maxima of an epoch, exec.NoWatermark for a node that saw nothing.
func (w *watermarks) advance(seen []int64) {
	for i, top := range seen {
		if top != exec.NoWatermark {
			w.nodes[i] = max(w.nodes[i], millis(top)-millis(w.delays[i]))
		}
	}
	if len(w.nodes) == 0 {
		return
	}
	least := w.nodes[0]
	for _, n := range w.nodes {
		least = min(least, n)
	}
	w.query = max(w.query, least)
}

// millis cuts microseconds to whole milliseconds, downwards.
func millis(us int64) int64 {
	r := us % 1000
	if r < 0 {
		r += 1000
	}
	return us - r
}
