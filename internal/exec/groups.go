package exec

import (
	"bytes"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// groupTable gives each distinct key a dense id from 0. Ids of removed keys are given out
// again. It is an open-addressed hash table over row keys (vec.AppendKey), which lie one
// after the other in an arena; a cache in front (packer) spares most rows the encoding.
type groupTable struct {
	slots []uint32 // id+1; 0 is empty
	hash  []uint64 // of each id: vec.HashKey
	at    []span   // of each id: its key in arena; a removed id has a negative start
	arena []byte
	dead  int // bytes of arena that belong to removed keys
	free  []uint32
	buf   []byte
	pack  packer
}

type span struct{ start, end int }

func newGroupTable() *groupTable { return &groupTable{slots: make([]uint32, 64)} }

// live is the number of keys.
func (t *groupTable) live() int { return len(t.hash) - len(t.free) }

// ids is one more than the largest id ever given out.
func (t *groupTable) ids() int { return len(t.hash) }

// has reports whether id stands for a key.
func (t *groupTable) has(id uint32) bool { return t.at[id].start >= 0 }

// key is the encoding of a key; it is valid until the next change of the table.
func (t *groupTable) key(id uint32) []byte { return t.arena[t.at[id].start:t.at[id].end] }

// assign writes the ids of the selected rows' keys to out, which has n entries, and calls
// fresh, if not nil, for each new key with the row that brought it.
func (t *groupTable) assign(keys []vec.Col, n int, sel []uint32, out []uint32, fresh func(id uint32, row int)) {
	if t.pack.prepare(keys, n, sel) {
		t.assignPacked(keys, n, sel, out, fresh)
		return
	}
	for i := range vec.Each(n, sel) {
		out[i] = t.row(keys, i, fresh)
	}
}

// row finds or adds the key of one row.
func (t *groupTable) row(keys []vec.Col, i int, fresh func(id uint32, row int)) uint32 {
	t.buf = vec.AppendKey(t.buf[:0], keys, i)
	id, added := t.add(t.buf)
	if added && fresh != nil {
		fresh(id, i)
	}
	return id
}

func (t *groupTable) assignPacked(keys []vec.Col, n int, sel []uint32, out []uint32, fresh func(id uint32, row int)) {
	for i := range vec.Each(n, sel) {
		if !t.pack.whole(i) {
			out[i] = t.row(keys, i, fresh)
			continue
		}
		e, hit := t.pack.entry(i)
		if !hit {
			e.id = t.row(keys, i, fresh)
		}
		out[i] = e.id
	}
}

// find returns the id of a key.
func (t *groupTable) find(key []byte) (id uint32, ok bool) {
	h := vec.HashKey(key)
	for s := t.slot(h); t.slots[s] != 0; s = (s + 1) & (len(t.slots) - 1) {
		if id := t.slots[s] - 1; t.hash[id] == h && bytes.Equal(t.key(id), key) {
			return id, true
		}
	}
	return 0, false
}

// slot is where the search for a hash begins.
func (t *groupTable) slot(h uint64) int { return int(h>>32) & (len(t.slots) - 1) }

// add returns the id of a key, and whether the key is new; key is copied.
func (t *groupTable) add(key []byte) (id uint32, added bool) {
	h := vec.HashKey(key)
	s := t.slot(h)
	for ; t.slots[s] != 0; s = (s + 1) & (len(t.slots) - 1) {
		if id := t.slots[s] - 1; t.hash[id] == h && bytes.Equal(t.key(id), key) {
			return id, false
		}
	}
	place := span{len(t.arena), len(t.arena) + len(key)}
	t.arena = append(t.arena, key...)
	if n := len(t.free); n > 0 {
		id, t.free = t.free[n-1], t.free[:n-1]
		t.hash[id], t.at[id] = h, place
	} else {
		id = uint32(len(t.hash))
		t.hash, t.at = append(t.hash, h), append(t.at, place)
	}
	t.slots[s] = id + 1
	if 2*t.live() > len(t.slots) {
		t.grow()
	}
	return id, true
}

func (t *groupTable) grow() {
	t.slots = make([]uint32, 2*len(t.slots))
	for id := range t.hash {
		if !t.has(uint32(id)) {
			continue
		}
		s := t.slot(t.hash[id])
		for t.slots[s] != 0 {
			s = (s + 1) & (len(t.slots) - 1)
		}
		t.slots[s] = uint32(id) + 1
	}
}

// remove forgets a key.
func (t *groupTable) remove(id uint32) {
	mask := len(t.slots) - 1
	s := t.slot(t.hash[id])
	for t.slots[s] != id+1 {
		s = (s + 1) & mask
	}
	// Close the gap: move back each later key of the run whose search passes the gap.
	for next := (s + 1) & mask; t.slots[next] != 0; next = (next + 1) & mask {
		home := t.slot(t.hash[t.slots[next]-1])
		if (next-home)&mask >= (next-s)&mask {
			t.slots[s] = t.slots[next]
			s = next
		}
	}
	t.slots[s] = 0
	t.dead += t.at[id].end - t.at[id].start
	t.at[id] = span{-1, -1}
	t.free = append(t.free, id)
	t.pack.forget()
	if t.dead > 1<<16 && 2*t.dead > len(t.arena) {
		t.compact()
	}
}

// compact copies the living keys to a new arena.
func (t *groupTable) compact() {
	arena := make([]byte, 0, len(t.arena)-t.dead)
	for id := range t.at {
		if t.has(uint32(id)) {
			start := len(arena)
			arena = append(arena, t.key(uint32(id))...)
			t.at[id] = span{start, len(arena)}
		}
	}
	t.arena, t.dead = arena, 0
}

// bytes is the memory held, approximately.
func (t *groupTable) bytes() int64 {
	return int64(4*cap(t.slots) + 24*cap(t.hash) + cap(t.arena) + 4*cap(t.free))
}

// columns decodes the keys of some ids.
func (t *groupTable) columns(typs []types.Type, ids []uint32) ([]vec.Col, error) {
	b := make([]*vec.ColBuilder, len(typs))
	for i, typ := range typs {
		b[i] = vec.NewColBuilder(typ)
	}
	for _, id := range ids {
		if err := vec.DecodeKey(t.key(id), b); err != nil {
			return nil, err
		}
	}
	out := make([]vec.Col, len(b))
	for i := range b {
		out[i] = b[i].Finish()
	}
	return out, nil
}
