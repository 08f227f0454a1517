package csv

import (
	"bytes"
	"time"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Writer prints rows as records. Not safe for concurrent use. Spark: UnivocityGenerator.
type Writer struct {
	o      *Options
	schema types.Schema
	ctx    fn.Context
	buf    []byte
}

// NewWriter makes a writer for rows of a schema.
func NewWriter(s types.Schema, o *Options) (*Writer, error) {
	for _, f := range s {
		if !Supported(f.Type) && f.Type.Kind != types.Null {
			return nil, Unsupported(f)
		}
	}
	return &Writer{o: o, schema: s, ctx: fn.Context{Zone: o.Zone}}, nil
}

// AppendHeader appends the names of the columns, without a line end.
func (w *Writer) AppendHeader(dst []byte) []byte {
	for i, f := range w.schema {
		if i > 0 {
			dst = append(dst, w.o.Sep...)
		}
		dst = w.append(dst, []byte(f.Name), i == 0)
	}
	return dst
}

// AppendRow appends a row of columns, without a line end.
func (w *Writer) AppendRow(dst []byte, cols []vec.Col, row int) []byte {
	for i := range cols {
		if i > 0 {
			dst = append(dst, w.o.Sep...)
		}
		if cols[i].IsNull(row) {
			dst = w.null(dst, len(cols) == 1)
			continue
		}
		w.buf = w.text(w.buf[:0], &cols[i], row)
		dst = w.append(dst, w.buf, i == 0)
	}
	return dst
}

// null appends the text of NULL; a record of nothing but an empty text would not be one.
func (w *Writer) null(dst []byte, alone bool) []byte {
	switch {
	case w.o.QuoteAll:
		return w.quote(dst, []byte(w.o.NullValue))
	case w.o.NullValue == "" && alone:
		return append(dst, w.o.EmptyWrite...)
	}
	return append(dst, w.o.NullValue...)
}

// text is a value as Spark prints it: dates and times by their formats, the rest as a cast does.
func (w *Writer) text(dst []byte, c *vec.Col, row int) []byte {
	switch c.Type.Kind {
	case types.Date:
		if f := w.o.dateWrite; f != nil {
			return f.Append(dst, int64(vec.Get[int32](c, row))*dayMicros, utc)
		}
	case types.Timestamp:
		us := vec.Get[int64](c, row)
		if f := w.o.timestampWrite; f != nil {
			return f.Append(dst, us, w.o.Zone)
		}
		return time.UnixMicro(us).In(w.o.Zone).AppendFormat(dst, "2006-01-02T15:04:05.000Z07:00")
	case types.TimestampNTZ:
		us := vec.Get[int64](c, row)
		if f := w.o.ntzWrite; f != nil {
			return f.Append(dst, us, utc)
		}
		return time.UnixMicro(us).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000")
	}
	return fn.AppendText(dst, &w.ctx, c, row)
}

// append appends one value, in quotes if it needs them.
func (w *Writer) append(dst, s []byte, first bool) []byte {
	o := w.o
	if o.WriteTrimLeft {
		s = bytes.TrimLeftFunc(s, space)
	}
	if o.WriteTrimRight {
		s = bytes.TrimRightFunc(s, space)
	}
	if len(s) == 0 {
		if o.QuoteAll && o.EmptyWrite != `""` {
			return w.quote(dst, []byte(o.EmptyWrite))
		}
		return append(dst, o.EmptyWrite...)
	}
	if o.QuoteAll || w.needsQuotes(s, first) {
		return w.quote(dst, s)
	}
	return append(dst, s...)
}

func space(r rune) bool { return r <= ' ' }

func (w *Writer) needsQuotes(s []byte, first bool) bool {
	o := w.o
	if o.Quote == 0 {
		return false
	}
	comment := o.Comment
	if comment == 0 {
		comment = '#' // univocity's writer knows a comment character also where none is set
	}
	if s[0] == o.Quote || first && s[0] == comment {
		return true
	}
	for i, c := range s {
		switch {
		case c == '\n' || c == '\r':
			return true
		case c == o.Sep[0] && bytes.HasPrefix(s[i:], []byte(o.Sep)):
			return true
		case c == o.Quote && o.EscapeQuotes:
			return true
		}
	}
	return false
}

func (w *Writer) quote(dst, s []byte) []byte {
	o := w.o
	if o.Quote == 0 {
		return append(dst, s...)
	}
	dst = append(dst, o.Quote)
	for _, c := range s {
		if c == o.Quote && o.Escape != 0 || c == o.Escape && o.EscapeQuote != 0 {
			dst = append(dst, o.Escape)
		}
		dst = append(dst, c)
	}
	return append(dst, o.Quote)
}
