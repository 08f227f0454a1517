package fn

import (
	"cmp"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Comparer orders row i of a against row j of b, neither NULL, both of one type.
type Comparer func(a *vec.Col, i int, b *vec.Col, j int) int

// CompareFunc is Spark's order of a type: NaN is the largest number and equals itself,
// -0.0 equals 0.0, strings compare by bytes, structs field by field and arrays element by
// element with NULL first. A map, which has no order, compares equal only to the same
// entries in the same sequence.
func CompareFunc(t types.Type) Comparer {
	switch t.Kind {
	case types.Boolean:
		return func(a *vec.Col, i int, b *vec.Col, j int) int {
			return boolInt(vec.Get[bool](a, i)) - boolInt(vec.Get[bool](b, j))
		}
	case types.Byte:
		return compareFixed[int8]
	case types.Short:
		return compareFixed[int16]
	case types.Int, types.Date, types.YearMonth:
		return compareFixed[int32]
	case types.Long, types.Timestamp, types.TimestampNTZ, types.DayTime:
		return compareFixed[int64]
	case types.Float:
		return compareFixed[float32]
	case types.Double:
		return compareFixed[float64]
	case types.Decimal:
		return func(a *vec.Col, i int, b *vec.Col, j int) int {
			return vec.Get[decimal128.Num](a, i).Cmp(vec.Get[decimal128.Num](b, j))
		}
	case types.String, types.Binary:
		return func(a *vec.Col, i int, b *vec.Col, j int) int { return strings.Compare(a.Str(i), b.Str(j)) }
	case types.Array:
		return compareLists(CompareFunc(*t.Elem))
	case types.Map:
		return compareLists(CompareFunc(*t.Key), CompareFunc(*t.Elem))
	case types.Struct:
		return compareStructs(t)
	}
	return func(*vec.Col, int, *vec.Col, int) int { return 0 }
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// compareFixed orders numbers; cmp.Compare puts NaN first, Spark puts it last.
func compareFixed[T int8 | int16 | int32 | int64 | float32 | float64](a *vec.Col, i int, b *vec.Col, j int) int {
	return compareNum(vec.Get[T](a, i), vec.Get[T](b, j))
}

func compareNum[T cmp.Ordered](x, y T) int {
	switch {
	case x < y || y != y && x == x:
		return -1
	case x > y || x != x && y == y:
		return 1
	}
	return 0
}

// nullsFirst extends an order to NULLs.
func nullsFirst(f Comparer) Comparer {
	return func(a *vec.Col, i int, b *vec.Col, j int) int {
		an, bn := a.IsNull(i), b.IsNull(j)
		if an || bn {
			return boolInt(bn) - boolInt(an)
		}
		return f(a, i, b, j)
	}
}

// compareLists compares arrays (one comparer) or maps (key and value) entry by entry.
func compareLists(parts ...Comparer) Comparer {
	for k := range parts {
		parts[k] = nullsFirst(parts[k])
	}
	return func(a *vec.Col, i int, b *vec.Col, j int) int {
		ak, alo, ahi := a.List(i)
		bk, blo, bhi := b.List(j)
		for alo < ahi && blo < bhi {
			for k, f := range parts {
				if d := f(&ak[k], alo, &bk[k], blo); d != 0 {
					return d
				}
			}
			alo, blo = alo+1, blo+1
		}
		return cmp.Compare(ahi-alo, bhi-blo)
	}
}

func compareStructs(t types.Type) Comparer {
	fields := make([]Comparer, len(t.Fields))
	for k, f := range t.Fields {
		fields[k] = nullsFirst(CompareFunc(f.Type))
	}
	return func(a *vec.Col, i int, b *vec.Col, j int) int {
		ap, ai := a.Phys(i)
		bp, bj := b.Phys(j)
		for k, f := range fields {
			if d := f(&ap.Kids[k], ai, &bp.Kids[k], bj); d != 0 {
				return d
			}
		}
		return 0
	}
}
