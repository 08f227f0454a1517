package vec

import (
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/types"
)

// Encoding says how the rows of a Col map to its stored values.
type Encoding uint8

const (
	Flat  Encoding = iota // row i is value i
	Const                 // every row is value 0
	Dict                  // row i is value Ids[i] of Dict
)

// Fixed are the Go types of fixed-width values: Boolean bool; Byte int8; Short int16;
// Int, Date, YearMonth int32; Long, Timestamp, TimestampNTZ, DayTime int64; Float
// float32; Double float64; Decimal decimal128.Num (unscaled).
type Fixed interface {
	bool | int8 | int16 | int32 | int64 | float32 | float64 | decimal128.Num
}

// Col is a column of Len rows. The zero Col is an empty column of type VOID.
type Col struct {
	Type  types.Type
	Enc   Encoding
	Len   int      // rows
	Valid []byte   // Arrow bitmap, bit set = not NULL; nil = no NULL. Flat and Dict: a bit a row; Const: bit 0
	Data  []byte   // fixed-width values, or the bytes of String and Binary
	Off   []int32  // String, Binary, Array, Map: one more than the stored values
	Kids  []Col    // Struct: the fields, each as long as the stored values; Array: [element]; Map: [key, value]
	Dict  *Col     // Dict: the distinct values, Flat and without NULL
	Ids   []uint32 // Dict: index into Dict of each row (0 for a NULL row)
}

// Values views the stored values of a fixed-width column. For a Const column it has one
// value; for a Dict column take Values of c.Dict. The slice aliases the column.
func Values[T Fixed](c *Col) []T {
	var t T
	n := len(c.Data) / int(unsafe.Sizeof(t))
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(c.Data))), n)
}

// bytesOf views a slice of values as bytes; the result aliases vals.
func bytesOf[T Fixed](vals []T) []byte {
	if len(vals) == 0 {
		return nil
	}
	var t T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(vals))), len(vals)*int(unsafe.Sizeof(t)))
}

// FlatOf makes a flat column that takes ownership of vals and valid (nil = no NULL).
func FlatOf[T Fixed](t types.Type, vals []T, valid []byte) Col {
	return Col{Type: t, Len: len(vals), Data: bytesOf(vals), Valid: valid}
}

// ConstOf makes a column of n rows that are all v.
func ConstOf[T Fixed](t types.Type, v T, n int) Col {
	return Col{Type: t, Enc: Const, Len: n, Data: bytesOf([]T{v})}
}

// ConstString makes a String or Binary column of n rows that are all s.
func ConstString(t types.Type, s string, n int) Col {
	return Col{Type: t, Enc: Const, Len: n, Data: []byte(s), Off: []int32{0, int32(len(s))}}
}

// NullCol makes a column of n NULLs of any type.
func NullCol(t types.Type, n int) Col {
	c := Col{Type: t, Enc: Const, Len: n, Valid: []byte{0}}
	switch t.Kind {
	case types.Null:
	case types.String, types.Binary:
		c.Off = []int32{0, 0}
	case types.Array:
		c.Off, c.Kids = []int32{0, 0}, []Col{NullCol(*t.Elem, 0)}
	case types.Map:
		c.Off, c.Kids = []int32{0, 0}, []Col{NullCol(*t.Key, 0), NullCol(*t.Elem, 0)}
	case types.Struct:
		for _, f := range t.Fields {
			c.Kids = append(c.Kids, NullCol(f.Type, 1))
		}
	default:
		c.Data = make([]byte, 16)[:Width(t)]
	}
	return c
}

// Width is the size in bytes of a fixed-width value, 0 for the other types.
func Width(t types.Type) int {
	switch t.Kind {
	case types.Boolean, types.Byte:
		return 1
	case types.Short:
		return 2
	case types.Int, types.Date, types.YearMonth, types.Float:
		return 4
	case types.Long, types.Timestamp, types.TimestampNTZ, types.DayTime, types.Double:
		return 8
	case types.Decimal:
		return 16
	}
	return 0
}

// Phys resolves row i to the column and index that store its value: the column itself
// for Flat, value 0 for Const, the dictionary for Dict. The row must not be NULL.
func (c *Col) Phys(i int) (*Col, int) {
	switch c.Enc {
	case Const:
		return c, 0
	case Dict:
		return c.Dict, int(c.Ids[i])
	}
	return c, i
}

// IsNull reports whether row i is NULL.
func (c *Col) IsNull(i int) bool {
	if c.Type.Kind == types.Null {
		return true
	}
	if c.Valid == nil {
		return false
	}
	if c.Enc == Const {
		i = 0
	}
	return c.Valid[i>>3]>>(i&7)&1 == 0
}

// MayNull reports whether any row may be NULL.
func (c *Col) MayNull() bool { return c.Valid != nil || c.Type.Kind == types.Null }

// Get returns the value of row i of a fixed-width column; the row must not be NULL.
func Get[T Fixed](c *Col, i int) T {
	p, j := c.Phys(i)
	return Values[T](p)[j]
}

// Bytes returns the value of row i of a String or Binary column; it aliases the column.
func (c *Col) Bytes(i int) []byte {
	p, j := c.Phys(i)
	return p.Data[p.Off[j]:p.Off[j+1]]
}

// Str is Bytes as a string without a copy: valid as long as the column is.
func (c *Col) Str(i int) string {
	b := c.Bytes(i)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// List returns where the elements of row i of an Array or Map lie: kids[lo:hi].
func (c *Col) List(i int) (kids []Col, lo, hi int) {
	p, j := c.Phys(i)
	return p.Kids, int(p.Off[j]), int(p.Off[j+1])
}

// Field returns field f of a Struct column as a column of the same rows; a row whose
// struct is NULL is NULL. Nothing is copied but a validity bitmap, if needed.
func (c *Col) Field(f int) Col {
	switch c.Enc {
	case Const:
		k := c.Kids[f]
		if c.IsNull(0) {
			return NullCol(k.Type, c.Len)
		}
		return Slice(&k, 0, 1).Repeat(c.Len)
	case Dict:
		if c.Dict.Len == 0 { // every row is NULL
			return NullCol(c.Dict.Kids[f].Type, c.Len)
		}
		return Take(&c.Dict.Kids[f], c.Ids).andValid(c.Valid)
	}
	return c.Kids[f].andValid(c.Valid)
}

// andValid returns the column with further rows NULL.
func (c Col) andValid(valid []byte) Col {
	if valid == nil || c.Type.Kind == types.Null {
		return c
	}
	if c.Enc == Const {
		c = Flatten(&c)
	}
	if c.Valid == nil {
		c.Valid = valid
		return c
	}
	merged := make([]byte, (c.Len+7)/8)
	for i := range merged {
		merged[i] = c.Valid[i] & valid[i]
	}
	c.Valid = merged
	return c
}

// Repeat makes of a column of one row a Const column of n rows.
func (c Col) Repeat(n int) Col {
	f := Flatten(&c)
	f.Enc, f.Len = Const, n
	return f
}

// SetNull clears bit i of a validity bitmap of n rows, making the bitmap (all valid) if nil.
func SetNull(valid []byte, n, i int) []byte {
	if valid == nil {
		valid = AllValid(n)
	}
	valid[i>>3] &^= 1 << (i & 7)
	return valid
}

// AllValid is a bitmap of n set bits.
func AllValid(n int) []byte {
	valid := make([]byte, (n+7)/8)
	for i := range valid {
		valid[i] = 0xff
	}
	return valid
}
