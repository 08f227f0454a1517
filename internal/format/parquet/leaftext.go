package parquet

import (
	"encoding/binary"
	"math"

	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// dictionary keeps the values of a dictionary page.
func (l *leaf) dictionary(p *file.DictionaryPage) error {
	n := int(p.NumValues())
	buf := p.Data()
	if l.kind == text || l.kind == decimalText {
		d := &dense{}
		if _, err := l.plainTexts(d, buf, n); err != nil {
			return err
		}
		l.dict = &vec.Col{Type: l.typ, Len: n, Data: d.data, Off: d.off}
		return nil
	}
	if l.kind == boolean || len(buf) < n*l.conv.src {
		return errShort
	}
	l.dict = &vec.Col{Type: l.typ, Len: n, Data: aligned(nil, n*l.conv.dst)}
	return l.conv.f(l.dict.Data, buf, n)
}

// plainTexts appends k strings in plain form and returns what follows them.
func (l *leaf) plainTexts(d *dense, buf []byte, k int) ([]byte, error) {
	if d.off == nil {
		d.off = append(make([]int32, 0, min(k, len(buf))+1), 0)
	}
	for range k {
		size := l.conv.src
		if size == 0 {
			if len(buf) < 4 {
				return nil, errShort
			}
			size = int(binary.LittleEndian.Uint32(buf))
			buf = buf[4:]
		}
		if size < 0 || size > len(buf) {
			return nil, errShort
		}
		d.data = append(d.data, buf[:size]...)
		buf = buf[size:]
		d.off = append(d.off, int32(len(d.data)))
	}
	if len(d.data) > math.MaxInt32 {
		return nil, tooLong()
	}
	return buf, nil
}

func tooLong() error {
	return errs.New("RESULT_TOO_LARGE", "a column of a batch has more than 2 GiB").WithHint("such values are too long for a column")
}

// texts appends k strings: ids as long as all come by the dictionary.
func (l *leaf) texts(d *dense, k int) error {
	if l.page.byID {
		if d.vals == 0 && l.maxRep == 0 && l.kind == text {
			d.byID = true
		}
		at := len(d.ids)
		d.ids = grow(d.ids, k)
		if err := l.ids(d.ids[at:]); err != nil {
			return err
		}
		if !d.byID {
			l.write(d, d.ids[at:])
			d.ids = d.ids[:at]
		}
		d.vals += k
		return nil
	}
	if d.byID { // the writer gave the dictionary up
		d.byID = false
		l.write(d, d.ids)
		d.ids = nil
	}
	rest, err := l.plainTexts(d, l.page.plain, k)
	l.page.plain = rest
	d.vals += k
	return err
}

// write writes values of the dictionary out.
func (l *leaf) write(d *dense, ids []uint32) {
	if d.off == nil {
		d.off = append(make([]int32, 0, len(ids)+1), 0)
	}
	for _, id := range ids {
		d.data = append(d.data, l.dict.Data[l.dict.Off[id]:l.dict.Off[id+1]]...)
		d.off = append(d.off, int32(len(d.data)))
	}
}

// bools appends k booleans, a byte each.
func (l *leaf) bools(d *dense, k int) error {
	at := len(d.data)
	d.data = grow(d.data, k)
	out := d.data[at:]
	d.vals += k
	if l.page.runs {
		return fill(&l.page.ids, out)
	}
	if l.page.byID || l.page.bit+k > 8*len(l.page.plain) {
		return errShort
	}
	unpack(out, l.page.plain, l.page.bit, 1)
	l.page.bit += k
	return nil
}

// column makes a column of n slots of dense values; present[i] says whether slot i has one, nil that
// all have.
func (l *leaf) column(d *dense, present []bool, n int) vec.Col {
	c := vec.Col{Type: l.typ, Len: n}
	if l.typ.Kind == types.Null {
		return vec.NullCol(l.typ, n)
	}
	if present != nil {
		c.Valid = make([]byte, (n+7)/8)
		for i, ok := range present {
			if ok {
				c.Valid[i>>3] |= 1 << (i & 7)
			}
		}
	}
	switch {
	case d.vals == 0 && n > 0:
		return vec.NullCol(l.typ, n)
	case d.byID:
		c.Enc, c.Dict, c.Ids = vec.Dict, l.dict, d.ids
		if present != nil {
			c.Ids = spread(d.ids, present, n)
		}
	case l.kind == text:
		c.Data, c.Off = d.data, spreadOffsets(d.off, present, n)
	case l.kind == decimalText:
		flat := aligned(nil, 16*d.vals)
		for i := range d.vals {
			putDecimal(flat[16*i:], decimalOf(d.data[d.off[i]:d.off[i+1]], l.zeros))
		}
		c.Data = spreadFixed(flat, present, n, 16)
	default:
		c.Data = spreadFixed(d.data, present, n, vec.Width(l.typ))
	}
	return c
}

func spread(ids []uint32, present []bool, n int) []uint32 {
	out, k := make([]uint32, n), 0
	for i, ok := range present {
		if ok {
			out[i] = ids[k]
			k++
		}
	}
	return out
}

func spreadOffsets(off []int32, present []bool, n int) []int32 {
	if off == nil {
		return make([]int32, n+1)
	}
	if present == nil {
		return off
	}
	out, k := make([]int32, n+1), 0
	for i, ok := range present {
		if ok {
			k++
		}
		out[i+1] = off[k]
	}
	return out
}

func spreadFixed(data []byte, present []bool, n, width int) []byte {
	if present == nil {
		return data
	}
	out := aligned(nil, n*width)
	switch width {
	case 4:
		spreadAs[int32](out, data, present)
	case 8:
		spreadAs[int64](out, data, present)
	default:
		k := 0
		for i, ok := range present {
			if ok {
				copy(out[i*width:(i+1)*width], data[k*width:])
				k++
			}
		}
	}
	return out
}

func spreadAs[T vec.Fixed](out, data []byte, present []bool) {
	to, from := vec.Values[T](&vec.Col{Data: out}), vec.Values[T](&vec.Col{Data: data})
	k := 0
	for i, ok := range present {
		if ok {
			to[i] = from[k]
			k++
		}
	}
}
