package file

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// table is a declared table of files.
type table struct {
	env      connector.Env
	conn     *connector.Connector
	format   format
	options  connector.Options
	store    Store
	declared types.Schema
	name     string
}

// format is what differs between kinds of files.
type format interface {
	// infer finds the columns of files; nil columns: there is nothing to tell by.
	infer(ctx context.Context, t *table, files []found) (types.Schema, error)
	// check refuses columns that the format has no form for.
	check(t *table, s types.Schema) error
	// cut gives the parts of a file that can be read at the same time; may is false for what no
	// wanted row is in.
	cut(t *table, s *source, f found, filters []connector.Predicate) ([]piece, error)
	// read gives the rows of a part: the columns of the data at want.
	read(ctx context.Context, s *source, p piece, want []int) iter.Seq2[*vec.Batch, error]
	// create begins a file to write; ending is what its name ends with.
	create(t *table, s types.Schema) (newEncoder func(w Writer) (encoder, error), ending string, err error)
}

// encoder writes the rows of one file.
type encoder interface {
	Write(b *vec.Batch) error
	Close() error // ends the file's text; the file is left open
}

// piece is a part of a file: bytes [lo, hi) of lines, or a row group.
type piece struct {
	file   found
	lo, hi int64
	group  int
	whole  bool // lo and hi are the file's
}

func newTable(c *connector.Connector, f format, env connector.Env, t connector.Table) (*table, error) {
	if err := c.Check(t.Options); err != nil {
		return nil, err
	}
	return &table{env: env, conn: c, format: f, options: t.Options, store: disk{env.Sys.FS}, declared: t.Columns, name: t.Name}, nil
}

func (t *table) text(option string) string { return t.conn.Text(t.options, option) }
func (t *table) bool(option string) bool   { return t.conn.Bool(t.options, option) }

func (t *table) zone() *time.Location {
	if t.env.Zone == nil {
		return time.UTC
	}
	return t.env.Zone
}

// open lists the table's files and finds its columns.
func (t *table) open(ctx context.Context) (*source, error) {
	files, err := t.files()
	if err != nil {
		return nil, err
	}
	s := &source{table: t}
	if s.files, s.part, err = t.partitioned(files); err != nil {
		return nil, err
	}
	if len(t.declared) > 0 {
		for _, f := range t.declared {
			if s.part.Index(f.Name) < 0 {
				s.data = append(s.data, types.Field{Name: f.Name, Type: f.Type, Nullable: true})
			}
		}
		if err := t.format.check(t, s.data); err != nil {
			return nil, err
		}
		s.columns(false)
		return s, nil
	}
	found, err := t.format.infer(ctx, t, s.files)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, errs.New("UNABLE_TO_INFER_SCHEMA", "Unable to infer schema for %s. It must be specified manually.", shownFormat[t.conn.Name]).
			State("42KD9").WithHint("there are no data files: give the option path, or declare the columns")
	}
	if err := unique(found); err != nil {
		return nil, err
	}
	s.data = found
	s.columns(true)
	return s, nil
}

var shownFormat = map[string]string{"parquet": "Parquet", "csv": "CSV", "json": "JSON", "text": "Text"}

// unique refuses columns that differ by case only.
func unique(s types.Schema) error {
	seen := map[string]bool{}
	for _, f := range s {
		if low := strings.ToLower(f.Name); seen[low] {
			return errs.New("COLUMN_ALREADY_EXISTS", "The column `%s` already exists. Choose another name or rename the existing column.", low).
				State("42711").WithHint("declare the table's columns, with one of them")
		} else {
			seen[low] = true
		}
	}
	return nil
}

// columns puts the columns of data and folders together. A column that is in both has the folder's
// value; guessed, it stays in its place among the data. Spark: mergeDataAndPartitionSchema.
func (s *source) columns(guessed bool) {
	var data types.Schema
	used := map[int]bool{}
	for _, f := range s.data {
		p := s.part.Index(f.Name)
		if p < 0 {
			s.schema, s.from = append(s.schema, f), append(s.from, len(data))
			data = append(data, f)
		} else if guessed {
			used[p] = true
			s.schema, s.from = append(s.schema, s.part[p]), append(s.from, -1-p)
		}
	}
	for p, f := range s.part {
		if !used[p] {
			s.schema, s.from = append(s.schema, f), append(s.from, -1-p)
		}
	}
	s.data = data
}
