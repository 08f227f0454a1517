package json

import (
	"bytes"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

const microsPerDay = 86400 * 1_000_000

// date is yyyy-MM-dd unless a pattern was given.
func (e *Encoder) date(out []byte, days int32) []byte {
	if e.opts.Date != nil {
		return e.opts.Date.Append(out, int64(days)*microsPerDay, time.UTC)
	}
	t := time.Unix(int64(days)*86400, 0).UTC()
	return t.AppendFormat(bigYear(out, t), "2006-01-02")
}

// timestamp is yyyy-MM-dd'T'HH:mm:ss.SSSXXX unless a pattern was given.
func (e *Encoder) timestamp(out []byte, us int64) []byte {
	if e.opts.Timestamp != nil {
		return e.opts.Timestamp.Append(out, us, e.opts.Zone)
	}
	t := time.UnixMicro(us).In(e.opts.Zone)
	layout := "2006-01-02T15:04:05.000Z07:00"
	if _, offset := t.Zone(); offset%60 != 0 { // local mean time
		layout = "2006-01-02T15:04:05.000Z07:00:00"
	}
	return t.AppendFormat(bigYear(out, t), layout)
}

// local is yyyy-MM-dd'T'HH:mm:ss.SSS unless a pattern was given.
func (e *Encoder) local(out []byte, us int64) []byte {
	if e.opts.NTZ != nil {
		return e.opts.NTZ.Append(out, us, time.UTC)
	}
	t := time.UnixMicro(us).UTC()
	return t.AppendFormat(bigYear(out, t), "2006-01-02T15:04:05.000")
}

// bigYear appends the plus sign of a year beyond 9999.
func bigYear(out []byte, t time.Time) []byte {
	if t.Year() > 9999 {
		return append(out, '+')
	}
	return out
}

// mapKey is a map's key as text: what Spark keeps it as, days and microseconds for times.
func mapKey(c *vec.Col, i int) string {
	switch c.Type.Kind {
	case types.String:
		return c.Str(i)
	case types.Date, types.YearMonth:
		return strconv.Itoa(int(vec.Get[int32](c, i)))
	case types.Timestamp, types.TimestampNTZ, types.DayTime:
		return strconv.FormatInt(vec.Get[int64](c, i), 10)
	case types.Struct:
		p, j := c.Phys(i)
		var parts []string
		for f := range p.Kids {
			if p.Kids[f].IsNull(j) {
				parts = append(parts, "null")
			} else {
				parts = append(parts, mapKey(&p.Kids[f], j))
			}
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return fn.Text(nil, c, i)
}

// appendJavaDecimal is Java's BigDecimal.toString: with an exponent below a millionth.
func appendJavaDecimal(out []byte, d decimal128.Num, scale int) []byte {
	v := d.BigInt()
	digits := new(big.Int).Abs(v).String()
	exponent := len(digits) - 1 - scale
	if exponent >= -6 {
		return append(out, d.ToString(int32(scale))...)
	}
	if v.Sign() < 0 {
		out = append(out, '-')
	}
	out = append(out, digits[0])
	if len(digits) > 1 {
		out = append(append(out, '.'), digits[1:]...)
	}
	return strconv.AppendInt(append(out, 'E'), int64(exponent), 10)
}

// appendASCII quotes a string with \uXXXX for all that is not ASCII.
func appendASCII(out []byte, s string) []byte {
	for _, r := range string(appendString(nil, s)) {
		switch {
		case r < utf8.RuneSelf:
			out = append(out, byte(r))
		case r < 0x10000:
			out = appendUnit(out, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = appendUnit(appendUnit(out, high), low)
		}
	}
	return out
}

func appendUnit(out []byte, r rune) []byte {
	return append(out, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// pretty lays compact JSON out as Jackson's DefaultPrettyPrinter: objects over several lines,
// arrays in one.
func pretty(in []byte) []byte {
	var out bytes.Buffer
	depth, objects := 0, []bool{}
	line := func() { out.WriteString("\n" + strings.Repeat("  ", depth)) }
	for i := 0; i < len(in); i++ {
		switch c := in[i]; c {
		case '"':
			end := i + 1
			for ; in[end] != '"'; end++ {
				if in[end] == '\\' {
					end++
				}
			}
			out.Write(in[i : end+1])
			i = end
		case '{', '[':
			out.WriteByte(c)
			if in[i+1] == c+2 {
				out.Write([]byte{' ', c + 2})
				i++
				continue
			}
			objects = append(objects, c == '{')
			if c == '{' {
				depth++
				line()
			} else {
				out.WriteByte(' ')
			}
		case '}', ']':
			objects = objects[:len(objects)-1]
			if c == '}' {
				depth--
				line()
			} else {
				out.WriteByte(' ')
			}
			out.WriteByte(c)
		case ',':
			out.WriteByte(c)
			if objects[len(objects)-1] {
				line()
			} else {
				out.WriteByte(' ')
			}
		case ':':
			out.WriteString(" : ")
		default:
			out.WriteByte(c)
		}
	}
	return out.Bytes()
}
