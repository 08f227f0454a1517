package file

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/format/parquet"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// source reads the files that were there when it was made. It implements connector.BatchSource.
type source struct {
	*table
	files  []found
	data   types.Schema // of the files' own columns
	part   types.Schema // of the folders'
	schema types.Schema
	from   []int // of schema: a column of data, or -1 less a column of part

	mu      sync.Mutex
	footers map[string]*parquet.Footer
}

func (s *source) Schema() types.Schema { return s.schema }
func (s *source) Close() error         { return nil }

func (s *source) Stats(ctx context.Context) (connector.Stats, error) {
	out := connector.Stats{Rows: -1}
	for _, f := range s.files {
		out.Bytes += f.size
	}
	if pq, ok := s.format.(parquetFormat); ok {
		rows, err := pq.rows(ctx, s)
		if err != nil {
			return out, err
		}
		out.Rows = rows
	}
	return out, nil
}

// Parts leaves out the files whose folders, and the row groups whose statistics, fail a filter.
func (s *source) Parts(ctx context.Context, sc connector.Scan) ([]connector.Part, error) {
	if err := s.onlyCorrupt(sc.Columns); err != nil {
		return nil, err
	}
	var inFile, inFolder []connector.Predicate
	for _, p := range sc.Filters {
		from := s.from[p.Column]
		if from < 0 {
			p.Column = -1 - from
			inFolder = append(inFolder, p)
		} else {
			p.Column = from
			inFile = append(inFile, p)
		}
	}
	var out []connector.Part
	for _, f := range s.files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if wanted, err := s.wanted(f, inFolder); err != nil || !wanted {
			if err != nil {
				return nil, err
			}
			continue
		}
		pieces, err := s.format.cut(s.table, s, f, inFile)
		if missing(err) && s.bool("ignoreMissingFiles") {
			continue
		}
		if err != nil {
			return nil, failed(f.name, err)
		}
		for i, p := range pieces {
			out = append(out, connector.Part{ID: fmt.Sprintf("%s[%d]", s.shown(f), i), Data: p})
		}
	}
	return out, nil
}

// onlyCorrupt refuses, as Spark does, a query that asks for nothing but the corrupt records.
func (s *source) onlyCorrupt(columns []int) error {
	if len(columns) == 0 || s.conn.Name != "csv" && s.conn.Name != "json" {
		return nil
	}
	for _, c := range columns {
		if !strings.EqualFold(s.schema[c].Name, s.text("columnNameOfCorruptRecord")) {
			return nil
		}
	}
	return errs.New("UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN",
		"The feature is not supported: queries from raw JSON and CSV files are disallowed when they ask for the column of corrupt records only").
		State("0A000").WithHint("ask for another column too; if there is none, no record could be read at all")
}

// wanted reports whether the folders of a file pass the filters.
func (s *source) wanted(f found, filters []connector.Predicate) (bool, error) {
	for _, p := range filters {
		c, err := s.constant(f.vals[p.Column], s.part[p.Column].Type)
		if err != nil {
			return false, err
		}
		if !holds(p, &c) {
			return false, nil
		}
	}
	return true, nil
}

// shown is a file's name for people: below the path that the table names, with that path's last part.
func (s *source) shown(f found) string {
	return strings.TrimPrefix(f.name, strings.TrimSuffix(parent(f.root), "/")+"/")
}

func (s *source) Read(ctx context.Context, part connector.Part, sc connector.Scan) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		p := part.Data.(piece)
		var want []int
		constants := make([]vec.Col, len(sc.Columns))
		for i, c := range sc.Columns {
			if from := s.from[c]; from >= 0 {
				want = append(want, from)
			} else {
				var err error
				if constants[i], err = s.constant(p.file.vals[-1-from], s.part[-1-from].Type); err != nil {
					yield(nil, err)
					return
				}
			}
		}
		left := sc.Limit
		for b, err := range s.format.read(ctx, s, p, want) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				if missing(err) && s.bool("ignoreMissingFiles") {
					return
				}
				yield(nil, s.readFailed(p.file, err))
				return
			}
			out, k := &vec.Batch{N: b.N, Sel: b.Sel, Origin: b.Origin, Cols: make([]vec.Col, len(sc.Columns))}, 0
			for i, c := range sc.Columns {
				if s.from[c] >= 0 {
					out.Cols[i] = b.Cols[k]
					k++
				} else {
					out.Cols[i] = constants[i].Repeat(b.N)
				}
			}
			if b.Rows() > 0 && !yield(out, nil) {
				return
			}
			if left -= int64(b.Rows()); sc.Limit >= 0 && left <= 0 {
				return
			}
		}
	}
}

// readFailed names the file of an error that happened while reading it.
func (s *source) readFailed(f found, err error) error {
	switch class := errs.ClassOf(err); {
	case missing(err):
		return errs.Wrap(err, "FAILED_READ_FILE.FILE_NOT_EXIST", "Encountered error while reading file %s: it is not there any more", s.shown(f)).
			State("KD001").WithHint("run the query again: it lists the files anew")
	case strings.HasPrefix(class, "FAILED_READ_FILE"):
		return errs.Wrap(err, class, "Encountered error while reading file %s", s.shown(f)).State("KD001")
	}
	return errs.Wrap(err, "FAILED_READ_FILE.NO_HINT", "Encountered error while reading file %s", s.shown(f)).State("KD001")
}
