package json

import (
	"errors"
	"time"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Reader reads messages as values of one type, a struct, array or map, with the meaning that a
// Decoder has for rows: what from_json does. Not safe for concurrent use.
type Reader struct {
	d    *Decoder
	root *node
	kids []*vec.ColBuilder
	of   *vec.ColBuilder
}

// NewReader makes a reader of values of a type.
func NewReader(t types.Type, o Options) (*Reader, error) {
	if t.Kind == types.Struct {
		d, err := NewDecoder(t.Fields, o)
		return &Reader{d: d}, err
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	root, err := newNode(t)
	return &Reader{d: &Decoder{opts: o, corrupt: -1}, root: root}, err
}

// errArray is the reason of an array where a struct was wanted.
var errArray = errors.New("a JSON array cannot be read as a struct")

// Read appends one value; an empty message is NULL. The error says why a message is bad: what could
// not be read is NULL then.
func (r *Reader) Read(col *vec.ColBuilder, msg []byte) error {
	d := r.d
	d.buf, d.pos, d.reason = msg, 0, ""
	defer func() { d.buf = nil }()
	d.space()
	if d.pos == len(d.buf) {
		col.AppendNull()
		return nil
	}
	if r.root != nil {
		return r.value(col)
	}
	if r.of != col {
		r.of, r.kids = col, r.kids[:0]
		for i := range d.root.fields {
			r.kids = append(r.kids, col.Child(i))
		}
	}
	array := d.peek() == '['
	d.row(r.kids)
	col.EndStruct()
	switch {
	case d.reason == "":
		return nil
	case array:
		return errArray
	}
	return errors.New(d.reason)
}

// value reads an array or a map; a single object is an array of one struct.
func (r *Reader) value(col *vec.ColBuilder) error {
	d := r.d
	d.path = d.path[:0]
	base := col.Len()
	n, to := r.root, col
	single := n.kind == types.Array && n.fields[0].kind == types.Struct && d.peek() == '{'
	if single {
		n, to = n.fields[0], col.Child(0)
	}
	ok, err := d.typed(n, to)
	if err == nil && !ok {
		err = d.bad(n.typ.SQL())
	}
	if err != nil {
		col.Truncate(base) // and what it has of parts
		col.AppendNull()
		return err
	}
	if single {
		col.EndList()
	}
	if d.reason != "" {
		return errors.New(d.reason)
	}
	return nil
}
