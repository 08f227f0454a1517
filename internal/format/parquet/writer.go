package parquet

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
	pq "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// A row group ends when it has groupRows rows, or groupBytes in memory.
const (
	groupRows  = 1 << 20
	groupBytes = 64 << 20
)

// Writer writes one file. Not safe for concurrent use.
type Writer struct {
	schema types.Schema
	file   *file.Writer
	group  file.BufferedRowGroupWriter
	rows   int64 // of the group
	values values
}

// NewWriter begins a file in the given compression, with the schema for Spark in its footer.
func NewWriter(w io.Writer, s types.Schema, compression string) (*Writer, error) {
	if _, err := Ending(compression); err != nil {
		return nil, err
	}
	fields, err := nodesOf(s)
	if err != nil {
		return nil, err
	}
	root, err := schema.NewGroupNode("spark_schema", pq.Repetitions.Required, fields, -1)
	if err != nil {
		return nil, err
	}
	props := []pq.WriterProperty{
		pq.WithCompression(codecs[strings.ToLower(compression)].codec), pq.WithCreatedBy("azud"),
		pq.WithDictionaryDefault(false), pq.WithVersion(pq.V1_0), pq.WithDataPageVersion(pq.DataPageV1),
	}
	sc := schema.NewSchema(root)
	for i := range sc.NumColumns() {
		switch c := sc.Column(i); c.PhysicalType() { // numbers seldom repeat enough to be worth it
		case pq.Types.ByteArray, pq.Types.Int32:
			props = append(props, pq.WithDictionaryFor(c.Path(), true))
		}
	}
	kv := metadata.NewKeyValueMetadata()
	if err := errors.Join(kv.Append("org.apache.spark.version", "4.2.0"), kv.Append(SchemaKey, SparkJSON(s))); err != nil {
		return nil, err
	}
	f, err := file.NewParquetWriterWithError(struct{ io.Writer }{w}, root, // without Close: the file stays open
		file.WithWriterProps(pq.NewWriterProperties(props...)), file.WithWriteMetadata(kv))
	return &Writer{schema: s, file: f}, err
}

// Write takes the selected rows.
func (w *Writer) Write(b *vec.Batch) (err error) {
	defer recovered(&err)
	if b.Rows() == 0 {
		return nil
	}
	if w.group == nil {
		if w.group, err = w.file.AppendBufferedRowGroupChecked(); err != nil {
			return err
		}
	}
	column := 0
	for i := range b.Cols {
		slots := make([]slot, 0, b.Rows())
		for r := range b.Each() {
			slots = append(slots, slot{at: int32(r)})
		}
		if err := w.column(&b.Cols[i], w.schema[i].Type, true, slots, 0, &column); err != nil {
			return err
		}
	}
	if w.rows += int64(b.Rows()); w.rows >= groupRows || w.group.TotalBytesWritten()+w.group.TotalCompressedBytes() >= groupBytes {
		return w.endGroup()
	}
	return nil
}

func (w *Writer) endGroup() error {
	g := w.group
	if w.group, w.rows = nil, 0; g == nil {
		return nil
	}
	return g.Close()
}

// Close ends the file; the writer below is left open.
func (w *Writer) Close() (err error) {
	defer recovered(&err)
	if err := w.endGroup(); err != nil {
		return err
	}
	return w.file.Close()
}

// slot is one entry of a column's levels: the index of its value in the column at hand, -1 if
// something above is NULL or empty.
type slot struct {
	at       int32
	def, rep int16
}

// column writes the leaves below a part of a column; *leaf is the number of the next one.
func (w *Writer) column(c *vec.Col, t types.Type, optional bool, slots []slot, rep int16, leaf *int) error {
	if optional {
		for i := range slots {
			if s := &slots[i]; s.at >= 0 {
				if c.IsNull(int(s.at)) {
					s.at = -1
				} else {
					s.def++
				}
			}
		}
	}
	if !t.IsNested() {
		cw, err := w.group.Column(*leaf)
		if err != nil {
			return err
		}
		*leaf++
		return w.values.write(cw, c, t, slots)
	}
	flat := vec.Flatten(c)
	if t.Kind == types.Struct {
		for i, f := range t.Fields {
			if err := w.column(&flat.Kids[i], f.Type, true, append([]slot(nil), slots...), rep, leaf); err != nil {
				return err
			}
		}
		return nil
	}
	inner := make([]slot, 0, len(slots))
	for _, s := range slots {
		if s.at < 0 || flat.Off[s.at] == flat.Off[s.at+1] {
			s.at = -1
			inner = append(inner, s)
			continue
		}
		for k := flat.Off[s.at]; k < flat.Off[s.at+1]; k++ {
			e := slot{at: k, def: s.def + 1, rep: s.rep}
			if k > flat.Off[s.at] {
				e.rep = rep + 1
			}
			inner = append(inner, e)
		}
	}
	if t.Kind == types.Map {
		if err := w.column(&flat.Kids[0], *t.Key, false, append([]slot(nil), inner...), rep+1, leaf); err != nil {
			return err
		}
	}
	return w.column(&flat.Kids[len(flat.Kids)-1], *t.Elem, true, inner, rep+1, leaf)
}

