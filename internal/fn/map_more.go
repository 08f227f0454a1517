package fn

import (
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func mapMoreFuncs() []Scalar {
	text := types.MapOf(types.StringType, types.StringType, true)
	return []Scalar{
		scalar("map", "map_from_entries(entries)", "A map of an array of structs of key and value; NULL if an entry is NULL.", direct(bindMapFromEntries)),
		scalar("map", "map_concat(map, ...)", "One map of the entries of all.", direct(bindMapConcat)),
		scalar("map", "str_to_map(text[, pairDelim[, keyValueDelim]])", "The map that a text of pairs stands for, split at ',' and ':' or at the regular expressions given.", opt(1, text, strToMap, exact(types.StringType), exact(types.StringType), exact(types.StringType))),
	}
}

func bindMapFromEntries(name string, args []Arg) (Bound, error) {
	if err := checkArity(name, args, 1, 1); err != nil {
		return Bound{}, err
	}
	in := args[0].Type
	if in.Kind != types.Array || in.Elem.Kind != types.Struct || len(in.Elem.Fields) != 2 {
		return Bound{}, mismatch(name, 0, `"ARRAY" of pair "STRUCT"`, in)
	}
	key, val := in.Elem.Fields[0], in.Elem.Fields[1]
	if key.Type.Kind == types.Map {
		return Bound{}, errs.New("DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE", "the key of a map cannot be a map").State("42K09")
	}
	t := types.MapOf(key.Type, val.Type, val.Nullable)
	k := strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		m := newMapBuilder(*t.Key)
		return buildRows(t, n, sel, valid, func(b *vec.ColBuilder, i int) error {
			m.reset()
			kids, lo, hi := args[0].List(i)
			for k := lo; k < hi; k++ {
				if kids[0].IsNull(k) {
					return errNull
				}
			}
			for k := lo; k < hi; k++ {
				entry, j := kids[0].Phys(k)
				if err := m.add(b, &entry.Kids[0], j, &entry.Kids[1], j); err != nil {
					return err
				}
			}
			b.EndList()
			return nil
		})
	})
	return Bound{Params: []types.Type{in}, Result: t, Nullable: args[0].Nullable || in.HasNull, Kernel: k}, nil
}

// bindMapConcat widens keys and values to their common types.
func bindMapConcat(name string, args []Arg) (Bound, error) {
	t := types.MapOf(types.StringType, types.StringType, false)
	for i, a := range args {
		if a.Type.Kind != types.Map {
			return Bound{}, errs.New("DATATYPE_MISMATCH.MAP_CONCAT_DIFF_TYPES", `the arguments of "%s" must be maps, not "%s"`, name, a.Type.SQL()).State("42K09")
		}
		if i == 0 {
			t = a.Type
			continue
		}
		wide, ok := tightest(t, a.Type)
		if !ok {
			return Bound{}, errs.New("DATATYPE_MISMATCH.DATA_DIFF_TYPES",
				`the maps of "%s" must be of one type, not "%s" and "%s"`, name, t.SQL(), a.Type.SQL()).State("42K09")
		}
		t = wide
	}
	params := make([]types.Type, len(args))
	for i := range params {
		params[i] = t
	}
	k := func(_ *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		m := newMapBuilder(*t.Key)
		return buildRows(t, n, sel, nil, func(b *vec.ColBuilder, i int) error {
			m.reset()
			for k := range args {
				if args[k].IsNull(i) {
					return errNull
				}
			}
			for k := range args {
				kids, lo, hi := args[k].List(i)
				for j := lo; j < hi; j++ {
					if err := m.add(b, &kids[0], j, &kids[1], j); err != nil {
						return err
					}
				}
			}
			b.EndList()
			return nil
		})
	}
	return Bound{Params: params, Result: t, Nullable: nullable(args), Kernel: k}, nil
}

// strToMap keeps the first occurrence of a delimiter inside a pair. Spark: StringToMap.
func strToMap(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	t := types.MapOf(types.StringType, types.StringType, true)
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		var pairs, parts compiled
		seen := map[string]bool{}
		return buildRows(t, n, sel, valid, func(b *vec.ColBuilder, i int) error {
			between, inside := ",", ":"
			if len(args) > 1 {
				between = args[1].Str(i)
			}
			if len(args) > 2 {
				inside = args[2].Str(i)
			}
			re, err := pairs.get(between)
			if err != nil {
				return err
			}
			colon, err := parts.get(inside)
			if err != nil {
				return err
			}
			clear(seen)
			for _, pair := range splitText(re, args[0].Str(i), -1) {
				kv := splitText(colon, pair, 2)
				if seen[kv[0]] {
					return duplicateKey(kv[0])
				}
				seen[kv[0]] = true
				b.Child(0).AppendString(kv[0])
				if len(kv) == 2 {
					b.Child(1).AppendString(kv[1])
				} else {
					b.Child(1).AppendNull()
				}
			}
			b.EndList()
			return nil
		})
	})(c, args, n, sel)
}

func duplicateKey(key string) error {
	return errs.New("DUPLICATED_MAP_KEY", "the key %s occurs twice in the map", strings.Clone(key)).State("23505").
		WithHint("remove one of the two entries")
}
