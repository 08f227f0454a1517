package vec

import (
	"bytes"
	"cmp"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/types"
)

// Compare orders row i of a against row j of b, of the same type, as Spark does ascending:
// NULL first, NaN last, -0.0 equal to 0.0, structs and arrays by their parts. Maps, which
// have no order, are compared by their sorted entries, so that 0 still means equal.
func Compare(a *Col, i int, b *Col, j int) int {
	an, bn := a.IsNull(i), b.IsNull(j)
	if an || bn {
		return boolRank(!an) - boolRank(!bn)
	}
	p, x := a.Phys(i)
	q, y := b.Phys(j)
	switch a.Type.Kind {
	case types.Boolean:
		return int(p.Data[x]) - int(q.Data[y])
	case types.Byte:
		return cmp.Compare(Values[int8](p)[x], Values[int8](q)[y])
	case types.Short:
		return cmp.Compare(Values[int16](p)[x], Values[int16](q)[y])
	case types.Int, types.Date, types.YearMonth:
		return cmp.Compare(Values[int32](p)[x], Values[int32](q)[y])
	case types.Long, types.Timestamp, types.TimestampNTZ, types.DayTime:
		return cmp.Compare(Values[int64](p)[x], Values[int64](q)[y])
	case types.Float:
		return CompareFloat(Values[float32](p)[x], Values[float32](q)[y])
	case types.Double:
		return CompareFloat(Values[float64](p)[x], Values[float64](q)[y])
	case types.Decimal:
		return compareDecimal(Values[decimal128.Num](p)[x], Values[decimal128.Num](q)[y])
	case types.String, types.Binary:
		return bytes.Compare(p.Bytes(x), q.Bytes(y))
	case types.Struct:
		for f := range p.Kids {
			if c := Compare(&p.Kids[f], x, &q.Kids[f], y); c != 0 {
				return c
			}
		}
		return 0
	case types.Array:
		return compareLists(p, x, q, y)
	}
	return bytes.Compare(appendMapKey(nil, p, x), appendMapKey(nil, q, y))
}

// Equal reports whether row i of a and row j of b are the same key: NULL equals NULL.
func Equal(a *Col, i int, b *Col, j int) bool { return Compare(a, i, b, j) == 0 }

// CompareFloat orders floats as Spark: NaN is the largest and equal to itself.
func CompareFloat[T float32 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	}
	return boolRank(a != a) - boolRank(b != b)
}

func compareDecimal(a, b decimal128.Num) int {
	if c := cmp.Compare(a.HighBits(), b.HighBits()); c != 0 {
		return c
	}
	return cmp.Compare(a.LowBits(), b.LowBits())
}

func compareLists(p *Col, x int, q *Col, y int) int {
	i, iEnd, j, jEnd := p.Off[x], p.Off[x+1], q.Off[y], q.Off[y+1]
	for ; i < iEnd && j < jEnd; i, j = i+1, j+1 {
		if c := Compare(&p.Kids[0], int(i), &q.Kids[0], int(j)); c != 0 {
			return c
		}
	}
	return cmp.Compare(iEnd-i, jEnd-j)
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}
