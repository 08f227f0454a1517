package fn

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func collectionFuncs() []Scalar {
	i := types.IntType
	anyArray := kinds("ARRAY", types.ArrayOf(types.NullType, true), types.Array)
	anyMap := kinds("MAP", types.MapOf(types.NullType, types.NullType, true), types.Map)
	list := kinds("ARRAY or MAP", types.ArrayOf(types.NullType, true), types.Array, types.Map)
	return []Scalar{
		scalar("collection", "size(expr)", "The number of elements of an array or entries of a map; NULL of NULL.", fixed(i, sizeKernel, list), "cardinality"),
		scalar("array", "array_size(array)", "The number of elements.", fixed(i, sizeKernel, anyArray)),
		scalar("collection", "element_at(expr, key)", "The element at a 1-based index (from the end if negative), or the value of a key.", direct(bindElementAt(false))),
		scalar("collection", "try_element_at(expr, key)", "As element_at, NULL if the index is out of range.", direct(bindElementAt(true))),
		scalar("array", "get(array, index)", "The element at a 0-based index, NULL if there is none.", direct(bindGet)),
		{Name: "getitem", Group: "collection", Usage: "expr[key]", Doc: "The element at a 0-based index, an error if there is none; the value of a key, NULL if there is none.", Bind: direct(bindGetItem)("getitem")},
		scalar("array", "array_contains(array, value)", "True if the array holds the value; NULL if it does not but holds a NULL.", direct(bindArrayContains)),
		scalar("array", "flatten(array)", "The elements of an array of arrays as one array; NULL if one of them is NULL.", direct(bindFlatten)),
		scalar("map", "map_entries(map)", "The entries as an array of structs of key and value.", byFirst(1, mapEntriesOf, anyMap)),
		scalar("array", "array_position(array, value)", "The 1-based index of the first such element, 0 if there is none.", direct(bindArrayPosition)),
		scalar("array", "array_join(array, sep[, nullText])", "The elements as strings joined by sep; NULLs are left out or shown as nullText.", opt(2, types.StringType, arrayJoin, is(types.ArrayOf(types.StringType, true)), str, str)),
		scalar("array", "sort_array(array[, ascending])", "The array in order, NULLs first (last if descending).", ordered(byFirst(1, sortArrayOf, sortable, exact(types.BooleanType)))),
		scalar("array", "array_min(array)", "The smallest element.", orNullable(ordered(byFirst(1, arrayExtreme(-1), sortable)))),
		scalar("array", "array_max(array)", "The largest element.", orNullable(ordered(byFirst(1, arrayExtreme(1), sortable)))),
		scalar("array", "slice(array, start, length)", "Some elements, from a 1-based index (from the end if negative) on.", byFirst(3, sliceOf, anyArray, integer32, integer32)),
		scalar("collection", "reverse(expr)", "The string or array the other way round.", byFirst(1, reverseOf, reversible)),
		scalar("map", "map_keys(map)", "The keys as an array.", byFirst(1, mapPart(0), anyMap)),
		scalar("map", "map_values(map)", "The values as an array.", byFirst(1, mapPart(1), anyMap)),
		scalar("map", "map_contains_key(map, key)", "True if the map has the key.", direct(bindMapContains)),
	}
}

func sizeKernel(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	t := types.IntType
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return rowLoop(t, n, sel, valid, func(i int) (int32, error) {
			_, lo, hi := args[0].List(i)
			return int32(hi - lo), nil
		})
	})(c, args, n, sel)
}

// indexError is ANSI's error of an array index that is out of range.
func indexError(class string, index int64, size int) error {
	hint := "use get to get NULL instead"
	if class == "INVALID_ARRAY_INDEX_IN_ELEMENT_AT" {
		hint = "use try_element_at to get NULL instead"
	}
	return errs.New(class, "the index %d is out of bounds: the array has %d elements", index, size).State("22003").WithHint("%s", hint)
}

// elementAt picks the element of an array; index is 0-based.
func elementAt(t types.Type, find func(index int64, size int) (int, error)) Kernel {
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return buildRows(t, n, sel, valid, func(b *vec.ColBuilder, i int) error {
			kids, lo, hi := args[0].List(i)
			k, err := find(intValue(&args[1], i), hi-lo)
			if err != nil {
				return err
			}
			b.AppendFrom(&kids[0], lo+k)
			return nil
		})
	})
}

