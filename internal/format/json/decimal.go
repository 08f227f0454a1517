package json

import (
	"bytes"
	"math/big"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// appendDecimal reads a DECIMAL(p, s), rounding half up; what does not fit is refused. The
// cost does not depend on the exponent's size.
func appendDecimal(t *types.Type, s []byte, col *vec.ColBuilder) bool {
	digits, exp, neg, ok := decimalParts(s)
	if !ok {
		return false
	}
	keep := len(digits) + exp + int(t.Scale) // how many digits the unscaled value has
	switch {
	case len(digits) == 0 || keep < 0:
		vec.Append(col, decimal128.Num{})
		return true
	case keep > 38:
		return false
	}
	up := keep < len(digits) && digits[keep] >= '5'
	for len(digits) < keep {
		digits = append(digits, '0')
	}
	v, _ := new(big.Int).SetString("0"+string(digits[:keep]), 10)
	if up {
		v.Add(v, big.NewInt(1))
	}
	if neg {
		v.Neg(v)
	}
	d := decimal128.FromBigInt(v)
	if !d.FitsInPrecision(int32(t.Precision)) {
		return false
	}
	vec.Append(col, d)
	return true
}

// decimalParts splits a number into its digits without leading zeros and a power of ten.
// Java: the grammar of new BigDecimal(String).
func decimalParts(s []byte) (digits []byte, exp int, neg, ok bool) {
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	if e := bytes.IndexAny(s, "eE"); e >= 0 {
		n, err := strconv.ParseInt(string(s[e+1:]), 10, 32)
		if err != nil {
			return nil, 0, false, false
		}
		exp, s = int(n), s[:e]
	}
	whole, frac, _ := bytes.Cut(s, []byte{'.'})
	if len(whole)+len(frac) == 0 {
		return nil, 0, false, false
	}
	digits = append(append(make([]byte, 0, 40), whole...), frac...)
	for _, c := range digits {
		if c-'0' > 9 {
			return nil, 0, false, false
		}
	}
	return bytes.TrimLeft(digits, "0"), exp - len(frac), neg, true
}
