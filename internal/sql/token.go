package sql

import "github.com/azud/azud/internal/errs"

// kind is the kind of a token.
type kind uint8

const (
	tkEOF    kind = iota
	tkWord        // unquoted identifier or keyword
	tkQuoted      // `identifier`
	tkString      // '…', "…", r'…'
	tkNumber      // any number; token.num says which
	tkOp          // punctuation; token.up is its text
	tkBad         // what no rule knows; token.bad says why
)

// numKind is the form of a number.
type numKind uint8

const (
	numInt numKind = iota
	numDecimal
	numExponent
	numLong       // L
	numShort      // S
	numByte       // Y
	numFloat      // F
	numDouble     // D
	numBigDecimal // BD
)

// token is one token. text is as written, save that strings have their escapes resolved,
// quoted identifiers their backquotes removed and numbers their suffix removed; up is upper
// case for words and the text of operators.
type token struct {
	kind kind
	num  numKind
	pos  errs.Span
	text string
	up   string
	bad  *errs.Error
}

// operators, the longest first within each first byte.
var operators = []string{
	"<=>", "<>", "<=", "<<", "<",
	">>>", ">>", ">=", ">",
	"==", "=>", "=",
	"!=", "!>", "!<", "!",
	"||", "|>", "|",
	"->", "-",
	"::", ":",
	"/*+", "/",
	"*/", "*",
	"(", ")", ",", ".", "[", "]", ";", "+", "%", "~", "&", "^", "?",
}
