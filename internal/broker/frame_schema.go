package broker

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

//go:generate go run frame_schema_make.go

// schema is the structure of a request's body. Bodies are walked by it before kmsg decodes
// them, because kmsg allocates arrays by the number that the request claims, and counts
// down whatever number of tagged fields it claims.
type schema struct {
	flexible int16 // first flexible version
	fields   []field
}

// field is one field of a request.
type field struct {
	min, max int16 // versions that have it
	tag      int16 // -1: not tagged
	kind     fieldKind
	size     int32   // bytes on the wire of wireFixed; in memory of an array's element
	elem     []field // of structs; of wireArray, its one kind of element
}

type fieldKind int8

const (
	wireFixed   fieldKind = iota
	wireString            // null or not
	wireBytes             // the same
	wireArray             // of anything but structs
	wireStruct            // one
	wireMaybe             // one, or -1 for none
	wireStructs           // an array of them
)

// walk checks a body of a version and says how many bytes its decoded arrays take, and
// whether a string is not UTF-8.
func (s schema) walk(body []byte, version int16) (cost int, garbled bool, err error) {
	w := walker{rest: body, version: version, flexible: version >= s.flexible}
	w.object(s.fields)
	if w.bad != "" {
		return 0, false, fmt.Errorf("the request %s", w.bad)
	}
	return w.cost, w.garbled, nil
}

type walker struct {
	rest     []byte
	version  int16
	flexible bool
	cost     int
	garbled  bool
	bad      string
}

const tooShort = "ends too early"

// take passes n bytes.
func (w *walker) take(n int) []byte {
	if n < 0 || n > len(w.rest) {
		if w.bad == "" {
			w.bad = tooShort
		}
		w.rest = nil
		return nil
	}
	b := w.rest[:n]
	w.rest = w.rest[n:]
	return b
}

func (w *walker) uvarint() int {
	v, n := binary.Uvarint(w.rest)
	if n <= 0 || v > 1<<32-1 {
		w.take(-1)
		return 0
	}
	w.rest = w.rest[n:]
	return int(v)
}

// length reads a length of wide bytes where the version is not flexible; -1 for null.
func (w *walker) length(wide int) int {
	if w.flexible {
		return w.uvarint() - 1
	}
	switch b := w.take(wide); {
	case b == nil:
		return -1
	case wide == 2:
		return int(int16(binary.BigEndian.Uint16(b)))
	default:
		return int(int32(binary.BigEndian.Uint32(b)))
	}
}

// object walks a struct.
func (w *walker) object(fields []field) {
	for i := range fields {
		f := &fields[i]
		if f.tag < 0 && w.version >= f.min && w.version <= f.max {
			w.field(f)
		}
		if w.bad != "" {
			return
		}
	}
	if w.flexible {
		w.tags(fields)
	}
}

func (w *walker) field(f *field) {
	switch f.kind {
	case wireFixed:
		w.take(int(f.size))
	case wireString:
		if text := w.take(max(w.length(2), 0)); !utf8.Valid(text) {
			w.garbled = true
			w.cost += len(text) * len(unreadable)
		}
	case wireBytes:
		w.take(max(w.length(4), 0))
	case wireStruct:
		w.object(f.elem)
	case wireMaybe:
		if is := w.take(1); is != nil && int8(is[0]) != -1 {
			w.object(f.elem)
		}
	default:
		n := w.length(4)
		if n > len(w.rest) {
			w.take(n)
			return
		}
		w.cost += max(n, 0) * int(f.size)
		for ; n > 0 && w.bad == ""; n-- {
			if f.kind == wireStructs {
				w.object(f.elem)
			} else {
				w.field(&f.elem[0])
			}
		}
	}
}

// tags walks tagged fields. What is not known kmsg keeps in a map.
func (w *walker) tags(fields []field) {
	const mapEntry = 100 // bytes, about
	for n := w.uvarint(); n > 0 && w.bad == ""; n-- {
		tag := w.uvarint()
		value := w.take(w.uvarint())
		if w.bad != "" {
			return
		}
		known := false
		for i := range fields {
			if f := &fields[i]; int(f.tag) == tag {
				inner := walker{rest: value, version: w.version, flexible: true}
				inner.field(f)
				w.cost, w.bad, known = w.cost+inner.cost, inner.bad, true
				w.garbled = w.garbled || inner.garbled
			}
		}
		if !known {
			w.cost += mapEntry
		}
	}
}
