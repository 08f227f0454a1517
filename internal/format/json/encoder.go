package json

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Encoder writes each row as one JSON object, as Spark's to_json. It implements format.Encoder.
type Encoder struct {
	opts   Options
	schema types.Schema
	names  [][]byte // `"name":` of each column
	buf    []byte
	ends   []int
}

// NewEncoder makes an encoder for rows of a schema.
func NewEncoder(s types.Schema, o Options) (*Encoder, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	e := &Encoder{opts: o, schema: s}
	for _, f := range s {
		if err := encodable(f.Type); err != nil {
			return nil, err
		}
		e.names = append(e.names, append(appendString(nil, f.Name), ':'))
	}
	return e, nil
}

func encodable(t types.Type) error {
	switch t.Kind {
	case types.DayTime, types.YearMonth:
		return errs.New("UNSUPPORTED_DATATYPE", "JSON has no form for %s", t.SQL()).
			WithHint("cast it to STRING")
	case types.Array:
		return encodable(*t.Elem)
	case types.Map:
		return encodable(*t.Elem)
	case types.Struct:
		for _, f := range t.Fields {
			if err := encodable(f.Type); err != nil {
				return err
			}
		}
	}
	return nil
}

// Encode implements format.Encoder.
func (e *Encoder) Encode(dst [][]byte, b *vec.Batch) ([][]byte, error) {
	e.buf, e.ends = e.buf[:0], e.ends[:0]
	for i := range b.Each() {
		e.buf = e.row(e.buf, b, i)
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
		return append(out, vec.Get[decimal128.Num](c, i).ToString(int32(c.Type.Scale))...)
	case types.String:
		return appendString(out, c.Str(i))
	case types.Binary:
		return append(base64.StdEncoding.AppendEncode(append(out, '"'), c.Bytes(i)), '"')
	case types.Date:
		return append(time.Unix(int64(vec.Get[int32](c, i))*86400, 0).UTC().AppendFormat(append(out, '"'), "2006-01-02"), '"')
	case types.Timestamp:
		return e.timestamp(out, vec.Get[int64](c, i))
	case types.TimestampNTZ:
		t := time.UnixMicro(vec.Get[int64](c, i)).UTC()
		return append(t.AppendFormat(append(out, '"'), "2006-01-02T15:04:05.000"), '"')
	}
	return e.nested(out, c, i)
}

// timestamp is yyyy-MM-dd'T'HH:mm:ss.SSSXXX, Spark's default in to_json.
func (e *Encoder) timestamp(out []byte, us int64) []byte {
	t := time.UnixMicro(us).In(e.opts.Zone)
	return append(t.AppendFormat(append(out, '"'), "2006-01-02T15:04:05.000Z07:00"), '"')
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
			out = append(appendString(out, c.Type.Fields[f].Name), ':')
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
			out = append(appendString(out, mapKey(&kids[0], k)), ':')
		}
		out = e.value(out, &kids[len(kids)-1], k)
	}
	return append(out, end)
}

// mapKey is a map's key as text; only STRING keys keep their own form.
func mapKey(c *vec.Col, i int) string {
	if c.Type.Kind == types.String {
		return c.Str(i)
	}
	return string((&Encoder{opts: Options{Zone: time.UTC}}).value(nil, c, i))
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
