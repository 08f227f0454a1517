package json

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
	"unsafe"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// num is a scanned number: value = mant * 10^exp if exact, else the text decides.
type num struct {
	mant  uint64
	exp   int
	neg   bool
	float bool   // it has a point or an exponent, or is not finite
	exact bool   // mant holds all digits
	text  []byte // as written
	name  string // "NaN", "Infinity" or "" for digits
}

// plain scans a number of at most 18 digits without an exponent: value = ±mant / 10^frac.
// It declines everything else, right or wrong: number is the judge.
func plain(buf []byte, i int) (mant int64, frac, end int, neg, ok bool) {
	if neg = i < len(buf) && buf[i] == '-'; neg {
		i++
	}
	start, point := i, -1
	for ; i < len(buf); i++ {
		if c := buf[i] - '0'; c <= 9 {
			mant = mant*10 + int64(c)
		} else if buf[i] == '.' && point < 0 {
			point = i
		} else {
			break
		}
	}
	whole := i - start
	if point >= 0 {
		whole, frac = point-start, i-point-1
		if frac == 0 {
			return 0, 0, 0, false, false
		}
	}
	if whole == 0 || whole+frac > 18 || whole > 1 && buf[start] == '0' || i == len(buf) || buf[i]|0x20 == 'e' {
		return 0, 0, 0, false, false
	}
	return mant, frac, i, neg, true
}

// number scans a number of JSON's grammar, or NaN, [+-]Infinity, [+-]INF where allowed.
func (d *Decoder) number() (num, error) {
	start := d.pos
	n := num{exact: true}
	if c := d.peek(); c == '-' || c == '+' {
		n.neg = c == '-'
		d.pos++
	}
	if c := d.peek(); c == 'N' || c == 'I' {
		return d.nonNumeric(start, n)
	}
	if d.buf[start] == '+' {
		d.pos = start
		return n, d.bad("a value")
	}
	first := d.pos
	digits := d.digits(&n)
	if digits == 0 {
		return n, d.bad("a digit")
	}
	if digits > 1 && d.buf[first] == '0' && !d.opts.LeadingZeros {
		d.pos = first
		return n, d.bad("no leading zero")
	}
	if d.peek() == '.' {
		n.float = true
		d.pos++
		frac := d.digits(&n)
		if frac == 0 {
			return n, d.bad("a digit after the point")
		}
		n.exp -= frac
	}
	if c := d.peek(); c == 'e' || c == 'E' {
		n.float = true
		if err := d.exponent(&n); err != nil {
			return n, err
		}
	}
	n.text = d.buf[start:d.pos]
	return n, nil
}

// digits reads decimal digits into the mantissa and returns how many.
func (d *Decoder) digits(n *num) int {
	start := d.pos
	for d.pos < len(d.buf) {
		c := d.buf[d.pos] - '0'
		if c > 9 {
			break
		}
		if n.mant > (math.MaxUint64-9)/10 {
			n.exact = false
		} else {
			n.mant = n.mant*10 + uint64(c)
		}
		d.pos++
	}
	return d.pos - start
}

func (d *Decoder) exponent(n *num) error {
	d.pos++
	neg := false
	if c := d.peek(); c == '+' || c == '-' {
		neg = c == '-'
		d.pos++
	}
	e, start := 0, d.pos
	for d.pos < len(d.buf) && d.buf[d.pos]-'0' <= 9 {
		e = min(e*10+int(d.buf[d.pos]-'0'), 100000)
		d.pos++
	}
	if d.pos == start {
		return d.bad("a digit of the exponent")
	}
	if neg {
		e = -e
	}
	n.exp += e
	return nil
}

func (d *Decoder) nonNumeric(start int, n num) (num, error) {
	n.float = true
	for _, w := range []string{"NaN", "Infinity", "INF"} {
		if d.pos+len(w) <= len(d.buf) && string(d.buf[d.pos:d.pos+len(w)]) == w &&
			!d.opts.NonNumericOff && (w != "NaN" || d.pos == start) && (w != "INF" || d.pos > start) {
			d.pos += len(w)
			n.name = "Infinity"
			if w == "NaN" {
				n.name = w
			}
			n.text = d.buf[start:d.pos]
			return n, nil
		}
	}
	return n, d.bad("a value")
}

var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
	1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// float is the nearest double: exact arithmetic where the mantissa and the power fit a
// double (Clinger's fast path), strconv elsewhere.
func (n num) float64() float64 {
	var f float64
	switch {
	case n.name == "NaN":
		return math.NaN()
	case n.name != "":
		f = math.Inf(1)
	case n.exact && n.mant < 1<<53 && n.exp >= -22 && n.exp <= 0:
		f = float64(n.mant) / pow10[-n.exp]
	case n.exact && n.mant < 1<<53 && n.exp > 0 && n.exp <= 22:
		f = float64(n.mant) * pow10[n.exp]
	default:
		f, _ = strconv.ParseFloat(unsafe.String(unsafe.SliceData(n.text), len(n.text)), 64)
		return f
	}
	if n.neg {
		f = -f
	}
	return f
}

// int64 is the value of a number without point or exponent.
func (n num) int64() (int64, bool) {
	if n.float || !n.exact || n.mant > 1<<63 || n.mant == 1<<63 && !n.neg {
		return 0, false
	}
	if n.neg {
		return -int64(n.mant), true
	}
	return int64(n.mant), true
}

