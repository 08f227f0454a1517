package json

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/format"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// maxDepth bounds nesting, in the schema and in skipped values (Jackson's limit is 1000).
const maxDepth = 1000

// Decoder reads one JSON object a message into columns. It implements format.Decoder.
type Decoder struct {
	opts    Options
	root    *node
	buf     []byte
	pos     int
	reason  string // the first conversion that failed in this message
	path    []string
	tmp     []byte // unescaped strings
	copied  []byte // nested values as text
	corrupt int    // the column of corrupt records, -1: none
}

// maxKeys bounds how many keys of an object are remembered beyond those of the schema.
const maxKeys = 1024

// node is how one place of the schema is read. order is the memory of the keys of the last
// object, kids that of a struct's column builders.
type node struct {
	typ    types.Type
	kind   types.Kind         // of typ
	names  map[string]keySeen // the schema's, and others as they come
	fields []*node            // struct fields; array: [element]; map: [key, value]
	order  []keySeen
	kids   []*vec.ColBuilder
	kidsOf *vec.ColBuilder
}

type keySeen struct {
	token string // the key with quotes and colon; "": it has none
	field int    // -1: not in the schema
}

// NewDecoder makes a decoder for the columns of a schema; keys not in it are skipped. A
// type that JSON cannot hold is refused.
func NewDecoder(s types.Schema, o Options) (*Decoder, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	root, err := newNode(s.Struct())
	if err != nil {
		return nil, err
	}
	d := &Decoder{opts: o, root: root, corrupt: -1}
	for i, f := range s {
		if f.Name == o.CorruptColumn && f.Type.Kind == types.String {
			d.corrupt = i
			delete(root.names, f.Name)
		}
	}
	return d, nil
}

func newNode(t types.Type) (*node, error) {
	n := &node{typ: t, kind: t.Kind}
	var parts []types.Type
	switch t.Kind {
	case types.Null:
		return nil, errs.New("UNSUPPORTED_DATATYPE", "JSON has no form for %s", t.SQL())
	case types.Array:
		parts = []types.Type{*t.Elem}
	case types.Map:
		if t.Key.Kind != types.String {
			return nil, errs.New("UNSUPPORTED_DATATYPE", "the keys of a map in JSON are STRING, not %s", t.Key.SQL())
		}
		parts = []types.Type{*t.Key, *t.Elem}
	case types.Struct:
		n.names = make(map[string]keySeen, len(t.Fields))
		for i, f := range t.Fields {
			n.names[f.Name] = keySeen{token(f.Name), i}
			parts = append(parts, f.Type)
		}
	}
	for _, p := range parts {
		kid, err := newNode(p)
		if err != nil {
			return nil, err
		}
		n.fields = append(n.fields, kid)
	}
	return n, nil
}

// Decode implements format.Decoder.
func (d *Decoder) Decode(dst *vec.Builder, msgs [][]byte) ([]format.Reject, error) {
	var rejects []format.Reject
	for i, msg := range msgs {
		d.buf, d.pos, d.reason = msg, 0, ""
		if msg == nil {
			appendNulls(dst)
			continue
		}
		if d.row(dst.Cols); d.reason != "" {
			rejects = append(rejects, format.Reject{Row: i, Reason: d.reason})
		}
	}
	d.buf = nil
	return rejects, nil
}

func appendNulls(dst *vec.Builder) {
	for _, c := range dst.Cols {
		c.AppendNull()
	}
}

// row reads the message into one row of cols: of NULLs if it is broken, with its text in the column
// of corrupt records if it is bad. What follows the object is ignored, as Spark's parser never looks
// there.
func (d *Decoder) row(cols []*vec.ColBuilder) {
	base := 0
	if len(cols) > 0 {
		base = cols[0].Len()
	}
	d.path = d.path[:0]
	d.space()
	err := error(nil)
	if d.peek() == '{' {
		err = d.object(d.root, cols)
	} else {
		err = d.bad("an object {…}")
	}
	if err != nil {
		for _, c := range cols {
			c.Truncate(base)
			c.AppendNull()
		}
		d.reason = err.Error()
	}
	if d.corrupt >= 0 && d.reason != "" {
		cols[d.corrupt].Truncate(base)
		cols[d.corrupt].AppendBytes(d.buf)
	}
}

// object reads {…} into one row of cols.
func (d *Decoder) object(n *node, cols []*vec.ColBuilder) error {
	base := 0
	if len(cols) > 0 {
		base = cols[0].Len()
	}
	d.pos++ // {
	d.space()
	if d.peek() == '}' {
		d.pos++
		d.fill(cols, base)
		return nil
	}
	for at := 0; ; at++ {
		field, err := d.key(n, at)
		switch {
		case err != nil:
		case field < 0:
			err = d.skip(0)
		default:
			if c := cols[field]; c.Len() > base { // a repeated key: the last one counts
				c.Truncate(base)
			}
			d.path = append(d.path, n.typ.Fields[field].Name)
			_, err = d.value(n.fields[field], cols[field])
			d.path = d.path[:len(d.path)-1]
		}
		if err != nil {
			return err
		}
		d.space()
		switch d.peek() {
		case ',':
			d.pos++
			d.space()
		case '}':
			d.pos++
			d.fill(cols, base)
			return nil
		default:
			return d.bad("',' or '}'")
		}
	}
}

