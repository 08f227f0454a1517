package vec

import (
	"math"
	"slices"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// Builder builds batches of a schema, a row at a time across its columns. After Finish
// it is empty and may be used again. Not safe for concurrent use.
type Builder struct {
	Cols []*ColBuilder
}

// NewBuilder makes an empty builder.
func NewBuilder(s types.Schema) *Builder {
	b := &Builder{Cols: make([]*ColBuilder, len(s))}
	for i, f := range s {
		b.Cols[i] = NewColBuilder(f.Type)
	}
	return b
}

// Len is the number of rows of the first column.
func (b *Builder) Len() int {
	if len(b.Cols) == 0 {
		return 0
	}
	return b.Cols[0].n
}

// AppendBatch appends the selected rows of a batch of the same schema.
func (b *Builder) AppendBatch(in *Batch) {
	for i, c := range b.Cols {
		c.AppendRows(&in.Cols[i], in.N, in.Sel)
	}
}

// AppendRow appends row i of a batch of the same schema.
func (b *Builder) AppendRow(in *Batch, i int) {
	for c, cb := range b.Cols {
		cb.AppendFrom(&in.Cols[c], i)
	}
}

// Finish returns the rows built so far; the batch owns its memory.
func (b *Builder) Finish() *Batch {
	out := &Batch{N: b.Len(), Cols: make([]Col, len(b.Cols))}
	for i, c := range b.Cols {
		out.Cols[i] = c.Finish()
	}
	return out
}

// ColBuilder appends values to a column. Appending a value of another Go type than the
// column's (see Fixed) is a programming error and gives garbage.
type ColBuilder struct {
	typ   types.Type
	width int
	n     int
	valid []byte // nil until the first NULL
	data  []byte
	off   []int32
	kids  []*ColBuilder
}

// NewColBuilder makes an empty column builder.
func NewColBuilder(t types.Type) *ColBuilder {
	b := &ColBuilder{typ: t, width: Width(t)}
	switch t.Kind {
	case types.String, types.Binary:
		b.off = []int32{0}
	case types.Array:
		b.off, b.kids = []int32{0}, []*ColBuilder{NewColBuilder(*t.Elem)}
	case types.Map:
		b.off, b.kids = []int32{0}, []*ColBuilder{NewColBuilder(*t.Key), NewColBuilder(*t.Elem)}
	case types.Struct:
		for _, f := range t.Fields {
			b.kids = append(b.kids, NewColBuilder(f.Type))
		}
	}
	return b
}

// Type is the column's type.
func (b *ColBuilder) Type() types.Type { return b.typ }

// Len is the number of rows so far.
func (b *ColBuilder) Len() int { return b.n }

// offset is n as an offset of Arrow's layout. A column that one cannot describe is ended by a
// panic with an *errs.Error, the one that this package raises: no caller looks at each row's
// append, and an offset that went round would give rows of others. Who builds in bulk bounds
// Size before it comes to that.
func offset(n int) int32 {
	if n > math.MaxInt32 {
		panic(errs.New("RESULT_TOO_LARGE", "a column of a batch has more than 2 GiB").
			WithHint("read fewer rows at once, or shorter values"))
	}
	return int32(n)
}

// Size is the number of bytes held so far, offsets and children included.
func (b *Builder) Size() int {
	n := 0
	for _, c := range b.Cols {
		n += c.Size()
	}
	return n
}

// Size is the number of bytes held so far, offsets and children included.
func (b *ColBuilder) Size() int {
	n := len(b.data) + len(b.valid) + 4*len(b.off)
	for _, k := range b.kids {
		n += k.Size()
	}
	return n
}

// Child is the builder of a struct's field, an array's elements (0) or a map's keys (0)
// and values (1).
func (b *ColBuilder) Child(i int) *ColBuilder { return b.kids[i] }

// Append appends a fixed-width value.
func Append[T Fixed](b *ColBuilder, v T) {
	b.data = append(b.data, unsafe.Slice((*byte)(unsafe.Pointer(&v)), unsafe.Sizeof(v))...)
	b.next()
}

// AppendString appends a String or Binary value; s is copied.
func (b *ColBuilder) AppendString(s string) {
	b.data = append(b.data, s...)
	b.off = append(b.off, offset(len(b.data)))
	b.next()
}

// AppendBytes appends a String or Binary value; v is copied.
func (b *ColBuilder) AppendBytes(v []byte) {
	b.data = append(b.data, v...)
	b.off = append(b.off, offset(len(b.data)))
	b.next()
}

// EndStruct ends a struct value; the caller has appended one value to each child.
func (b *ColBuilder) EndStruct() { b.next() }

// EndList ends an array or map value: it holds what was appended to the children since
// the last EndList or AppendNull.
func (b *ColBuilder) EndList() {
	b.off = append(b.off, offset(b.kids[0].n))
	b.next()
}

// next counts a valid row.
func (b *ColBuilder) next() {
	if b.valid != nil {
		if b.n&7 == 0 {
			b.valid = append(b.valid, 0)
		}
		b.valid[b.n>>3] |= 1 << (b.n & 7)
	}
	b.n++
}

var zeros [16]byte

// AppendNull appends a NULL.
func (b *ColBuilder) AppendNull() {
	b.data = append(b.data, zeros[:b.width]...)
	switch b.typ.Kind {
	case types.String, types.Binary:
		b.off = append(b.off, offset(len(b.data)))
	case types.Array, types.Map:
		b.off = append(b.off, offset(b.kids[0].n))
	case types.Struct:
		for _, k := range b.kids {
			k.AppendNull()
		}
	}
	if b.valid == nil {
		b.valid = AllValid(b.n)
		if b.n&7 != 0 {
			b.valid[b.n>>3] = 1<<(b.n&7) - 1
		}
	}
	if b.n&7 == 0 {
		b.valid = append(b.valid, 0)
	}
	b.n++
}

// Truncate drops the rows from n on and, in the children, what belongs to a row that has
// not been ended; to undo a half-written row.
func (b *ColBuilder) Truncate(n int) {
	n = min(n, b.n)
	switch b.typ.Kind {
	case types.String, types.Binary:
		b.off = b.off[:n+1]
		b.data = b.data[:b.off[n]]
	case types.Array, types.Map:
		b.off = b.off[:n+1]
		for _, k := range b.kids {
			k.Truncate(int(b.off[n]))
		}
	case types.Struct:
		for _, k := range b.kids {
			k.Truncate(n)
		}
	default:
		b.data = b.data[:n*b.width]
	}
	if b.valid != nil {
		b.valid = b.valid[:(n+7)/8]
		if n&7 != 0 {
			b.valid[n>>3] &= 1<<(n&7) - 1
		}
	}
	b.n = n
}

// AppendFrom appends row i of a column of the same type.
func (b *ColBuilder) AppendFrom(c *Col, i int) {
	if c.IsNull(i) {
		b.AppendNull()
		return
	}
	p, j := c.Phys(i)
	switch b.typ.Kind {
	case types.String, types.Binary:
		b.AppendBytes(p.Data[p.Off[j]:p.Off[j+1]])
	case types.Array, types.Map:
		for k := p.Off[j]; k < p.Off[j+1]; k++ {
			for f, kid := range b.kids {
				kid.AppendFrom(&p.Kids[f], int(k))
			}
		}
		b.EndList()
	case types.Struct:
		for f, kid := range b.kids {
			kid.AppendFrom(&p.Kids[f], j)
		}
		b.EndStruct()
	default:
		b.data = append(b.data, p.Data[j*b.width:(j+1)*b.width]...)
		b.next()
	}
}

// AppendRows appends rows of a column of the same type: those of sel, in its order, or
// the first n if sel is nil.
func (b *ColBuilder) AppendRows(c *Col, n int, sel []uint32) {
	if b.width > 0 && c.Enc == Flat && c.Valid == nil && b.valid == nil {
		if sel == nil {
			b.data = append(b.data, c.Data[:n*b.width]...)
			b.n += n
			return
		}
		b.data = gather(b.data, c, sel, b.width)
		b.n += len(sel)
		return
	}
	if b.appendBulk(c, n, sel) {
		return
	}
	for i := range Each(n, sel) {
		b.AppendFrom(c, i)
	}
}

// gather appends the fixed-width values at rows to dst.
func gather(dst []byte, c *Col, rows []uint32, width int) []byte {
	at := len(dst)
	dst = slices.Grow(dst, len(rows)*width)[:at+len(rows)*width]
	out := Col{Data: dst[at:]}
	switch width {
	case 1:
		gatherAs[int8](&out, c, rows)
	case 2:
		gatherAs[int16](&out, c, rows)
	case 4:
		gatherAs[int32](&out, c, rows)
	case 8:
		gatherAs[int64](&out, c, rows)
	default:
		gatherAs[decimal128.Num](&out, c, rows)
	}
	return dst
}

func gatherAs[T Fixed](out, c *Col, rows []uint32) {
	to, from := Values[T](out), Values[T](c)
	for i, r := range rows {
		to[i] = from[r]
	}
}

// Finish returns the column and empties the builder.
func (b *ColBuilder) Finish() Col {
	c := Col{Type: b.typ, Len: b.n, Valid: b.valid, Data: b.data, Off: b.off}
	for _, k := range b.kids {
		c.Kids = append(c.Kids, k.Finish())
	}
	b.n, b.valid, b.data = 0, nil, nil
	if b.off != nil {
		b.off = []int32{0}
	}
	return c
}
