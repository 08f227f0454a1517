package fn

import "github.com/azud/azud/internal/vec"

// IsTrue appends to out the selected rows (nil: all n) in which a BOOLEAN column is TRUE;
// NULL is not TRUE. out may be sel[:0]: rows are written no earlier than they are read.
func IsTrue(col *vec.Col, n int, sel []uint32, out []uint32) []uint32 {
	switch {
	case col.Enc == vec.Const:
		if col.IsNull(0) || !vec.Values[bool](col)[0] {
			return out
		}
		if sel != nil {
			return append(out, sel...)
		}
		for i := range n {
			out = append(out, uint32(i))
		}
		return out
	case col.Enc == vec.Flat && col.Valid == nil && sel == nil:
		for i, v := range vec.Values[bool](col)[:n] {
			if v {
				out = append(out, uint32(i))
			}
		}
		return out
	case !col.MayNull() || col.Valid != nil:
		r := read[bool](col)
		for i := range live(n, sel, col.Valid) {
			if r.at(i) {
				out = append(out, uint32(i))
			}
		}
	}
	return out
}