// values are buffers for what is handed to the library.
type values struct {
	defs, reps []int16
	ints       []int32
	longs      []int64
	floats     []float32
	doubles    []float64
	bools      []bool
	days       []pq.Int96
	texts      []pq.ByteArray
	fixeds     []pq.FixedLenByteArray
	buf        []byte
}

func (v *values) write(cw file.ColumnChunkWriter, c *vec.Col, t types.Type, slots []slot) error {
	v.defs, v.reps = v.defs[:0], v.reps[:0]
	for _, s := range slots {
		v.defs, v.reps = append(v.defs, s.def), append(v.reps, s.rep)
	}
	defs, reps := v.defs, v.reps
	if cw.Descr().MaxRepetitionLevel() == 0 {
		reps = nil
	}
	if cw.Descr().MaxDefinitionLevel() == 0 {
		defs = nil
	}
	var err error
	switch cw := cw.(type) {
	case *file.BooleanColumnChunkWriter:
		v.bools = v.bools[:0]
		if t.Kind == types.Boolean {
			v.bools = take(v.bools, c, slots, func(x bool) bool { return x })
		}
		_, err = cw.WriteBatch(v.bools, defs, reps)
	case *file.Int32ColumnChunkWriter:
		v.ints = int32s(v.ints[:0], c, t, slots)
		_, err = cw.WriteBatch(v.ints, defs, reps)
	case *file.Int64ColumnChunkWriter:
		if t.Kind == types.Decimal {
			v.longs = take(v.longs[:0], c, slots, func(x decimal128.Num) int64 { return int64(x.LowBits()) })
		} else {
			v.longs = take(v.longs[:0], c, slots, func(x int64) int64 { return x })
		}
		_, err = cw.WriteBatch(v.longs, defs, reps)
	case *file.Int96ColumnChunkWriter:
		v.days = take(v.days[:0], c, slots, int96)
		_, err = cw.WriteBatch(v.days, defs, reps)
	case *file.Float32ColumnChunkWriter:
		v.floats = take(v.floats[:0], c, slots, func(x float32) float32 { return x })
		_, err = cw.WriteBatch(v.floats, defs, reps)
	case *file.Float64ColumnChunkWriter:
		v.doubles = take(v.doubles[:0], c, slots, func(x float64) float64 { return x })
		_, err = cw.WriteBatch(v.doubles, defs, reps)
	case *file.ByteArrayColumnChunkWriter:
		v.texts = v.texts[:0]
		for _, s := range slots {
			if s.at >= 0 {
				v.texts = append(v.texts, c.Bytes(int(s.at)))
			}
		}
		_, err = cw.WriteBatch(v.texts, defs, reps)
	case *file.FixedLenByteArrayColumnChunkWriter:
		v.decimals(c, t, slots)
		_, err = cw.WriteBatch(v.fixeds, defs, reps)
	}
	return err
}

// take appends the values of the slots that have one, each made what Parquet has.
func take[T vec.Fixed, U any](dst []U, c *vec.Col, slots []slot, f func(T) U) []U {
	if c.Enc == vec.Flat {
		vals := vec.Values[T](c)
		for _, s := range slots {
			if s.at >= 0 {
				dst = append(dst, f(vals[s.at]))
			}
		}
		return dst
	}
	for _, s := range slots {
		if s.at >= 0 {
			dst = append(dst, f(vec.Get[T](c, int(s.at))))
		}
	}
	return dst
}

func int32s(dst []int32, c *vec.Col, t types.Type, slots []slot) []int32 {
	switch t.Kind {
	case types.Byte:
		return take(dst, c, slots, func(x int8) int32 { return int32(x) })
	case types.Short:
		return take(dst, c, slots, func(x int16) int32 { return int32(x) })
	case types.Decimal:
		return take(dst, c, slots, func(x decimal128.Num) int32 { return int32(x.LowBits()) })
	}
	return take(dst, c, slots, func(x int32) int32 { return x })
}

// int96 is a timestamp as nanoseconds of a day and the day's Julian number.
func int96(us int64) (out pq.Int96) {
	day, rest := us/dayMicros, us%dayMicros
	if rest < 0 {
		day, rest = day-1, rest+dayMicros
	}
	binary.LittleEndian.PutUint64(out[:], uint64(rest*1000))
	binary.LittleEndian.PutUint32(out[8:], uint32(day+julianEpoch))
	return out
}

// decimals fills fixeds with two's complement, the highest byte first.
func (v *values) decimals(c *vec.Col, t types.Type, slots []slot) {
	size := decimalBytes[t.Precision]
	v.fixeds, v.buf = v.fixeds[:0], grow(v.buf[:0], 16*len(slots))
	for i, s := range slots {
		if s.at < 0 {
			continue
		}
		d, b := vec.Get[decimal128.Num](c, int(s.at)), v.buf[16*i:16*i+16]
		binary.BigEndian.PutUint64(b, uint64(d.HighBits()))
		binary.BigEndian.PutUint64(b[8:], d.LowBits())
		v.fixeds = append(v.fixeds, b[16-size:])
	}
}
