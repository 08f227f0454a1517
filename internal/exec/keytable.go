package exec

import (
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// noID stands for a key that a table does not have, and for no row.
const noID = ^uint32(0)

// keyTable gives each distinct key a dense id from 0. Keys are columns of fixed types; NULL is a
// value equal to itself. find may be called by several goroutines at once, each with its own
// scratch, while nobody calls assign.
type keyTable interface {
	// assign writes the id of the key of rows[k] to out[k]; keys not seen before are added.
	assign(s *keyScratch, keys []vec.Col, rows, out []uint32)
	// find is assign that adds nothing: noID for keys that are not there.
	find(s *keyScratch, keys []vec.Col, rows, out []uint32)
	// hashes writes the hash of each row's key: the same in each table of the same types.
	hashes(s *keyScratch, keys []vec.Col, rows []uint32, out []uint64)
	hashOf(id uint32) uint64
	ids() int
	columns(ids []uint32) ([]vec.Col, error)
	bytes() int64
}

// keyScratch is memory for one user of a table.
type keyScratch struct {
	words []uint64
	pack  packer
	buf   []byte
	every []uint32
	found []uint32
	ids   []uint32

	hashed, slots []uint64
	touched       uint64 // keeps loads that warm the cache from being left out
}

// rows is a selection of n rows as a list.
func (s *keyScratch) rows(n int, sel []uint32) []uint32 {
	if sel != nil {
		return sel
	}
	for i := len(s.every); i < n; i++ {
		s.every = append(s.every, uint32(i))
	}
	return s.every[:n]
}

// newKeyTable makes a table for keys of some types.
func newKeyTable(typs []types.Type) keyTable {
	l := newKeyLayout(typs)
	switch {
	case l == nil:
		return &byteTable{groupTable: newGroupTable(), typs: typs}
	case l.words == 1:
		return newWordTable[uint64](l)
	case l.words == 2:
		return newWordTable[[2]uint64](l)
	}
	return newWordTable[[maxKeyWords]uint64](l)
}

// wordTable is an open-addressed hash table of packed keys.
type wordTable[K word] struct {
	layout *keyLayout
	stride int
	slots  []uint64 // the upper half of a key's hash, then its id+1; 0 is empty
	keys   []K
	null   uint32 // the id of NULL in a table of a single column, or noID
}

func newWordTable[K word](l *keyLayout) *wordTable[K] {
	return &wordTable[K]{layout: l, stride: len(wordsOf(make([]K, 1))), slots: make([]uint64, 64), null: noID}
}

func (t *wordTable[K]) ids() int { return len(t.keys) }

func (t *wordTable[K]) bytes() int64 { return int64(8*len(t.slots) + 8*t.stride*cap(t.keys)) }

func (t *wordTable[K]) hashOf(id uint32) uint64 {
	if id == t.null {
		return 0
	}
	return hashWord(&t.keys[id])
}

// packed packs the keys of rows into scratch memory.
func (t *wordTable[K]) packed(s *keyScratch, keys []vec.Col, rows []uint32) []K {
	n := len(rows) * t.stride
	if cap(s.words) < n {
		s.words = make([]uint64, n)
	}
	s.words = s.words[:n]
	clear(s.words)
	t.layout.pack(s.words, t.stride, keys, rows)
	return keysOf[K](s.words)
}

// separate reports that NULLs of the only column are not in the packed keys.
func (t *wordTable[K]) separate(keys []vec.Col) bool {
	return t.layout.single() && keys[0].MayNull()
}

func (t *wordTable[K]) hashes(s *keyScratch, keys []vec.Col, rows []uint32, out []uint64) {
	packed := t.packed(s, keys, rows)
	for k := range packed {
		out[k] = hashWord(&packed[k])
	}
	if t.separate(keys) {
		for k, r := range rows {
			if keys[0].IsNull(int(r)) {
				out[k] = 0
			}
		}
	}
}

func (t *wordTable[K]) find(s *keyScratch, keys []vec.Col, rows, out []uint32) {
	packed := t.packed(s, keys, rows)
	slots, mask := t.slots, uint64(len(t.slots)-1)
	have := t.keys
	hashed, first := s.probes(len(packed))
	for k := range packed { // first all loads of slots, so that they do not wait for each other
		h := hashWord(&packed[k])
		hashed[k], first[k] = h, slots[h&mask]
	}
	for k := range packed {
		id := noID
		h := hashed[k]
		for at, e := h&mask, first[k]; e != 0; e = slots[at] {
			if e>>32 == h>>32 && have[uint32(e)-1] == packed[k] {
				id = uint32(e) - 1
				break
			}
			at = (at + 1) & mask
		}
		out[k] = id
	}
	if t.separate(keys) {
		for k, r := range rows {
			if keys[0].IsNull(int(r)) {
				out[k] = t.null
			}
		}
	}
}

// probes is scratch memory for n hashes and n slots.
func (s *keyScratch) probes(n int) (hashed, slots []uint64) {
	if cap(s.hashed) < n {
		s.hashed, s.slots = make([]uint64, n), make([]uint64, n)
	}
	return s.hashed[:n], s.slots[:n]
}

func (t *wordTable[K]) assign(s *keyScratch, keys []vec.Col, rows, out []uint32) {
	packed := t.packed(s, keys, rows)
	if t.separate(keys) {
		for k, r := range rows {
			if keys[0].IsNull(int(r)) {
				out[k] = t.nullID()
			} else {
				out[k] = t.add(&packed[k])
			}
		}
		return
	}
	hashed, _ := s.probes(len(packed))
	mask, touched := uint64(len(t.slots)-1), uint64(0)
	for k := range packed {
		h := hashWord(&packed[k])
		hashed[k] = h
		touched |= t.slots[h&mask] // see find
	}
	for k := range packed {
		out[k] = t.addHashed(&packed[k], hashed[k])
	}
	s.touched = touched
}

// nullID is the id of NULL; its key is a zero that no slot leads to.
func (t *wordTable[K]) nullID() uint32 {
	if t.null == noID {
		var zero K
		t.null = uint32(len(t.keys))
		t.keys = append(t.keys, zero)
	}
	return t.null
}

func (t *wordTable[K]) add(key *K) uint32 { return t.addHashed(key, hashWord(key)) }

func (t *wordTable[K]) addHashed(key *K, h uint64) uint32 {
	mask := uint64(len(t.slots) - 1)
	at := h & mask
	for ; t.slots[at] != 0; at = (at + 1) & mask {
		e := t.slots[at]
		if e>>32 == h>>32 && t.keys[uint32(e)-1] == *key {
			return uint32(e) - 1
		}
	}
	id := uint32(len(t.keys))
	t.keys = append(t.keys, *key)
	t.slots[at] = h>>32<<32 | uint64(id+1)
	if 2*len(t.keys) > len(t.slots) {
		t.grow()
	}
	return id
}

func (t *wordTable[K]) grow() {
	t.slots = make([]uint64, 4*len(t.slots))
	mask := uint64(len(t.slots) - 1)
	for id := range t.keys {
		if uint32(id) == t.null {
			continue
		}
		h := hashWord(&t.keys[id])
		at := h & mask
		for t.slots[at] != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = h>>32<<32 | uint64(id+1)
	}
}

func (t *wordTable[K]) columns(ids []uint32) ([]vec.Col, error) {
	keys := make([]K, len(ids))
	for i, id := range ids {
		keys[i] = t.keys[id]
	}
	out := t.layout.unpack(wordsOf(keys), t.stride)
	for i, id := range ids {
		if id == t.null {
			out[0].Valid = vec.SetNull(out[0].Valid, len(ids), i)
		}
	}
	return out, nil
}

// byteTable is a keyTable for keys of any types.
type byteTable struct {
	*groupTable
	typs []types.Type
}

func (t *byteTable) hashOf(id uint32) uint64 { return t.hash[id] }

func (t *byteTable) columns(ids []uint32) ([]vec.Col, error) {
	return t.groupTable.columns(t.typs, ids)
}

func (t *byteTable) assign(s *keyScratch, keys []vec.Col, rows, out []uint32) {
	if len(rows) == 0 {
		return
	}
	n := int(rows[len(rows)-1]) + 1
	if cap(s.found) < n {
		s.found = make([]uint32, n)
	}
	found := s.found[:n]
	t.groupTable.assign(keys, n, rows, found, nil)
	for k, r := range rows {
		out[k] = found[r]
	}
}

func (t *byteTable) find(s *keyScratch, keys []vec.Col, rows, out []uint32) {
	n := 0
	if len(rows) > 0 {
		n = int(rows[len(rows)-1]) + 1
	}
	cached := s.pack.prepare(keys, n, rows)
	for k, r := range rows {
		if !cached || !s.pack.whole(int(r)) {
			out[k] = t.look(s, keys, int(r))
			continue
		}
		e, hit := s.pack.entry(int(r))
		if !hit {
			e.id = t.look(s, keys, int(r))
		}
		out[k] = e.id
	}
}

func (t *byteTable) look(s *keyScratch, keys []vec.Col, row int) uint32 {
	s.buf = vec.AppendKey(s.buf[:0], keys, row)
	if id, ok := t.groupTable.find(s.buf); ok {
		return id
	}
	return noID
}

func (t *byteTable) hashes(s *keyScratch, keys []vec.Col, rows []uint32, out []uint64) {
	for k, r := range rows {
		s.buf = vec.AppendKey(s.buf[:0], keys, int(r))
		out[k] = vec.HashKey(s.buf)
	}
}
