package fn

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func numberFormatFuncs() []Scalar {
	return []Scalar{
		scalar("string", "to_number(str, format)", "The number that a text of a format such as '$99,999.00' stands for.", direct(bindToNumber(false))),
		scalar("string", "try_to_number(str, format)", "As to_number, NULL if the text does not have the format.", direct(bindToNumber(true))),
		scalar("string", "to_char(expr, format)", "A number in a format such as '$99,999.00', a date or timestamp in a pattern, or bytes as 'base64', 'hex' or 'utf-8'.", direct(bindToChar), "to_varchar"),
		scalar("string", "to_binary(str[, format])", "The bytes of a string in 'hex' (if not given), 'utf-8' or 'base64'.", direct(bindToBinary(false))),
		scalar("string", "try_to_binary(str[, format])", "As to_binary, NULL if the string does not have the format.", direct(bindToBinary(true))),
	}
}

// constText is the value of a constant string argument; known is false for a NULL.
func constText(name, what string, a Arg) (text string, known bool, err error) {
	if a.Const == nil {
		return "", false, notFoldable(name, what)
	}
	if a.Const.IsNull(0) || a.Type.Kind == types.Null {
		return "", false, nil
	}
	if a.Type.Kind == types.String {
		return string(a.Const.Bytes(0)), true, nil
	}
	return Text(nil, a.Const, 0), true, nil
}

func bindToNumber(try bool) func(name string, args []Arg) (Bound, error) {
	return func(name string, args []Arg) (Bound, error) {
		ts, err := resolve(name, args, 2, str, str)
		if err != nil {
			return Bound{}, err
		}
		text, known, err := constText(name, "format", args[1])
		if err != nil {
			return Bound{}, err
		}
		if !known {
			t := types.DecimalType(10, 0)
			return Bound{Params: ts, Result: t, Nullable: true, Kernel: nullKernel(t)}, nil
		}
		f, err := parseNumberFormat(text)
		if err != nil {
			return Bound{}, err
		}
		t, err := f.result()
		if err != nil {
			return Bound{}, err
		}
		k := row2(t, func(_ *Context, s, _ string) (num, error) {
			v, ok := f.parse(s)
			switch {
			case ok:
				return v, nil
			case try:
				return v, errNull
			}
			return v, errs.New("INVALID_FORMAT.MISMATCH_INPUT", "the text '%s' does not have the format '%s'", s, text).State("42601").
				WithHint("use try_to_number to get NULL instead")
		})
		return Bound{Params: ts, Result: t, Nullable: nullable(args) || try, Kernel: k}, nil
	}
}

// bindToChar formats by the type of the first argument.
func bindToChar(name string, args []Arg) (Bound, error) {
	if err := checkArity(name, args, 2, 2); err != nil {
		return Bound{}, err
	}
	switch t := args[0].Type; t.Kind {
	case types.Date, types.Timestamp, types.TimestampNTZ:
		return byFirst(2, dateFormatOf, is(types.TimestampType), str)("date_format")(args)
	case types.Binary:
		return bindBinaryToChar(name, args)
	case types.String, types.Null, types.Byte, types.Short, types.Int, types.Long, types.Float, types.Double, types.Decimal:
	default:
		return Bound{}, mismatch(name, 0, `"NUMERIC"`, t)
	}
	from, s := types.DecimalFor(args[0].Type), types.StringType
	params := []types.Type{from, s}
	text, known, err := constText(name, "format", args[1])
	if err != nil {
		return Bound{}, err
	}
	if !known {
		return Bound{Params: params, Result: s, Nullable: true, Kernel: nullKernel(s)}, nil
	}
	f, err := parseNumberFormat(text)
	if err != nil {
		return Bound{}, err
	}
	k := row2(s, func(_ *Context, d num, _ string) (string, error) {
		return f.show(decimalTextBig(d.BigInt(), int(from.Scale))), nil
	})
	return Bound{Params: params, Result: s, Nullable: nullable(args), Kernel: k}, nil
}

func bindBinaryToChar(name string, args []Arg) (Bound, error) {
	text, known, err := constText(name, "format", args[1])
	if err != nil {
		return Bound{}, err
	}
	s := types.StringType
	out := Bound{Params: []types.Type{types.BinaryType, s}, Result: s, Nullable: nullable(args)}
	var f func(v string) (string, error)
	switch format := strings.ToLower(text); {
	case !known:
		out.Kernel = nullKernel(s)
		return out, nil
	case format == "base64":
		f = func(v string) (string, error) { return base64.StdEncoding.EncodeToString([]byte(v)), nil }
	case format == "hex":
		f = func(v string) (string, error) { return strings.ToUpper(hex.EncodeToString([]byte(v))), nil }
	case format == "utf-8":
		f = func(v string) (string, error) { return decodeText(nil, v, "UTF-8") }
	default:
		return Bound{}, errs.New("INVALID_PARAMETER_VALUE.BINARY_FORMAT", "the format of %s must be 'base64', 'hex' or 'utf-8', not '%s'", name, text).State("22023")
	}
	out.Kernel = row2(s, func(_ *Context, v, _ string) (string, error) { return f(v) })
	return out, nil
}

func bindToBinary(try bool) func(name string, args []Arg) (Bound, error) {
	return func(name string, args []Arg) (Bound, error) {
		ts, err := resolve(name, args, 1, str, anyType)
		if err != nil {
			return Bound{}, err
		}
		format, known := "hex", true
		if len(args) == 2 {
			ts[1] = types.StringType
			if format, known, err = constText(name, "format", args[1]); err != nil {
				return Bound{}, err
			}
		}
		b := types.BinaryType
		out := Bound{Params: ts, Result: b, Nullable: nullable(args) || try, Kernel: nullKernel(b)}
		f, ok := binaryFormats(strings.ToLower(format))
		switch {
		case !known || !ok && try:
			out.Nullable = true
			return out, nil
		case !ok:
			return Bound{}, errs.New("DATATYPE_MISMATCH.INVALID_ARG_VALUE", "the format of %s must be 'hex', 'utf-8' or 'base64', not '%s'", name, format).State("42K09")
		}
		one := row1(b, maybe(try, func(c *Context, s string) (string, error) { return f(s) }))
		out.Kernel = func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
			return one(c, args[:1], n, sel)
		}
		return out, nil
	}
}

func binaryFormats(format string) (func(s string) (string, error), bool) {
	switch format {
	case "hex":
		return func(s string) (string, error) {
			v, err := unhex(nil, s)
			if err != nil {
				err = conversionError(s, "HEX")
			}
			return v, err
		}, true
	case "utf-8", "utf8":
		return func(s string) (string, error) { return s, nil }, true
	case "base64":
		return func(s string) (string, error) {
			return unbase64(nil, strings.Map(func(r rune) rune {
				if r == ' ' || r == '\t' {
					return -1
				}
				return r
			}, s))
		}, true
	}
	return nil, false
}
