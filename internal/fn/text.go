package fn

import (
	"math"
	"strconv"
	"time"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// printer prints values as Spark's cast to string does.
type printer struct {
	zone *time.Location
	null string // what a NULL inside a nested value shows as
	hex  bool   // binary as [61 62] and not as text: Dataset.show
}

func zoneOf(c *Context) *time.Location {
	if c == nil || c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// Text is one value as Spark's CAST(... AS STRING) prints it, "NULL" for NULL.
func Text(c *Context, col *vec.Col, row int) string {
	if col.IsNull(row) {
		return "NULL"
	}
	return string(AppendText(nil, c, col, row))
}

// AppendText appends one value, not NULL, as Spark's CAST(... AS STRING) prints it.
func AppendText(dst []byte, c *Context, col *vec.Col, row int) []byte {
	p := printer{zone: zoneOf(c), null: "null"}
	return p.append(dst, col, row)
}

func (p *printer) append(dst []byte, c *vec.Col, i int) []byte {
	switch c.Type.Kind {
	case types.Boolean:
		return strconv.AppendBool(dst, vec.Get[bool](c, i))
	case types.Byte, types.Short, types.Int, types.Long:
		return strconv.AppendInt(dst, intValue(c, i), 10)
	case types.Float:
		return appendDouble(dst, float64(vec.Get[float32](c, i)), 32)
	case types.Double:
		return appendDouble(dst, vec.Get[float64](c, i), 64)
	case types.Decimal:
		return decimalText(dst, vec.Get[num](c, i), int(c.Type.Scale))
	case types.String:
		return append(dst, c.Bytes(i)...)
	case types.Binary:
		return p.binary(dst, c.Bytes(i))
	case types.Date:
		return appendDate(dst, vec.Get[int32](c, i))
	case types.Timestamp:
		return appendTimestamp(dst, vec.Get[int64](c, i), p.zone)
	case types.TimestampNTZ:
		return appendTimestamp(dst, vec.Get[int64](c, i), time.UTC)
	case types.DayTime, types.YearMonth:
		return appendInterval(dst, intValue(c, i), c.Type)
	case types.Null:
		return append(dst, p.null...)
	}
	return p.nested(dst, c, i)
}

func (p *printer) binary(dst, v []byte) []byte {
	if !p.hex {
		return append(dst, v...)
	}
	const digits = "0123456789ABCDEF"
	dst = append(dst, '[')
	for k, b := range v {
		if k > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, digits[b>>4], digits[b&15])
	}
	return append(dst, ']')
}

// part prints a value inside a nested one, where NULL is possible, behind a space if there is
// something to print.
func (p *printer) part(dst []byte, c *vec.Col, i int, space bool) []byte {
	null := c.IsNull(i)
	if space && !(null && p.null == "") {
		dst = append(dst, ' ')
	}
	if null {
		return append(dst, p.null...)
	}
	return p.append(dst, c, i)
}

// nested prints [a, b], {k -> v} and {a, b}.
func (p *printer) nested(dst []byte, c *vec.Col, i int) []byte {
	if c.Type.Kind == types.Struct {
		x, j := c.Phys(i)
		dst = append(dst, '{')
		for f := range x.Kids {
			if f > 0 {
				dst = append(dst, ',')
			}
			dst = p.part(dst, &x.Kids[f], j, f > 0)
		}
		return append(dst, '}')
	}
	open, end := byte('['), byte(']')
	if c.Type.Kind == types.Map {
		open, end = '{', '}'
	}
	kids, lo, hi := c.List(i)
	dst = append(dst, open)
	for j := lo; j < hi; j++ {
		if j > lo {
			dst = append(dst, ',')
		}
		dst = p.part(dst, &kids[0], j, j > lo)
		if c.Type.Kind == types.Map {
			dst = append(dst, " ->"...)
			dst = p.part(dst, &kids[1], j, true)
		}
	}
	return append(dst, end)
}

// appendDouble prints as Java's Double.toString (bits 64) or Float.toString (32): plain
// between 1e-3 and 1e7, else with an exponent, always with a digit after the point.
func appendDouble(dst []byte, v float64, bits int) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	if a := math.Abs(v); v == 0 || a >= 1e-3 && a < 1e7 {
		start := len(dst)
		dst = strconv.AppendFloat(dst, v, 'f', -1, bits)
		for _, b := range dst[start:] {
			if b == '.' {
				return dst
			}
		}
		return append(dst, ".0"...)
	}
	var buf [32]byte
	s := strconv.AppendFloat(buf[:0], v, 'e', -1, bits)
	if s[1] == 'e' || s[2] == 'e' { // Java shows two digits at least, and the nearest of them
		s = strconv.AppendFloat(buf[:0], v, 'e', 1, bits)
	}
	e := len(s) - 1
	for s[e] != 'e' {
		e--
	}
	dst = append(dst, s[:e]...)
	dst = append(dst, 'E')
	if s[e+1] == '-' {
		dst = append(dst, '-')
	}
	digits := s[e+2:]
	for len(digits) > 1 && digits[0] == '0' {
		digits = digits[1:]
	}
	return append(dst, digits...)
}
