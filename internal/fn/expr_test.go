package fn

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// evaluator is a small reader of expressions for the tables recorded from Spark: literals,
// calls, operators, casts, subscripts. (The SQL front end lies in a sibling package.)
type evaluator struct {
	toks []string
	pos  int
	ctx  *Context
}

// evalExpr evaluates an expression to a column of one row.
func evalExpr(text string, ctx *Context) (col vec.Col, err error) {
	e := &evaluator{toks: tokens(text), ctx: ctx}
	defer func() {
		if r := recover(); r != nil {
			if ev, ok := r.(evalError); ok {
				err = ev.err
				return
			}
			panic(fmt.Sprintf("%s: %v", text, r))
		}
	}()
	v := e.expr(0)
	if e.pos != len(e.toks) {
		e.fail(fmt.Errorf("left over: %q", e.toks[e.pos:]))
	}
	return v, nil
}

type evalError struct{ err error }

func (e *evaluator) fail(err error) { panic(evalError{err}) }

// tokens splits a text; strings keep their quotes.
func tokens(s string) []string {
	var out []string
	for i := 0; i < len(s); {
		c := s[i]
		j := i + 1
		switch {
		case c == ' ':
			i++
			continue
		case c == '`':
			j += strings.IndexByte(s[j:], '`')
			out = append(out, s[i+1:j])
			i = j + 1
			continue
		case c == '\'' || c == '"':
			for j < len(s) && s[j] != c {
				if s[j] == '\\' {
					j++
				}
				j++
			}
			j++
		case c >= '0' && c <= '9' || c == '.' && j < len(s) && unicode.IsDigit(rune(s[j])):
			for j < len(s) && (isWord(s[j]) || s[j] == '.' || (s[j] == '-' || s[j] == '+') && (s[j-1] == 'e' || s[j-1] == 'E')) {
				j++
			}
		case isWord(c):
			for j < len(s) && isWord(s[j]) {
				j++
			}
		default:
			for _, op := range []string{"<=>", "<=", ">=", "!=", "||"} {
				if strings.HasPrefix(s[i:], op) {
					j = i + len(op)
					break
				}
			}
		}
		out = append(out, s[i:j])
		i = j
	}
	return out
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (e *evaluator) peek() string {
	if e.pos < len(e.toks) {
		return e.toks[e.pos]
	}
	return ""
}

func (e *evaluator) is(words ...string) bool {
	for _, w := range words {
		if strings.EqualFold(e.peek(), w) {
			e.pos++
			return true
		}
	}
	return false
}

func (e *evaluator) want(w string) {
	if !e.is(w) {
		e.fail(fmt.Errorf("want %q at %q", w, e.toks[e.pos:]))
	}
}

// power is the binding power of the binary operators.
var power = map[string]int{
	"=": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "<=>": 3, "like": 3, "ilike": 3, "rlike": 3,
	"|": 4, "^": 5, "&": 6, "||": 8, "+": 8, "-": 8, "*": 9, "/": 9, "%": 9, "div": 9,
}

func (e *evaluator) expr(least int) vec.Col {
	left := e.prefix()
	for {
		op := strings.ToLower(e.peek())
		p, ok := power[op]
		if !ok || p <= least {
			return left
		}
		e.pos++
		args := []vec.Col{left, e.expr(p)}
		if e.is("escape") {
			args = append(args, e.expr(p))
		}
		left = e.call(op, args)
	}
}

func (e *evaluator) prefix() vec.Col {
	switch {
	case e.is("not"):
		return e.call("not", []vec.Col{e.expr(2)})
	case e.is("-"):
		if next := e.peek(); next != "" && next[0] >= '0' && next[0] <= '9' {
			e.pos++
			return e.number("-" + next)
		}
		return e.call("-", []vec.Col{e.expr(9)})
	case e.is("~"):
		return e.call("~", []vec.Col{e.expr(9)})
	}
	v := e.primary()
	for e.is("[") {
		v = e.call("getitem", []vec.Col{v, e.expr(0)})
		e.want("]")
	}
	return v
}

func (e *evaluator) primary() vec.Col {
	t := e.peek()
	e.pos++
	low := strings.ToLower(t)
	next := e.peek()
	switch {
	case t == "(":
		v := e.expr(0)
		e.want(")")
		return v
	case t == "":
		e.fail(fmt.Errorf("unexpected end"))
	case t[0] == '\'' || t[0] == '"':
		return vec.ConstString(types.StringType, unquote(t), 1)
	case t[0] >= '0' && t[0] <= '9':
		return e.number(t)
	case low == "null":
		return vec.NullCol(types.NullType, 1)
	case low == "true", low == "false":
		return vec.ConstOf(types.BooleanType, low == "true", 1)
	case low == "interval" && next != "(":
		return e.interval()
	case low == "x" && strings.HasPrefix(next, "'"):
		e.pos++
		b, _ := unhex(nil, unquote(next))
		return vec.ConstString(types.BinaryType, b, 1)
	case strings.HasPrefix(next, "'") && (low == "date" || low == "timestamp" || low == "timestamp_ntz"):
		e.pos++
		return e.cast(vec.ConstString(types.StringType, unquote(next), 1), typeNamed(low), false)
	case low == "cast", low == "try_cast":
		e.want("(")
		v := e.expr(0)
		e.want("as")
		to := e.typeName()
		e.want(")")
		return e.cast(v, to, low == "try_cast")
	}
	return e.function(low)
}

// function reads the arguments of a call; extract has its own form.
func (e *evaluator) function(name string) vec.Col {
	e.want("(")
	var args []vec.Col
	if name == "timestampadd" || name == "timestampdiff" {
		args = append(args, vec.ConstString(types.StringType, e.peek(), 1))
		e.pos++
		e.want(",")
	}
	if name == "extract" {
		args = append(args, vec.ConstString(types.StringType, e.peek(), 1))
		e.pos++
		e.want("from")
	}
	for !e.is(")") {
		args = append(args, e.expr(0))
		e.is(",")
	}
	return e.call(name, args)
}

func (e *evaluator) number(t string) vec.Col {
	to := types.IntType
	if digitRun(t) == len(t) && len(t) > 10 {
		to = types.LongType
	}
	body := t
	switch suffix := t[len(t)-1]; {
	case strings.HasSuffix(t, "L"):
		to, body = types.LongType, t[:len(t)-1]
	case suffix == 'Y':
		to, body = types.ByteType, t[:len(t)-1]
	case suffix == 'S':
		to, body = types.ShortType, t[:len(t)-1]
	case suffix == 'D' && !strings.HasSuffix(t, "BD"):
		to, body = types.DoubleType, t[:len(t)-1]
	case strings.HasSuffix(t, "BD"):
		return e.number(t[:len(t)-2])
	case strings.ContainsAny(t, "eE"):
		to = types.DoubleType
	case strings.Contains(t, "."):
		digits := strings.TrimLeft(strings.ReplaceAll(strings.TrimPrefix(t, "-"), ".", ""), "0")
		scale := len(t) - strings.IndexByte(t, '.') - 1
		to = types.DecimalType(max(len(digits), scale), scale)
	}
	return e.cast(vec.ConstString(types.StringType, body, 1), to, false)
}

// interval reads INTERVAL '1' DAY, INTERVAL 1 DAY and INTERVAL '...' DAY TO SECOND.
func (e *evaluator) interval() vec.Col {
	text := e.peek()
	e.pos++
	if text[0] == '\'' {
		text = unquote(text)
	}
	t := e.intervalType()
	return e.cast(vec.ConstString(types.StringType, text, 1), t, false)
}

func (e *evaluator) intervalType() types.Type {
	unit := func() (types.Kind, uint8) {
		w := strings.TrimSuffix(strings.ToLower(e.peek()), "s")
		e.pos++
		switch w {
		case "year":
			return types.YearMonth, types.Year
		case "month":
			return types.YearMonth, types.Month
		case "day":
			return types.DayTime, types.Day
		case "hour":
			return types.DayTime, types.Hour
		case "minute":
			return types.DayTime, types.Minute
		}
		return types.DayTime, types.Second
	}
	k, from := unit()
	to := from
	if e.is("to") {
		_, to = unit()
	}
	return types.Type{Kind: k, Precision: from, Scale: to}
}

func typeNamed(name string) types.Type {
	return map[string]types.Type{
		"int": types.IntType, "bigint": types.LongType, "tinyint": types.ByteType, "smallint": types.ShortType,
		"float": types.FloatType, "double": types.DoubleType, "string": types.StringType, "binary": types.BinaryType,
		"boolean": types.BooleanType, "date": types.DateType, "timestamp": types.TimestampType, "timestamp_ntz": types.TimestampNTZType,
	}[name]
}

func (e *evaluator) typeName() types.Type {
	name := strings.ToLower(e.peek())
	e.pos++
	switch name {
	case "interval":
		return e.intervalType()
	case "decimal":
		e.want("(")
		p, s := e.peek(), e.toks[e.pos+2]
		e.pos += 3
		e.want(")")
		return types.DecimalType(atoi(p), atoi(s))
	case "array":
		e.want("<")
		t := e.typeName()
		e.want(">")
		return types.ArrayOf(t, true)
	case "map":
		e.want("<")
		k := e.typeName()
		e.want(",")
		v := e.typeName()
		e.want(">")
		return types.MapOf(k, v, true)
	}
	return typeNamed(name)
}

func (e *evaluator) cast(v vec.Col, to types.Type, try bool) vec.Col {
	k, err := CastKernel(v.Type, to, try)
	if err != nil {
		e.fail(err)
	}
	out, err := k(e.ctx, v, 1, nil)
	asKernel := Bound{Kernel: func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) { return k(c, args[0], n, sel) }}
	if problem := otherEncodings(e.ctx, asKernel, []vec.Col{v}, out, err); problem != nil {
		e.fail(fmt.Errorf("cast %s to %s: %w", v.Type, to, problem))
	}
	if err != nil {
		e.fail(err)
	}
	return out
}

