package file

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// sink writes a folder of files. It implements connector.BatchSink.
type sink struct {
	*table
	target string
}

func newSink(c *connector.Connector, f format, env connector.Env, t connector.Table) (*sink, error) {
	table, err := newTable(c, f, env, t)
	if err != nil {
		return nil, err
	}
	p := table.text("path")
	if p == "" {
		return nil, errs.New("_LEGACY_ERROR_TEMP_2026", "there is no path to write to").WithHint("give the option path, or a LOCATION")
	}
	target, err := absolute(p, env.Sys.Dir)
	if err == nil && target == "/" {
		err = errs.New("INVALID_OPTION", "the root folder is no place to write a table to")
	}
	return &sink{table, target}, err
}

func (s *sink) Close() error { return nil }

func (s *sink) Begin(_ context.Context, schema types.Schema, m connector.SaveMode) (connector.BatchWriter, error) {
	if err := recoverSwap(s.store, s.target); err != nil {
		return nil, err
	}
	there, err := exists(s.store, s.target)
	if err != nil {
		return nil, err
	}
	switch {
	case there && m == connector.SaveNew:
		return nil, errs.New("PATH_ALREADY_EXISTS", "Path file:%s already exists. Set mode as \"overwrite\" to overwrite the existing path.", s.target).
			State("42K04").WithHint("write with INSERT INTO to append, INSERT OVERWRITE to replace, or to another path")
	case there && m == connector.SaveIgnore:
		return nil, nil
	}
	w := &writer{sink: s, mode: m, open: map[string]*output{}, perFile: s.conn.Int(s.options, "maxRecordsPerFile")}
	if err := w.split(schema); err != nil {
		return nil, err
	}
	if len(w.data) == 0 && len(schema) > 0 {
		return nil, errs.New("ALL_PARTITION_COLUMNS_NOT_ALLOWED", "Cannot use all columns for partition columns.").State("KD005").
			WithHint("leave a column for the files themselves")
	}
	if err := unique(schema); err != nil {
		return nil, err
	}
	if err := s.format.check(s.table, w.data); err != nil {
		return nil, err
	}
	if w.create, w.ending, err = s.format.create(s.table, w.data); err != nil {
		return nil, err
	}
	w.uuid = s.uuid()
	w.dir = join(parent(s.target), stagePrefix(s.target)+w.uuid)
	s.sweep()
	// The folders that this makes above are to be as durable as the rows.
	for d := parent(w.dir); ; d = parent(d) {
		w.dirs = append([]string{d}, w.dirs...)
		if ok, err := exists(s.store, d); err != nil {
			return nil, writeFailed(w.dir, err)
		} else if ok || d == "/" {
			break
		}
	}
	if err := s.store.MkdirAll(w.dir); err != nil {
		return nil, writeFailed(w.dir, err)
	}
	w.dirs = append(w.dirs, w.dir)
	return w, nil
}

