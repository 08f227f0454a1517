package fn

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func printfFuncs() []Scalar {
	return []Scalar{
		scalar("string", "format_string(format, a, ...)", "The arguments in a format as of Java's Formatter: %s %d %f %e %x %c %b %%.", direct(bindFormatString), "printf"),
		scalar("string", "format_number(a, d)", "The number with thousands separators and d decimals.", orNullable(direct(bindFormatNumber))),
	}
}

func bindFormatString(name string, args []Arg) (Bound, error) {
	if err := checkArity(name, args, 1, -1); err != nil {
		return Bound{}, err
	}
	ts, err := resolve(name, args[:1], 1, str)
	if err != nil {
		return Bound{}, err
	}
	for _, a := range args[1:] {
		ts = append(ts, a.Type)
	}
	s := types.StringType
	return Bound{Params: ts, Result: s, Nullable: args[0].Nullable, Kernel: func(c *Context, a []vec.Col, n int, sel []uint32) (vec.Col, error) {
		valid, never := bothValid(a[:1], n)
		if never {
			return vec.NullCol(s, n), nil
		}
		return rowLoop(s, n, sel, valid, func(i int) (string, error) { return formatRow(c, a[0].Str(i), a[1:], i) })
	}}, nil
}

// verb is one %[index$][flags][width][.precision]conversion.
type verb struct {
	index            int
	flags            string
	width, precision int // precision -1: not given
	conv             byte
}

// formatRow is Java's String.format over one row.
func formatRow(c *Context, format string, args []vec.Col, row int) (string, error) {
	var out strings.Builder
	next := 0
	for i := 0; i < len(format); {
		if format[i] != '%' {
			out.WriteByte(format[i])
			i++
			continue
		}
		v, size, ok := parseVerb(format[i:])
		if !ok {
			return "", formatError(format, "a % without a conversion")
		}
		i += size
		switch v.conv {
		case '%':
			out.WriteString(fill("%", v))
			continue
		case 'n':
			out.WriteByte('\n')
			continue
		}
		k := v.index - 1
		if v.index == 0 {
			k = next
			next++
		}
		if k >= len(args) {
			return "", formatError(format, fmt.Sprintf("no argument for %%%c", v.conv))
		}
		text, err := formatValue(c, v, &args[k], row)
		if err != nil {
			return "", formatError(format, err.Error())
		}
		out.WriteString(text)
	}
	return out.String(), nil
}

func formatError(format, why string) error {
	return errs.New("INVALID_PARAMETER_VALUE.FORMAT", "the format '%s' does not fit its arguments: %s", format, why).State("22023")
}

func parseVerb(s string) (v verb, size int, ok bool) {
	v.precision = -1
	i := 1
	if n := digitRun(s[i:]); n > 0 && i+n < len(s) && s[i+n] == '$' {
		v.index = atoi(s[i : i+min(n, 6)])
		i += n + 1
	}
	for i < len(s) && strings.IndexByte("-#+ 0,(", s[i]) >= 0 {
		v.flags += s[i : i+1]
		i++
	}
	if n := digitRun(s[i:]); n > 0 {
		v.width = atoi(s[i : i+min(n, 4)])
		i += n
	}
	if i < len(s) && s[i] == '.' {
		n := digitRun(s[i+1:])
		v.precision = atoi(s[i+1 : i+1+min(n, 3)])
		i += n + 1
	}
	if i >= len(s) {
		return v, 0, false
	}
	v.conv = s[i]
	return v, i + 1, true
}

func (v verb) has(flag string) bool { return strings.Contains(v.flags, flag) }

// fill pads to the width.
func fill(s string, v verb) string {
	gap := v.width - len([]rune(s))
	switch {
	case gap <= 0:
		return s
	case v.has("-"):
		return s + strings.Repeat(" ", gap)
	case v.has("0") && s != "" && strings.ContainsRune("dxXofeEgG", rune(v.conv)):
		sign := ""
		if strings.IndexByte("+- (", s[0]) >= 0 {
			sign, s = s[:1], s[1:]
		}
		return sign + strings.Repeat("0", gap) + s
	}
	return strings.Repeat(" ", gap) + s
}

func formatValue(c *Context, v verb, a *vec.Col, row int) (string, error) {
	if a.IsNull(row) {
		if v.conv == 'b' || v.conv == 'B' {
			return fill("false", v), nil
		}
		v.flags = strings.ReplaceAll(v.flags, "0", "")
		return fill("null", v), nil
	}
	var s string
	var err error
	switch v.conv {
	case 's', 'S':
		s = Text(c, a, row)
		if v.precision >= 0 {
			s = s[:charAt(s, v.precision)]
		}
	case 'b', 'B':
		s = "true"
		if a.Type.Kind == types.Boolean {
			s = strconv.FormatBool(vec.Get[bool](a, row))
		}
	case 'd':
		s, err = formatInt(v, a, row)
	case 'x', 'X', 'o':
		s, err = formatRadix(v, a, row)
	case 'f', 'e', 'E', 'g', 'G':
		s, err = formatFloat(v, a, row)
	case 'c':
		switch {
		case a.Type.IsIntegral():
			s = string(rune(intValue(a, row)))
		default:
			s = Text(c, a, row)
		}
	default:
		err = fmt.Errorf("unknown conversion %%%c", v.conv)
	}
	if v.conv >= 'A' && v.conv <= 'Z' {
		s = strings.ToUpper(s)
	}
	return fill(s, v), err
}

