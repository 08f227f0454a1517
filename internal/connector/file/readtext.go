package file

import (
	"context"
	"io"
	"iter"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// textFormat has one column, a line of text each row.
type textFormat struct{}

func (textFormat) infer(context.Context, *table, []found) (types.Schema, error) {
	return types.Schema{{Name: "value", Type: types.StringType, Nullable: true}}, nil
}

func (textFormat) check(_ *table, s types.Schema) error {
	if len(s) > 1 {
		return errs.New("_LEGACY_ERROR_TEMP_1290", "Text data source supports only a single column, and you have %d columns.", len(s)).
			WithHint("concatenate them, or write csv")
	}
	for _, f := range s {
		if f.Type.Kind != types.String {
			return errs.New("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", "The Text datasource doesn't support the column `%s` of the type %q", f.Name, f.Type.SQL()).
				State("0A000").WithHint("cast it to STRING")
		}
	}
	return nil
}

func (textFormat) cut(t *table, _ *source, f found, _ []connector.Predicate) ([]piece, error) {
	return t.cutLines(f, t.bool("wholetext")), nil
}

func (textFormat) read(ctx context.Context, s *source, p piece, want []int) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		sep := s.text("lineSep")
		cut := lineCut(sep)
		if s.bool("wholetext") {
			cut = wholeCut
		}
		blocks, origin := s.blocks(ctx, p, cut, sep)
		for bl, err := range blocks {
			if err != nil {
				yield(nil, err)
				return
			}
			b := &vec.Batch{N: len(bl.recs), Origin: func(i int) string { return origin(bl.lines[i]) }}
			for range want {
				cb := vec.NewColBuilder(types.StringType)
				for _, r := range bl.recs {
					cb.AppendBytes(r)
				}
				b.Cols = append(b.Cols, cb.Finish())
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

// lineSepOf is what a written line ends with.
func (t *table) lineSepOf() string {
	if s := t.text("lineSep"); s != "" {
		return s
	}
	return "\n"
}

// textual makes an encoder of rows as lines; row appends one, with its end.
func (t *table) textual(ending string, begin func(dst []byte) []byte, rows func(dst []byte, b *vec.Batch) ([]byte, error)) (func(Writer) (encoder, error), string, error) {
	codec := strings.ToLower(t.text("compression"))
	z, ok := endings[codec]
	if !ok || codec == "bzip2" {
		_, err := compress("?"+codec, nil)
		return nil, "", err
	}
	return func(w Writer) (encoder, error) {
		c, err := compress(codec, w)
		if err != nil {
			return nil, err
		}
		e := &textEncoder{w: c, rows: rows}
		if begin != nil {
			e.buf = begin(e.buf)
		}
		return e, nil
	}, ending + z, nil
}

// textEncoder writes lines through a codec.
type textEncoder struct {
	w    io.WriteCloser
	buf  []byte
	rows func(dst []byte, b *vec.Batch) ([]byte, error)
}

func (e *textEncoder) Write(b *vec.Batch) (err error) {
	if e.buf, err = e.rows(e.buf, b); err != nil {
		return err
	}
	if len(e.buf) < 256<<10 {
		return nil
	}
	return e.flush()
}

func (e *textEncoder) flush() error {
	_, err := e.w.Write(e.buf)
	e.buf = e.buf[:0]
	return err
}

func (e *textEncoder) Close() error {
	if err := e.flush(); err != nil {
		return err
	}
	return e.w.Close()
}

func (f textFormat) create(t *table, s types.Schema) (func(Writer) (encoder, error), string, error) {
	if err := f.check(t, s); err != nil {
		return nil, "", err
	}
	sep := t.lineSepOf()
	return t.textual(".txt", nil, func(dst []byte, b *vec.Batch) ([]byte, error) {
		for i := range b.Each() {
			if len(b.Cols) > 0 && !b.Cols[0].IsNull(i) {
				dst = append(dst, b.Cols[0].Bytes(i)...)
			}
			dst = append(dst, sep...)
		}
		return dst, nil
	})
}
