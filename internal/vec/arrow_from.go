package vec

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// FromArrow copies an Arrow record batch into a batch of the types that SchemaFromArrow
// gives; rec may be released afterwards. Malformed data is an error, never a panic.
func FromArrow(rec arrow.RecordBatch) (b *Batch, err error) {
	defer func() {
		if r := recover(); r != nil {
			b, err = nil, errs.New("MALFORMED_ARROW", "malformed Arrow data: %v", r)
		}
	}()
	if rec.NumRows() > math.MaxInt32 {
		return nil, errs.New("MALFORMED_ARROW", "a record batch of %d rows", rec.NumRows())
	}
	b = &Batch{N: int(rec.NumRows()), Cols: make([]Col, rec.NumCols())}
	for i := range b.Cols {
		f, err := fieldFromArrow(rec.Schema().Field(i))
		if err != nil {
			return nil, err
		}
		data := rec.Column(i).Data()
		if data.Len() != b.N {
			return nil, errs.New("MALFORMED_ARROW", "column %s has %d rows of %d", f.Name, data.Len(), b.N)
		}
		if b.Cols[i], err = colFromArrow(data, f.Type); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// colFromArrow copies rows [Offset, Offset+Len) of Arrow data into a column of type t.
func colFromArrow(d arrow.ArrayData, t types.Type) (Col, error) {
	if d.DataType().ID() == arrow.DICTIONARY {
		return dictFromArrow(d, t)
	}
	n, lo := d.Len(), d.Offset()
	c := Col{Type: t, Len: n}
	if t.Kind == types.Null {
		return c, nil
	}
	if err := checkLengths(d, t); err != nil {
		return c, err
	}
	if v := d.Buffers()[0]; v != nil && v.Len() > 0 && d.NullN() != 0 {
		c.Valid = copyBits(v.Bytes(), lo, n)
	}
	switch t.Kind {
	case types.Boolean:
		c.Data = unpackBools(bufferOf(d, 1), lo, n)
	case types.String, types.Binary:
		return c, bytesFromArrow(&c, d)
	case types.Array, types.Map:
		return c, listFromArrow(&c, d)
	case types.Struct:
		for i, f := range t.Fields {
			kid := array.NewSliceData(d.Children()[i], int64(lo), int64(lo+n))
			k, err := colFromArrow(kid, f.Type)
			kid.Release()
			if err != nil {
				return c, err
			}
			c.Kids = append(c.Kids, k)
		}
	case types.Date:
		if d.DataType().ID() == arrow.DATE64 {
			ms := arrow.Int64Traits.CastFromBytes(bufferOf(d, 1))[lo : lo+n]
			days := make([]int32, n)
			for i, v := range ms {
				days[i] = int32(floorDiv(v, 86_400_000))
			}
			c.Data = bytesOf(days)
			return c, nil
		}
		c.Data = fixedFromArrow(d, 4)
	default:
		c.Data = fixedFromArrow(d, Width(t))
		return c, toMicros(&c, d.DataType())
	}
	return c, nil
}

// checkLengths makes sure that the buffers hold the rows that the data claims, before
// anything of that size is allocated.
func checkLengths(d arrow.ArrayData, t types.Type) error {
	rows := d.Offset() + d.Len()
	need := 0
	switch d.DataType().ID() {
	case arrow.BOOL:
		need = (rows + 7) / 8
	case arrow.STRING, arrow.BINARY, arrow.LIST, arrow.MAP:
		need = 4 * (rows + 1)
	case arrow.LARGE_STRING, arrow.LARGE_BINARY, arrow.LARGE_LIST, arrow.DATE64:
		need = 8 * rows
	default:
		need = Width(t) * rows
	}
	if d.Len() > 0 && need > 0 && len(bufferOf(d, 1)) < need {
		return errs.New("MALFORMED_ARROW", "a buffer of %d bytes for %d rows of %s", len(bufferOf(d, 1)), d.Len(), d.DataType())
	}
	if v := d.Buffers()[0]; v != nil && v.Len() > 0 && v.Len() < (rows+7)/8 {
		return errs.New("MALFORMED_ARROW", "a bitmap of %d bytes for %d rows", v.Len(), d.Len())
	}
	return nil
}

func bufferOf(d arrow.ArrayData, i int) []byte {
	if b := d.Buffers()[i]; b != nil {
		return b.Bytes()
	}
	return nil
}

func fixedFromArrow(d arrow.ArrayData, width int) []byte {
	if d.Len() == 0 {
		return nil
	}
	// A slice of words, not of bytes: Values needs the alignment.
	words := make([]int64, (d.Len()*width+7)/8)
	out := bytesOf(words)[:d.Len()*width]
	copy(out, bufferOf(d, 1)[d.Offset()*width:(d.Offset()+d.Len())*width])
	return out
}

// toMicros converts times of other units: Spark has microseconds only.
func toMicros(c *Col, dt arrow.DataType) error {
	unit := arrow.Microsecond
	switch d := dt.(type) {
	case *arrow.TimestampType:
		unit = d.Unit
	case *arrow.DurationType:
		unit = d.Unit
	}
	vals := []int64(nil)
	if unit != arrow.Microsecond {
		vals = Values[int64](c)
	}
	for i, v := range vals {
		switch unit {
		case arrow.Second:
			vals[i] = v * 1_000_000
		case arrow.Millisecond:
			vals[i] = v * 1_000
		case arrow.Nanosecond:
			vals[i] = floorDiv(v, 1_000)
		}
	}
	return nil
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// bytesFromArrow copies strings of any of Arrow's layouts.
func bytesFromArrow(c *Col, d arrow.ArrayData) error {
	n, lo := d.Len(), d.Offset()
	c.Off = make([]int32, n+1)
	if n == 0 {
		return nil
	}
	switch d.DataType().ID() {
	case arrow.STRING, arrow.BINARY:
		off := arrow.Int32Traits.CastFromBytes(bufferOf(d, 1))[lo : lo+n+1]
		for i, v := range off {
			c.Off[i] = v - off[0]
		}
		c.Data = append([]byte(nil), bufferOf(d, 2)[off[0]:off[n]]...)
	case arrow.LARGE_STRING, arrow.LARGE_BINARY:
		off := arrow.Int64Traits.CastFromBytes(bufferOf(d, 1))[lo : lo+n+1]
		if off[n]-off[0] > 1<<31-1 {
			return errs.New("MALFORMED_ARROW", "a column of one batch holds more than 2 GiB of text")
		}
		for i, v := range off {
			c.Off[i] = int32(v - off[0])
		}
		c.Data = append([]byte(nil), bufferOf(d, 2)[off[0]:off[n]]...)
	default:
		a := array.MakeFromData(d)
		defer a.Release()
		for i := range n {
			if a.IsValid(i) {
				switch v := a.(type) {
				case *array.StringView:
					c.Data = append(c.Data, v.Value(i)...)
				case *array.BinaryView:
					c.Data = append(c.Data, v.Value(i)...)
				}
			}
			c.Off[i+1] = int32(len(c.Data))
		}
	}
	return checkOffsets(c.Off, len(c.Data))
}

func checkOffsets(off []int32, limit int) error {
	for i := 1; i < len(off); i++ {
		if off[i] < off[i-1] {
			return errs.New("MALFORMED_ARROW", "offsets go back at row %d", i-1)
		}
	}
	if int(off[len(off)-1]) > limit {
		return errs.New("MALFORMED_ARROW", "offsets pass the end of the data")
	}
	return nil
}

func listFromArrow(c *Col, d arrow.ArrayData) error {
	n, lo := d.Len(), d.Offset()
	c.Off = make([]int32, n+1)
	first, last := int64(0), int64(0)
	if n > 0 && d.DataType().ID() == arrow.LARGE_LIST {
		off := arrow.Int64Traits.CastFromBytes(bufferOf(d, 1))[lo : lo+n+1]
		for i, v := range off {
			c.Off[i] = int32(v - off[0])
		}
		first, last = off[0], off[n]
	} else if n > 0 {
		off := arrow.Int32Traits.CastFromBytes(bufferOf(d, 1))[lo : lo+n+1]
		for i, v := range off {
			c.Off[i] = v - off[0]
		}
		first, last = int64(off[0]), int64(off[n])
	}
	if err := checkOffsets(c.Off, int(last-first)); err != nil {
		return err
	}
	elems := array.NewSliceData(d.Children()[0], first, last)
	defer elems.Release()
	if c.Type.Kind == types.Array {
		k, err := colFromArrow(elems, *c.Type.Elem)
		c.Kids = []Col{k}
		return err
	}
	pair, err := colFromArrow(elems, types.StructOf(
		types.Field{Name: "key", Type: *c.Type.Key}, types.Field{Name: "value", Type: *c.Type.Elem}))
	c.Kids = pair.Kids
	return err
}

// dictFromArrow keeps a dictionary as one, unless it holds NULLs itself.
func dictFromArrow(d arrow.ArrayData, t types.Type) (Col, error) {
	values, err := colFromArrow(d.Dictionary(), t)
	if err != nil {
		return Col{}, err
	}
	a := array.MakeFromData(d)
	defer a.Release()
	da, ok := a.(*array.Dictionary)
	if !ok {
		return Col{}, fmt.Errorf("not a dictionary: %s", d.DataType())
	}
	c := Col{Type: t, Enc: Dict, Len: d.Len(), Dict: &values, Ids: make([]uint32, d.Len())}
	for i := range c.Ids {
		if da.IsNull(i) {
			c.Valid = SetNull(c.Valid, c.Len, i)
			continue
		}
		id := da.GetValueIndex(i)
		if id < 0 || id >= values.Len {
			return Col{}, errs.New("MALFORMED_ARROW", "dictionary index %d of %d values", id, values.Len)
		}
		if values.IsNull(id) {
			c.Valid = SetNull(c.Valid, c.Len, i)
			continue
		}
		c.Ids[i] = uint32(id)
	}
	values.Valid = nil // what was NULL in it is no longer pointed at
	if values.Type.IsNested() {
		return Flatten(&c), nil
	}
	return c, nil
}

// copyBits returns n bits from bit lo on.
func copyBits(bits []byte, lo, n int) []byte {
	out := make([]byte, (n+7)/8)
	if lo&7 == 0 {
		copy(out, bits[lo>>3:])
		return out
	}
	for i := range n {
		out[i>>3] |= (bits[(lo+i)>>3] >> ((lo + i) & 7) & 1) << (i & 7)
	}
	return out
}
