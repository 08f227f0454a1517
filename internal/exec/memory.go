package exec

import (
	"sync/atomic"

	"github.com/azud/azud/internal/errs"
)

// memory is what the operators of one query hold together. Accounts are changed by their owners,
// each by one goroutine at a time; the sum is shared.
type memory struct {
	limit int64 // bytes; 0: no bound
	// share is what one account may hold whatever the others hold, so that every operator can go on.
	share int64
	used  atomic.Int64
	peak  atomic.Int64
}

// minShare is the least that an operator works with, in bytes.
const minShare = 256 << 10

func (m *memory) bound(limit int64) {
	m.limit, m.share = limit, max(minShare, limit/16)
}

// account is what one operator, or one worker of it, holds.
type account struct {
	m     *memory
	stats *NodeStats // nil: nobody asks
	n     int64
}

// set says how much is held now, and reports whether that is within the budget. If not, the owner
// writes to disk what it can and says again what it holds.
func (a *account) set(n int64) bool {
	diff := n - a.n
	if a.n = n; diff == 0 {
		return a.fits()
	}
	used := a.m.used.Add(diff)
	if diff > 0 {
		raise(&a.m.peak, used)
	}
	a.stats.hold(diff)
	return a.fits()
}

// fits reports whether what is held is within the budget.
func (a *account) fits() bool {
	return a.m.limit == 0 || a.n <= a.m.share || a.m.used.Load() <= a.m.limit
}

// raise sets a maximum.
func raise(top *atomic.Int64, n int64) {
	for old := top.Load(); n > old && !top.CompareAndSwap(old, n); old = top.Load() {
	}
}

// full is the error of an operator that can neither hold its rows nor write them to disk.
func (m *memory) full(what string) *errs.Error {
	return errs.New("OUT_OF_MEMORY_BUDGET", "%s need more memory than the query may use (%s)", what, sizeText(m.limit)).
		State("53200").WithHint("allow more with --memory, or let the query keep fewer rows or columns")
}
