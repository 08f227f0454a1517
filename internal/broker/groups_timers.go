package broker

import (
	"container/heap"
	"sync"
	"time"

	"github.com/azud/azud/internal/sys"
)

// timerKind says what a timer is for.
type timerKind uint8

const (
	timerSession   timerKind = iota // a member has to be heard of
	timerJoin                       // classic: the others have to join
	timerSync                       // classic: all have to sync
	timerRebalance                  // KIP-848: a member has to revoke
	timerExpiry                     // offsets grow old; of no group
)

// timerKey names a timer: setting one anew replaces it.
type timerKey struct {
	group  *group
	kind   timerKind
	member string
}

// timer is one entry; index is its place in the heap, -1 when it is due and on its way.
type timer struct {
	key   timerKey
	at    time.Time
	do    func()
	index int
}

// timers are all timers of the coordinator in one heap, served by one goroutine. Those of a
// group are set and cancelled under its lock and run under it, so a cancelled timer never
// runs, not even when it was due already. mu is the innermost lock.
type timers struct {
	clock sys.Clock
	wake  chan struct{} // an earlier one came

	mu    sync.Mutex
	heap  timerHeap
	byKey map[timerKey]*timer
}

func newTimers(clock sys.Clock) *timers {
	return &timers{clock: clock, wake: make(chan struct{}, 1), byKey: map[timerKey]*timer{}}
}

// set makes do run once, d from now.
func (t *timers) set(key timerKey, d time.Duration, do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.clock.Now().Add(d)
	e := t.byKey[key]
	if e != nil && e.index >= 0 {
		e.at, e.do = at, do
		heap.Fix(&t.heap, e.index)
	} else {
		e = &timer{key: key, at: at, do: do}
		t.byKey[key] = e
		heap.Push(&t.heap, e)
	}
	if e.index == 0 {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
}

// has says whether a timer is set.
func (t *timers) has(key timerKey) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byKey[key] != nil
}

func (t *timers) cancel(key timerKey) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.remove(t.byKey[key])
}

// cancelAll cancels those of a group.
func (t *timers) cancelAll(g *group) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, e := range t.byKey {
		if key.group == g {
			t.remove(e)
		}
	}
}

func (t *timers) remove(e *timer) {
	if e == nil {
		return
	}
	delete(t.byKey, e.key)
	if e.index >= 0 {
		heap.Remove(&t.heap, e.index)
	}
}

// due takes those whose time has come off the heap, and says how long until the next; 0 if
// there is none.
func (t *timers) due() (list []*timer, next time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	for len(t.heap) > 0 {
		if wait := t.heap[0].at.Sub(now); wait > 0 {
			return list, wait
		}
		list = append(list, heap.Pop(&t.heap).(*timer))
	}
	return list, 0
}

// take says whether a due timer still counts, once.
func (t *timers) take(e *timer) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byKey[e.key] != e {
		return false
	}
	delete(t.byKey, e.key)
	return true
}

// runDue runs what is due and says how long until the next.
func (t *timers) runDue() time.Duration {
	for {
		list, next := t.due()
		if len(list) == 0 {
			return next
		}
		for _, e := range list {
			t.runOne(e)
		}
	}
}

func (t *timers) runOne(e *timer) {
	if g := e.key.group; g != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
	}
	if t.take(e) {
		e.do()
	}
}

// run serves the timers until stop is closed.
func (t *timers) run(stop <-chan struct{}) {
	for {
		var sleep <-chan time.Time
		if next := t.runDue(); next > 0 {
			sleep = t.clock.After(next)
		}
		select {
		case <-stop:
			return
		case <-t.wake:
		case <-sleep:
		}
	}
}

// timerHeap orders timers by time.
type timerHeap []*timer

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	e := x.(*timer)
	e.index = len(*h)
	*h = append(*h, e)
}

func (h *timerHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	e.index = -1
	*h = old[:len(old)-1]
	return e
}
