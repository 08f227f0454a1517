package parquet

import (
	pq "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Bounds is what a row group's statistics say of a column.
type Bounds struct {
	Rows     int64
	Nulls    int64 // -1: not known
	Min, Max vec.Col
	HasRange bool // Min and Max are there: no value but NaN is outside
}

// Bounds are those of a column, by its name and as type t; false if nothing is known.
func (f *Footer) Bounds(group int, column string, t types.Type) (b Bounds, ok bool) {
	defer func() {
		if recover() != nil { // of the library, over statistics that are damaged: they say nothing
			ok = false
		}
	}()
	p := f.root.find(column)
	if p == nil || p.isGroup() || p.repeated() {
		return b, false
	}
	meta, err := f.meta.RowGroup(group).ColumnChunk(p.leaf)
	if err != nil {
		return b, false
	}
	stats, err := meta.Statistics()
	if err != nil || stats == nil {
		return b, false
	}
	b = Bounds{Rows: f.meta.RowGroups[group].NumRows, Nulls: -1}
	if stats.HasNullCount() {
		b.Nulls = stats.NullCount()
	}
	if stats.HasMinMax() {
		var good bool
		if b.Min, good = bound(p.node.(*schema.PrimitiveNode), t, stats.EncodeMin()); good {
			b.Max, b.HasRange = bound(p.node.(*schema.PrimitiveNode), t, stats.EncodeMax())
		}
	}
	return b, true
}

// bound is a statistic in plain form as a column of one row.
func bound(n *schema.PrimitiveNode, t types.Type, v []byte) (vec.Col, bool) {
	switch n.PhysicalType() {
	case pq.Types.ByteArray:
		if own, err := leafType(n); err != nil || own.Kind != t.Kind || t.Kind != types.String && t.Kind != types.Binary {
			return vec.Col{}, false
		}
		return vec.ConstString(t, string(v), 1), true
	case pq.Types.Boolean, pq.Types.Int96:
		return vec.Col{}, false
	}
	c, ok := converterFor(n, t)
	if !ok || len(v) < c.src {
		return vec.Col{}, false
	}
	out := vec.Col{Type: t, Len: 1, Data: aligned(nil, c.dst)}
	return out, c.f(out.Data, v, 1) == nil
}
