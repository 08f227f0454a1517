package fn

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// AppendJSON appends one value as JSON: integers, FLOAT and DOUBLE as numbers (NaN and the
// infinities as strings), BOOLEAN as true and false, arrays as lists, structs as objects,
// maps as lists of [key, value], NULL as null, and everything else as a string in the form
// of a cast.
func AppendJSON(dst []byte, c *Context, col *vec.Col, row int) []byte {
	if col.IsNull(row) {
		return append(dst, "null"...)
	}
	switch col.Type.Kind {
	case types.Boolean:
		return strconv.AppendBool(dst, vec.Get[bool](col, row))
	case types.Byte, types.Short, types.Int, types.Long:
		return strconv.AppendInt(dst, intValue(col, row), 10)
	case types.Float:
		return jsonFloat(dst, float64(vec.Get[float32](col, row)), 32)
	case types.Double:
		return jsonFloat(dst, vec.Get[float64](col, row), 64)
	case types.Array, types.Map:
		return jsonList(dst, c, col, row)
	case types.Struct:
		return jsonObject(dst, c, col, row)
	}
	return jsonString(dst, Text(c, col, row))
}

func jsonFloat(dst []byte, v float64, bits int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(appendDouble(append(dst, '"'), v, bits), '"')
	}
	return appendDouble(dst, v, bits)
}

func jsonList(dst []byte, c *Context, col *vec.Col, row int) []byte {
	kids, lo, hi := col.List(row)
	dst = append(dst, '[')
	for i := lo; i < hi; i++ {
		if i > lo {
			dst = append(dst, ',')
		}
		if col.Type.Kind == types.Map {
			dst = append(AppendJSON(append(dst, '['), c, &kids[0], i), ',')
			dst = append(AppendJSON(dst, c, &kids[1], i), ']')
			continue
		}
		dst = AppendJSON(dst, c, &kids[0], i)
	}
	return append(dst, ']')
}

func jsonObject(dst []byte, c *Context, col *vec.Col, row int) []byte {
	x, i := col.Phys(row)
	dst = append(dst, '{')
	for f := range x.Kids {
		if f > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsonString(dst, x.Type.Fields[f].Name), ':')
		dst = AppendJSON(dst, c, &x.Kids[f], i)
	}
	return append(dst, '}')
}

// jsonString appends a JSON string without HTML escapes.
func jsonString(dst []byte, s string) []byte {
	plain := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] == '"' || s[i] == '\\' || s[i] >= 0x7f {
			plain = false
			break
		}
	}
	if plain {
		return append(append(append(dst, '"'), s...), '"')
	}
	var b jsonBuffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string cannot fail
	return append(dst, b[:len(b)-1]...)
}

// jsonBuffer is the least io.Writer.
type jsonBuffer []byte

func (b *jsonBuffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}
