package json

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Encoder writes each row as one JSON object, as Spark's to_json. It implements format.Encoder.
type Encoder struct {
	opts  Options
	names [][]byte // `"name":` of each column
	buf   []byte
	ends  []int
}

// NewEncoder makes an encoder for rows of a schema.
func NewEncoder(s types.Schema, o Options) (*Encoder, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	e := &Encoder{opts: o}
	for _, f := range s {
		e.names = append(e.names, append(e.text(nil, f.Name), ':'))
	}
	return e, nil
}

// Encode implements format.Encoder.
func (e *Encoder) Encode(dst [][]byte, b *vec.Batch) ([][]byte, error) {
	e.buf, e.ends = e.buf[:0], e.ends[:0]
	for i := range b.Each() {
		start := len(e.buf)
		if e.buf = e.row(e.buf, b, i); e.opts.Pretty {
			e.buf = append(e.buf[:start], pretty(e.buf[start:])...)
		}
		e.ends = append(e.ends, len(e.buf))
	}
	start := 0
	for _, end := range e.ends { // cut only now: buf no longer moves
		dst = append(dst, e.buf[start:end:end])
		start = end
	}
	return dst, nil
}

func (e *Encoder) row(out []byte, b *vec.Batch, i int) []byte {
	out = append(out, '{')
	first := true
	for c := range b.Cols {
		if b.Cols[c].IsNull(i) && !e.opts.KeepNulls {
			continue
		}
		if !first {
			out = append(out, ',')
		}
		first = false
		out = append(out, e.names[c]...)
		out = e.value(out, &b.Cols[c], i)
	}
	return append(out, '}')
}

// value appends row i of a column.
func (e *Encoder) value(out []byte, c *vec.Col, i int) []byte {
	if c.IsNull(i) {
		return append(out, "null"...)
	}
	switch c.Type.Kind {
	case types.Boolean:
		return strconv.AppendBool(out, vec.Get[bool](c, i))
	case types.Byte:
		return strconv.AppendInt(out, int64(vec.Get[int8](c, i)), 10)
	case types.Short:
		return strconv.AppendInt(out, int64(vec.Get[int16](c, i)), 10)
	case types.Int:
		return strconv.AppendInt(out, int64(vec.Get[int32](c, i)), 10)
	case types.Long:
		return strconv.AppendInt(out, vec.Get[int64](c, i), 10)
	case types.Float:
		return appendFloat(out, float64(vec.Get[float32](c, i)), 32)
	case types.Double:
		return appendFloat(out, vec.Get[float64](c, i), 64)
	case types.Decimal:
		return appendJavaDecimal(out, vec.Get[decimal128.Num](c, i), int(c.Type.Scale))
	case types.String:
		return e.text(out, c.Str(i))
	case types.Binary:
		return append(base64.StdEncoding.AppendEncode(append(out, '"'), c.Bytes(i)), '"')
	case types.Date:
		return append(e.date(append(out, '"'), vec.Get[int32](c, i)), '"')
	case types.Timestamp:
		return append(e.timestamp(append(out, '"'), vec.Get[int64](c, i)), '"')
	case types.TimestampNTZ:
		return append(e.local(append(out, '"'), vec.Get[int64](c, i)), '"')
	case types.DayTime, types.YearMonth:
		return append(fn.AppendText(append(out, '"'), nil, c, i), '"')
	}
	return e.nested(out, c, i)
}

// text quotes a string.
func (e *Encoder) text(out []byte, s string) []byte {
	if e.opts.ASCIIOnly {
		return appendASCII(out, s)
	}
	return appendString(out, s)
}

func (e *Encoder) nested(out []byte, c *vec.Col, i int) []byte {
	if c.Type.Kind == types.Struct {
		p, j := c.Phys(i)
		out = append(out, '{')
		first := true
		for f := range p.Kids {
			if p.Kids[f].IsNull(j) && !e.opts.KeepNulls {
				continue
			}
			if !first {
				out = append(out, ',')
			}
			first = false
			out = append(e.text(out, c.Type.Fields[f].Name), ':')
			out = e.value(out, &p.Kids[f], j)
		}
		return append(out, '}')
	}
	kids, lo, hi := c.List(i)
	object := c.Type.Kind == types.Map
	open, end := byte('['), byte(']')
	if object {
		open, end = '{', '}'
	}
	out = append(out, open)
	for k := lo; k < hi; k++ {
		if k > lo {
			out = append(out, ',')
		}
		if object {
			out = append(e.text(out, mapKey(&kids[0], k)), ':')
		}
		out = e.value(out, &kids[len(kids)-1], k)
	}
	return append(out, end)
}

// appendFloat writes a number as Java does; NaN and the infinities, which JSON lacks, are quoted.
func appendFloat(out []byte, f float64, bits int) []byte {
	if !math.IsNaN(f) && !math.IsInf(f, 0) {
		return fn.AppendDouble(out, f, bits)
	}
	return append(fn.AppendDouble(append(out, '"'), f, bits), '"')
}

const hexDigits = "0123456789ABCDEF"

// appendString quotes a string; broken UTF-8 becomes U+FFFD.
func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				out = append(append(out, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += n
			continue
		}
		out = append(out, s[start:i]...)
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\b':
			out = append(out, `\b`...)
		case '\f':
			out = append(out, `\f`...)
		case '\n':
			out = append(out, `\n`...)
		case '\r':
			out = append(out, `\r`...)
		case '\t':
			out = append(out, `\t`...)
		default:
			out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	return append(append(out, s[start:]...), '"')
}
