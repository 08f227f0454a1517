package sql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

const (
	classSyntax      = "PARSE_SYNTAX_ERROR"
	classUnsupported = "UNSUPPORTED_FEATURE"
	classIdent       = "INVALID_IDENTIFIER"
	classStar        = "INVALID_USAGE_OF_STAR_OR_REGEX"
	classTooDeep     = "FAILED_TO_PARSE_TOO_COMPLEX"
)

// The bounds of a statement, so that whoever walks the tree recursively is safe.
const (
	maxDepth = 400    // nested parentheses, subqueries, types
	maxLinks = 50_000 // operators, joins and set operations of one statement
)

// parser reads tokens. Its methods report an error by panicking with bail, which the entry
// points of this file turn into a returned error; it never leaves the package.
type parser struct {
	src     *errs.Source
	toks    []token
	i       int
	depth   int
	links   int
	lenient bool // CHAR(n) and VARCHAR(n) are STRING wherever they stand
	params  int
	pending Expr // an operand that was read before it was known to be one
	star    int  // index of the token where * may stand as an expression, or -1

	hive    *hiveFrom       // FROM before INSERT, until its SELECT is read
	pipes   int             // pipe operators of the statement
	byName  map[string]Expr // values of :name
	byIndex []Expr          // values of ?
}

// bail carries an error out of the recursive descent.
type bail struct{ err *errs.Error }

func newParser(src *errs.Source) *parser { return newParserWith(src, nil) }

func newParserWith(src *errs.Source, expand Expander) *parser {
	return &parser{src: src, toks: lex(src, expand), star: -1}
}

// caught turns a bail into err; any other panic goes on.
func caught(err *error) {
	switch r := recover().(type) {
	case nil:
	case bail:
		*err = r.err
	default:
		panic(r)
	}
}

// Parse reads a script: statements separated by semicolons. Empty statements are skipped. The
// error is an *errs.Error with its place.
func Parse(src *errs.Source) ([]Statement, error) { return ParseWith(src, nil) }

// ParseWith is Parse with ${…} resolved, in strings and where a word or number may stand.
func ParseWith(src *errs.Source, expand Expander) ([]Statement, error) {
	return ParseOptions(src, Options{Expand: expand})
}

// Options are what a text may refer to. Parameters are replaced where they stand, as Spark does:
// :name by Named[name] (case counts) and ? by the values of Positional in their order, each one
// time. The values are constants (literals, casts, array(…) and the like). With both nil,
// parameters stay *Param; else one without a value is UNBOUND_SQL_PARAMETER.
type Options struct {
	Expand     Expander
	Named      map[string]Expr
	Positional []Expr
}

// ParseOptions is Parse with Options.
func ParseOptions(src *errs.Source, o Options) (stmts []Statement, err error) {
	defer caught(&err)
	p := newParserWith(src, o.Expand)
	p.byName, p.byIndex = o.Named, o.Positional
	for {
		for p.acceptOp(";") {
		}
		if p.tok().kind == tkEOF {
			return stmts, nil
		}
		p.links, p.params, p.pipes = 0, 0, 0
		stmts = append(stmts, p.statement())
		if p.tok().kind != tkEOF && !p.isOp(";") {
			p.fail("the end of the statement", clauseWords...)
		}
	}
}

// ParseExpr reads one expression, which must be the whole text.
func ParseExpr(src *errs.Source) (e Expr, err error) {
	defer caught(&err)
	p := newParser(src)
	p.star = 0
	e = p.expr()
	p.end()
	return e, nil
}

// ParseName reads a dotted name such as a.`b c`, as the text of IDENTIFIER(…) holds it.
func ParseName(src *errs.Source) (n Name, err error) {
	defer caught(&err)
	p := newParser(src)
	n = p.name("a name")
	p.end()
	return n, nil
}

// ParseType reads a data type such as ARRAY<STRUCT<a: INT>>.
func ParseType(src *errs.Source) (t types.Type, err error) {
	defer caught(&err)
	p := newParser(src)
	t = p.dataType()
	p.end()
	return t, nil
}

// ParseSchema reads a list of columns such as "id INT NOT NULL, name STRING" (Spark:
// StructType.fromDDL), or a STRUCT<…> type, whose fields are then the columns.
func ParseSchema(text string) (s types.Schema, err error) {
	defer caught(&err)
	p := newParser(&errs.Source{Name: "schema", Text: text})
	p.lenient = true
	if p.isWord("STRUCT") && p.peek(1).kind == tkOp && (p.peek(1).up == "<" || p.peek(1).up == "<>") {
		s = p.dataType().Fields
	} else {
		s = p.columnTypes()
	}
	p.end()
	return s, nil
}

