package main

import (
	"maps"
	"slices"
	"testing"
)

var (
	a0, a1 = part{"a", 0}, part{"a", 1}
	out0   = part{"out", 0}
	cut0   = part{"cut", 0}
	key0   = part{"key", 0}
)

// good is a small history in which everything holds. Record numbers are those of the comments.
func good() *history {
	idem := &writer{name: "idem", promise: idempotent, sent: []sent{
		{part: a0, txn: -1, acked: true, offset: 0},             // 0/0
		{part: a0, txn: -1, acked: true, offset: 1},             // 0/1
		{part: a1, txn: -1, acked: true, offset: 0},             // 0/2
		{part: a0, txn: -1, acked: false, offset: -1},           // 0/3 never answered, not there
		{part: cut0, txn: -1, acked: true, offset: 0},           // 0/4 deleted
		{part: cut0, txn: -1, acked: true, offset: 1},           // 0/5
		{part: key0, txn: -1, acked: true, offset: 0, key: "k"}, // 0/6 compacted away
		{part: key0, txn: -1, acked: true, offset: 1, key: "k"}, // 0/7
	}}
	tx := &writer{name: "tx", promise: txnal, txns: []outcome{committed, aborted, committing}, sent: []sent{
		{part: a0, txn: 0, acked: true, offset: 2}, // 1/0
		{part: a1, txn: 0, acked: true, offset: 1}, // 1/1
		{part: a0, txn: 1, acked: true, offset: 4}, // 1/2
		{part: a0, txn: 2, acked: true, offset: 6}, // 1/3
		{part: a1, txn: 2, acked: true, offset: 3}, // 1/4
	}}
	step := &writer{name: "step", promise: txnal, txns: []outcome{committed}, sent: []sent{
		{part: out0, txn: 0, acked: true, offset: 0, source: &source{a1, 0}}, // 2/0
		{part: out0, txn: 0, acked: true, offset: 1, source: &source{a1, 1}}, // 2/1
	}}
	loose := &writer{name: "loose", promise: plain, sent: []sent{{part: out0, txn: -1, acked: true, offset: 3}}} // 3/0
	all := map[part][]seen{
		a0:   {{0, makeID(0, 0)}, {1, makeID(0, 1)}, {2, makeID(1, 0)}, {4, makeID(1, 2)}, {6, makeID(1, 3)}},
		a1:   {{0, makeID(0, 2)}, {1, makeID(1, 1)}, {3, makeID(1, 4)}},
		out0: {{0, makeID(2, 0)}, {1, makeID(2, 1)}, {3, makeID(3, 0)}, {4, makeID(3, 0)}}, // a plain producer may repeat
		cut0: {{1, makeID(0, 5)}},
		key0: {{1, makeID(0, 7)}},
	}
	sure := clone(all)
	sure[a0] = append(slices.Clone(all[a0][:3]), all[a0][4])
	h := &history{
		topics:  map[string]keeping{"a": everything, "out": everything, "cut": fromStart, "key": lastOfKey},
		writers: []*writer{idem, tx, step, loose},
		all:     view{name: "all", whole: true, parts: all},
		sure:    view{name: "sure", committed: true, whole: true, parts: sure},
		live: []view{
			{name: "live", parts: map[part][]seen{a0: slices.Clone(all[a0][:4])}},
			{name: "live committed", committed: true, parts: map[part][]seen{a0: slices.Clone(sure[a0][:4])}},
		},
		cuts:    map[part]cut{cut0: {1, 1, 1}},
		offsets: []committedOffset{{"g", a0, 2, 3, 2}},
		steps:   steps{input: "in", output: "out"},
		groups:  map[string]map[part]map[int64]bool{"g": {a1: {0: true, 1: true, 3: true}, a0: {0: true, 1: true, 2: true, 4: true, 6: true}}},
	}
	withSteps(h)
	return h
}

func clone(m map[part][]seen) map[part][]seen {
	out := map[part][]seen{}
	for p, list := range m {
		out[p] = slices.Clone(list)
	}
	return out
}

// withSteps makes the transform's input the records of a1 that read_committed shows.
func withSteps(h *history) {
	in := part{"in", 0}
	h.topics["in"] = everything
	h.writers[2].sent[0].source = &source{in, 0}
	h.writers[2].sent[1].source = &source{in, 1}
	w := &writer{name: "in", promise: idempotent}
	for i := range 3 {
		w.sent = append(w.sent, sent{part: in, txn: -1, acked: true, offset: int64(i)})
		r := seen{int64(i), makeID(len(h.writers), i)}
		h.all.parts[in], h.sure.parts[in] = append(h.all.parts[in], r), append(h.sure.parts[in], r)
	}
	h.writers = append(h.writers, w)
	h.steps.done = map[int32]int64{0: 2}
}

func kindsOf(h *history) []string {
	var f findings
	for _, c := range checks() {
		c.run(h, &f)
	}
	return slices.Sorted(maps.Keys(f.counts))
}

func TestGoodHistoryHasNoFindings(t *testing.T) {
	h := good()
	var f findings
	for _, c := range checks() {
		c.run(h, &f)
	}
	for _, x := range f.list {
		t.Errorf("%s: %s", x.kind, x.text)
	}
}