// mapValue picks the value of a key, NULL if there is none.
func mapValue(t types.Type) Kernel {
	order := CompareFunc(*t.Key)
	return strict(*t.Elem, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return buildRows(*t.Elem, n, sel, valid, func(b *vec.ColBuilder, i int) error {
			kids, lo, hi := args[0].List(i)
			for k := lo; k < hi; k++ {
				if order(&kids[0], k, &args[1], i) == 0 {
					b.AppendFrom(&kids[1], k)
					return nil
				}
			}
			return errNull
		})
	})
}

// bindKeyed resolves (array, index) with a find rule, or (map, key).
func bindKeyed(name string, args []Arg, find func(index int64, size int) (int, error)) (Bound, error) {
	if err := checkArity(name, args, 2, 2); err != nil {
		return Bound{}, err
	}
	t := args[0].Type
	switch t.Kind {
	case types.Array:
		narrow := strings.HasSuffix(name, "element_at") // which takes no BIGINT
		text := name == "get" && args[1].Type.Kind == types.String
		if !text && !args[1].Type.IsIntegral() && args[1].Type.Kind != types.Null || narrow && args[1].Type.Kind == types.Long {
			return Bound{}, mismatch(name, 1, `"INTEGRAL"`, args[1].Type)
		}
		index := args[1].Type
		if index.Kind == types.Null || index.Kind == types.String {
			index = types.IntType
		}
		return Bound{Params: []types.Type{t, index}, Result: *t.Elem, Nullable: true, Kernel: elementAt(*t.Elem, find)}, nil
	case types.Map:
		match := tightest
		if name == "getitem" {
			match = widest
		}
		key, ok := match(*t.Key, args[1].Type)
		if name == "getitem" && !ok && implicit(args[1].Type, *t.Key) {
			key, ok = *t.Key, true
		}
		if !ok || !key.Equal(*t.Key) && !types.CanUpCast(*t.Key, key) {
			if strings.HasSuffix(name, "element_at") {
				return Bound{}, mapDiffers(name, t, args[1].Type)
			}
			return Bound{}, mismatch(name, 1, `"`+t.Key.SQL()+`"`, args[1].Type)
		}
		wide := types.MapOf(key, *t.Elem, t.HasNull)
		return Bound{Params: []types.Type{wide, key}, Result: *t.Elem, Nullable: true, Kernel: mapValue(wide)}, nil
	}
	return Bound{}, mismatch(name, 0, `"ARRAY" or "MAP"`, t)
}

// mapDiffers is the error of a key of another type than the map's.
func mapDiffers(name string, m, key types.Type) error {
	return errs.New("DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES", `%s takes a map and a key of its type, not "%s" and "%s"`, name, m.SQL(), key.SQL()).
		State("42K09").WithHint("cast the key to %s", m.Key.SQL())
}

func bindElementAt(try bool) func(name string, args []Arg) (Bound, error) {
	return func(name string, args []Arg) (Bound, error) {
		return bindKeyed(name, args, func(index int64, size int) (int, error) {
			switch {
			case index == 0:
				return 0, errs.New("INVALID_INDEX_OF_ZERO", "the index 0 is invalid: an index is either below 0 or above 0 (the first element is 1)").State("22003")
			case index > 0 && index <= int64(size):
				return int(index) - 1, nil
			case index < 0 && -index <= int64(size):
				return size + int(index), nil
			case try:
				return 0, errNull
			}
			return 0, indexError("INVALID_ARRAY_INDEX_IN_ELEMENT_AT", index, size)
		})
	}
}

func bindGetItem(name string, args []Arg) (Bound, error) {
	return bindKeyed(name, args, func(index int64, size int) (int, error) {
		if index < 0 || index >= int64(size) {
			return 0, indexError("INVALID_ARRAY_INDEX", index, size)
		}
		return int(index), nil
	})
}

func bindGet(name string, args []Arg) (Bound, error) {
	if len(args) == 2 && args[0].Type.Kind != types.Array {
		return Bound{}, mismatch(name, 0, `"ARRAY"`, args[0].Type)
	}
	return bindKeyed(name, args, func(index int64, size int) (int, error) {
		if index < 0 || index >= int64(size) {
			return 0, errNull
		}
		return int(index), nil
	})
}

