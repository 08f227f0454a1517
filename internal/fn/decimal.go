package fn

import (
	"math/big"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// num is an unscaled DECIMAL value.
type num = decimal128.Num

// powers are 10^0 ... 10^77, which is as far as products of two decimals reach; read only.
var powers = makePowers()

func makePowers() (out [78]*big.Int) {
	out[0] = big.NewInt(1)
	for i := 1; i < len(out); i++ {
		out[i] = new(big.Int).Mul(out[i-1], big.NewInt(10))
	}
	return out
}

func pow10(n int) *big.Int {
	if n < len(powers) {
		return powers[n]
	}
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// fitDecimal checks that an unscaled value has at most precision p digits.
func fitDecimal(v *big.Int, p uint8) (num, bool) {
	if v.CmpAbs(pow10(int(p))) >= 0 {
		return num{}, false
	}
	return decimal128.FromBigInt(v), true
}

// rescale changes the scale of an unscaled value, rounding half up (away from zero). v may be modified.
func rescale(v *big.Int, from, to int) *big.Int {
	if to >= from {
		return v.Mul(v, pow10(to-from))
	}
	return divHalfUp(v, pow10(from-to))
}

// divHalfUp divides and rounds half away from zero; v is modified.
func divHalfUp(v, by *big.Int) *big.Int {
	negative := v.Sign()*by.Sign() < 0
	rem := new(big.Int)
	v.QuoRem(v, by, rem)
	if rem.Lsh(rem.Abs(rem), 1).CmpAbs(by) < 0 {
		return v
	}
	if negative {
		return v.Sub(v, powers[0])
	}
	return v.Add(v, powers[0])
}

// small reports a decimal that fits an int64, and its value.
func small(d num) (int64, bool) {
	lo := int64(d.LowBits())
	return lo, d.HighBits() == lo>>63
}

// decimalText is the plain form: "-0.05".
func decimalText(dst []byte, d num, scale int) []byte {
	s := d.BigInt().String()
	if d.Sign() < 0 {
		dst, s = append(dst, '-'), s[1:]
	}
	for len(s) <= scale {
		s = "0" + s
	}
	dst = append(dst, s[:len(s)-scale]...)
	if scale > 0 {
		dst = append(dst, '.')
		dst = append(dst, s[len(s)-scale:]...)
	}
	return dst
}

// outOfRange is the error of a value that a DECIMAL type cannot hold.
func outOfRange(v *big.Int, scale int, t types.Type) error {
	text := decimalTextBig(v, scale)
	return errs.New("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
		"%s cannot be represented as Decimal(%d, %d)", text, t.Precision, t.Scale).State("22003").
		WithHint("use a wider type, or try_cast to get NULL instead")
}

func decimalTextBig(v *big.Int, scale int) string {
	s := new(big.Int).Abs(v).String()
	for len(s) <= scale {
		s = "0" + s
	}
	if scale > 0 {
		s = s[:len(s)-scale] + "." + s[len(s)-scale:]
	}
	if v.Sign() < 0 {
		s = "-" + s
	}
	return s
}
