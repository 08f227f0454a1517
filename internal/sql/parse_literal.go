package sql

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// classTyped is for a word before a text that names no type of literals.
const classTyped = "UNSUPPORTED_TYPED_LITERAL"

// stringLit reads one string or several adjacent ones.
func (p *parser) stringLit() (At, string) {
	start := p.start()
	s := p.stringText("a text in quotes")
	return p.from(start), s
}

// stringText reads adjacent strings as one; what says where it is wanted.
func (p *parser) stringText(what string) string {
	if s, ok := p.textParam(); ok {
		return s
	}
	if p.tok().kind != tkString {
		p.fail(what)
	}
	s := p.advance().text
	if p.tok().kind != tkString {
		return s
	}
	var b strings.Builder
	b.WriteString(s)
	for p.tok().kind == tkString {
		b.WriteString(p.advance().text)
	}
	return b.String()
}

// number reads a number, with its minus if there is one.
func (p *parser) number(minus bool) Expr {
	start := p.start()
	sign := ""
	if minus {
		p.i++
		sign = "-"
	}
	t := p.advance()
	n := &NumberLit{At: p.from(start), Text: sign + t.text}
	switch t.num {
	case numInt:
		n.Type, n.Text = integerType(n.Text)
		if n.Type.Kind == types.Decimal {
			p.decimalType(n)
		}
	case numLong:
		p.fixed(n, 64, types.LongType)
	case numShort:
		p.fixed(n, 16, types.ShortType)
	case numByte:
		p.fixed(n, 8, types.ByteType)
	case numDecimal, numBigDecimal:
		p.decimalType(n)
	case numFloat:
		p.floating(n, 32, types.FloatType)
	default:
		p.floating(n, 64, types.DoubleType)
	}
	return n
}

// integerType is INT, BIGINT or, for what fits neither, DECIMAL.
func integerType(s string) (types.Type, string) {
	v, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err != nil:
		return types.Type{Kind: types.Decimal}, s
	case v >= math.MinInt32 && v <= math.MaxInt32:
		return types.IntType, strconv.FormatInt(v, 10)
	}
	return types.LongType, strconv.FormatInt(v, 10)
}

// fixed checks the range of an integer with a suffix.
func (p *parser) fixed(n *NumberLit, bits int, t types.Type) {
	v, err := strconv.ParseInt(n.Text, 10, bits)
	if err != nil {
		p.outOfRange(n, t)
	}
	n.Type, n.Text = t, strconv.FormatInt(v, 10)
}

// floating checks the range of a FLOAT or DOUBLE.
func (p *parser) floating(n *NumberLit, bits int, t types.Type) {
	if _, err := strconv.ParseFloat(n.Text, bits); err != nil {
		p.outOfRange(n, t)
	}
	n.Type = t
}

func (p *parser) outOfRange(n *NumberLit, t types.Type) {
	panic(bail{errs.New("INVALID_NUMERIC_LITERAL_RANGE", "The number %s is outside the range of %s", n.Text, t.SQL()).
		State("22003").At(p.src, n.Pos).WithHint("leave out the suffix, or write the number as DECIMAL with the suffix BD")})
}

// decimalType computes precision and scale from the digits, and writes an exponent out.
func (p *parser) decimalType(n *NumberLit) {
	mantissa, exp, _ := strings.Cut(strings.ToLower(n.Text), "e")
	e, err := strconv.Atoi(exp)
	if exp != "" && (err != nil || e > 100 || e < -100) {
		p.outOfRange(n, types.DecimalType(38, 0))
	}
	sign := ""
	if strings.HasPrefix(mantissa, "-") {
		sign, mantissa = "-", mantissa[1:]
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	digits, scale := strings.TrimLeft(whole+frac, "0"), len(frac)-e
	if scale < 0 { // 1e3BD is 1000
		if digits != "" {
			digits += strings.Repeat("0", -scale)
		}
		scale = 0
	}
	precision := max(len(digits), scale, 1)
	if precision > 38 {
		panic(bail{errs.New("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "The number has %d digits; a DECIMAL has at most 38", precision).
			State("22003").At(p.src, n.Pos).WithHint("write it as DOUBLE with the suffix D")})
	}
	if strings.Trim(digits, "0") == "" {
		sign = "" // a DECIMAL has no negative zero
	}
	digits = strings.Repeat("0", max(0, scale+1-len(digits))) + digits
	n.Text = sign + digits[:len(digits)-scale]
	if scale > 0 {
		n.Text += "." + digits[len(digits)-scale:]
	}
	n.Type = types.DecimalType(precision, scale)
}

// typedLit reads DATE '…' and the other words that a string may follow.
func (p *parser) typedLit() Expr {
	t := p.tok()
	text := p.peek(1)
	at := At{errs.Span{Start: t.pos.Start, End: text.pos.End}}
	lit := map[string]types.Type{"DATE": types.DateType, "TIMESTAMP": types.TimestampType,
		"TIMESTAMP_LTZ": types.TimestampType, "TIMESTAMP_NTZ": types.TimestampNTZType}
	if typ, ok := lit[t.up]; ok {
		p.i += 2
		return &TypedLit{at, typ, text.text}
	}
	switch t.up {
	case "X":
		p.i += 2
		s := text.text
		if len(s)%2 == 1 {
			s = "0" + s
		}
		b, err := hex.DecodeString(s)
		if err != nil {
			p.refuse("INVALID_TYPED_LITERAL", text.pos, "write pairs of 0-9 and A-F, such as X'1F'", "The text of X'…' is not hexadecimal")
		}
		return &BinaryLit{at, b}
	case "TIME":
		p.unsupported(at.Pos, "The type TIME", "use a TIMESTAMP or a STRING")
	}
	if p.isIdent() && text.pos.Start > t.pos.End { // a column with a text as its alias: SELECT a 'b'
		p.refuse(classTyped, text.pos, "write the alias without quotes, or with `backquotes`; a text in quotes is a value", "A text cannot follow %s; there are no literals of such a type", t.text)
	}
	p.refuse(classTyped, t.pos, "DATE, TIMESTAMP, TIMESTAMP_NTZ, INTERVAL and X can stand before a text; else use CAST", "There are no literals of the type %s", t.text)
	return nil
}
