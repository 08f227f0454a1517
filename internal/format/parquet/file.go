package parquet

import (
	"io"
	"iter"

	pq "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// batchRows is the most rows of a batch; batchBytes what they may hold, about.
const (
	batchRows  = 8192
	batchBytes = 32 << 20
	readBuffer = 256 << 10 // of a column
)

// Footer is what the end of a file says. It is immutable and may be shared.
type Footer struct {
	meta   *metadata.FileMetaData
	root   *place
	schema types.Schema
}

// ReadFooter reads the footer of a file of size bytes.
func ReadFooter(r io.ReaderAt, size int64) (f *Footer, err error) {
	defer recovered(&err)
	fr, err := file.NewParquetReader(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, errs.Wrap(err, "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER", "this is not a Parquet file, or it is damaged").State("KD001")
	}
	f = &Footer{meta: fr.MetaData()}
	leaf := 0
	f.root = tree(f.meta.Schema.Root(), 0, 0, &leaf)
	f.root.def, f.root.rep = 0, 0
	return f, nil
}

// recovered turns the library's panics over damaged files into errors.
func recovered(err *error) {
	switch v := recover().(type) {
	case nil:
	case *errs.Error:
		*err = v
	default:
		*err = errs.New("FAILED_READ_FILE.NO_HINT", "the Parquet file is damaged: %v", v).State("KD001")
	}
}

// Schema is the columns as Spark maps them: those that Spark kept in the footer, or else by the
// types of the file. Everything may be NULL.
func (f *Footer) Schema() (types.Schema, error) {
	if f.schema != nil {
		return f.schema, nil
	}
	if text := f.meta.KeyValueMetadata().FindValue(SchemaKey); text != nil {
		if s, err := ParseSparkJSON(*text); err == nil {
			return Nullable(s), nil
		}
	}
	s := types.Schema{}
	for _, k := range f.root.kids {
		t, err := typeOf(k)
		if err != nil {
			return nil, err
		}
		s = append(s, types.Field{Name: k.name, Type: t, Nullable: true})
	}
	return Nullable(s), nil
}

// Nullable is a schema whose columns and parts may all be NULL, as Spark reads files.
func Nullable(s types.Schema) types.Schema { return types.Schema(nullable(s.Struct()).Fields) }

func nullable(t types.Type) types.Type {
	switch t.Kind {
	case types.Array:
		return types.ArrayOf(nullable(*t.Elem), true)
	case types.Map:
		return types.MapOf(nullable(*t.Key), nullable(*t.Elem), true)
	case types.Struct:
		fields := make([]types.Field, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = types.Field{Name: f.Name, Type: nullable(f.Type), Nullable: true}
		}
		return types.StructOf(fields...)
	}
	return t
}

// Groups is the number of row groups.
func (f *Footer) Groups() int { return f.meta.NumRowGroups() }

// Rows is the number of rows of the file.
func (f *Footer) Rows() int64 { return f.meta.NumRows }

// GroupRows is the number of rows of a row group, and of those before it.
func (f *Footer) GroupRows(g int) (rows, before int64) {
	for i := range g {
		before += f.meta.RowGroups[i].NumRows
	}
	return f.meta.RowGroups[g].NumRows, before
}

// Read gives the rows of a row group as columns of the schema given, found by name; columns that
// the file does not have are NULL. A batch is valid until the next.
func (f *Footer) Read(r io.ReaderAt, group int, want types.Schema) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		g, err := f.open(r, group, want)
		for err == nil && g.left > 0 {
			var b *vec.Batch
			if b, err = g.next(); err == nil && !yield(b, nil) {
				return
			}
		}
		if err != nil {
			if errs.ClassOf(err) == "" {
				err = errs.Wrap(err, "FAILED_READ_FILE.NO_HINT", "the Parquet file is damaged").State("KD001")
			}
			yield(nil, err)
		}
	}
}

// groupReader reads one row group.
type groupReader struct {
	left, batch int64 // rows
	cols        []*shape
	leaves      []*leaf
}

func (f *Footer) open(r io.ReaderAt, group int, want types.Schema) (g *groupReader, err error) {
	defer recovered(&err)
	props := pq.NewReaderProperties(nil)
	props.BufferedStreamEnabled, props.BufferSize = true, readBuffer
	fr, err := file.NewParquetReader(io.NewSectionReader(r, 0, f.meta.GetSourceFileSize()), file.WithMetadata(f.meta), file.WithReadProps(props))
	if err != nil {
		return nil, err
	}
	b := &binder{rg: fr.RowGroup(group)}
	g = &groupReader{left: f.meta.RowGroups[group].NumRows}
	for _, w := range want {
		p := f.root.find(w.Name)
		if p == nil {
			g.cols = append(g.cols, &shape{typ: w.Type, missing: true})
			continue
		}
		s, err := b.bind(p, w.Type, 0)
		if err != nil {
			return nil, err
		}
		g.cols = append(g.cols, s)
	}
	g.leaves = b.leaves
	g.batch = batchRows
	if size := b.rg.MetaData().TotalByteSize(); g.left > 0 && size/g.left > 0 {
		g.batch = max(1, min(batchRows, batchBytes/(size/g.left)))
	}
	return g, nil
}

func (g *groupReader) next() (b *vec.Batch, err error) {
	defer recovered(&err)
	n := int(min(g.left, g.batch))
	read := make(map[*leaf]*dense, len(g.leaves))
	for _, l := range g.leaves {
		if l.maxRep > 0 {
			if read[l], err = l.rows(n); err != nil {
				return nil, err
			}
			continue
		}
		d := &dense{}
		if l.maxDef > 0 {
			d.defs = make([]uint8, 0, n)
		}
		if w := l.width(); w > 0 && l.kind != text && l.kind != decimalText {
			d.data = aligned(nil, n*w)[:0]
		}
		if err := l.read(d, n); err != nil {
			return nil, err
		}
		read[l] = d
	}
	b = &vec.Batch{N: n, Cols: make([]vec.Col, len(g.cols))}
	for i, s := range g.cols {
		b.Cols[i] = s.build(read, n)
		if b.Cols[i].Len != n {
			return nil, errShort
		}
	}
	g.left -= int64(n)
	return b, nil
}
