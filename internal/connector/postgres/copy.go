package postgres

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// encoder writes rows in COPY's text format, of which PostgreSQL makes values of whatever type the
// table's column has: a text becomes a uuid, an INT a numeric.
type encoder struct {
	fn    fn.Context
	zone  *time.Location
	local []bool // columns whose times have no zone
	one   []byte // a value before it is escaped
}

// row appends row i.
func (e *encoder) row(dst []byte, b *vec.Batch, i int) []byte {
	for c := range b.Cols {
		if c > 0 {
			dst = append(dst, '\t')
		}
		if b.Cols[c].IsNull(i) {
			dst = append(dst, `\N`...)
			continue
		}
		e.one = e.value(e.one[:0], &b.Cols[c], i, e.local[c])
		dst = escaped(dst, e.one)
	}
	return append(dst, '\n')
}

// escaped appends a value as COPY wants it.
func escaped(dst, v []byte) []byte {
	for _, c := range v {
		switch c {
		case '\\':
			dst = append(dst, '\\', '\\')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// value appends the text of a value that is not NULL.
func (e *encoder) value(dst []byte, c *vec.Col, i int, local bool) []byte {
	switch c.Type.Kind {
	case types.String:
		return append(dst, c.Bytes(i)...)
	case types.Binary:
		return hex.AppendEncode(append(dst, `\x`...), c.Bytes(i))
	case types.Byte:
		return strconv.AppendInt(dst, int64(vec.Get[int8](c, i)), 10)
	case types.Short:
		return strconv.AppendInt(dst, int64(vec.Get[int16](c, i)), 10)
	case types.Int:
		return strconv.AppendInt(dst, int64(vec.Get[int32](c, i)), 10)
	case types.Long:
		return strconv.AppendInt(dst, vec.Get[int64](c, i), 10)
	case types.Float:
		return appendFloat(dst, float64(vec.Get[float32](c, i)), 32)
	case types.Double:
		return appendFloat(dst, vec.Get[float64](c, i), 64)
	case types.Date:
		return appendTime(dst, int64(vec.Get[int32](c, i))*86400e6, "2006-01-02")
	case types.TimestampNTZ:
		return appendTime(dst, vec.Get[int64](c, i), timeLayout)
	case types.Timestamp:
		us := vec.Get[int64](c, i)
		if local {
			return appendTime(dst, toLocal(us, e.zone), timeLayout)
		}
		return appendTime(dst, us, timeLayout+"+00")
	case types.Array:
		return e.array(dst, c, i, local)
	}
	return fn.AppendText(dst, &e.fn, c, i)
}

const timeLayout = "15:04:05.999999"

func appendFloat(dst []byte, v float64, bits int) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	return strconv.AppendFloat(dst, v, 'g', -1, bits)
}

// appendTime writes a time of any year; PostgreSQL has no year 0 and counts back from 1 BC.
func appendTime(dst []byte, us int64, layout string) []byte {
	t := time.UnixMicro(us).UTC()
	year, bc := t.Year(), false
	if year < 1 {
		year, bc = 1-year, true
	}
	dst = fmt.Appendf(dst, "%04d-%02d-%02d", year, t.Month(), t.Day())
	if layout != "2006-01-02" {
		dst = append(dst, ' ')
		dst = t.AppendFormat(dst, layout)
	}
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

// array appends {"a","b",NULL}.
func (e *encoder) array(dst []byte, c *vec.Col, i int, local bool) []byte {
	kids, lo, hi := c.List(i)
	dst = append(dst, '{')
	for k := lo; k < hi; k++ {
		if k > lo {
			dst = append(dst, ',')
		}
		switch {
		case kids[0].IsNull(k):
			dst = append(dst, "NULL"...)
		case kids[0].Type.Kind == types.Array:
			dst = e.array(dst, &kids[0], k, local)
		default:
			dst = append(dst, '"')
			for _, b := range e.value(nil, &kids[0], k, local) {
				if b == '"' || b == '\\' {
					dst = append(dst, '\\')
				}
				dst = append(dst, b)
			}
			dst = append(dst, '"')
		}
	}
	return append(dst, '}')
}
