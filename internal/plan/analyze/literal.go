package analyze

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// literal analyzes the literals; ok is false for anything else.
func (a *analyzer) literal(e sql.Expr) (v val, ok bool, err error) {
	at := e.Span()
	switch e := e.(type) {
	case *sql.NullLit:
		return nullVal(types.NullType, at), true, nil
	case *sql.BoolLit:
		return boolVal(e.Value, at), true, nil
	case *sql.StringLit:
		return strVal(e.Value, at), true, nil
	case *sql.BinaryLit:
		c := vec.ConstString(types.BinaryType, string(e.Value), 1)
		return lit(c, at, "X'"+strings.ToUpper(hexOf(e.Value))+"'"), true, nil
	case *sql.NumberLit:
		c, err := number(e)
		if err != nil {
			return val{}, true, a.fail(at, "INVALID_NUMERIC_LITERAL_RANGE", "22003", "the number %s does not fit %s", e.Text, e.Type.SQL())
		}
		return lit(c, at, numberName(a.folding, &c)), true, nil
	case *sql.TypedLit:
		v, err := a.typedLit(e)
		return v, true, err
	case *sql.IntervalLit:
		c := interval(e)
		return lit(c, at, fn.Text(a.folding, &c, 0)), true, nil
	}
	return val{}, false, nil
}

// numberName shows a number; a small decimal as Java does, 1E-8.
func numberName(c *fn.Context, v *vec.Col) string {
	if v.Type.Kind != types.Decimal {
		return fn.Text(c, v, 0)
	}
	digits := vec.Get[decimal128.Num](v, 0).BigInt().String()
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	exp := len(digits) - 1 - int(v.Type.Scale)
	if exp >= -6 {
		return fn.Text(c, v, 0)
	}
	if len(digits) > 1 {
		digits = digits[:1] + "." + digits[1:]
	}
	return sign + digits + "E" + strconv.Itoa(exp)
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}

func interval(e *sql.IntervalLit) vec.Col {
	if e.Type.Kind == types.YearMonth {
		return vec.ConstOf(e.Type, e.Months, 1)
	}
	return vec.ConstOf(e.Type, e.Micros, 1)
}

func number(e *sql.NumberLit) (vec.Col, error) {
	switch t := e.Type; t.Kind {
	case types.Float:
		f, err := strconv.ParseFloat(e.Text, 32)
		return vec.ConstOf(t, float32(f), 1), err
	case types.Double:
		f, err := strconv.ParseFloat(e.Text, 64)
		return vec.ConstOf(t, f, 1), err
	case types.Decimal:
		return decimalLit(e)
	}
	n, err := strconv.ParseInt(e.Text, 10, 64)
	switch t := e.Type; t.Kind {
	case types.Byte:
		return vec.ConstOf(t, int8(n), 1), err
	case types.Short:
		return vec.ConstOf(t, int16(n), 1), err
	case types.Int:
		return vec.ConstOf(t, int32(n), 1), err
	}
	return vec.ConstOf(e.Type, n, 1), err
}

// decimalLit scales the digits by the literal's own scale.
func decimalLit(e *sql.NumberLit) (vec.Col, error) {
	r, ok := new(big.Rat).SetString(e.Text)
	if !ok {
		return vec.Col{}, strconv.ErrSyntax
	}
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(e.Type.Scale)), nil)
	r.Mul(r, new(big.Rat).SetInt(ten))
	if !r.IsInt() || r.Num().BitLen() > 127 {
		return vec.Col{}, strconv.ErrRange
	}
	return vec.ConstOf(e.Type, decimal128.FromBigInt(r.Num()), 1), nil
}

// typedLit is DATE '…', TIMESTAMP '…' or TIMESTAMP_NTZ '…', read as the cast of a string is.
func (a *analyzer) typedLit(e *sql.TypedLit) (val, error) {
	bad := func() error {
		return a.fail(e.Span(), "INVALID_TYPED_LITERAL", "42604", "the value of the typed literal \"%s\" is invalid: '%s'",
			e.Type.SQL(), e.Value).WithHint("write %s", example(e.Type))
	}
	k, err := fn.CastKernel(types.StringType, e.Type, false)
	if err != nil {
		return val{}, bad()
	}
	c, err := k(a.folding, vec.ConstString(types.StringType, e.Value, 1), 1, nil)
	if err != nil || c.IsNull(0) {
		return val{}, bad()
	}
	return lit(c, e.Span(), e.Type.SQL()+" '"+fn.Text(a.folding, &c, 0)+"'"), nil
}

func example(t types.Type) string {
	switch t.Kind {
	case types.Date:
		return "DATE '2024-01-15'"
	case types.Timestamp:
		return "TIMESTAMP '2024-01-15 10:30:00'"
	}
	return "TIMESTAMP_NTZ '2024-01-15 10:30:00'"
}

// castable checks a cast that the user wrote.
func (a *analyzer) castable(from, to types.Type, try bool, at errs.Span, name string) error {
	_, err := fn.CastKernel(from, to, try)
	if err != nil {
		return a.mismatch(err, at, name)
	}
	return nil
}
