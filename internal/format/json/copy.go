package json

import (
	"fmt"
	"strconv"
)

// copy appends the value at pos as Jackson writes it anew: no white space, strings in double
// quotes, numbers with a point or an exponent as the double that they are, NaN quoted.
func (d *Decoder) copy(out []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return out, fmt.Errorf("nested deeper than %d at byte %d", maxDepth, d.pos)
	}
	switch c := d.peek(); {
	case c == '"' || c == '\'':
		s, err := d.str()
		return appendString(out, string(s)), err
	case c == '{' || c == '[':
		return d.copyNested(out, depth)
	case c == 't', c == 'f', c == 'n':
		w := map[byte]string{'t': "true", 'f': "false", 'n': "null"}[c]
		return append(out, w...), d.word(w)
	case c == '-' || c == '+' || c >= '0' && c <= '9' || c == 'N' || c == 'I':
		n, err := d.number()
		if err != nil {
			return out, err
		}
		return n.append(out), nil
	}
	return out, d.bad("a value")
}

// append writes a number as Jackson does.
func (n num) append(out []byte) []byte {
	if n.float {
		return appendFloat(out, n.float64(), 64)
	}
	if v, ok := n.int64(); ok {
		return strconv.AppendInt(out, v, 10)
	}
	return append(out, n.text...)
}

func (d *Decoder) copyNested(out []byte, depth int) ([]byte, error) {
	open := d.buf[d.pos]
	end := open + 2 // ] and } lie two behind [ and {
	err := d.each(open, func(key []byte, first bool) error {
		if first {
			out = append(out, open)
		} else {
			out = append(out, ',')
		}
		if open == '{' {
			out = append(appendString(out, string(key)), ':')
		}
		var err error
		out, err = d.copy(out, depth+1)
		return err
	}, func() { out = append(out, open) })
	return append(out, end), err
}

// each walks the members of the array or object at pos: f reads the value behind a key (nil in an
// array); empty is called instead if there is none.
func (d *Decoder) each(open byte, f func(key []byte, first bool) error, empty func()) error {
	end := open + 2
	d.pos++
	d.space()
	if d.peek() == end {
		d.pos++
		empty()
		return nil
	}
	for first := true; ; first = false {
		var key []byte
		if open == '{' {
			k, err := d.name()
			if err != nil {
				return err
			}
			key = append([]byte{}, k...)
			d.space()
			if d.peek() != ':' {
				return d.bad("':'")
			}
			d.pos++
			d.space()
		}
		if err := f(key, first); err != nil {
			return err
		}
		d.space()
		switch d.peek() {
		case ',':
			d.pos++
			d.space()
		case end:
			d.pos++
			return nil
		default:
			return d.bad(fmt.Sprintf("',' or '%c'", end))
		}
	}
}
