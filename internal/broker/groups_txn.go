package broker

import (
	"errors"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/azud/azud/internal/log"
)

// What transactions need of groups. TxnOffsetCommit asks checkTxnCommit, keeps the offsets with
// the transaction (they survive a restart there) and calls markPending; EndTxn calls
// endPending, whose write function makes the one Write of the transaction's end. After a
// restart, markPending is called anew for what open transactions hold. All of them take the
// group's lock; a transaction's may be held then, for groups never take one.

// checkTxnCommit says whether offsets may be committed for a group within a transaction. A
// request without a generation (-1), member and instance id is not checked. Errors are
// *kerr.Error: UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, FENCED_INSTANCE_ID; one is that of all
// the offsets.
func (b *Broker) checkTxnCommit(name string, generation int32, member string, instance *string, offsets []committed) error {
	g := b.groups.lock(name)
	if g == nil {
		if generation < 0 {
			return nil // a simple group comes to be with its offsets
		}
		return kerr.IllegalGeneration
	}
	defer g.mu.Unlock()
	each, err := g.checkCommit(generation, member, instance, true, 0)
	for i := 0; i < len(offsets) && err == nil && each != nil; i++ {
		err = each(&offsets[i])
	}
	if errors.Is(err, kerr.StaleMemberEpoch) {
		return kerr.IllegalGeneration
	}
	return err
}

// markPending notes that an open transaction will commit offsets: until endPending,
// OffsetFetch with require_stable answers UNSTABLE_OFFSET_COMMIT for them.
func (b *Broker) markPending(name string, producer int64, offsets []committed) {
	g, _ := b.groups.lockOrMake(name)
	defer g.mu.Unlock()
	for i := range offsets {
		tp := offsets[i].key()
		if g.pending[tp] == nil {
			g.pending[tp] = map[int64]bool{}
		}
		g.pending[tp][producer] = true
	}
}

// clearPending ends what markPending noted of a producer.
func (g *group) clearPending(producer int64) {
	for tp, producers := range g.pending {
		delete(producers, producer)
		if len(producers) == 0 {
			delete(g.pending, tp)
		}
	}
}

// endPending ends a producer's transaction in the groups of offsets (by name; for an abort
// the lists may be empty): it locks the groups, gives write the changes that commit the
// offsets, and, if write returns nil, makes the offsets visible and clears what is pending.
// write must not call back into groups. The error is write's.
func (b *Broker) endPending(producer int64, offsets map[string][]committed, write func([]log.Put) error) error {
	names := make([]string, 0, len(offsets))
	for name := range offsets {
		names = append(names, name)
	}
	slices.Sort(names) // all take them in one order
	var puts []log.Put
	locked := make([]*group, len(names))
	lists := make([][]committed, len(names))
	for i, name := range names {
		locked[i], _ = b.groups.lockOrMake(name)
		defer locked[i].mu.Unlock()
		lists[i] = slices.Clone(offsets[name])
		puts = append(puts, b.groups.puts(name, lists[i])...)
	}
	if err := write(puts); err != nil {
		return err
	}
	for i, g := range locked {
		g.apply(lists[i])
		g.clearPending(producer)
	}
	return nil
}
