package fn

import (
	"strconv"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func generatorFuncs() []Generator {
	return []Generator{
		generator("explode(a)", "A row for each element of an array, or each entry of a map.", bindExplode(false), false),
		generator("explode_outer(a)", "As explode; an empty array or map, or NULL, gives a row of NULLs.", bindExplode(false), true),
		generator("posexplode(a)", "As explode, with the position, from 0.", bindExplode(true), false),
		generator("posexplode_outer(a)", "As posexplode; an empty array or map, or NULL, gives a row of NULLs.", bindExplode(true), true),
		generator("inline(a)", "A row for each struct of an array, a column for each of its fields.", bindInline, false),
		generator("inline_outer(a)", "As inline; an empty array, or NULL, gives a row of NULLs.", bindInline, true),
		generator("stack(n, a, ...)", "The values laid out in n rows.", bindStack, false),
		generator("json_tuple(text, name, ...)", "The fields of a JSON object by their names, as text.", bindJSONTuple, false),
	}
}

func generator(usage, doc string, bind func(name string, args []Arg) (BoundGenerator, error), outer bool) Generator {
	name := usage
	for i, c := range usage {
		if c == '(' {
			name = usage[:i]
			break
		}
	}
	return Generator{Name: name, Group: "generator", Usage: usage, Doc: doc, Outer: outer,
		Bind: func(args []Arg) (BoundGenerator, error) { return bind(name, args) }}
}

func bindExplode(pos bool) func(name string, args []Arg) (BoundGenerator, error) {
	return func(name string, args []Arg) (BoundGenerator, error) {
		ts, err := resolve(name, args, 1, func(a Arg) (types.Type, string) {
			if a.Type.Kind != types.Array && a.Type.Kind != types.Map {
				return a.Type, `("ARRAY" or "MAP")`
			}
			return a.Type, ""
		})
		if err != nil {
			return BoundGenerator{}, err
		}
		b := BoundGenerator{Params: ts}
		if pos {
			b.Columns = types.Schema{{Name: "pos", Type: types.IntType}}
		}
		if t := ts[0]; t.Kind == types.Array {
			b.Columns = append(b.Columns, types.Field{Name: "col", Type: *t.Elem, Nullable: t.HasNull})
		} else {
			b.Columns = append(b.Columns, types.Field{Name: "key", Type: *t.Key}, types.Field{Name: "value", Type: *t.Elem, Nullable: t.HasNull})
		}
		b.Kernel = func(_ *Context, args []vec.Col, n int, sel []uint32) ([]vec.Col, []uint32, error) {
			e := elementsOf(&args[0], n, sel)
			var cols []vec.Col
			if pos {
				cols = append(cols, e.positions())
			}
			for k := range e.kids {
				cols = append(cols, e.take(k))
			}
			return cols, e.parents, nil
		}
		return b, nil
	}
}

func bindInline(name string, args []Arg) (BoundGenerator, error) {
	ts, err := resolve(name, args, 1, func(a Arg) (types.Type, string) {
		if a.Type.Kind != types.Array || a.Type.Elem.Kind != types.Struct {
			return a.Type, `"ARRAY<STRUCT>"`
		}
		return a.Type, ""
	})
	if err != nil {
		return BoundGenerator{}, err
	}
	elem := ts[0].Elem
	b := BoundGenerator{Params: ts}
	for _, f := range elem.Fields {
		f.Nullable = f.Nullable || ts[0].HasNull
		b.Columns = append(b.Columns, f)
	}
	b.Kernel = func(_ *Context, args []vec.Col, n int, sel []uint32) ([]vec.Col, []uint32, error) {
		e := elementsOf(&args[0], n, sel)
		s := e.take(0)
		cols := make([]vec.Col, len(elem.Fields))
		for f := range cols {
			cols[f] = s.Field(f)
		}
		return cols, e.parents, nil
	}
	return b, nil
}

func bindStack(name string, args []Arg) (BoundGenerator, error) {
	if err := checkArity(name, args, 2, -1); err != nil {
		return BoundGenerator{}, err
	}
	t, required := wholeNumber(args[0])
	if required != "" {
		return BoundGenerator{}, mismatch(name, 0, required, args[0].Type)
	}
	v, null, err := constLong(name, "number of rows", args[0])
	if err != nil {
		return BoundGenerator{}, err
	}
	if null || v <= 0 {
		return BoundGenerator{}, notInRange(name, "number of rows", "positive")
	}
	rows, vals := int(v), args[1:]
	width := (len(vals) + rows - 1) / rows
	b := BoundGenerator{Params: []types.Type{t}}
	for i, a := range vals {
		c := i % width
		if i < width {
			b.Columns = append(b.Columns, types.Field{Name: "col" + strconv.Itoa(c), Type: a.Type, Nullable: a.Nullable || len(vals) < rows*width})
			b.Params = append(b.Params, a.Type)
			continue
		}
		f := &b.Columns[c]
		if f.Type.Kind == types.Null {
			f.Type = a.Type
		}
		if !a.Type.Equal(f.Type) && a.Type.Kind != types.Null {
			return BoundGenerator{}, errs.New("DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES",
				"the values of column %d of stack have the types \"%s\" and \"%s\"", c, f.Type.SQL(), a.Type.SQL()).State("42K09").
				WithHint("cast the values of one column to one type")
		}
		f.Nullable = f.Nullable || a.Nullable
		b.Params = append(b.Params, a.Type)
	}
	for i := range vals {
		b.Params[i+1] = b.Columns[i%width].Type
	}
	b.Kernel = func(_ *Context, args []vec.Col, n int, sel []uint32) ([]vec.Col, []uint32, error) {
		cols, parents := stacked(args[1:], b.Columns, rows, n, sel)
		return cols, parents, nil
	}
	return b, nil
}

func stacked(vals []vec.Col, columns types.Schema, rows, n int, sel []uint32) ([]vec.Col, []uint32) {
	var parents []uint32
	cols := make([]vec.Col, len(columns))
	for c := range columns {
		b := vec.NewColBuilder(columns[c].Type)
		for i := range vec.Each(n, sel) {
			for r := range rows {
				if c == 0 {
					parents = append(parents, uint32(i))
				}
				if at := r*len(columns) + c; at < len(vals) {
					b.AppendFrom(&vals[at], i)
				} else {
					b.AppendNull()
				}
			}
		}
		cols[c] = b.Finish()
	}
	return cols, parents
}

// elements are the elements of an array column, or the entries of a map column, one after the other.
type elements struct {
	kids    []vec.Col // where the values are: [element], or [key, value]
	at      []uint32  // the place of each element in kids
	parents []uint32  // the row of each element
	starts  []int     // of each row that counts: where its elements begin here
	rows    []uint32  // the rows that count and are not NULL
}

// elementsOf flattens the selected rows; NULL has no elements.
func elementsOf(c *vec.Col, n int, sel []uint32) elements {
	e := elements{parents: []uint32{}}
	e.kids = kidsOf(c)
	for i := range vec.Each(n, sel) {
		if c.IsNull(i) {
			continue
		}
		_, lo, hi := c.List(i)
		e.rows, e.starts = append(e.rows, uint32(i)), append(e.starts, len(e.at))
		for k := lo; k < hi; k++ {
			e.at, e.parents = append(e.at, uint32(k)), append(e.parents, uint32(i))
		}
	}
	e.starts = append(e.starts, len(e.at))
	return e
}

// kidsOf is where the elements of all rows of a column lie.
func kidsOf(c *vec.Col) []vec.Col {
	if c.Enc == vec.Dict {
		c = c.Dict
	}
	return c.Kids
}

// take gathers one of the kids: shared if the elements lie there one after the other.
func (e *elements) take(kid int) vec.Col {
	k := &e.kids[kid]
	n := len(e.at)
	if n > 0 && int(e.at[n-1]-e.at[0]) == n-1 && ascending(e.at) {
		return k.View(int(e.at[0]), int(e.at[0])+n)
	}
	return vec.Take(k, e.at)
}

func ascending(at []uint32) bool {
	for i := 1; i < len(at); i++ {
		if at[i] != at[i-1]+1 {
			return false
		}
	}
	return true
}

// positions is the place of each element in its row, from 0.
func (e *elements) positions() vec.Col {
	out := make([]int32, len(e.at))
	for r := range e.rows {
		for j := e.starts[r]; j < e.starts[r+1]; j++ {
			out[j] = int32(j - e.starts[r])
		}
	}
	return vec.FlatOf(types.IntType, out, nil)
}
