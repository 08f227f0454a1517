package file

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/format/csv"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// csvFormat is lines of separated values.
type csvFormat struct{}

func (t *table) csvOptions() (*csv.Options, error) { return csv.NewOptions(t.options.Lookup, t.zone()) }

func (csvFormat) check(t *table, s types.Schema) error {
	o, err := t.csvOptions()
	if err != nil {
		return err
	}
	for _, f := range s {
		if !csv.Supported(f.Type) {
			return csv.Unsupported(f)
		}
		if strings.EqualFold(f.Name, o.CorruptColumn) && f.Type.Kind != types.String {
			return errs.New("INVALID_CORRUPT_RECORD_TYPE", "The column `%s` for corrupt records must have the nullable STRING type, but got %q.", f.Name, f.Type.SQL()).State("42804")
		}
	}
	return nil
}

// csvCut cuts a file into records by the options.
func csvCut(o *csv.Options) cutter {
	if o.MultiLine {
		return o.Records
	}
	return lineCut(o.LineSep)
}

// skipped reports whether a line is no record: blank, or a comment.
func skipped(o *csv.Options, rec []byte) bool {
	return len(bytes.TrimFunc(rec, func(r rune) bool { return r <= ' ' })) == 0 && !bytes.Contains(rec, []byte(o.Sep)) ||
		o.Comment != 0 && len(rec) > 0 && rec[0] == o.Comment
}

func (csvFormat) infer(ctx context.Context, t *table, files []found) (types.Schema, error) {
	o, err := t.csvOptions()
	if err != nil || len(files) == 0 {
		return nil, err
	}
	inf := csv.NewInferrer(o)
	var header []string
	s, seen := &source{table: t}, false
	for _, f := range files {
		blocks, origin := s.blocks(ctx, piece{file: f, hi: 1 << 62, whole: true}, csvCut(o), "")
		first, rows := true, 0
		for b, err := range blocks {
			if err != nil {
				return nil, failed(f.name, err)
			}
			for i, rec := range b.recs {
				if skipped(o, rec) {
					continue
				}
				if first && o.Header {
					if first = false; !seen {
						header = inf.Fields(rec)
						inf.Width(len(header))
						seen = true
					}
					continue
				}
				first = false
				if rows++; o.SamplingRatio < 1 && !sampled(rows, o.SamplingRatio) {
					continue
				}
				if err := inf.Add(rec); err != nil {
					return nil, errs.Wrap(err, "MALFORMED_CSV_RECORD", "the CSV record at %s cannot be read", origin(b.lines[i])).State("KD000")
				}
				seen = true
			}
			if seen && !o.InferSchema {
				break
			}
		}
		if seen && !o.InferSchema {
			break
		}
	}
	return inf.Schema(header), nil
}

// sampled picks a share of rows, the same ones each time.
func sampled(row int, ratio float64) bool {
	return int(float64(row)*ratio) != int(float64(row-1)*ratio) || row == 1
}

func (csvFormat) cut(t *table, _ *source, f found, _ []connector.Predicate) ([]piece, error) {
	o, err := t.csvOptions()
	if err != nil {
		return nil, err
	}
	return t.cutLines(f, o.MultiLine), nil
}

// csvReader reads one part.
type csvReader struct {
	s       *source
	o       *csv.Options
	parser  *csv.Parser
	builder *vec.Builder
	cols    []*vec.ColBuilder // of the values, in the parser's order
	corrupt *vec.ColBuilder   // nil: not wanted
	lines   []int64
	origin  func(line int64) string
	header  bool // the next record is the header
	names   types.Schema
}

func (csvFormat) read(ctx context.Context, s *source, p piece, want []int) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		r, err := newCSVReader(s, want)
		if err != nil {
			yield(nil, err)
			return
		}
		var blocks iter.Seq2[block, error]
		blocks, r.origin = s.blocks(ctx, p, csvCut(r.o), r.o.LineSep)
		r.header = r.o.Header && p.lo == 0
		for b, err := range blocks {
			if err == nil {
				err = r.block(b)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			out, lines := r.builder.Finish(), r.lines
			out.N = len(lines)
			out.Origin = func(i int) string { return r.origin(lines[i]) }
			r.lines = nil
			if !yield(out, nil) {
				return
			}
		}
	}
}

