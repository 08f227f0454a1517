package parquet

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	pq "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// leaf reads one column of one row group.
type leaf struct {
	typ            types.Type // what it gives
	kind           leafKind
	conv           converter
	zeros          int // of a decimal in a BYTE_ARRAY: digits behind
	maxDef, maxRep int16
	total          int64 // levels not yet read
	pages          file.PageReader
	fixedLen       bool // FIXED_LEN_BYTE_ARRAY
	page           page
	dict           *vec.Col // the dictionary's values, converted
	pending        dense    // of a nested column: read, but of later rows
}

type leafKind uint8

const (
	fixed leafKind = iota
	text
	boolean
	decimalText // decimals in a BYTE_ARRAY
)

// page is what is left of a data page.
type page struct {
	left       int // levels
	defs, reps hybrid
	plain      []byte // of values in plain form
	bit        int    // of plain booleans
	ids        hybrid // of dictionary ids, and of booleans in runs
	byID, runs bool
}

// newLeaf opens column i of a row group as type t; nil without error: the types do not go together.
func newLeaf(rg *file.RowGroupReader, i int, t types.Type) (*leaf, error) {
	meta, err := rg.MetaData().ColumnChunk(i)
	if err != nil {
		return nil, err
	}
	col := rg.MetaData().Schema.Column(i)
	l := &leaf{typ: t, maxDef: col.MaxDefinitionLevel(), maxRep: col.MaxRepetitionLevel(), total: meta.NumValues()}
	if !l.choose(col.SchemaNode().(*schema.PrimitiveNode)) {
		return nil, nil
	}
	l.pages, err = rg.GetColumnPageReader(i)
	return l, err
}

// choose sets how values are converted; false if they cannot be.
func (l *leaf) choose(n *schema.PrimitiveNode) (ok bool) {
	switch n.PhysicalType() {
	case pq.Types.Boolean:
		l.kind = boolean
		return l.typ.Kind == types.Boolean || l.typ.Kind == types.Null
	case pq.Types.ByteArray:
		own, err := leafType(n)
		if err == nil && own.Kind == types.Decimal && l.typ.Kind == types.Decimal {
			l.kind, l.zeros = decimalText, int(l.typ.Scale)-int(own.Scale)
			return fits(own, l.typ)
		}
		l.kind = text
		return l.typ.Kind == types.String || l.typ.Kind == types.Binary
	case pq.Types.FixedLenByteArray:
		l.fixedLen = true
		if l.typ.Kind == types.Binary || l.typ.Kind == types.String {
			l.kind, l.conv = text, converter{src: n.TypeLength()}
			return true
		}
	}
	l.conv, ok = converterFor(n, l.typ)
	return ok
}

// dense is levels and the values that are not NULL.
type dense struct {
	defs, reps []uint8
	n          int      // levels
	vals       int      // values
	data       []byte   // fixed: the column's memory; text: bytes
	off        []int32  // text
	ids        []uint32 // text by dictionary: instead of off and data
	byID       bool
}

// read appends n levels; the caller knows that there are so many.
func (l *leaf) read(d *dense, n int) error {
	for n > 0 {
		if l.page.left == 0 {
			if err := l.nextPage(); err != nil {
				return err
			}
			continue
		}
		k := min(n, l.page.left)
		if err := l.take(d, k); err != nil {
			return err
		}
		n -= k
		l.page.left -= k
		l.total -= int64(k)
	}
	return nil
}

func orShort(err error) error {
	if err == nil {
		return errShort
	}
	return err
}

// take appends k levels of the current page and their values.
func (l *leaf) take(d *dense, k int) error {
	vals := k
	if l.maxRep > 0 {
		d.reps = grow(d.reps, k)
		if err := fill(&l.page.reps, d.reps[d.n:]); err != nil {
			return err
		}
	}
	if l.maxDef > 0 {
		d.defs = grow(d.defs, k)
		defs := d.defs[d.n:]
		if err := fill(&l.page.defs, defs); err != nil {
			return err
		}
		vals = count(defs, uint8(l.maxDef))
	}
	d.n += k
	return l.values(d, vals)
}

func grow[T any](s []T, n int) []T {
	if len(s)+n <= cap(s) {
		return s[:len(s)+n]
	}
	out := make([]T, len(s)+n, max(2*cap(s), len(s)+n))
	copy(out, s)
	return out
}

func count(defs []uint8, level uint8) (n int) {
	for _, v := range defs {
		if v == level {
			n++
		}
	}
	return n
}

// values appends k values of the current page.
func (l *leaf) values(d *dense, k int) error {
	if k == 0 {
		return nil
	}
	switch {
	case l.kind == boolean:
		return l.bools(d, k)
	case l.kind == text || l.kind == decimalText:
		return l.texts(d, k)
	case l.page.byID:
		ids := make([]uint32, k)
		if err := l.ids(ids); err != nil {
			return err
		}
		d.data = aligned(d.data, (d.vals+k)*l.conv.dst)
		gather(d.data[d.vals*l.conv.dst:], l.dict, ids, l.conv.dst)
	default:
		if len(l.page.plain) < k*l.conv.src {
			return errShort
		}
		d.data = aligned(d.data, (d.vals+k)*l.conv.dst)
		if err := l.conv.f(d.data[d.vals*l.conv.dst:], l.page.plain, k); err != nil {
			return err
		}
		l.page.plain = l.page.plain[k*l.conv.src:]
	}
	d.vals += k
	return nil
}

