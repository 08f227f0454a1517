package fault

import (
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
)

const (
	pageSize   = 4096
	sectorSize = 512
)

// inode is a file or a directory. Live state is what the process sees; the rest is what a
// crash may bring back.
type inode struct {
	// A directory's.
	live, sure map[string]*inode

	// A file's.
	data   []byte
	dirty  map[int64][]byte // what the disk holds of pages changed since; nil: nothing
	lost   map[int64][]byte // the same, of pages that a failed sync gave up
	synced int64            // size on disk
	least  int64            // least size since the last sync
}

func newDir() *inode  { return &inode{live: map[string]*inode{}, sure: map[string]*inode{}} }
func newFile() *inode { return &inode{dirty: map[int64][]byte{}, lost: map[int64][]byte{}} }

// dir reports whether it is a folder. Callers may hold no lock: sure is never set anew.
func (in *inode) dir() bool { return in.sure != nil }

// find follows a clean path; nil if there is nothing.
func (in *inode) find(name string) *inode {
	for _, part := range strings.Split(strings.Trim(name, "/"), "/") {
		if part == "" {
			continue
		}
		if in == nil || !in.dir() {
			return nil
		}
		in = in.live[part]
	}
	return in
}

// walk visits all below a directory, in order of names.
func (in *inode) walk(name string, visit func(name string, in *inode)) {
	visit(name, in)
	for _, k := range slices.Sorted(maps.Keys(in.live)) {
		in.live[k].walk(path.Join(name, k), visit)
	}
}

// page is a copy of a page as the process sees it; nil if the file ends before it.
func (in *inode) page(i int64) []byte {
	lo := i * pageSize
	if lo >= int64(len(in.data)) {
		return nil
	}
	return slices.Clone(in.data[lo:min(lo+pageSize, int64(len(in.data)))])
}

// touch notes that the pages in [off, end) are about to change. writeback tells whether the
// kernel has happened to write the page as it was.
func (in *inode) touch(off, end int64, writeback func() bool) {
	for i := off / pageSize; i*pageSize < end; i++ {
		if old, ok := in.lost[i]; ok {
			delete(in.lost, i)
			in.dirty[i] = old
			continue
		}
		if _, ok := in.dirty[i]; !ok || writeback() {
			in.dirty[i] = in.page(i)
		}
	}
}

func (in *inode) write(p []byte, off int64, writeback func() bool) {
	if len(p) == 0 {
		return
	}
	end := off + int64(len(p))
	in.touch(min(off, int64(len(in.data))), end, writeback)
	in.resize(max(end, int64(len(in.data))))
	copy(in.data[off:], p)
}

func (in *inode) truncate(size int64, writeback func() bool) {
	in.touch(min(size, int64(len(in.data))), max(size, int64(len(in.data))), writeback)
	in.resize(size)
	in.least = min(in.least, size)
}

// resize cuts the data or fills it with zeros.
func (in *inode) resize(size int64) {
	if n := int64(len(in.data)); size > n {
		in.data = append(in.data, make([]byte, size-n)...)
	}
	in.data = in.data[:size]
}

func (in *inode) sync() {
	clear(in.dirty)
	in.synced, in.least = int64(len(in.data)), int64(len(in.data))
}

// syncFailed writes some pages and forgets that the others are not.
func (in *inode) syncFailed(chance func(n int) int) {
	for _, i := range slices.Sorted(maps.Keys(in.dirty)) {
		if chance(2) == 0 {
			in.lost[i] = in.dirty[i]
		}
	}
	clear(in.dirty)
}

// crash leaves of the file what reached the disk; about keep percent of the changed pages do.
func (in *inode) crash(c *rand.Rand, keep int) {
	live := slices.Clone(in.data)
	size := in.crashSize(c, keep)
	in.resize(size)
	if n := int64(len(live)); size > n { // a cut that did not happen
		for i := n / pageSize; i*pageSize < size; i++ {
			in.restore(i, in.dirty[i])
		}
	}
	for _, i := range slices.Sorted(maps.Keys(in.dirty)) {
		switch {
		case c.IntN(100) < keep:
		case i*pageSize < int64(len(live)) && c.IntN(4) == 0:
			in.tear(i, in.dirty[i], c)
		default:
			in.restore(i, in.dirty[i])
		}
	}
	for i, old := range in.lost {
		in.restore(i, old)
	}
	clear(in.dirty)
	clear(in.lost)
	in.sync()
}

func (in *inode) crashSize(c *rand.Rand, keep int) int64 {
	n := int64(len(in.data))
	if n == in.synced && n == in.least {
		return n
	}
	lo, hi := min(in.least, in.synced, n), max(in.synced, n)
	switch {
	case c.IntN(100) < keep:
		return n
	case c.IntN(2) == 0:
		return in.synced
	case c.IntN(2) == 0:
		return in.least
	}
	at := lo + c.Int64N(hi-lo+1)
	if c.IntN(2) == 0 {
		at = min(max(at/pageSize*pageSize, lo), hi)
	}
	return at
}

// restore puts back an old page, as far as the file reaches.
func (in *inode) restore(i int64, old []byte) {
	lo := min(i*pageSize, int64(len(in.data)))
	now := in.data[lo:min(lo+pageSize, int64(len(in.data)))]
	clear(now[copy(now, old):])
}

// tear mixes the sectors of an old page into the new one.
func (in *inode) tear(i int64, old []byte, c *rand.Rand) {
	lo := min(i*pageSize, int64(len(in.data)))
	now := in.data[lo:min(lo+pageSize, int64(len(in.data)))]
	for s := 0; s < len(now); s += sectorSize {
		if c.IntN(2) == 0 {
			continue
		}
		sector := now[s:min(s+sectorSize, len(now))]
		var from []byte
		if s < len(old) {
			from = old[s:]
		}
		clear(sector[copy(sector, from):])
	}
}

// change is one change of directories that no sync has made certain.
type change struct {
	dir, toDir *inode // toDir: of a rename or link
	name, to   string
	add        *inode // under name, or under to; nil: name is removed
	keepOld    bool   // a link
}

// apply makes the change certain.
func (c *change) apply() {
	if c.toDir == nil {
		if c.add == nil {
			delete(c.dir.sure, c.name)
		} else {
			c.dir.sure[c.name] = c.add
		}
		return
	}
	c.toDir.sure[c.to] = c.add
	if !c.keepOld && c.dir.sure[c.name] == c.add {
		delete(c.dir.sure, c.name)
	}
}

// settle makes some changes certain, and live what is certain.
func (d *Disk) settle(keep func(i int) bool) {
	for i, c := range d.pending {
		if keep(i) {
			c.apply()
		}
	}
	d.pending = nil
	d.root.revert()
}

func (in *inode) revert() {
	in.live = maps.Clone(in.sure)
	for _, child := range in.live {
		if child.dir() {
			child.revert()
		}
	}
}

// syncDir makes a directory's changes certain, in order.
func (d *Disk) syncDir(in *inode) {
	d.pending = slices.DeleteFunc(d.pending, func(c *change) bool {
		if c.dir != in && c.toDir != in {
			return false
		}
		c.apply()
		return true
	})
}
