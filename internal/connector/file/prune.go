package file

import (
	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/format/parquet"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// holds reports whether a value, a column of one row, passes a filter.
func holds(p connector.Predicate, c *vec.Col) bool {
	null := c.IsNull(0)
	switch p.Op {
	case connector.IsNull:
		return null
	case connector.IsNotNull:
		return !null
	}
	if null {
		return false
	}
	if len(p.Values) == 0 {
		return p.Op != connector.In
	}
	if !c.Type.Equal(p.Values[0].Type) { // not told in the column's type: nothing can be said
		return true
	}
	order := vec.Compare(c, 0, &p.Values[0], 0)
	switch p.Op {
	case connector.Equal:
		return order == 0
	case connector.Less:
		return order < 0
	case connector.LessEqual:
		return order <= 0
	case connector.Greater:
		return order > 0
	case connector.GreaterEqual:
		return order >= 0
	case connector.In:
		for i := range p.Values {
			if vec.Compare(c, 0, &p.Values[i], 0) == 0 {
				return true
			}
		}
		return false
	}
	return true
}

// mayHold reports whether a row of a row group may pass a filter.
func mayHold(p connector.Predicate, b parquet.Bounds) bool {
	switch p.Op {
	case connector.IsNull:
		return b.Nulls != 0
	case connector.IsNotNull:
		return b.Nulls < 0 || b.Nulls < b.Rows
	}
	if b.Nulls >= 0 && b.Nulls == b.Rows {
		return false
	}
	if !b.HasRange || len(p.Values) == 0 || !b.Min.Type.Equal(p.Values[0].Type) {
		return true
	}
	// NaN is the largest value, and no statistics hold it.
	float := b.Min.Type.Kind == types.Float || b.Min.Type.Kind == types.Double
	low := vec.Compare(&b.Min, 0, &p.Values[0], 0)
	high := vec.Compare(&b.Max, 0, &p.Values[0], 0)
	switch p.Op {
	case connector.Equal:
		return low <= 0 && (high >= 0 || float)
	case connector.Less:
		return low < 0
	case connector.LessEqual:
		return low <= 0
	case connector.Greater:
		return high > 0 || float
	case connector.GreaterEqual:
		return high >= 0 || float
	case connector.In:
		for i := range p.Values {
			if vec.Compare(&b.Min, 0, &p.Values[i], 0) <= 0 && (float || vec.Compare(&b.Max, 0, &p.Values[i], 0) >= 0) {
				return true
			}
		}
		return false
	}
	return true
}
