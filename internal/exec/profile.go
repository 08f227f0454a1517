package exec

import (
	"sync/atomic"
	"time"

	"github.com/azud/azud/internal/plan"
)

// Profile collects what the nodes of one plan did, for EXPLAIN ANALYZE. Give a new one to Build;
// read it when the query has ended.
type Profile struct {
	// Now is a clock that never goes back; nil: times are not measured.
	Now   func() time.Duration
	nodes map[plan.Node]*NodeStats
}

// NodeStats is what one node of a plan did, in all workers together.
type NodeStats struct {
	Rows, Batches atomic.Int64 // that came out
	Nanos         atomic.Int64 // spent in the node itself, without its inputs; of all workers
	Memory        atomic.Int64 // bytes held at most at one time, approximately
	Spilled       atomic.Int64 // bytes written to temporary files
	held          atomic.Int64
}

// Of is what a node of the plan given to Build did; nil if it is not one.
func (p *Profile) Of(n plan.Node) *NodeStats {
	if p == nil {
		return nil
	}
	return p.nodes[n]
}

// at is the statistics of a node, made if need be.
func (p *Profile) at(n plan.Node) *NodeStats {
	if p == nil {
		return nil
	}
	if p.nodes == nil {
		p.nodes = map[plan.Node]*NodeStats{}
	}
	if p.nodes[n] == nil {
		p.nodes[n] = &NodeStats{}
	}
	return p.nodes[n]
}

// watch is the stopwatch of the goroutine that runs the plan; nil if times are not measured.
func (p *Profile) watch() *stopwatch {
	if p == nil || p.Now == nil {
		return nil
	}
	return &stopwatch{now: p.Now}
}

// hold notes that more or less memory is held.
func (s *NodeStats) hold(diff int64) {
	if s != nil {
		raise(&s.Memory, s.held.Add(diff))
	}
}

// spill notes bytes written to disk.
func (s *NodeStats) spill(n int64) {
	if s != nil {
		s.Spilled.Add(n)
	}
}
