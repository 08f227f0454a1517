package kafka

import (
	"fmt"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/format"
	"github.com/azud/azud/internal/format/json"
	"github.com/azud/azud/internal/record"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// maxRows is the most rows of a batch of decoded values.
const maxRows = 4096

// rawSchema is Spark's schema of a Kafka table without columns.
func rawSchema(headers bool) types.Schema {
	s := types.Schema{
		{Name: "key", Type: types.BinaryType, Nullable: true},
		{Name: "value", Type: types.BinaryType, Nullable: true},
		{Name: "topic", Type: types.StringType, Nullable: true},
		{Name: "partition", Type: types.IntType, Nullable: true},
		{Name: "offset", Type: types.LongType, Nullable: true},
		{Name: "timestamp", Type: types.TimestampType, Nullable: true},
		{Name: "timestampType", Type: types.IntType, Nullable: true},
	}
	if headers {
		s = append(s, types.Field{Name: "headers", Nullable: true, Type: types.ArrayOf(types.StructOf(
			types.Field{Name: "key", Type: types.StringType, Nullable: true},
			types.Field{Name: "value", Type: types.BinaryType, Nullable: true}), true)})
	}
	return s
}

// rows collects records and gives them as batches: the raw columns wanted, or the values
// decoded into the table's columns.
type rows struct {
	s       *source
	p       tp
	columns []int
	raw     *vec.Builder // raw mode
	dec     format.Decoder
	out     *vec.Builder
	values  [][]byte // of one reply, and their offsets
	offsets []int64
	taken   int // how many of the values have been given
}

func (s *source) newRows(p tp, columns []int) (*rows, error) {
	r := &rows{s: s, p: p, columns: columns}
	var schema types.Schema
	for _, c := range columns {
		schema = append(schema, s.Schema()[c])
	}
	r.out = vec.NewBuilder(schema)
	if len(s.table.Columns) == 0 {
		r.raw = r.out
		return r, nil
	}
	var err error
	r.dec, err = json.NewDecoder(schema, json.Options{Zone: s.env.Zone})
	return r, err
}

// add takes a record; it aliases the reply until the next take returns nil.
func (r *rows) add(b *record.Batch, rec *record.Record) {
	if r.raw == nil {
		r.values = append(r.values, rec.Value)
		r.offsets = append(r.offsets, rec.Offset)
		return
	}
	for i, c := range r.columns {
		r.rawColumn(r.out.Cols[i], c, b, rec)
	}
	r.offsets = append(r.offsets, rec.Offset)
}

func (r *rows) rawColumn(col *vec.ColBuilder, c int, b *record.Batch, rec *record.Record) {
	switch c {
	case 0:
		appendBytes(col, rec.Key)
	case 1:
		appendBytes(col, rec.Value)
	case 2:
		col.AppendString(r.p.topic)
	case 3:
		vec.Append(col, r.p.part)
	case 4:
		vec.Append(col, rec.Offset)
	case 5:
		vec.Append(col, rec.Time*1000)
	case 6:
		kind := int32(0) // CreateTime
		if b.LogAppend() {
			kind = 1
		}
		vec.Append(col, kind)
	case 7:
		if rec.Headers() == 0 { // Spark: NULL when empty
			col.AppendNull()
			return
		}
		one := col.Child(0)
		_ = rec.EachHeader(func(k, v []byte) bool { // those before a malformed one are given
			one.Child(0).AppendBytes(k)
			appendBytes(one.Child(1), v)
			one.EndStruct()
			return true
		})
		col.EndList()
	}
}

func appendBytes(col *vec.ColBuilder, b []byte) {
	if b == nil {
		col.AppendNull()
		return
	}
	col.AppendBytes(b)
}

// take gives the next batch of what was added, or nil when there is none left.
func (r *rows) take() (*vec.Batch, error) {
	n := len(r.offsets) - r.taken
	if n == 0 {
		r.values, r.offsets, r.taken = r.values[:0], r.offsets[:0], 0
		return nil, nil
	}
	if r.raw == nil {
		n = min(maxRows, n)
		if err := r.decode(r.values[r.taken:r.taken+n], r.offsets[r.taken:]); err != nil {
			return nil, err
		}
	}
	r.taken += n
	b := r.out.Finish()
	b.N = n // also when no column is wanted, as for count(*)
	at := r.offsets[r.taken-n : r.taken]
	b.Origin = func(row int) string { return r.origin(at[row]) }
	return b, nil
}

// origin names a record.
func (r *rows) origin(offset int64) string {
	return fmt.Sprintf("%s[%d]@%d", r.p.topic, r.p.part, offset)
}

func (r *rows) decode(values [][]byte, offsets []int64) error {
	rejects, err := r.dec.Decode(r.out, values)
	for _, rej := range rejects {
		r.s.env.Report.Rejected(r.origin(offsets[rej.Row]), rej.Reason, connector.Sample(values[rej.Row]))
	}
	return err
}
