package file

import (
	"bytes"
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	formats "github.com/azud/azud/internal/format"
	"github.com/azud/azud/internal/format/json"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// jsonFormat is an object a line, or with multiLine a file.
type jsonFormat struct{}

// jsonOptions are the options of JSON that decide how texts are read.
type jsonOptions struct {
	json.Options
	corrupt   string
	multiLine bool
	lineSep   string
}

func (t *table) jsonOptions() (jsonOptions, error) {
	base, err := json.ParseOptions(t.options.Lookup, t.zone())
	if err != nil {
		return jsonOptions{}, err
	}
	o := jsonOptions{Options: base, corrupt: base.CorruptColumn, multiLine: t.bool("multiLine"), lineSep: t.text("lineSep")}
	o.CorruptColumn = "" // a record may be several rows: it is kept here
	if e := strings.ToLower(t.text("encoding")); e != "" && e != "utf-8" && e != "utf8" {
		return o, errs.New("INVALID_PARAMETER_VALUE.CHARSET", "files in the encoding %s cannot be read here", e).
			State("22023").WithHint("only UTF-8 can: convert them with iconv first")
	}
	return o, nil
}

func (jsonFormat) check(t *table, s types.Schema) error {
	for _, f := range s {
		if strings.EqualFold(f.Name, t.text("columnNameOfCorruptRecord")) && f.Type.Kind != types.String {
			return errs.New("INVALID_CORRUPT_RECORD_TYPE", "The column `%s` for corrupt records must have the nullable STRING type, but got %q.", f.Name, f.Type.SQL()).State("42804")
		}
		if _, err := json.NewDecoder(types.Schema{f}, json.Options{}); err != nil {
			return errs.New("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", "The JSON datasource doesn't support the column `%s` of the type %q", f.Name, f.Type.SQL()).
				State("0A000").WithHint("cast it to STRING")
		}
	}
	return nil
}

func (o jsonOptions) cutter() cutter {
	if o.multiLine {
		return wholeCut
	}
	return lineCut(o.lineSep)
}

// rows are the objects of a record; ok is false for an array that is damaged.
func (o jsonOptions) rows(rec []byte) (rows [][]byte, ok bool) {
	if at := bytes.TrimLeft(rec, " \t\r\n"); len(at) > 0 && at[0] == '[' {
		return json.Elements(rec, o.Options)
	}
	return [][]byte{rec}, true
}

func blank(rec []byte) bool { return len(bytes.TrimLeft(rec, " \t\r\n")) == 0 }

func (jsonFormat) infer(ctx context.Context, t *table, files []found) (types.Schema, error) {
	o, err := t.jsonOptions()
	if err != nil || len(files) == 0 {
		return nil, err
	}
	root := types.StructOf()
	s, bad := &source{table: t}, false
	for _, f := range files {
		blocks, origin := s.blocks(ctx, piece{file: f, hi: 1 << 62, whole: true}, o.cutter(), "")
		for b, err := range blocks {
			if err != nil {
				return nil, failed(f.name, err)
			}
			for i, rec := range b.recs {
				if blank(rec) {
					continue
				}
				rows, ok := o.rows(rec)
				if !ok {
					rows = [][]byte{rec}
				}
				for _, row := range rows {
					g, err := json.InferType(row, o.Options)
					if err == nil && g.Kind != types.Struct {
						err = errs.New("MALFORMED_JSON_RECORD", "an object {…} was expected")
					}
					switch {
					case err == nil:
						root = json.Compatible(root, g)
					case o.Mode == json.FailFast:
						return nil, malformed(err, origin(b.lines[i]))
					default:
						bad = true
					}
				}
			}
		}
	}
	if t.bool("dropFieldIfAllNull") {
		root, _ = withValues(root)
	}
	final, _ := json.Canonical(root, o.Options)
	schema := append(types.Schema{}, final.Fields...)
	if bad && o.Mode == json.Permissive && schema.Index(o.corrupt) < 0 {
		schema = append(schema, types.Field{Name: o.corrupt, Type: types.StringType, Nullable: true})
		slices.SortFunc(schema, func(a, b types.Field) int { return strings.Compare(a.Name, b.Name) })
	}
	return schema, nil
}

// withValues drops the fields that never had a value; false if nothing is left.
func withValues(t types.Type) (types.Type, bool) {
	switch t.Kind {
	case types.Null:
		return t, false
	case types.Array:
		e, ok := withValues(*t.Elem)
		return types.ArrayOf(e, true), ok
	case types.Struct:
		var fields []types.Field
		for _, f := range t.Fields {
			if k, ok := withValues(f.Type); ok {
				fields = append(fields, types.Field{Name: f.Name, Type: k, Nullable: true})
			}
		}
		return types.StructOf(fields...), len(fields) > 0
	}
	return t, true
}

func (jsonFormat) cut(t *table, _ *source, f found, _ []connector.Predicate) ([]piece, error) {
	return t.cutLines(f, t.bool("multiLine")), nil
}

// jsonReader reads one part.
type jsonReader struct {
	s       *source
	o       jsonOptions
	decoder *json.Decoder
	schema  types.Schema // of the values as they are decoded
	want    types.Schema
	corrupt int // its place among want, -1: not wanted
	origin  func(line int64) string
}

func (jsonFormat) read(ctx context.Context, s *source, p piece, want []int) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		r, err := newJSONReader(s, want)
		if err != nil {
			yield(nil, err)
			return
		}
		var blocks iter.Seq2[block, error]
		blocks, r.origin = s.blocks(ctx, p, r.o.cutter(), r.o.lineSep)
		for bl, err := range blocks {
			var b *vec.Batch
			if err == nil {
				b, err = r.block(bl)
			}
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

func newJSONReader(s *source, want []int) (*jsonReader, error) {
	o, err := s.jsonOptions()
	if err != nil {
		return nil, err
	}
	r := &jsonReader{s: s, o: o, corrupt: -1}
	for i, w := range want {
		f := s.data[w]
		r.want = append(r.want, f)
		if strings.EqualFold(f.Name, o.corrupt) {
			r.corrupt = i
			continue
		}
		r.schema = append(r.schema, f)
	}
	if r.corrupt >= 0 { // what is wrong with a record shows only if all of it is read
		for i, f := range s.data {
			if !slices.Contains(want, i) && !strings.EqualFold(f.Name, o.corrupt) {
				r.schema = append(r.schema, f)
			}
		}
	}
	r.decoder, err = json.NewDecoder(r.schema, o.Options)
	return r, err
}

// block decodes the records of a block.
func (r *jsonReader) block(bl block) (*vec.Batch, error) {
	var recs, whole [][]byte // the objects, and the records that they are of
	var lines []int64
	for i, rec := range bl.recs {
		if blank(rec) {
			continue
		}
		rows, ok := r.o.rows(rec)
		if !ok {
			rows = [][]byte{rec}
		}
		for _, row := range rows {
			recs, whole, lines = append(recs, row), append(whole, rec), append(lines, bl.lines[i])
		}
	}
	builder := vec.NewBuilder(r.schema)
	rejects, err := r.decoder.Decode(builder, recs)
	if err != nil {
		return nil, err
	}
	origin := r.origin
	b := builder.Finish()
	b.N, b.Origin = len(recs), func(i int) string { return origin(lines[i]) }
	if len(r.schema) == 0 {
		rejects = nil
	}
	return r.judge(b, rejects, whole, lines)
}

// judge does what the mode says about bad records and puts the wanted columns in order.
func (r *jsonReader) judge(b *vec.Batch, rejects []formats.Reject, whole [][]byte, lines []int64) (*vec.Batch, error) {
	bad := map[int]bool{}
	for _, x := range rejects {
		if r.o.Mode == json.FailFast {
			return nil, malformed(errs.New("MALFORMED_JSON_RECORD", "%s", x.Reason), r.origin(lines[x.Row]))
		}
		if !bad[x.Row] {
			r.s.reject(r.origin(lines[x.Row]), x.Reason, whole[x.Row])
		}
		bad[x.Row] = true
	}
	out, k := &vec.Batch{N: b.N, Origin: b.Origin, Cols: make([]vec.Col, len(r.want))}, 0
	for i := range r.want {
		if i != r.corrupt {
			out.Cols[i] = b.Cols[k]
			k++
			continue
		}
		cb := vec.NewColBuilder(types.StringType)
		for row := range b.N {
			if bad[row] {
				cb.AppendBytes(whole[row])
			} else {
				cb.AppendNull()
			}
		}
		out.Cols[i] = cb.Finish()
	}
	if r.o.Mode == json.DropMalformed && len(bad) > 0 {
		out.Sel = []uint32{}
		for row := range b.N {
			if !bad[row] {
				out.Sel = append(out.Sel, uint32(row))
			}
		}
	}
	return out, nil
}

func (f jsonFormat) create(t *table, s types.Schema) (func(Writer) (encoder, error), string, error) {
	o, err := t.jsonOptions()
	if err != nil {
		return nil, "", err
	}
	enc, err := json.NewEncoder(s, o.Options)
	if err != nil {
		return nil, "", err
	}
	sep := t.lineSepOf()
	return t.textual(".json", nil, func(dst []byte, b *vec.Batch) ([]byte, error) {
		rows, err := enc.Encode(nil, b)
		for _, r := range rows {
			dst = append(append(dst, r...), sep...)
		}
		return dst, err
	})
}