func newCSVReader(s *source, want []int) (*csvReader, error) {
	o, err := s.csvOptions()
	if err != nil {
		return nil, err
	}
	r := &csvReader{s: s, o: o}
	var values []int // of want, among the data without the corrupt column
	place := make([]int, len(s.data))
	for i, f := range s.data {
		place[i] = -1
		if !strings.EqualFold(f.Name, o.CorruptColumn) {
			place[i] = len(r.names)
			r.names = append(r.names, f)
		}
	}
	schema := make(types.Schema, len(want))
	for i, w := range want {
		schema[i] = s.data[w]
	}
	r.builder = vec.NewBuilder(schema)
	for i, w := range want {
		if place[w] < 0 {
			r.corrupt = r.builder.Cols[i]
			continue
		}
		values, r.cols = append(values, place[w]), append(r.cols, r.builder.Cols[i])
	}
	if r.corrupt != nil { // what is wrong with a record shows only if all of it is read
		r.parser, err = newWhole(r, values)
		return r, err
	}
	r.parser, err = csv.NewProjected(r.names, values, o)
	return r, err
}

// newWhole makes a parser of all columns; those not wanted go to builders that are dropped.
func newWhole(r *csvReader, values []int) (*csv.Parser, error) {
	cols := make([]*vec.ColBuilder, len(r.names))
	for i, v := range values {
		cols[v] = r.cols[i]
	}
	for i, f := range r.names {
		if cols[i] == nil {
			cols[i] = vec.NewColBuilder(f.Type)
		}
	}
	r.cols = cols
	return csv.NewParser(r.names, r.o)
}

// block appends the records of a block.
func (r *csvReader) block(b block) error {
	for i, rec := range b.recs {
		if skipped(r.o, rec) {
			continue
		}
		if r.header {
			r.header = false
			if !r.o.EnforceSchema {
				if err := r.conforms(rec); err != nil {
					return err
				}
			}
			continue
		}
		bad := r.parser.Parse(rec, r.cols)
		if bad != nil {
			drop, err := r.bad(rec, b.lines[i], bad)
			if err != nil {
				return err
			}
			if drop {
				for _, c := range r.cols {
					c.Truncate(len(r.lines))
				}
				continue
			}
		}
		if r.corrupt != nil {
			if bad != nil {
				r.corrupt.AppendBytes(rec)
			} else {
				r.corrupt.AppendNull()
			}
		}
		r.lines = append(r.lines, b.lines[i])
	}
	return nil
}

// bad does what the mode says about a record.
func (r *csvReader) bad(rec []byte, line int64, reason error) (drop bool, err error) {
	if r.o.Mode == csv.FailFast {
		return false, malformed(reason, r.origin(line))
	}
	r.s.reject(r.origin(line), reason.Error(), rec)
	return r.o.Mode == csv.DropMalformed, nil
}

// malformed is the error of the mode FAILFAST.
func malformed(reason error, origin string) error {
	return errs.Wrap(reason, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "Malformed records are detected in record parsing: %s. Parse Mode: FAILFAST", origin).
		State("22023").WithHint("to read malformed records as NULL, set the option mode to PERMISSIVE")
}

// reject counts a record that could not be read whole.
func (t *table) reject(origin, reason string, rec []byte) {
	if t.env.Report != nil {
		t.env.Report.Rejected(origin, reason, connector.Sample(rec))
	}
}

// conforms compares a file's header with the columns (enforceSchema off). Spark: CSVHeaderChecker.
func (r *csvReader) conforms(rec []byte) error {
	header := r.parser.Fields(rec)
	if len(header) != len(r.names) {
		return fmt.Errorf("the CSV header has %d columns and the table %d", len(header), len(r.names))
	}
	for i, h := range header {
		if !strings.EqualFold(h, r.names[i].Name) {
			return fmt.Errorf("the CSV header does not conform to the schema: column %d is %s and the table's is %s", i+1, h, r.names[i].Name)
		}
	}
	return nil
}

func (f csvFormat) create(t *table, s types.Schema) (func(Writer) (encoder, error), string, error) {
	o, err := t.csvOptions()
	if err != nil {
		return nil, "", err
	}
	sep := t.lineSepOf()
	w, err := csv.NewWriter(s, o)
	if err != nil {
		return nil, "", err
	}
	var begin func([]byte) []byte
	if o.Header {
		begin = func(dst []byte) []byte { return append(w.AppendHeader(dst), sep...) }
	}
	return t.textual(".csv", begin, func(dst []byte, b *vec.Batch) ([]byte, error) {
		for i := range b.Each() {
			dst = append(w.AppendRow(dst, b.Cols, i), sep...)
		}
		return dst, nil
	})
}