// uuid names a write.
func (t *table) uuid() string {
	a, b := t.env.Sys.Rand.Uint64(), t.env.Sys.Rand.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

func writeFailed(name string, err error) error {
	if errs.ClassOf(err) != "" {
		return err
	}
	return errs.Wrap(err, "TASK_WRITE_FAILED", "Task failed while writing rows to %s", name).State("58030").
		WithHint("what was there before is unchanged")
}

// begun is the error of a commit that failed half way: its mark or list may be on disk, and then the next
// who opens the folder finishes it. To write the rows again could double them.
func begun(name string, err error) error {
	if err == nil {
		return nil
	}
	return errs.Wrap(err, "TASK_WRITE_FAILED", "Task failed while committing rows to %s", name).State("58030").
		WithHint("look at what is there before you write again: the next read or write of the folder finishes what was begun, or finds it unchanged")
}

// sweep removes what writes left behind that died long ago.
func (s *sink) sweep() {
	dir := parent(s.target)
	names, err := s.store.List(dir)
	if err != nil {
		return
	}
	for _, n := range names {
		if strings.HasPrefix(n, stagePrefix(s.target)) && n != base(markOf(s.target)) && n != base(oldOf(s.target)) {
			i, err := s.store.Stat(join(dir, n))
			if err == nil && s.env.Sys.Clock.Now().Sub(i.Modified) > 24*time.Hour {
				s.env.Report.Log("removing what an unfinished write left: " + join(dir, n))
				_ = s.store.RemoveAll(join(dir, n)) // only litter: the next write tries again
			}
		}
	}
}

// writer is one write. It implements connector.BatchWriter.
type writer struct {
	*sink
	mode    connector.SaveMode
	data    types.Schema
	columns []int // of the rows: those of data
	by      []int // and those of the folders
	names   []string
	create  func(Writer) (encoder, error)
	ending  string
	uuid    string
	dir     string   // the hidden folder
	dirs    []string // to be synced, outer ones first
	perFile int64
	open    map[string]*output // by folder below dir, "" without partitions
	turn    int64
	files   []string // below dir, as they were begun
	counts  map[string]int
}

// output is an open file.
type output struct {
	file Writer
	enc  encoder
	rows int64
	used int64
}

// maxOpen is how many files a write has open at once; the next one closes the one not used longest.
const maxOpen = 64

// split finds the columns that become folders.
func (w *writer) split(s types.Schema) error {
	by := map[int]bool{}
	for _, name := range strings.Split(w.text("partitionBy"), ",") {
		if name = strings.Trim(strings.TrimSpace(name), "`"); name == "" {
			continue
		}
		i := s.Index(name)
		switch {
		case i < 0:
			e := errs.New("COLUMN_NOT_DEFINED_IN_TABLE", "the partition column `%s` is not among the columns that are written", name).State("42703")
			if near := errs.Near(name, s.Names()); len(near) > 0 {
				return e.WithHint("did you mean %s?", strings.Join(near, ", "))
			}
			return e.WithHint("the columns are %s", strings.Join(s.Names(), ", "))
		case s[i].Type.IsNested() || s[i].Type.Kind == types.Null:
			return errs.New("INVALID_PARTITION_COLUMN_DATA_TYPE", "Cannot use %s for partition column.", s[i].Type.SQL()).State("0A000")
		}
		by[i] = true
		w.by, w.names = append(w.by, i), append(w.names, s[i].Name)
	}
	for i, f := range s {
		if !by[i] {
			w.columns, w.data = append(w.columns, i), append(w.data, f)
		}
	}
	return nil
}

func (w *writer) Write(ctx context.Context, b *vec.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	out := &vec.Batch{N: b.N, Sel: b.Sel, Cols: make([]vec.Col, len(w.columns))}
	for i, c := range w.columns {
		out.Cols[i] = b.Cols[c]
	}
	if len(w.by) == 0 {
		return w.put("", out)
	}
	var order []string
	rows := map[string][]uint32{}
	for i := range b.Each() {
		dir := w.folder(b, i)
		if rows[dir] == nil {
			order = append(order, dir)
		}
		rows[dir] = append(rows[dir], uint32(i))
	}
	for _, dir := range order {
		out.Sel = rows[dir]
		if err := w.put(dir, out); err != nil {
			return err
		}
	}
	return nil
}

// put writes the selected rows to the file of a folder, a new one when it is full.
func (w *writer) put(dir string, b *vec.Batch) error {
	for b.Rows() > 0 {
		o, err := w.output(dir)
		if err != nil {
			return err
		}
		now, rest := b, (*vec.Batch)(nil)
		if room := w.perFile - o.rows; w.perFile > 0 && int64(b.Rows()) > room {
			sel := make([]uint32, 0, b.Rows())
			for i := range b.Each() {
				sel = append(sel, uint32(i))
			}
			now = &vec.Batch{Cols: b.Cols, N: b.N, Sel: sel[:room]}
			rest = &vec.Batch{Cols: b.Cols, N: b.N, Sel: sel[room:]}
		}
		if err := o.enc.Write(now); err != nil {
			return writeFailed(w.target, err)
		}
		o.rows += int64(now.Rows())
		if w.perFile > 0 && o.rows >= w.perFile {
			if err := w.end(dir); err != nil {
				return err
			}
		}
		if rest == nil {
			return nil
		}
		b = rest
	}
	return nil
}

// output is the open file of a folder.
func (w *writer) output(dir string) (*output, error) {
	w.turn++
	if o := w.open[dir]; o != nil {
		o.used = w.turn
		return o, nil
	}
	if len(w.open) >= maxOpen {
		oldest := ""
		for d, o := range w.open {
			if oldest == "" || o.used < w.open[oldest].used {
				oldest = d
			}
		}
		if err := w.end(oldest); err != nil {
			return nil, err
		}
	}
	at, dash := w.dir, "-"
	if dir != "" {
		at, dash = join(w.dir, dir), "."
		if err := w.mkdir(dir); err != nil {
			return nil, writeFailed(at, err)
		}
	}
	if w.counts == nil {
		w.counts = map[string]int{}
	}
	name := fmt.Sprintf("part-00000-%s%sc%03d%s", w.uuid, dash, w.counts[dir], w.ending)
	w.counts[dir]++
	f, err := w.store.Create(join(at, name))
	if err != nil {
		return nil, writeFailed(at, err)
	}
	enc, err := w.create(f)
	if err != nil {
		_ = f.Close() // the first error counts
		return nil, writeFailed(at, err)
	}
	o := &output{file: f, enc: enc, used: w.turn}
	w.open[dir] = o
	w.files = append(w.files, strings.TrimPrefix(join(at, name), w.dir+"/"))
	return o, nil
}

// mkdir makes the folders of a partition and remembers them, to be synced.
func (w *writer) mkdir(dir string) error {
	at := w.dir
	for _, part := range strings.Split(dir, "/") {
		at = join(at, part)
		if ok, err := exists(w.store, at); err != nil {
			return err
		} else if ok {
			continue
		}
		if err := w.store.MkdirAll(at); err != nil {
			return err
		}
		w.dirs = append(w.dirs, at)
	}
	return nil
}

// end ends the file of a folder and makes it durable.
func (w *writer) end(dir string) error {
	o := w.open[dir]
	delete(w.open, dir)
	err := o.enc.Close()
	if err == nil {
		err = o.file.Sync()
	}
	if cerr := o.file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return writeFailed(w.target, err)
	}
	return nil
}