// ids reads dictionary ids and makes sure that the dictionary has them.
func (l *leaf) ids(ids []uint32) error {
	if l.dict == nil {
		return fmt.Errorf("a page needs a dictionary that is not there")
	}
	if err := fill(&l.page.ids, ids); err != nil {
		return err
	}
	limit, top := uint32(l.dict.Len), uint32(0)
	for _, id := range ids {
		top = max(top, id)
	}
	if top >= limit {
		return fmt.Errorf("a page names value %d of a dictionary of %d", top, limit)
	}
	return nil
}

// aligned grows a buffer whose values are looked at as numbers of up to 16 bytes.
func aligned(b []byte, n int) []byte {
	if n <= cap(b) {
		return b[:n]
	}
	words := vec.FlatOf(types.LongType, make([]int64, (max(n, 2*cap(b))+7)/8), nil)
	copy(words.Data, b)
	return words.Data[:n]
}

func gather(dst []byte, dict *vec.Col, ids []uint32, width int) {
	switch width {
	case 1:
		for i, id := range ids {
			dst[i] = dict.Data[id]
		}
	case 4:
		gatherAs[int32](dst, dict, ids)
	case 8:
		gatherAs[int64](dst, dict, ids)
	default:
		for i, id := range ids {
			copy(dst[i*width:(i+1)*width], dict.Data[int(id)*width:])
		}
	}
}

func gatherAs[T vec.Fixed](dst []byte, dict *vec.Col, ids []uint32) {
	to, from := vec.Values[T](&vec.Col{Data: dst}), vec.Values[T](dict)
	for i, id := range ids {
		to[i] = from[id]
	}
}

// nextPage reads pages up to the next with values.
func (l *leaf) nextPage() error {
	if !l.pages.Next() {
		return orShort(l.pages.Err())
	}
	switch p := l.pages.Page().(type) {
	case *file.DictionaryPage:
		return l.dictionary(p)
	case *file.DataPageV1:
		return l.v1(p)
	case *file.DataPageV2:
		return l.v2(p)
	}
	return nil
}

func (l *leaf) v1(p *file.DataPageV1) error {
	l.page = page{left: int(p.NumValues())}
	buf := p.Data()
	for _, lv := range []struct {
		most int16
		enc  pq.Encoding
		dst  *hybrid
	}{{l.maxRep, pq.Encoding(p.RepetitionLevelEncoding()), &l.page.reps}, {l.maxDef, pq.Encoding(p.DefinitionLevelEncoding()), &l.page.defs}} {
		if lv.most == 0 {
			continue
		}
		if lv.enc != pq.Encodings.RLE {
			return fmt.Errorf("levels in the encoding %s, which no writer uses any more", lv.enc)
		}
		if len(buf) < 4 {
			return errShort
		}
		size := int(binary.LittleEndian.Uint32(buf))
		if size < 0 || size > len(buf)-4 {
			return errShort
		}
		*lv.dst = newHybrid(buf[4:4+size], bits.Len16(uint16(lv.most)))
		buf = buf[4+size:]
	}
	return l.body(buf, pq.Encoding(p.Encoding()))
}

func (l *leaf) v2(p *file.DataPageV2) error {
	l.page = page{left: int(p.NumValues())}
	buf, r, d := p.Data(), int(p.RepetitionLevelByteLen()), int(p.DefinitionLevelByteLen())
	if r < 0 || d < 0 || r+d > len(buf) {
		return errShort
	}
	l.page.reps = newHybrid(buf[:r], bits.Len16(uint16(l.maxRep)))
	l.page.defs = newHybrid(buf[r:r+d], bits.Len16(uint16(l.maxDef)))
	return l.body(buf[r+d:], pq.Encoding(p.Encoding()))
}

func (l *leaf) body(buf []byte, enc pq.Encoding) error {
	switch enc {
	case pq.Encodings.Plain:
		l.page.plain = buf
	case pq.Encodings.PlainDict, pq.Encodings.RLEDict:
		l.page.byID = true
		if len(buf) == 0 { // no value at all
			return nil
		}
		if buf[0] > 32 {
			return fmt.Errorf("dictionary ids of %d bits", buf[0])
		}
		l.page.ids = newHybrid(buf[1:], int(buf[0]))
	case pq.Encodings.RLE:
		if len(buf) < 4 || l.kind != boolean {
			return errShort
		}
		l.page.runs, l.page.ids = true, newHybrid(buf[4:], 1)
	case pq.Encodings.DeltaBinaryPacked:
		vals, _, err := deltas(buf)
		if err != nil || l.kind != fixed {
			return orShort(err)
		}
		l.page.plain = plainNumbers(vals, l.conv.src)
	case pq.Encodings.DeltaLengthByteArray, pq.Encodings.DeltaByteArray:
		plain, err := deltaTexts(buf, enc == pq.Encodings.DeltaByteArray, l.fixedLen)
		l.page.plain = plain
		return err
	case pq.Encodings.ByteStreamSplit:
		if l.conv.src == 0 {
			return errShort
		}
		l.page.plain = unsplit(buf, l.conv.src)
	default:
		return fmt.Errorf("a page in the encoding %s", enc)
	}
	return nil
}