// scalar reads a value that is not nested, by Spark's JacksonParser.makeConverter.
func (d *Decoder) scalar(n *node, col *vec.ColBuilder) (bool, error) {
	c := d.peek()
	quoted := c == '"' || c == '\''
	switch n.kind {
	case types.String:
		return d.text(quoted, col)
	case types.Boolean:
		return d.boolean(c, col)
	}
	if quoted {
		s, err := d.str()
		if err != nil {
			return false, err
		}
		return d.fromString(n, s, col), nil
	}
	if c != '-' && c != '+' && (c < '0' || c > '9') && c != 'N' && c != 'I' {
		return false, nil
	}
	if n.kind == types.Double || n.kind == types.Long {
		if mant, frac, end, neg, ok := plain(d.buf, d.pos); ok && mant < 1<<53 && (frac == 0 || n.kind == types.Double) {
			d.pos = end
			appendPlain(n.kind, mant, frac, neg, col)
			return true, nil
		}
	}
	num, err := d.number()
	if err != nil {
		return false, err
	}
	return fromNumber(&n.typ, &num, col), nil
}

// appendPlain appends what plain has read. The division is exact: Clinger's fast path.
func appendPlain(kind types.Kind, mant int64, frac int, neg bool, col *vec.ColBuilder) {
	if kind == types.Long {
		if neg {
			mant = -mant
		}
		vec.Append(col, mant)
		return
	}
	f := float64(mant)
	if frac > 0 {
		f /= pow10[frac]
	}
	if neg {
		f = -f
	}
	vec.Append(col, f)
}

// text takes a string as it is, a number with a point or an exponent as the double that it
// is, and any other value as its JSON text.
func (d *Decoder) text(quoted bool, col *vec.ColBuilder) (bool, error) {
	if quoted {
		s, err := d.str()
		if err == nil {
			col.AppendBytes(s)
		}
		return err == nil, err
	}
	if c := d.peek(); c == '-' || c >= '0' && c <= '9' || c == 'N' || c == 'I' {
		n, err := d.number()
		switch {
		case err != nil:
			return false, err
		case n.float:
			d.tmp = fn.AppendDouble(d.tmp[:0], n.float64(), 64)
			col.AppendBytes(d.tmp)
		default:
			col.AppendBytes(n.text)
		}
		return true, nil
	}
	var err error
	if d.copied, err = d.copy(d.copied[:0], 0); err != nil {
		return false, err
	}
	col.AppendBytes(d.copied)
	return true, nil
}

func (d *Decoder) boolean(c byte, col *vec.ColBuilder) (bool, error) {
	switch c {
	case 't':
		if err := d.word("true"); err != nil {
			return false, err
		}
	case 'f':
		if err := d.word("false"); err != nil {
			return false, err
		}
	default:
		return false, nil
	}
	vec.Append(col, c == 't')
	return true, nil
}

func fromNumber(t *types.Type, n *num, col *vec.ColBuilder) bool {
	switch t.Kind {
	case types.Double:
		vec.Append(col, n.float64())
		return true
	case types.Float:
		f, _ := strconv.ParseFloat(string(n.text), 32)
		if n.name != "" {
			f = n.float64()
		}
		vec.Append(col, float32(f))
		return true
	case types.Decimal:
		return n.name == "" && appendDecimal(t, n.text, col)
	}
	v, ok := n.int64()
	if !ok {
		return false
	}
	switch t.Kind {
	case types.Long:
		vec.Append(col, v)
	case types.Int:
		return appendIf(col, int32(v), int64(int32(v)) == v)
	case types.Short:
		return appendIf(col, int16(v), int64(int16(v)) == v)
	case types.Byte:
		return appendIf(col, int8(v), v >= -128 && v <= 255) // Jackson takes a byte with or without sign
	case types.Timestamp: // Spark reads an integer as seconds
		return appendIf(col, v*1_000_000, v > -9_223_372_036_854 && v < 9_223_372_036_854)
	default:
		return false
	}
	return true
}

func appendIf[T vec.Fixed](col *vec.ColBuilder, v T, ok bool) bool {
	if ok {
		vec.Append(col, v)
	}
	return ok
}

// fromString reads a quoted value of a type other than STRING and BOOLEAN.
func (d *Decoder) fromString(n *node, s []byte, col *vec.ColBuilder) bool {
	t := &n.typ
	switch n.kind {
	case types.Timestamp, types.TimestampNTZ:
		v, ok := d.timestamp(n.kind, s)
		return appendIf(col, v, ok)
	case types.Date:
		v, ok := d.date(s)
		return appendIf(col, v, ok)
	case types.DayTime:
		v, ok := fn.ParseInterval(string(s), *t)
		return appendIf(col, v, ok)
	case types.YearMonth:
		v, ok := fn.ParseInterval(string(s), *t)
		return appendIf(col, int32(v), ok && v == int64(int32(v)))
	case types.Double, types.Float:
		f, ok := namedFloat(string(s))
		if n.kind == types.Float {
			return appendIf(col, float32(f), ok)
		}
		return appendIf(col, f, ok)
	case types.Decimal:
		return appendDecimal(t, bytes.ReplaceAll(s, []byte{','}, nil), col) // the locale is en-US
	case types.Binary:
		b, err := base64.StdEncoding.DecodeString(string(s))
		if err == nil {
			col.AppendBytes(b)
		}
		return err == nil
	}
	return false
}

// namedFloat reads the strings that Spark takes for a DOUBLE: NaN and the infinities only.
func namedFloat(s string) (float64, bool) {
	switch s {
	case "NaN":
		return math.NaN(), true
	case "+INF", "+Infinity", "Infinity":
		return math.Inf(1), true
	case "-INF", "-Infinity":
		return math.Inf(-1), true
	}
	return 0, false
}