func TestDoctoredHistoriesAreFound(t *testing.T) {
	drop := func(list []seen, i int) []seen { return slices.Delete(slices.Clone(list), i, i+1) }
	both := func(h *history, p part, change func([]seen) []seen) {
		h.all.parts[p], h.sure.parts[p] = change(h.all.parts[p]), change(h.sure.parts[p])
		h.live = nil
	}
	tests := []struct {
		name   string
		doctor func(h *history)
		want   string
	}{
		{"an acknowledged record is missing", func(h *history) { both(h, a0, func(l []seen) []seen { return drop(l, 1) }) }, kindLost},
		{"of a plain producer", func(h *history) { both(h, out0, func(l []seen) []seen { return l[:2] }) }, kindLost},
		{"after the log start", func(h *history) { both(h, cut0, func(l []seen) []seen { return nil }) }, kindLost},
		{"only in read_committed", func(h *history) { h.sure.parts[a0] = drop(h.sure.parts[a0], 0); h.live = nil }, kindLost},
		{"a reader saw what is not there", func(h *history) {
			h.writers[0].sent[1].acked = false
			h.all.parts[a0], h.sure.parts[a0] = drop(h.all.parts[a0], 1), drop(h.sure.parts[a0], 1)
		}, kindLost},
		{"doubled", func(h *history) {
			both(h, a1, func(l []seen) []seen { return append(slices.Clone(l), seen{9, makeID(0, 2)}) })
		}, kindDoubled},
		{"doubled, not acknowledged", func(h *history) {
			both(h, a0, func(l []seen) []seen { return append(slices.Clone(l), seen{8, makeID(0, 3)}, seen{9, makeID(0, 3)}) })
		}, kindDoubled},
		{"out of order", func(h *history) {
			for _, i := range []int{0, 1} {
				h.writers[0].sent[i].offset = int64(1 - i)
			}
			both(h, a0, func(l []seen) []seen {
				l = slices.Clone(l)
				l[0].id, l[1].id = l[1].id, l[0].id
				return l
			})
		}, kindReordered},
		{"an offset twice", func(h *history) {
			both(h, out0, func(l []seen) []seen { return append(slices.Clone(l), seen{4, makeID(3, 0)}) })
		}, kindReordered},
		{"at another offset", func(h *history) {
			both(h, a1, func(l []seen) []seen { l = slices.Clone(l); l[len(l)-1].offset = 4; return l })
		}, kindMoved},
		{"another record at an offset", func(h *history) {
			h.writers[0].sent[1].acked = false
			h.live[0].parts[a0][1].id = makeID(0, 3)
		}, kindMoved},
		{"of nobody", func(h *history) {
			both(h, a1, func(l []seen) []seen { return append(slices.Clone(l), seen{9, makeID(0, 99)}) })
		}, kindForeign},
		{"in a partition where nobody sent it", func(h *history) {
			both(h, a1, func(l []seen) []seen { return append(slices.Clone(l), seen{9, makeID(0, 3)}) })
		}, kindForeign},
		{"an aborted record is shown", func(h *history) { h.sure.parts[a0] = clone(h.all.parts)[a0]; h.live = nil }, kindAborted},
		{"an aborted record was shown for a while", func(h *history) { h.live[1].parts[a0] = append(h.live[1].parts[a0], seen{4, makeID(1, 2)}) }, kindAborted},
		{"a record of a transaction that is open", func(h *history) { h.writers[1].txns[0] = open }, kindAborted},
		{"an undecided record was shown", func(h *history) { h.live[1].early = []recID{makeID(1, 0)} }, kindUndecided},
		{"half of a committed transaction", func(h *history) { h.sure.parts[a1] = drop(h.sure.parts[a1], 1) }, kindTorn},
		{"half of an unanswered one", func(h *history) { h.sure.parts[a1] = drop(h.sure.parts[a1], 2) }, kindTorn},
		{"a reader missed a record", func(h *history) { h.live[0].parts[a0] = drop(h.live[0].parts[a0], 1) }, kindSkipped},
		{"a group missed a record", func(h *history) { delete(h.groups["g"][a1], 1) }, kindSkipped},
		{"a trimmed partition is whole again", func(h *history) { h.cuts[cut0] = cut{1, 1, 0} }, kindBack},
		{"a log start that nobody asked for", func(h *history) { h.cuts[cut0] = cut{1, 1, 2} }, kindAhead},
		{"a committed offset went back", func(h *history) { h.offsets[0].found = 1 }, kindBack},
		{"a committed offset is gone", func(h *history) { h.offsets[0].found = -1 }, kindBack},
		{"a committed offset of nobody", func(h *history) { h.offsets[0].found = 4 }, kindAhead},
		{"an older value of a key", func(h *history) {
			both(h, key0, func([]seen) []seen { return []seen{{0, makeID(0, 6)}} })
		}, kindKey},
		{"a key is gone", func(h *history) { both(h, key0, func([]seen) []seen { return nil }) }, kindKey},
		{"an input record has no result", func(h *history) { h.sure.parts[out0] = drop(h.sure.parts[out0], 0) }, kindStep},
		{"an input record has two results", func(h *history) {
			h.writers[2].sent[1].source = h.writers[2].sent[0].source
		}, kindStep},
		{"a result before its offset", func(h *history) { h.steps.done[0] = 1 }, kindStep},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := good()
			tt.doctor(h)
			if got := kindsOf(h); !slices.Contains(got, tt.want) {
				t.Errorf("found %v, want %s", got, tt.want)
			}
		})
	}
}

func TestAGoneTombstoneIsNoLoss(t *testing.T) {
	h := good()
	h.writers[0].sent[7].gone = true
	h.all.parts[key0], h.sure.parts[key0] = nil, nil
	if got := kindsOf(h); len(got) > 0 {
		t.Errorf("found %v", got)
	}
}
