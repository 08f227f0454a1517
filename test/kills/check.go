package main

import (
	"fmt"
	"slices"
)

// finding is something that must not be.
type finding struct{ kind, text string }

// Kinds of findings.
const (
	kindLost      = "lost"
	kindDoubled   = "doubled"
	kindReordered = "reordered"
	kindForeign   = "foreign"   // nobody sent it, or not there
	kindMoved     = "moved"     // not at its acknowledged offset, or two at one
	kindAborted   = "aborted"   // shown to read_committed
	kindUndecided = "undecided" // shown to read_committed before the end
	kindTorn      = "torn"      // a transaction in part
	kindSkipped   = "skipped"   // a reader or group that missed records
	kindBack      = "back"      // an offset or log start that went back
	kindAhead     = "ahead"     // or is where nobody put it
	kindKey       = "key"       // a compacted topic without a key's last value
	kindStep      = "step"      // an input record without exactly one result
)

// findings collects, and keeps a few examples of each kind.
type findings struct {
	list   []finding
	counts map[string]int
}

const examples = 5

func (f *findings) add(kind, format string, args ...any) {
	if f.counts == nil {
		f.counts = map[string]int{}
	}
	f.counts[kind]++
	if f.counts[kind] <= examples {
		f.list = append(f.list, finding{kind, fmt.Sprintf(format, args...)})
	}
}

// checks are the rules, by name, in the order in which they are reported.
func checks() []struct {
	name string
	run  func(*history, *findings)
} {
	return []struct {
		name string
		run  func(*history, *findings)
	}{
		{"offsets rise, and hold what was sent there", checkPlaces},
		{"no acknowledged record is lost", checkLost},
		{"no record is doubled", checkDoubled},
		{"the order of each producer is kept", checkOrder},
		{"read_committed shows no aborted or undecided record", checkAborted},
		{"transactions are all or nothing", checkTorn},
		{"what was read once stays as it was", checkLive},
		{"log starts are where they were put", checkCuts},
		{"committed offsets never go back", checkOffsets},
		{"compacted topics keep each key's last value", checkKeys},
		{"each input record has one result", checkSteps},
		{"groups get every record", checkGroups},
	}
}

// checkPlaces holds for every reader.
func checkPlaces(h *history, f *findings) {
	for _, v := range append([]view{h.all, h.sure}, h.live...) {
		for p, list := range v.parts {
			last := int64(-1)
			for _, r := range list {
				if r.offset <= last {
					f.add(kindReordered, "%s: %s: offset %d after %d", v.name, p, r.offset, last)
				}
				last = max(last, r.offset)
				h.checkPlace(f, v.name, p, r)
			}
		}
	}
}

func (h *history) checkPlace(f *findings, reader string, p part, r seen) {
	s := h.sentOf(r.id)
	switch {
	case s == nil:
		f.add(kindForeign, "%s: %s: offset %d: record %s was never sent", reader, p, r.offset, r.id)
	case s.part != p:
		f.add(kindForeign, "%s: %s: offset %d: record %s was sent to %s", reader, p, r.offset, r.id, s.part)
	case s.acked && s.offset != r.offset && h.writers[r.id.writer()].promise >= idempotent:
		f.add(kindMoved, "%s: %s: record %s is at offset %d, and was acknowledged at %d", reader, p, r.id, r.offset, s.offset)
	}
}

// counts is how often each record is in a view.
func (v *view) counts() map[recID]int {
	n := map[recID]int{}
	for _, list := range v.parts {
		for _, r := range list {
			n[r.id]++
		}
	}
	return n
}

// checkLost holds read_uncommitted against what was acknowledged; read_committed is
// checkTorn's.
func checkLost(h *history, f *findings) {
	all, sure := h.all.counts(), h.sure.counts()
	for w, wr := range h.writers {
		if wr.promise == fleeting {
			continue
		}
		for n, s := range wr.sent {
			id := makeID(w, n)
			if !s.acked || !h.mustKeep(s) {
				continue
			}
			if all[id] == 0 {
				f.add(kindLost, "%s: record %s of %s, acknowledged at offset %d", s.part, id, wr.name, s.offset)
			} else if s.txn < 0 && sure[id] == 0 {
				f.add(kindLost, "%s: read_committed: record %s of %s, acknowledged at offset %d", s.part, id, wr.name, s.offset)
			}
		}
	}
}

