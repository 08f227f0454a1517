package csv

import (
	"bytes"
	"fmt"
)

// field is one value of a record as text.
type field struct {
	text []byte
	null bool // nothing stood there, or what the options call NULL
}

// tokens cuts a record into fields. It keeps the record and its own buffer until the next call.
type tokens struct {
	o      *Options
	sep    []byte
	buf    []byte // texts whose escapes are resolved
	fields []field
}

func newTokens(o *Options) *tokens { return &tokens{o: o, sep: []byte(o.Sep)} }

// cut returns the fields of a record, valid until the next call.
func (t *tokens) cut(rec []byte) ([]field, error) {
	t.fields, t.buf = t.fields[:0], t.buf[:0]
	if cap(t.buf) < len(rec) { // so that it does not move
		t.buf = make([]byte, 0, 2*len(rec))
	}
	for i := 0; ; {
		if len(t.fields) == t.o.MaxColumns {
			return t.fields, fmt.Errorf("the record has more than %d values (maxColumns)", t.o.MaxColumns)
		}
		if t.o.TrimLeft {
			for i < len(rec) && rec[i] <= ' ' && !t.sepAt(rec, i) {
				i++
			}
		}
		if t.o.Quote != 0 && i < len(rec) && rec[i] == t.o.Quote {
			i = t.quoted(rec, i)
		} else {
			i = t.plain(rec, i, i)
		}
		if i > len(rec) {
			return t.fields, nil
		}
	}
}

func (t *tokens) sepAt(rec []byte, i int) bool {
	return rec[i] == t.sep[0] && (len(t.sep) == 1 || bytes.HasPrefix(rec[i:], t.sep))
}

// plain reads a value up to the next separator at or after from, and returns where the next one begins.
func (t *tokens) plain(rec []byte, start, from int) int {
	end, next := len(rec), len(rec)+1
	at := -1
	if len(t.sep) == 1 {
		at = bytes.IndexByte(rec[from:], t.sep[0])
	} else {
		at = bytes.Index(rec[from:], t.sep)
	}
	if at >= 0 {
		end, next = from+at, from+at+len(t.sep)
	}
	if t.o.TrimRight {
		for end > start && rec[end-1] <= ' ' {
			end--
		}
	}
	t.fields = append(t.fields, field{text: rec[start:end], null: end == start})
	return next
}

// quoted reads a value in quotes, which begins at i. A quote that is followed by something else
// than a separator makes the whole value unquoted up to the next separator (univocity's
// STOP_AT_DELIMITER, which Spark sets).
func (t *tokens) quoted(rec []byte, start int) int {
	o, from := t.o, len(t.buf)
	for i := start + 1; i < len(rec); i++ {
		c := rec[i]
		switch {
		case c == o.Quote && o.Escape == o.Quote && i+1 < len(rec) && rec[i+1] == o.Quote:
			t.buf = append(t.buf, c)
			i++
		case c == o.Quote:
			k := i + 1
			for k < len(rec) && rec[k] <= ' ' && !t.sepAt(rec, k) {
				k++
			}
			if k < len(rec) && !t.sepAt(rec, k) {
				t.buf = t.buf[:from]
				return t.plain(rec, start, i+1)
			}
			t.end(from)
			if k == len(rec) {
				return k + 1
			}
			return k + len(t.sep)
		case c == o.Escape && o.Escape != 0 && i+1 < len(rec) && (rec[i+1] == o.Quote || rec[i+1] == o.Escape && o.EscapeQuote == o.Escape):
			t.buf = append(t.buf, rec[i+1])
			i++
		default:
			t.buf = append(t.buf, c)
		}
	}
	t.end(from) // the quote was not closed: the value ends with the record
	return len(rec) + 1
}

func (t *tokens) end(from int) {
	text := t.buf[from:len(t.buf):len(t.buf)]
	if len(text) == 0 {
		text = []byte(t.o.EmptyValue)
	}
	t.fields = append(t.fields, field{text: text})
}

// Records cuts text into records where quoted values may hold line ends (multiLine). It returns the
// length of the first record and of the separator behind it; ok is false if the record does not end
// in the text, which at the end of the input is its end.
func (o *Options) Records(text []byte, last bool) (rec, sep int, ok bool) {
	inside, fresh := false, true // fresh: at the beginning of a value
	for i := 0; i < len(text); i++ {
		c := text[i]
		if inside {
			switch {
			case c == o.Escape && o.Escape != o.Quote && i+1 < len(text):
				i++
			case c == o.Quote && o.Escape == o.Quote && i+1 < len(text) && text[i+1] == o.Quote:
				i++
			case c == o.Quote:
				inside = false
			}
			continue
		}
		if n := lineEnd(text, i, o.LineSep, last); n != 0 {
			if n < 0 {
				return 0, 0, false
			}
			return i, n, true
		}
		switch {
		case fresh && c == o.Quote && o.Quote != 0:
			inside, fresh = true, false
		case c == o.Sep[len(o.Sep)-1]:
			fresh = true
		case c > ' ' || !o.TrimLeft:
			fresh = false
		}
	}
	if last && len(text) > 0 {
		return len(text), 0, true
	}
	return 0, 0, false
}

// lineEnd is the length of the line end at i, 0 if there is none, -1 if more text must tell.
func lineEnd(text []byte, i int, sep string, last bool) int {
	if sep != "" {
		if text[i] == sep[0] && bytes.HasPrefix(text[i:], []byte(sep)) {
			return len(sep)
		}
		return 0
	}
	switch {
	case text[i] == '\n':
		return 1
	case text[i] != '\r':
		return 0
	case i+1 < len(text):
		if text[i+1] == '\n' {
			return 2
		}
		return 1
	case last:
		return 1
	}
	return -1
}