// bindSearch resolves (array, value) over their common element type.
func bindSearch(name string, args []Arg, match func(a, b types.Type) (types.Type, bool), result types.Type, kernel func(elem types.Type) Kernel) (Bound, error) {
	if err := checkArity(name, args, 2, 2); err != nil {
		return Bound{}, err
	}
	t := args[0].Type
	if t.Kind != types.Array {
		return Bound{}, mismatch(name, 0, `"ARRAY"`, t)
	}
	elem, ok := match(*t.Elem, args[1].Type)
	if !ok {
		return Bound{}, errs.New("DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES",
			`the arguments of "%s" must be an array and a value of its elements' type, not "%s" and "%s"`, name, t.SQL(), args[1].Type.SQL()).State("42K09")
	}
	return Bound{Params: []types.Type{types.ArrayOf(elem, t.HasNull), elem}, Result: result,
		Nullable: nullable(args) || t.HasNull, Kernel: kernel(elem)}, nil
}

func bindArrayContains(name string, args []Arg) (Bound, error) {
	t := types.BooleanType
	for _, a := range args {
		if a.Type.Kind == types.Null {
			return Bound{}, nullType(name)
		}
	}
	return bindSearch(name, args, widest, t, func(elem types.Type) Kernel {
		order := CompareFunc(elem)
		return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
			return rowLoop(t, n, sel, valid, func(i int) (bool, error) {
				kids, lo, hi := args[0].List(i)
				unknown := false
				for k := lo; k < hi; k++ {
					if kids[0].IsNull(k) {
						unknown = true
					} else if order(&kids[0], k, &args[1], i) == 0 {
						return true, nil
					}
				}
				if unknown {
					return false, errNull
				}
				return false, nil
			})
		})
	})
}

func bindArrayPosition(name string, args []Arg) (Bound, error) {
	t := types.LongType
	return bindSearch(name, args, tightest, t, func(elem types.Type) Kernel {
		order := CompareFunc(elem)
		return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
			return rowLoop(t, n, sel, valid, func(i int) (int64, error) {
				kids, lo, hi := args[0].List(i)
				for k := lo; k < hi; k++ {
					if !kids[0].IsNull(k) && order(&kids[0], k, &args[1], i) == 0 {
						return int64(k-lo) + 1, nil
					}
				}
				return 0, nil
			})
		})
	})
}

func arrayJoin(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	t := types.StringType
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return rowLoop(t, n, sel, valid, func(i int) (string, error) {
			kids, lo, hi := args[0].List(i)
			var parts []string
			for k := lo; k < hi; k++ {
				switch {
				case !kids[0].IsNull(k):
					parts = append(parts, kids[0].Str(k))
				case len(args) > 2:
					parts = append(parts, args[2].Str(i))
				}
			}
			return strings.Join(parts, args[1].Str(i)), nil
		})
	})(c, args, n, sel)
}

// ordered refuses an array of elements that have no order.
func ordered(b binder) binder {
	return func(name string) func([]Arg) (Bound, error) {
		return func(args []Arg) (Bound, error) {
			if len(args) > 0 && args[0].Type.Kind == types.Array && !args[0].Type.IsOrderable() {
				return Bound{}, noOrder(name, args[0].Type)
			}
			return b(name)(args)
		}
	}
}

// sortable accepts arrays of elements that have an order.
func sortable(a Arg) (types.Type, string) {
	if a.Type.Kind == types.Null {
		return types.ArrayOf(types.NullType, true), ""
	}
	if a.Type.Kind != types.Array {
		return a.Type, `"ARRAY"`
	}
	return a.Type, ""
}

func sortArrayOf(t types.Type) (types.Type, Kernel) {
	order := nullsFirst(CompareFunc(*t.Elem))
	return t, strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return permute(t, &args[0], n, sel, valid, func(i int, kid *vec.Col, rows []int) ([]int, error) {
			dir := 1
			if len(args) > 1 && !vec.Get[bool](&args[1], i) {
				dir = -1
			}
			slices.SortStableFunc(rows, func(x, y int) int { return dir * order(kid, x, kid, y) })
			return rows, nil
		})
	})
}

// permute rebuilds arrays of rows of their own elements, as f chooses them.
func permute(t types.Type, a *vec.Col, n int, sel []uint32, valid []byte, f func(i int, kid *vec.Col, rows []int) ([]int, error)) (vec.Col, error) {
	var rows []int
	return buildRows(t, n, sel, valid, func(b *vec.ColBuilder, i int) error {
		kids, lo, hi := a.List(i)
		rows = rows[:0]
		for k := lo; k < hi; k++ {
			rows = append(rows, k)
		}
		kept, err := f(i, &kids[0], rows)
		if err != nil {
			return err
		}
		for _, k := range kept {
			b.Child(0).AppendFrom(&kids[0], k)
		}
		b.EndList()
		return nil
	})
}

