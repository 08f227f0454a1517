package vec

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/types"
)

// appendBulk is AppendRows for strings and values of a fixed width in flat or dictionary encoding,
// without a call a row; false means that c is another column, and nothing was done.
func (b *ColBuilder) appendBulk(c *Col, n int, sel []uint32) bool {
	text := b.typ.Kind == types.String || b.typ.Kind == types.Binary
	if c.Enc == Const || !text && b.width == 0 {
		return false
	}
	if sel != nil {
		n = len(sel)
	}
	if n == 0 {
		return true
	}
	values := c
	if c.Enc == Dict {
		values = c.Dict
	}
	switch {
	case text && c.Enc == Flat && c.Valid == nil && sel == nil:
		b.appendRange(c, n)
	case text:
		b.appendStrings(values, c, n, sel)
	default:
		b.appendFixed(values, c, n, sel)
	}
	b.appendValid(c, n, sel)
	b.n += n
	return true
}

// appendRange appends the first n strings of a flat column without NULLs.
func (b *ColBuilder) appendRange(c *Col, n int) {
	first := c.Off[0]
	offset(len(b.data) + int(c.Off[n]-first))
	shift := int32(len(b.data)) - first
	b.data = append(b.data, c.Data[first:c.Off[n]]...)
	b.off = slices.Grow(b.off, n)
	for _, o := range c.Off[1 : n+1] {
		b.off = append(b.off, o+shift)
	}
}

// appendStrings appends n strings; a NULL has no bytes.
func (b *ColBuilder) appendStrings(values, c *Col, n int, sel []uint32) {
	at := len(b.off)
	b.off = slices.Grow(b.off, n)[:at+n]
	ends, end := b.off[at:], len(b.data)
	for k := range ends {
		if j := physOf(c, sel, k); j >= 0 {
			end += int(values.Off[j+1] - values.Off[j])
		}
		ends[k] = int32(end)
	}
	if end > 1<<31-1 {
		b.off = b.off[:at]
		offset(end)
	}
	start := len(b.data)
	b.data = slices.Grow(b.data, end-start)[:end]
	for k, stop := range ends {
		if j := physOf(c, sel, k); j >= 0 {
			copy(b.data[start:stop], values.Data[values.Off[j]:])
		}
		start = int(stop)
	}
}

// physOf is where the value of the k-th row lies, -1 if it is NULL.
func physOf(c *Col, sel []uint32, k int) int {
	if sel != nil {
		k = int(sel[k])
	}
	if c.Valid != nil && c.Valid[k>>3]>>(k&7)&1 == 0 {
		return -1
	}
	if c.Enc == Dict {
		return int(c.Ids[k])
	}
	return k
}

func (b *ColBuilder) appendFixed(values, c *Col, n int, sel []uint32) {
	at := len(b.data)
	b.data = slices.Grow(b.data, n*b.width)[:at+n*b.width]
	out := Col{Data: b.data[at:]}
	switch b.width {
	case 1:
		appendFixedAs[int8](&out, values, c, sel)
	case 2:
		appendFixedAs[int16](&out, values, c, sel)
	case 4:
		appendFixedAs[int32](&out, values, c, sel)
	case 8:
		appendFixedAs[int64](&out, values, c, sel)
	default:
		appendFixedAs[decimal128.Num](&out, values, c, sel)
	}
}

// appendFixedAs writes the values, zero for NULL.
func appendFixedAs[T Fixed](out, values, c *Col, sel []uint32) {
	var zero T
	to, from := Values[T](out), Values[T](values)
	for k := range to {
		if j := physOf(c, sel, k); j >= 0 {
			to[k] = from[j]
		} else {
			to[k] = zero
		}
	}
}

// appendValid adds the validity of n rows; b.n is still the number of rows before them.
func (b *ColBuilder) appendValid(c *Col, n int, sel []uint32) {
	if c.Valid == nil && b.valid == nil {
		return
	}
	if b.valid == nil {
		b.valid = AllValid(b.n)
		if b.n&7 != 0 {
			b.valid[b.n>>3] = 1<<(b.n&7) - 1
		}
	}
	for bytes := (b.n + n + 7) / 8; len(b.valid) < bytes; {
		b.valid = append(b.valid, 0)
	}
	for k := range n {
		row := k
		if sel != nil {
			row = int(sel[k])
		}
		if c.Valid == nil || c.Valid[row>>3]>>(row&7)&1 != 0 {
			b.valid[(b.n+k)>>3] |= 1 << ((b.n + k) & 7)
		}
	}
}