// end expects the end of the text.
func (p *parser) end() {
	if p.tok().kind != tkEOF {
		p.fail("the end of the text")
	}
}

func (p *parser) tok() *token { return &p.toks[p.i] }

func (p *parser) peek(n int) *token { return &p.toks[min(p.i+n, len(p.toks)-1)] }

// prev is the token before the current one.
func (p *parser) prev() *token { return &p.toks[max(p.i-1, 0)] }

// advance passes the current token and returns it.
func (p *parser) advance() *token {
	t := p.tok()
	if t.kind == tkBad {
		panic(bail{t.bad})
	}
	if t.kind != tkEOF {
		p.i++
	}
	return t
}

// from is the place from a start offset to the end of the last token passed.
func (p *parser) from(start int) At {
	return At{errs.Span{Start: start, End: max(start, p.prev().pos.End)}}
}

func (p *parser) start() int { return p.tok().pos.Start }

// isWord reports whether the current token is one of the keywords, unquoted.
func (p *parser) isWord(words ...string) bool {
	return p.tok().kind == tkWord && slices.Contains(words, p.tok().up)
}

// isWords reports whether the next tokens are these keywords, in order.
func (p *parser) isWords(words ...string) bool {
	for n, w := range words {
		if t := p.peek(n); t.kind != tkWord || t.up != w {
			return false
		}
	}
	return true
}

// acceptWords passes the keywords if all of them come next.
func (p *parser) acceptWords(words ...string) bool {
	if !p.isWords(words...) {
		return false
	}
	p.i += len(words)
	return true
}

// acceptWord passes one of the keywords and returns it, else "".
func (p *parser) acceptWord(words ...string) string {
	if !p.isWord(words...) {
		return ""
	}
	return p.advance().up
}

// expectWords passes the keywords or fails at the first that is not there.
func (p *parser) expectWords(words ...string) {
	for _, w := range words {
		if !p.isWord(w) {
			p.fail(w, w)
		}
		p.i++
	}
}

func (p *parser) isOp(op string) bool { return p.tok().kind == tkOp && p.tok().up == op }

func (p *parser) acceptOp(op string) bool {
	if p.isOp(op) {
		p.i++
		return true
	}
	return false
}

func (p *parser) expectOp(op string) {
	if !p.acceptOp(op) {
		p.fail("'" + op + "'")
	}
}

// enter counts one level of nesting; leave takes it back.
func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		panic(bail{errs.New(classTooDeep, "The statement is nested more than %d levels deep", maxDepth).
			State("54001").At(p.src, p.tok().pos).WithHint("split it into several statements or views")})
	}
}

func (p *parser) leave() { p.depth-- }

// link counts one operator, join or set operation.
func (p *parser) link() {
	if p.links++; p.links > maxLinks {
		panic(bail{errs.New(classTooDeep, "The statement has more than %d operators", maxLinks).
			State("54001").At(p.src, p.tok().pos).WithHint("use IN (…) or a table instead of a long chain")})
	}
}

// list reads one item or more, separated by commas.
func list[T any](p *parser, item func() T) []T {
	out := []T{item()}
	for p.acceptOp(",") {
		out = append(out, item())
	}
	return out
}

// paren reads a list in parentheses.
func paren[T any](p *parser, item func() T) []T {
	p.expectOp("(")
	out := list(p, item)
	p.expectOp(")")
	return out
}

// describe is a token as a message names it.
func (t *token) describe(src *errs.Source) string {
	if t.kind == tkEOF {
		return "the end of the text"
	}
	s := src.Text[t.pos.Start:t.pos.End]
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		s = s[:i] + "…"
	}
	if len(s) > 40 {
		s = strings.ToValidUTF8(s[:40], "") + "…"
	}
	if t.kind == tkString {
		return s
	}
	return "'" + s + "'"
}

// fail reports a syntax error at the current token. want says in words what should stand
// there; words are keywords that could, for "did you mean".
func (p *parser) fail(want string, words ...string) {
	t := p.tok()
	if t.kind == tkBad {
		panic(bail{t.bad})
	}
	e := errs.New(classSyntax, "Syntax error at or near %s: expected %s", t.describe(p.src), want).
		State("42601").At(p.src, t.pos)
	if t.kind == tkEOF { // show the caret behind the last token, not behind trailing blank lines
		e.Span = errs.Span{Start: p.prev().pos.End, End: p.prev().pos.End}
	}
	if e.Hint = p.nearHint(words); e.Hint == "" {
		e.Hint = p.contextHint(want)
	}
	panic(bail{e})
}

