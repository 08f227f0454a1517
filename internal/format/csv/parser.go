package csv

import (
	"bytes"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Parser turns records into rows. Not safe for concurrent use.
type Parser struct {
	o       *Options
	tokens  *tokens
	width   int // values of a whole record
	columns []column
	pruned  bool
}

// column is one value that is wanted.
type column struct {
	at   int // its place in the record
	typ  types.Type
	read func(p *Parser, s []byte, dst *vec.ColBuilder) bool
}

// NewParser makes a parser for records of the columns of a schema. The schema holds the data's
// columns only, not the one of the corrupt record.
func NewParser(s types.Schema, o *Options) (*Parser, error) {
	want := make([]int, len(s))
	for i := range s {
		want[i] = i
	}
	return NewProjected(s, want, o)
}

// NewProjected makes a parser that gives some of the columns, by position. If they are not all, a
// record of another length is not a bad one: Spark does not look at the others.
func NewProjected(s types.Schema, want []int, o *Options) (*Parser, error) {
	p := &Parser{o: o, tokens: newTokens(o), width: len(s), pruned: len(want) < len(s)}
	for _, i := range want {
		read := readerFor(s[i].Type)
		if read == nil {
			return nil, Unsupported(s[i])
		}
		p.columns = append(p.columns, column{i, s[i].Type, read})
	}
	return p, nil
}

// Unsupported says that CSV has no form for a column.
func Unsupported(f types.Field) error {
	return errs.New("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", "the CSV datasource doesn't support the column `%s` of the type %q", f.Name, f.Type.SQL()).
		State("0A000").WithHint("cast it to STRING, or use to_json")
}

// Supported reports whether CSV has a form for a type.
func Supported(t types.Type) bool { return readerFor(t) != nil }

// Parse appends one value to each column. What cannot be read is NULL; the error is the first
// reason, nil for a good record.
func (p *Parser) Parse(record []byte, cols []*vec.ColBuilder) error {
	fields, err := p.tokens.cut(record)
	if err == nil && !p.pruned && len(fields) != p.width {
		err = malformed(record, "it has %d values, and %d were expected", len(fields), p.width)
	}
	null := []byte(p.o.NullValue)
	for i := range p.columns {
		c := &p.columns[i]
		if c.at >= len(fields) || fields[c.at].null || bytes.Equal(fields[c.at].text, null) {
			cols[i].AppendNull()
			continue
		}
		if text := fields[c.at].text; !c.read(p, text, cols[i]) {
			cols[i].AppendNull()
			if err == nil {
				err = malformed(record, "%q is not %s", shown(text), c.typ.SQL())
			}
		}
	}
	return err
}

func malformed(record []byte, why string, args ...any) error {
	e := errs.New("MALFORMED_CSV_RECORD", why, args...)
	e.Msg = "malformed CSV record " + shown(record) + ": " + e.Msg
	return e.State("KD000")
}

// shown is the beginning of a text, for messages.
func shown(s []byte) string {
	if len(s) > 80 {
		return string(s[:80]) + "…"
	}
	return string(s)
}

// Fields are the values of a record as texts, "" where there is none: for headers.
func (p *Parser) Fields(record []byte) []string { return fieldsOf(p.tokens, record) }

func fieldsOf(t *tokens, record []byte) []string {
	fields, _ := t.cut(record)
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = string(f.text)
	}
	return out
}
