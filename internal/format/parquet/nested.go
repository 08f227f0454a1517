package parquet

import (
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// shape is how a column, or a part of one, is put together.
type shape struct {
	typ      types.Type
	leaf     *leaf // of a value
	levels   *leaf // whose levels describe this part: its own, or the first leaf below
	kids     []*shape
	def, rep uint8 // of the part being there; rep as of its parent's slots
	parent   uint8 // def at which there is a slot for the part
	missing  bool  // the file does not have it
}

// binder makes shapes for the columns that are read of a row group.
type binder struct {
	rg     *file.RowGroupReader
	leaves []*leaf
}

// bind fits the type that is wanted to a place of the file.
func (b *binder) bind(p *place, t types.Type, parent uint8) (*shape, error) {
	switch {
	case p.isList() && t.Kind == types.Array && !p.repeated():
		return b.list(p, p.kids[0], p.element(), t, parent)
	case p.isMap() && t.Kind == types.Map:
		return b.mapping(p, t, parent)
	case p.repeated() && t.Kind == types.Array: // a repeated field without annotation
		return b.list(p, p, p, t, parent)
	}
	return b.one(p, t, parent)
}

// one is a value or a struct.
func (b *binder) one(p *place, t types.Type, parent uint8) (*shape, error) {
	s := &shape{typ: t, def: uint8(p.def), rep: uint8(p.rep), parent: parent}
	if p.isGroup() != (t.Kind == types.Struct) {
		return nil, mismatch(p, t)
	}
	if !p.isGroup() {
		l, err := newLeaf(b.rg, p.leaf, t)
		if err != nil {
			return nil, err
		}
		if l == nil {
			return nil, mismatch(p, t)
		}
		b.leaves = append(b.leaves, l)
		s.leaf, s.levels = l, l
		return s, nil
	}
	for _, f := range t.Fields {
		k := p.find(f.Name)
		if k == nil {
			s.kids = append(s.kids, &shape{typ: f.Type, missing: true})
			continue
		}
		kid, err := b.bind(k, f.Type, parent) // a slot for each of the struct, there or not
		if err != nil {
			return nil, err
		}
		if s.levels == nil {
			s.levels = kid.levels
		}
		s.kids = append(s.kids, kid)
	}
	if s.levels == nil { // none of its fields is in the file: any leaf tells where it is NULL
		return s, b.witness(p, s)
	}
	return s, nil
}

func (b *binder) witness(p *place, s *shape) error {
	for p.isGroup() {
		if len(p.kids) == 0 {
			return mismatch(p, s.typ)
		}
		p = p.kids[0]
	}
	t, err := bare(p)
	if err != nil {
		return err
	}
	l, err := newLeaf(b.rg, p.leaf, t)
	if l == nil {
		return err
	}
	b.leaves = append(b.leaves, l)
	s.levels = l
	return nil
}

func (b *binder) list(p, repeated, element *place, t types.Type, parent uint8) (*shape, error) {
	s := &shape{typ: t, def: uint8(p.def), rep: uint8(repeated.rep - 1), parent: parent}
	if p == repeated {
		s.def--
	}
	var kid *shape
	var err error
	if element == repeated {
		kid, err = b.one(element, *t.Elem, uint8(repeated.def))
	} else {
		kid, err = b.bind(element, *t.Elem, uint8(repeated.def))
	}
	if err != nil {
		return nil, err
	}
	s.kids, s.levels = []*shape{kid}, kid.levels
	return s, nil
}

func (b *binder) mapping(p *place, t types.Type, parent uint8) (*shape, error) {
	kv := p.kids[0]
	s := &shape{typ: t, def: uint8(p.def), rep: uint8(p.rep), parent: parent}
	for i, part := range []types.Type{*t.Key, *t.Elem} {
		kid, err := b.bind(kv.kids[i], part, uint8(kv.def))
		if err != nil {
			return nil, err
		}
		s.kids = append(s.kids, kid)
	}
	s.levels = s.kids[0].levels
	return s, nil
}

func mismatch(p *place, t types.Type) error {
	found := "a group"
	if !p.isGroup() {
		found = p.node.(interface{ Path() string }).Path()
	}
	if own, err := typeOf(p); err == nil {
		found = own.SQL()
	}
	return errs.New("FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH", "the column %s is %s in the file, which cannot be read as %s", p.node.Path(), found, t.SQL()).
		State("KD001").WithHint("declare the column as it is in the file, and cast it in the query")
}

// build makes the column of a part from the levels and values that its leaves have read.
func (s *shape) build(read map[*leaf]*dense, slots int) vec.Col {
	if s.missing {
		return vec.NullCol(s.typ, slots)
	}
	d := read[s.levels]
	switch {
	case s.leaf != nil:
		return s.value(d)
	case s.typ.Kind == types.Struct:
		c := vec.Col{Type: s.typ}
		c.Len, c.Valid = s.slots(d)
		for _, k := range s.kids {
			kid := k.build(read, c.Len)
			c.Kids = append(c.Kids, vec.Flatten(&kid))
		}
		return c
	}
	c := vec.Col{Type: s.typ, Off: s.offsets(d)}
	c.Len, c.Valid = s.slots(d)
	for _, k := range s.kids {
		kid := k.build(read, int(c.Off[c.Len]))
		c.Kids = append(c.Kids, vec.Flatten(&kid))
	}
	return c
}

// level is the definition and repetition level of entry i.
func (d *dense) level(i int) (def, rep uint8) {
	if d.defs != nil {
		def = d.defs[i]
	}
	if d.reps != nil {
		rep = d.reps[i]
	}
	return def, rep
}

// slots counts the rows of a part and says which are there.
func (s *shape) slots(d *dense) (n int, valid []byte) {
	for i := range d.n {
		def, rep := d.level(i)
		if rep > s.rep || def < s.parent {
			continue
		}
		if n&7 == 0 {
			valid = append(valid, 0)
		}
		if def >= s.def {
			valid[n>>3] |= 1 << (n & 7)
		}
		n++
	}
	return n, valid
}

// offsets says where the elements of each list end.
func (s *shape) offsets(d *dense) []int32 {
	off, n, open := []int32{0}, int32(0), false
	for i := range d.n {
		switch def, rep := d.level(i); {
		case rep <= s.rep && def >= s.parent:
			if open {
				off = append(off, n)
			}
			open = true
			if def > s.def {
				n++
			}
		case rep == s.rep+1:
			n++
		}
	}
	if open {
		off = append(off, n)
	}
	return off
}

// value makes a leaf's column: a slot for each entry where its parent is there.
func (s *shape) value(d *dense) vec.Col {
	if d.defs == nil || d.vals == d.n {
		return s.leaf.column(d, nil, d.n)
	}
	present, most := make([]bool, 0, d.n), uint8(s.leaf.maxDef)
	for i := range d.n {
		if def, _ := d.level(i); def >= s.parent {
			present = append(present, def == most)
		}
	}
	if d.vals == len(present) {
		present = nil
	}
	n := len(present)
	if present == nil {
		n = d.vals
	}
	return s.leaf.column(d, present, n)
}

// rows reads the levels of n rows of a leaf with repetition.
func (l *leaf) rows(n int) (*dense, error) {
	d := &l.pending
	for {
		if cut, ok := d.cut(n, l.total <= 0); ok {
			return l.split(d, cut), nil
		}
		if l.total <= 0 {
			return nil, errShort
		}
		if err := l.read(d, int(min(l.total, 4096))); err != nil {
			return nil, err
		}
	}
}

// cut is the number of entries of the first n rows, if they are all there.
func (d *dense) cut(n int, end bool) (int, bool) {
	for i, r := range d.reps[:d.n] {
		if r == 0 {
			if n == 0 {
				return i, true
			}
			n--
		}
	}
	return d.n, end && n == 0
}

// split takes the first entries off what has been read.
func (l *leaf) split(d *dense, entries int) *dense {
	first := &dense{n: entries, reps: d.reps[:entries]}
	first.vals = entries
	if d.defs != nil {
		first.defs = d.defs[:entries]
		first.vals = count(first.defs, uint8(l.maxDef))
	}
	rest := dense{n: d.n - entries, vals: d.vals - first.vals}
	rest.reps = append(rest.reps, d.reps[entries:]...)
	if d.defs != nil {
		rest.defs = append(rest.defs, d.defs[entries:]...)
	}
	if d.off != nil {
		at := d.off[first.vals]
		first.off, first.data = d.off[:first.vals+1], d.data[:at]
		for _, o := range d.off[first.vals:] {
			rest.off = append(rest.off, o-at)
		}
		rest.data = append(rest.data, d.data[at:]...)
	} else if w := l.width(); w > 0 {
		first.data = d.data[:first.vals*w]
		rest.data = aligned(nil, rest.vals*w)
		copy(rest.data, d.data[first.vals*w:])
	}
	l.pending = rest
	return first
}

// width is the size of a fixed-width value in memory.
func (l *leaf) width() int {
	if l.kind == boolean {
		return 1
	}
	return l.conv.dst
}
