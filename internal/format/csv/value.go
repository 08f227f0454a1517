package csv

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

const dayMicros = 86_400_000_000

// text views bytes as a string, for calls that do not keep it.
func text(s []byte) string { return unsafe.String(unsafe.SliceData(s), len(s)) }

// readerFor reads a text as a type and appends it; nil for a type that CSV has no form for.
// Spark: UnivocityParser.makeConverter.
func readerFor(t types.Type) func(p *Parser, s []byte, dst *vec.ColBuilder) bool {
	switch t.Kind {
	case types.String, types.Binary:
		return func(_ *Parser, s []byte, dst *vec.ColBuilder) bool { dst.AppendBytes(s); return true }
	case types.Byte:
		return whole[int8]
	case types.Short:
		return whole[int16]
	case types.Int:
		return whole[int32]
	case types.Long:
		return whole[int64]
	case types.Double:
		return func(p *Parser, s []byte, dst *vec.ColBuilder) bool {
			f, ok := p.o.float(s, 64)
			return put(dst, f, ok)
		}
	case types.Float:
		return func(p *Parser, s []byte, dst *vec.ColBuilder) bool {
			f, ok := p.o.float(s, 32)
			return put(dst, float32(f), ok)
		}
	case types.Boolean:
		return func(_ *Parser, s []byte, dst *vec.ColBuilder) bool {
			v, ok := boolean(s)
			return put(dst, v, ok)
		}
	case types.Decimal:
		return func(_ *Parser, s []byte, dst *vec.ColBuilder) bool {
			v, ok := decimalAs(s, t)
			return put(dst, v, ok)
		}
	case types.Date:
		return func(p *Parser, s []byte, dst *vec.ColBuilder) bool {
			v, ok := p.o.dateOf(s)
			return put(dst, v, ok)
		}
	case types.Timestamp:
		return func(p *Parser, s []byte, dst *vec.ColBuilder) bool {
			v, ok := p.o.timestampOf(s)
			return put(dst, v, ok)
		}
	case types.TimestampNTZ:
		return func(p *Parser, s []byte, dst *vec.ColBuilder) bool {
			v, ok := p.o.ntzOf(s)
			return put(dst, v, ok)
		}
	case types.DayTime, types.YearMonth:
		return func(_ *Parser, s []byte, dst *vec.ColBuilder) bool { return interval(s, t, dst) }
	}
	return nil
}

func put[T vec.Fixed](dst *vec.ColBuilder, v T, ok bool) bool {
	if ok {
		vec.Append(dst, v)
	}
	return ok
}

// whole reads a whole number as Java's parse methods do.
func whole[T int8 | int16 | int32 | int64](_ *Parser, s []byte, dst *vec.ColBuilder) bool {
	v, ok := parseInt(s)
	return put(dst, T(v), ok && int64(T(v)) == v)
}

func parseInt(s []byte) (int64, bool) {
	i, neg := 0, false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg, i = s[0] == '-', 1
	}
	if i == len(s) {
		return 0, false
	}
	if len(s)-i > 18 {
		v, err := strconv.ParseInt(text(s), 10, 64)
		return v, err == nil
	}
	v := int64(0)
	for ; i < len(s); i++ {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		v = v*10 + int64(c)
	}
	if neg {
		v = -v
	}
	return v, true
}

var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// float reads the names of the options, or what Java's parseDouble takes.
func (o *Options) float(s []byte, bits int) (float64, bool) {
	if f, ok := shortFloat(s); ok && bits == 64 {
		return f, true
	}
	switch string(s) {
	case o.NaN:
		return math.NaN(), true
	case o.PositiveInf:
		return math.Inf(1), true
	case o.NegativeInf:
		return math.Inf(-1), true
	}
	return javaFloat(s, bits)
}

// shortFloat reads up to 15 digits with a point exactly (Clinger's fast path); it declines the rest.
func shortFloat(s []byte) (float64, bool) {
	i, neg, mant, digits, point := 0, false, int64(0), 0, -1
	if len(s) > 0 && s[0] == '-' {
		neg, i = true, 1
	}
	for ; i < len(s); i++ {
		if c := s[i] - '0'; c <= 9 {
			mant = mant*10 + int64(c)
			digits++
		} else if s[i] == '.' && point < 0 {
			point = digits
		} else {
			return 0, false
		}
	}
	if digits == 0 || digits > 15 {
		return 0, false
	}
	f := float64(mant)
	if point >= 0 {
		f /= pow10[digits-point]
	}
	if neg {
		f = -f
	}
	return f, true
}