func wrongConversion(v verb, t types.Type) error {
	return fmt.Errorf("%%%c does not take a value of type %s", v.conv, t.SQL())
}

func formatInt(v verb, a *vec.Col, row int) (string, error) {
	if !a.Type.IsIntegral() {
		return "", wrongConversion(v, a.Type)
	}
	s := strconv.FormatInt(intValue(a, row), 10)
	return signed(v, grouped(v, s)), nil
}

// grouped puts a comma between thousands if asked to.
func grouped(v verb, s string) string {
	if !v.has(",") {
		return s
	}
	return thousands(s)
}

func thousands(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, frac, found := strings.Cut(s, ".")
	var b strings.Builder
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(whole[i])
	}
	if found {
		b.WriteString("." + frac)
	}
	return sign + b.String()
}

func signed(v verb, s string) string {
	switch {
	case strings.HasPrefix(s, "-"):
		if v.has("(") {
			return "(" + s[1:] + ")"
		}
		return s
	case v.has("+"):
		return "+" + s
	case v.has(" "):
		return " " + s
	}
	return s
}

// formatRadix prints negative numbers in two's complement of their width.
func formatRadix(v verb, a *vec.Col, row int) (string, error) {
	if !a.Type.IsIntegral() {
		return "", wrongConversion(v, a.Type)
	}
	u := uint64(intValue(a, row))
	if bits := 8 * vec.Width(a.Type); bits < 64 {
		u &= 1<<bits - 1
	}
	if v.conv == 'o' {
		return strconv.FormatUint(u, 8), nil
	}
	s := strconv.FormatUint(u, 16)
	if v.has("#") {
		s = "0x" + s
	}
	return s, nil
}

func formatFloat(v verb, a *vec.Col, row int) (string, error) {
	precision := v.precision
	if precision < 0 {
		precision = 6
	}
	var text string // the number's shortest decimal form, which Java rounds half up
	switch a.Type.Kind {
	case types.Double:
		text = strconv.FormatFloat(vec.Get[float64](a, row), 'e', -1, 64)
	case types.Float:
		text = strconv.FormatFloat(float64(vec.Get[float32](a, row)), 'e', -1, 32)
	case types.Decimal:
		text = string(decimalText(nil, vec.Get[num](a, row), int(a.Type.Scale)))
	default:
		return "", wrongConversion(v, a.Type)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return "", err
	}
	switch {
	case math.IsNaN(f):
		return "NaN", nil
	case math.IsInf(f, 1):
		return signed(v, "Infinity"), nil
	case math.IsInf(f, -1):
		return signed(v, "-Infinity"), nil
	}
	if v.conv != 'f' {
		s := strconv.FormatFloat(f, v.conv|0x20, precision, 64)
		return signed(v, s), nil
	}
	d, scale, ok := parseDecimal(text)
	if !ok {
		return "", wrongConversion(v, a.Type)
	}
	s := decimalTextBig(rescale(d, scale, precision), precision)
	if f < 0 && s[0] != '-' {
		s = "-" + s
	}
	return signed(v, grouped(v, s)), nil
}

// bindFormatNumber takes any number and a count of decimals; rounding is half to even.
func bindFormatNumber(name string, args []Arg) (Bound, error) {
	number := func(a Arg) (types.Type, string) {
		if a.Type.Kind == types.String {
			return a.Type, `"NUMERIC"`
		}
		return numeric(a)
	}
	pattern := len(args) == 2 && args[1].Type.Kind == types.String
	second := integer32
	if pattern {
		second = str
	}
	ts, err := resolve(name, args, 2, number, second)
	if err != nil {
		return Bound{}, err
	}
	s := types.StringType
	if pattern {
		return Bound{Params: ts, Result: s, Nullable: nullable(args), Kernel: formatByPattern(s)}, nil
	}
	return Bound{Params: ts, Result: s, Kernel: strict(s, func(c *Context, a []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return rowLoop(s, n, sel, valid, func(i int) (string, error) {
			d := int(vec.Get[int32](&a[1], i))
			if d < 0 {
				return "", errNull
			}
			return formatNumber(&a[0], i, d)
		})
	})}, nil
}

// formatByPattern formats by a pattern, which is nearly always one.
func formatByPattern(s types.Type) Kernel {
	return strict(s, func(_ *Context, a []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		var last *decimalPattern
		text := ""
		return rowLoop(s, n, sel, valid, func(i int) (string, error) {
			if t := a[1].Str(i); last == nil || t != text {
				p, err := parseDecimalPattern(t)
				if err != nil {
					return "", err
				}
				last, text = p, strings.Clone(t)
			}
			return last.format(&a[0], i)
		})
	})
}

func formatNumber(a *vec.Col, i, d int) (string, error) {
	text := Text(nil, a, i)
	switch text {
	case "NaN":
		return text, nil
	case "Infinity":
		return "∞", nil
	case "-Infinity":
		return "-∞", nil
	}
	if a.Type.Kind == types.Double { // DecimalFormat rounds the exact binary value
		text = strconv.FormatFloat(vec.Get[float64](a, i), 'f', d, 64)
		return thousands(text), nil
	}
	v, scale, ok := parseDecimal(text)
	if !ok {
		return "", errNull
	}
	return thousands(decimalTextBig(roundBig(v, scale, d, halfEven), d)), nil
}