// call binds and runs a function as the analyzer and the executor would. Everything is a
// constant here.
func (e *evaluator) call(name string, cols []vec.Col) vec.Col {
	s, ok := LookupScalar(name)
	if !ok {
		e.fail(fmt.Errorf("no function %s", name))
	}
	args := make([]Arg, len(cols))
	for i := range cols {
		args[i] = Arg{Type: cols[i].Type, Nullable: cols[i].IsNull(0), Const: &cols[i]}
	}
	b, err := s.Bind(args)
	if err != nil {
		e.fail(err)
	}
	for i, p := range b.Params {
		cols[i] = e.cast(cols[i], p, false)
	}
	out, err := b.Kernel(e.ctx, cols, 1, nil)
	if !b.Volatile {
		if problem := otherEncodings(e.ctx, b, cols, out, err); problem != nil {
			e.fail(fmt.Errorf("%s: %w", name, problem))
		}
	}
	if err != nil {
		e.fail(err)
	}
	if !out.Type.Equal(b.Result) {
		e.fail(fmt.Errorf("%s: column of type %s, result type %s", name, out.Type, b.Result))
	}
	return out
}

// otherEncodings runs a kernel over flat columns, over dictionaries and with selections, and
// says where that differs from the constant result.
func otherEncodings(ctx *Context, b Bound, cols []vec.Col, want vec.Col, wantErr error) error {
	const n = 5
	flat, dict := make([]vec.Col, len(cols)), make([]vec.Col, len(cols))
	for i := range cols {
		rep := cols[i].Repeat(n)
		flat[i] = vec.Flatten(&rep)
		dict[i] = flat[i]
		if !cols[i].IsNull(0) {
			d := vec.Flatten(&cols[i])
			dict[i] = vec.Col{Type: d.Type, Enc: vec.Dict, Len: n, Dict: &d, Ids: make([]uint32, n)}
		}
	}
	for _, args := range [][]vec.Col{flat, dict} {
		for _, sel := range [][]uint32{nil, {1, 3}, {}} {
			got, err := b.Kernel(ctx, args, n, sel)
			if len(sel) == 0 && sel != nil {
				if err != nil {
					return fmt.Errorf("an unselected row raised: %w", err)
				}
				continue
			}
			if (err == nil) != (wantErr == nil) {
				return fmt.Errorf("error %v with selection %v, want %v", err, sel, wantErr)
			}
			if err != nil {
				continue
			}
			if got.Len != n {
				return fmt.Errorf("%d rows with selection %v", got.Len, sel)
			}
			for i := range vec.Each(n, sel) {
				if g, w := Text(ctx, &got, i), Text(ctx, &want, 0); g != w || got.IsNull(i) != want.IsNull(0) {
					return fmt.Errorf("row %d is %s with selection %v, want %s", i, g, sel, w)
				}
			}
		}
	}
	return nil
}

// unquote resolves the backslashes and doubled quotes of a string literal.
func unquote(s string) string {
	q := s[:1]
	s = s[1 : len(s)-1]
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			switch s[i] {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case '%', '_':
				b.WriteString(s[i-1 : i+1])
			default:
				b.WriteByte(s[i])
			}
			continue
		}
		b.WriteByte(s[i])
	}
	return strings.ReplaceAll(b.String(), q+q, q)
}

func TestEvaluatorReads(t *testing.T) {
	v, err := evalExpr("1 + 2 * 3", &Context{})
	if err != nil || vec.Get[int32](&v, 0) != 7 {
		t.Fatalf("got %v, %v", v, err)
	}
}