// javaFloat reads a decimal number as java.lang.Double.parseDouble: with spaces around, and d or f
// behind. Hexadecimal ones are refused.
func javaFloat(s []byte, bits int) (float64, bool) {
	s = bytes.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	switch strings.TrimLeft(text(s), "+-") {
	case "NaN":
		return math.NaN(), len(s) <= 4
	case "Infinity":
		if len(s) <= 9 {
			return math.Inf(1 - 2*strings.Count(string(s[:1]), "-")), true
		}
	}
	if n := len(s); n > 1 && strings.IndexByte("dDfF", s[n-1]) >= 0 {
		s = s[:n-1]
	}
	for _, c := range s {
		if (c < '0' || c > '9') && strings.IndexByte("+-.eE", c) < 0 {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(text(s), bits)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

func boolean(s []byte) (v, ok bool) {
	switch {
	case strings.EqualFold(text(s), "true"):
		return true, true
	case strings.EqualFold(text(s), "false"):
		return false, true
	}
	return false, false
}

// parseDecimal reads a number of any size as digits and scale; commas are left out. Spark: ExprUtils.getDecimalParser.
func parseDecimal(s []byte) (v *big.Int, scale int, ok bool) {
	in := strings.ReplaceAll(string(s), ",", "")
	exp := 0
	if e := strings.IndexAny(in, "eE"); e >= 0 {
		x, err := strconv.ParseInt(in[e+1:], 10, 32)
		if err != nil {
			return nil, 0, false
		}
		exp, in = int(x), in[:e]
	}
	whole, frac, _ := strings.Cut(in, ".")
	digits := strings.TrimLeft(whole, "+-") + frac
	if len(whole)-len(strings.TrimLeft(whole, "+-")) > 1 || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return nil, 0, false
	}
	v, ok = new(big.Int).SetString(digits, 10)
	if ok && strings.HasPrefix(whole, "-") {
		v.Neg(v)
	}
	return v, len(frac) - exp, ok
}

// decimalAs reads a DECIMAL, rounding half away from zero.
func decimalAs(s []byte, t types.Type) (decimal128.Num, bool) {
	v, scale, ok := parseDecimal(s)
	if !ok {
		return decimal128.Num{}, false
	}
	switch shift := int(t.Scale) - scale; {
	case v.Sign() == 0:
		return decimal128.Num{}, true
	case shift > 40:
		return decimal128.Num{}, false
	case shift > 0:
		v.Mul(v, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(shift)), nil))
	case shift < -1000:
		return decimal128.Num{}, true
	case shift < 0:
		pow := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-shift)), nil)
		half := new(big.Int).Rsh(pow, 1)
		if v.Sign() < 0 {
			half.Neg(half)
		}
		v.Quo(v.Add(v, half), pow)
	}
	if v.BitLen() > 127 {
		return decimal128.Num{}, false
	}
	d := decimal128.FromBigInt(v)
	return d, d.FitsInPrecision(int32(t.Precision))
}

// dateOf reads a date by the format, or as a cast does if there is none.
func (o *Options) dateOf(s []byte) (int32, bool) {
	if o.date == nil {
		if d, ok := isoDate(s); ok {
			return d, true
		}
		return fn.ParseDate(string(s))
	}
	us, ok := o.date.Parse(string(s), utc)
	return int32(floorDiv(us, dayMicros)), ok
}

func (o *Options) timestampOf(s []byte) (int64, bool) {
	if o.timestamp == nil {
		if us, ok := isoTime(s); ok && o.Zone == utc {
			return us, true
		}
		return fn.ParseTimestamp(string(s), o.Zone)
	}
	return o.timestamp.Parse(string(s), o.Zone)
}

// ntzOf reads a local time; one that names a zone is refused.
func (o *Options) ntzOf(s []byte) (int64, bool) {
	if o.ntz != nil {
		return o.ntz.Parse(string(s), utc)
	}
	if us, ok := isoTime(s); ok {
		return us, true
	}
	if at := bytes.IndexAny(s, "T "); at >= 0 && bytes.ContainsFunc(bytes.TrimSpace(s[at+1:]), func(r rune) bool {
		return r != ':' && r != '.' && (r < '0' || r > '9')
	}) {
		return 0, false
	}
	return fn.ParseTimestampNTZ(string(s))
}

// interval reads the texts that Spark's cast takes.
func interval(s []byte, t types.Type, dst *vec.ColBuilder) bool {
	cast, err := fn.CastKernel(types.StringType, t, true)
	if err != nil {
		return false
	}
	c, err := cast(&fn.Context{Zone: utc}, vec.ConstString(types.StringType, string(s), 1), 1, nil)
	if err != nil || c.IsNull(0) {
		return false
	}
	dst.AppendFrom(&c, 0)
	return true
}
