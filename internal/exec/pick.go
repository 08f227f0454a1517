package exec

import (
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// pick is the rows of a column in the order given; noID (only with holes) gives NULL. Values of a
// fixed width are copied; others become a dictionary that shares c's memory, so that wide values
// are copied by whoever keeps them only.
func pick(c *vec.Col, rows []uint32, holes bool) vec.Col {
	n := len(rows)
	switch {
	case c.Type.Kind == types.Null || holes && c.Len == 0 || c.Enc == vec.Const && c.IsNull(0):
		return vec.NullCol(c.Type, n)
	case c.Enc == vec.Const && !holes:
		out := *c
		out.Len = n
		return out
	case c.Enc == vec.Const:
		flat := *c
		flat.Enc, flat.Len, flat.Valid = vec.Flat, 1, nil
		return pickDict(&flat, c, rows, func(uint32) uint32 { return 0 })
	case c.Enc == vec.Dict:
		return pickDict(c.Dict, c, rows, func(r uint32) uint32 { return c.Ids[r] })
	}
	switch vec.Width(c.Type) {
	case 1:
		return pickFixed[int8](c, rows, holes)
	case 2:
		return pickFixed[int16](c, rows, holes)
	case 4:
		return pickFixed[int32](c, rows, holes)
	case 8:
		return pickFixed[int64](c, rows, holes)
	case 16:
		return pickFixed[decimal128.Num](c, rows, holes)
	}
	values := *c
	values.Valid = nil
	return pickDict(&values, c, rows, func(r uint32) uint32 { return r })
}

// pickDict makes a dictionary column over values; NULLs are those of c.
func pickDict(values, c *vec.Col, rows []uint32, id func(r uint32) uint32) vec.Col {
	out := vec.Col{Type: c.Type, Enc: vec.Dict, Len: len(rows), Dict: values, Ids: make([]uint32, len(rows))}
	for i, r := range rows {
		if r == noID {
			out.Valid = vec.SetNull(out.Valid, len(rows), i)
		} else {
			out.Ids[i] = id(r)
		}
	}
	out.Valid = pickNulls(out.Valid, c, rows)
	return out
}

// pickNulls clears the bits of rows that are NULL in c.
func pickNulls(valid []byte, c *vec.Col, rows []uint32) []byte {
	if c.Valid == nil || c.Enc == vec.Const {
		return valid
	}
	for i, r := range rows {
		if r != noID && c.Valid[r>>3]>>(r&7)&1 == 0 {
			valid = vec.SetNull(valid, len(rows), i)
		}
	}
	return valid
}

func pickFixed[T vec.Fixed](c *vec.Col, rows []uint32, holes bool) vec.Col {
	out, from := make([]T, len(rows)), vec.Values[T](c)
	var valid []byte
	if !holes {
		for i, r := range rows {
			out[i] = from[r]
		}
	} else {
		for i, r := range rows {
			if r == noID {
				valid = vec.SetNull(valid, len(rows), i)
			} else {
				out[i] = from[r]
			}
		}
	}
	return vec.FlatOf(c.Type, out, pickNulls(valid, c, rows))
}

// pickAll picks rows of some columns of a batch; nil positions mean all, and columns that are not
// wanted stay empty.
func pickAll(dst []vec.Col, cols []vec.Col, rows []uint32, holes bool, wanted []bool) {
	for i := range cols {
		if wanted == nil || wanted[i] {
			dst[i] = pick(&cols[i], rows, holes)
		}
	}
}
