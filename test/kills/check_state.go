package main

import "slices"

func checkCuts(h *history, f *findings) {
	for p, c := range h.cuts {
		switch {
		case c.found < c.acked:
			f.add(kindBack, "%s: the log starts at %d, and was acknowledged to start at %d", p, c.found, c.acked)
		case c.found > c.asked:
			f.add(kindAhead, "%s: the log starts at %d, and nobody asked for more than %d", p, c.found, c.asked)
		}
	}
}

func checkOffsets(h *history, f *findings) {
	for _, o := range h.offsets {
		switch {
		case o.found < o.acked:
			f.add(kindBack, "group %s: %s: offset %d, after %d was acknowledged", o.group, o.part, o.found, o.acked)
		case o.found > o.asked:
			f.add(kindAhead, "group %s: %s: offset %d, and nobody committed more than %d", o.group, o.part, o.found, o.asked)
		}
	}
}

// checkKeys: of each key, the last record is the last acknowledged one or one sent after it.
// Keys belong to one writer each.
func checkKeys(h *history, f *findings) {
	type place struct {
		part part
		key  string
	}
	last := map[place]recID{}
	for p, list := range h.all.parts {
		for _, r := range list {
			if s := h.sentOf(r.id); s != nil && h.topics[p.topic] == lastOfKey {
				last[place{p, s.key}] = r.id
			}
		}
	}
	acked := map[place]recID{}
	for w, wr := range h.writers {
		for n, s := range wr.sent {
			if s.acked && s.txn < 0 && h.topics[s.part.topic] == lastOfKey {
				acked[place{s.part, s.key}] = makeID(w, n)
			}
		}
	}
	for at, id := range acked {
		have, ok := last[at]
		switch {
		case !ok && h.sentOf(id).gone: // the tombstone went as well
		case !ok:
			f.add(kindKey, "%s: key %s is gone; its last acknowledged value is record %s", at.part, at.key, id)
		case have < id:
			f.add(kindKey, "%s: key %s has record %s; %s was acknowledged later", at.part, at.key, have, id)
		}
	}
}

// checkSteps: offsets and results were committed together, so each input record before the
// committed offset has one result, and none after it.
func checkSteps(h *history, f *findings) {
	if h.steps.output == "" {
		return
	}
	results := map[source]int{}
	for p, list := range h.sure.parts {
		for _, r := range list {
			if s := h.sentOf(r.id); p.topic == h.steps.output && s != nil && s.source != nil {
				results[*s.source]++
			}
		}
	}
	for p, list := range h.sure.parts {
		if p.topic != h.steps.input {
			continue
		}
		for _, r := range list {
			want, at := 0, source{p, r.offset}
			if r.offset < h.steps.done[p.n] {
				want = 1
			}
			if results[at] != want {
				f.add(kindStep, "%s: offset %d has %d results, with offset %d committed", p, r.offset, results[at], h.steps.done[p.n])
			}
			delete(results, at)
		}
	}
	for at := range results {
		f.add(kindStep, "%s: offset %d has a result, and is no record of read_committed", at.part, at.offset)
	}
}

// checkGroups: at the end, when groups have caught up, they got everything at least once.
func checkGroups(h *history, f *findings) {
	for group, parts := range h.groups {
		topics := map[string]bool{}
		for p := range parts {
			topics[p.topic] = true
		}
		for p, list := range h.all.parts {
			if !topics[p.topic] {
				continue
			}
			i := slices.IndexFunc(list, func(r seen) bool { return !parts[p][r.offset] })
			if i >= 0 {
				f.add(kindSkipped, "group %s: %s: offset %d was not delivered", group, p, list[i].offset)
			}
		}
	}
}