// contextHint says what often leads to an error at this place.
func (p *parser) contextHint(want string) string {
	t, prev := p.tok(), p.prev()
	ends := strings.HasPrefix(want, "the end of")
	switch {
	case p.i > 0 && prev.kind == tkOp && prev.up == "," && (t.kind == tkOp && t.up == ")" || t.kind == tkWord && aliasStops[t.up] && t.up != "SELECT"):
		return "remove the comma before it"
	case ends && t.kind == tkOp && t.up == ")":
		return "there is one ')' too many"
	case ends && t.kind == tkWord && (slices.Contains(statementWords, t.up) || unsupportedStatements[t.up] != ""):
		return "separate statements with ';'"
	case t.kind == tkOp && t.up == ":" && p.peek(1).up == "/" && p.peek(2).up == "/":
		return "put a path into backquotes behind its format, such as csv.`s3://bucket/file`"
	case t.kind == tkString && strings.Contains(want, "name"):
		return "write the name without quotes, or with `backquotes`"
	case t.kind == tkWord && prev.kind == tkWord && prev.up == "SELECT":
		return "write the columns to select, or *"
	}
	return ""
}

// nearHint finds a misspelt keyword in the current token or in the one before it.
func (p *parser) nearHint(words []string) string {
	for _, t := range []*token{p.tok(), p.prev()} {
		_, isType := simpleTypes[t.up]
		if t.kind != tkWord || slices.Contains(words, t.up) || isType || aliasStops[t.up] || risky[t.up] {
			continue
		}
		for _, near := range errs.Near(t.up, words) {
			if closeTo(t.up, near) {
				return fmt.Sprintf("did you mean %s instead of %s?", near, t.text)
			}
		}
	}
	return ""
}

// closeTo keeps suggestions to real slips: nearly the same length.
func closeTo(got, want string) bool {
	if len(got) < 3 {
		return len(got) == 2 && len(want) == 3 && strings.HasPrefix(want, got)
	}
	d := len(got) - len(want)
	return d >= -2 && d <= 2 && (got[0] == want[0] || got[len(got)-1] == want[len(want)-1])
}

// clauseWords may follow a complete query or the end of a select list.
var clauseWords = []string{
	"FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "UNION", "INTERSECT", "EXCEPT",
	"JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "ON", "USING", "WINDOW", "WATERMARK", "AND", "OR",
	"BETWEEN", "LIKE", "AS",
}

// unsupported refuses what Spark has and Azud has not.
func (p *parser) unsupported(span errs.Span, what, instead string) {
	panic(bail{errs.New(classUnsupported, "%s is not supported", what).State("0A000").
		At(p.src, span).WithHint("%s", instead)})
}

// refuse reports what is wrong in the user's text with a class of its own.
func (p *parser) refuse(class string, span errs.Span, hint, format string, args ...any) {
	panic(bail{errs.New(class, format, args...).State(stateOf(class)).At(p.src, span).WithHint("%s", hint)})
}

// states are the SQLSTATEs of the classes that refuse reports, where they are not 42601.
var states = map[string]string{
	"DUPLICATE_CLAUSES": "42614", "CREATE_TABLE_COLUMN_DESCRIPTOR_DUPLICATE": "42710", "DUPLICATE_KEY": "23505", "INCOMPLETE_TYPE_DEFINITION": "42K01",
	"DATATYPE_MISSING_SIZE": "42K01", "UNSUPPORTED_DATATYPE": "0A000", "INVALID_TYPED_LITERAL": "42604", "UNSUPPORTED_TYPED_LITERAL": "0A000",
	"DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION": "22003", "INVALID_SET_SYNTAX": "42000", "INVALID_RESET_COMMAND_FORMAT": "42000",
	"INCOMPATIBLE_JOIN_TYPES": "42613", "INVALID_LATERAL_JOIN_TYPE": "42613", classStar: "42000", "INVALID_ESC": "42604", "INVALID_SQL_SYNTAX": "42000",
	classInterval: "22006", "UNPIVOT_VALUE_SIZE_MISMATCH": "428C4", "MULTIPART_FLOW_NAME_NOT_SUPPORTED": "0A000", classUnsupported: "0A000",
	"MULTIPLE_QUERY_RESULT_CLAUSES_WITH_PIPE_OPERATORS": "42000", classIdent: "42602", classTooDeep: "54001", "COLUMN_ALREADY_EXISTS": "42711",
	"DUPLICATE_ASSIGNMENTS": "42701", "DUPLICATED_CTE_NAMES": "42602", "INVALID_TEMP_OBJ_QUALIFIER": "42602", "INVALID_PARAMETER_VALUE": "22023", "INVALID_NUMERIC_LITERAL_RANGE": "22003",
}

// stateOf is the SQLSTATE of a class or of the class that it is a part of.
func stateOf(class string) string {
	main, _, _ := strings.Cut(class, ".")
	if s := states[main]; s != "" {
		return s
	}
	return "42601"
}