// mustKeep says whether the topic has no right to remove the record.
func (h *history) mustKeep(s sent) bool {
	switch h.topics[s.part.topic] {
	case fromStart:
		return s.offset >= h.cuts[s.part].found
	case lastOfKey:
		return false // checkKeys
	}
	return true
}

func checkDoubled(h *history, f *findings) {
	for _, v := range []view{h.all, h.sure} {
		for p, list := range v.parts {
			at := map[recID]int64{}
			for _, r := range list {
				if h.sentOf(r.id) == nil || h.writers[r.id.writer()].promise < idempotent {
					continue
				}
				if first, twice := at[r.id]; twice {
					f.add(kindDoubled, "%s: %s: record %s of %s, at offsets %d and %d", v.name, p, r.id, h.writers[r.id.writer()].name, first, r.offset)
				}
				at[r.id] = r.offset
			}
		}
	}
}

// checkOrder: the numbers of a writer rise in each partition. A plain producer may repeat
// what it sent; that which is new is in order.
func checkOrder(h *history, f *findings) {
	for p, list := range h.all.parts {
		last := map[int]int{}
		had := map[recID]bool{}
		for _, r := range list {
			w, n := r.id.writer(), r.id.number()
			if h.sentOf(r.id) == nil || had[r.id] {
				continue
			}
			had[r.id] = true
			if before, ok := last[w]; ok && n < before {
				f.add(kindReordered, "%s: offset %d: record %s of %s after number %d", p, r.offset, r.id, h.writers[w].name, before)
			}
			last[w] = max(last[w], n)
		}
	}
}

func checkAborted(h *history, f *findings) {
	for _, v := range append([]view{h.sure}, h.live...) {
		if !v.committed {
			continue
		}
		for p, list := range v.parts {
			for _, r := range list {
				if o := h.txnOf(r.id); o == aborted || o == open {
					f.add(kindAborted, "%s: %s: offset %d: record %s of %s", v.name, p, r.offset, r.id, h.writers[r.id.writer()].name)
				}
			}
		}
		for _, id := range v.early {
			f.add(kindUndecided, "%s: record %s of %s before its transaction was to commit", v.name, id, h.writers[id.writer()].name)
		}
	}
}

// checkTorn: a committed transaction is there whole, one that may have committed is whole or
// not there at all.
func checkTorn(h *history, f *findings) {
	sure := h.sure.counts()
	for w, wr := range h.writers {
		here, missing := make([]int, len(wr.txns)), make([]int, len(wr.txns))
		lacks := map[int]sent{} // an example
		for n, s := range wr.sent {
			switch {
			case s.txn < 0 || !s.acked || !h.mustKeep(s):
			case sure[makeID(w, n)] > 0:
				here[s.txn]++
			default:
				missing[s.txn]++
				lacks[s.txn] = s
			}
		}
		for t, o := range wr.txns {
			switch {
			case o == committed && missing[t] > 0:
				f.add(kindTorn, "%s: transaction %d was committed, and %d of its %d records are missing, such as %s offset %d", wr.name, t, missing[t], here[t]+missing[t], lacks[t].part, lacks[t].offset)
			case o == committing && here[t] > 0 && missing[t] > 0:
				f.add(kindTorn, "%s: transaction %d, whose commit was not answered, has %d records and lacks %d, such as %s offset %d", wr.name, t, here[t], missing[t], lacks[t].part, lacks[t].offset)
			}
		}
	}
}

// checkLive holds readers of during the run against the whole: what they got is how it
// begins, where nothing was removed.
func checkLive(h *history, f *findings) {
	for _, v := range h.live {
		whole := h.all.parts
		if v.committed {
			whole = h.sure.parts
		}
		for p, list := range v.parts {
			if h.topics[p.topic] != everything {
				continue
			}
			for i, r := range list {
				if i < len(whole[p]) && whole[p][i] == r {
					continue
				}
				h.explain(f, v.name, p, r, whole[p])
				break
			}
		}
	}
}

func (h *history) explain(f *findings, reader string, p part, r seen, whole []seen) {
	i, found := slices.BinarySearchFunc(whole, r.offset, func(s seen, o int64) int { return int(s.offset - o) })
	switch {
	case found && whole[i] == r:
		f.add(kindSkipped, "%s: %s: came to offset %d, and missed records before it", reader, p, r.offset)
	case found:
		f.add(kindMoved, "%s: %s: offset %d was record %s, and is %s", reader, p, r.offset, r.id, whole[i].id)
	default:
		f.add(kindLost, "%s: %s: offset %d was record %s, and is gone", reader, p, r.offset, r.id)
	}
}