func arrayExtreme(dir int) func(t types.Type) (types.Type, Kernel) {
	return func(t types.Type) (types.Type, Kernel) {
		elem := *t.Elem
		order := CompareFunc(elem)
		return elem, strict(elem, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
			return buildRows(elem, n, sel, valid, func(b *vec.ColBuilder, i int) error {
				kids, lo, hi := args[0].List(i)
				best := -1
				for k := lo; k < hi; k++ {
					if !kids[0].IsNull(k) && (best < 0 || dir*order(&kids[0], k, &kids[0], best) > 0) {
						best = k
					}
				}
				if best < 0 {
					return errNull
				}
				b.AppendFrom(&kids[0], best)
				return nil
			})
		})
	}
}

func sliceOf(t types.Type) (types.Type, Kernel) {
	return t, strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return permute(t, &args[0], n, sel, valid, func(i int, _ *vec.Col, rows []int) ([]int, error) {
			start, length := int(vec.Get[int32](&args[1], i)), int(vec.Get[int32](&args[2], i))
			switch {
			case start == 0:
				return nil, errs.New("INVALID_PARAMETER_VALUE.START", "the start of slice must not be 0: indices begin with 1").State("22023")
			case length < 0:
				return nil, errs.New("INVALID_PARAMETER_VALUE.LENGTH", "the length of slice must not be negative, but it is %d", length).State("22023")
			case start < 0:
				start += len(rows)
			default:
				start--
			}
			if start < 0 || start >= len(rows) || start+length > math.MaxInt32 { // Spark: an overflow of INT
				return nil, nil
			}
			return rows[start:min(len(rows), start+length)], nil
		})
	})
}

// reversible accepts arrays, and anything else as a string.
func reversible(a Arg) (types.Type, string) {
	if a.Type.Kind == types.Array || a.Type.Kind == types.Binary {
		return a.Type, ""
	}
	return str(a)
}

func reverseOf(t types.Type) (types.Type, Kernel) {
	switch t.Kind {
	case types.String:
		return t, sure1(t, reverseText)
	case types.Binary:
		return t, sure1(t, func(s string) string {
			b := []byte(s)
			slices.Reverse(b)
			return string(b)
		})
	}
	return t, strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return permute(t, &args[0], n, sel, valid, func(_ int, _ *vec.Col, rows []int) ([]int, error) {
			slices.Reverse(rows)
			return rows, nil
		})
	})
}

func reverseText(s string) string {
	out := make([]byte, len(s))
	at := len(s)
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		at -= n
		copy(out[at:], s[i:i+n])
		i += n
	}
	return string(out)
}

func mapPart(k int) func(t types.Type) (types.Type, Kernel) {
	return func(t types.Type) (types.Type, Kernel) {
		out := types.ArrayOf(*t.Key, false)
		if k == 1 {
			out = types.ArrayOf(*t.Elem, t.HasNull)
		}
		return out, strict(out, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
			return buildRows(out, n, sel, valid, func(b *vec.ColBuilder, i int) error {
				kids, lo, hi := args[0].List(i)
				for j := lo; j < hi; j++ {
					b.Child(0).AppendFrom(&kids[k], j)
				}
				b.EndList()
				return nil
			})
		})
	}
}

func bindMapContains(name string, args []Arg) (Bound, error) {
	if len(args) == 2 && args[0].Type.Kind == types.Map {
		if args[1].Type.Kind == types.Null {
			return Bound{}, nullType(name)
		}
		if _, ok := widest(*args[0].Type.Key, args[1].Type); !ok {
			return Bound{}, mapDiffers(name, args[0].Type, args[1].Type)
		}
	}
	b, err := bindKeyed(name, args, nil)
	if err != nil {
		return b, err
	}
	t := types.BooleanType
	order := CompareFunc(b.Params[1])
	b.Result, b.Nullable = t, nullable(args)
	b.Kernel = strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return rowLoop(t, n, sel, valid, func(i int) (bool, error) {
			kids, lo, hi := args[0].List(i)
			for k := lo; k < hi; k++ {
				if order(&kids[0], k, &args[1], i) == 0 {
					return true, nil
				}
			}
			return false, nil
		})
	})
	return b, nil
}