// fill gives NULL to the columns whose key did not come.
func (d *Decoder) fill(cols []*vec.ColBuilder, base int) {
	for _, c := range cols {
		if c.Len() == base {
			c.AppendNull()
		}
	}
}

// key reads a key and its colon and resolves it to a field, by memory if it can.
func (d *Decoder) key(n *node, at int) (int, error) {
	if at < len(n.order) {
		seen := &n.order[at]
		if end := d.pos + len(seen.token); end <= len(d.buf) && seen.token != "" && string(d.buf[d.pos:end]) == seen.token {
			d.pos = end
			d.space()
			return seen.field, nil
		}
	}
	raw, err := d.name()
	if err != nil {
		return 0, err
	}
	k := n.seen(raw)
	d.space()
	if d.peek() != ':' {
		return 0, d.bad("':'")
	}
	d.pos++
	d.space()
	if at < len(n.order) {
		n.order[at] = k
	} else if at == len(n.order) && at < maxKeys {
		n.order = append(n.order, k)
	}
	return k.field, nil
}

// seen looks a key up, and remembers it.
func (n *node) seen(key []byte) keySeen {
	if k, ok := n.names[string(key)]; ok {
		return k
	}
	k := keySeen{field: -1}
	if len(n.names) < len(n.fields)+maxKeys {
		k.token = token(string(key))
		n.names[string(key)] = k
	}
	return k
}

// token is a key as JSON writes it, "" if it cannot stand there without an escape.
func token(key string) string {
	if strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r == utf8.RuneError }) {
		return ""
	}
	return `"` + key + `":`
}

// value reads one value of any type into col. A value that is JSON but of another type
// becomes NULL, the reason is kept and ok is false; broken JSON is an error.
func (d *Decoder) value(n *node, col *vec.ColBuilder) (ok bool, err error) {
	start := d.pos
	if d.peek() == 'n' {
		if err := d.word("null"); err != nil {
			return false, err
		}
		col.AppendNull()
		return true, nil
	}
	if ok, err = d.typed(n, col); ok || err != nil {
		return ok, err
	}
	d.pos = start
	if err := d.skip(0); err != nil {
		return false, err
	}
	d.mismatch(n.typ, d.buf[start:d.pos])
	col.AppendNull()
	return false, nil
}

func (d *Decoder) mismatch(t types.Type, found []byte) {
	if d.reason == "" {
		if len(found) > 40 {
			found = append(append([]byte{}, found[:40]...), "…"...)
		}
		d.reason = fmt.Sprintf("field %s: %s is not %s", strings.Join(d.path, "."), found, t.SQL())
	}
}

// typed reads a value as the node's type; false if it is of another type, with nothing
// appended and pos anywhere.
func (d *Decoder) typed(n *node, col *vec.ColBuilder) (bool, error) {
	switch n.kind {
	case types.Struct:
		return d.structure(n, col)
	case types.Array:
		return d.array(n, col)
	case types.Map:
		return d.mapping(n, col)
	}
	return d.scalar(n, col)
}

func (d *Decoder) structure(n *node, col *vec.ColBuilder) (bool, error) {
	if d.peek() != '{' {
		return false, nil
	}
	if n.kidsOf != col {
		n.kidsOf, n.kids = col, n.kids[:0]
		for i := range n.fields {
			n.kids = append(n.kids, col.Child(i))
		}
	}
	if err := d.object(n, n.kids); err != nil {
		return false, err
	}
	col.EndStruct()
	return true, nil
}

// array reads […]. An element of another type makes the whole array NULL, as in Spark.
func (d *Decoder) array(n *node, col *vec.ColBuilder) (bool, error) {
	if d.peek() != '[' {
		return false, nil
	}
	d.pos++
	d.space()
	if d.peek() == ']' {
		d.pos++
		col.EndList()
		return true, nil
	}
	base := col.Child(0).Len()
	for good := true; ; {
		ok, err := d.value(n.fields[0], col.Child(0))
		if err != nil {
			return false, err
		}
		good = good && ok
		d.space()
		switch d.peek() {
		case ',':
			d.pos++
			d.space()
		case ']':
			d.pos++
			if !good {
				col.Child(0).Truncate(base)
				return false, nil
			}
			col.EndList()
			return true, nil
		default:
			return false, d.bad("',' or ']'")
		}
	}
}

// mapping reads {…} as a map. A value of another type makes the whole map NULL, as in Spark.
func (d *Decoder) mapping(n *node, col *vec.ColBuilder) (bool, error) {
	if d.peek() != '{' {
		return false, nil
	}
	d.pos++
	d.space()
	if d.peek() == '}' {
		d.pos++
		col.EndList()
		return true, nil
	}
	base := col.Child(0).Len()
	for good := true; ; {
		key, err := d.name()
		if err != nil {
			return false, err
		}
		col.Child(0).AppendBytes(key)
		d.space()
		if d.peek() != ':' {
			return false, d.bad("':'")
		}
		d.pos++
		d.space()
		ok, err := d.value(n.fields[1], col.Child(1))
		if err != nil {
			return false, err
		}
		good = good && ok
		d.space()
		switch d.peek() {
		case ',':
			d.pos++
			d.space()
		case '}':
			d.pos++
			if !good {
				col.Child(0).Truncate(base)
				col.Child(1).Truncate(base)
				return false, nil
			}
			col.EndList()
			return true, nil
		default:
			return false, d.bad("',' or '}'")
		}
	}
}
