package fn

import (
	"math"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func listFuncs() []Aggregate {
	list := aggregate("listagg(a[, delimiter])", "The values that are not NULL joined into one text; WITHIN GROUP (ORDER BY …) orders them.", bindListAgg, "string_agg")
	list.WithinGroup = OrderedRows
	return []Aggregate{list}
}

func bindListAgg(name string) func([]Arg) (BoundAggregate, error) {
	return func(args []Arg) (BoundAggregate, error) {
		if err := checkArity(name, args, 1, 2); err != nil {
			return BoundAggregate{}, err
		}
		t := types.StringType
		if args[0].Type.Kind == types.Binary {
			t = types.BinaryType
		}
		ts, err := resolve(name, args, 1, is(t), is(t))
		if err != nil {
			return BoundAggregate{}, err
		}
		delim := ""
		if len(args) == 2 {
			c, err := constOf(name, "delimiter", args[1], t)
			if err != nil {
				return BoundAggregate{}, err
			}
			if !c.IsNull(0) {
				delim = string(c.Bytes(0))
			}
		}
		return BoundAggregate{Params: ts, Result: t, Nullable: true, Partial: []types.Type{t}, Version: 1, OrderSensitive: true,
			New: func(*Context) Accumulator { return &listAcc{t: t, delim: delim} }}, nil
	}
}

// listAcc joins the texts of each group in the order of the rows.
type listAcc struct {
	t     types.Type
	delim string
	text  [][]byte // nil: no value yet
	bytes int64
}

func (a *listAcc) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	a.text = grow(a.text, groupCount(groups, sel))
	for i := range vec.Each(len(groups), sel) {
		if args[0].IsNull(i) {
			continue
		}
		g, v := groups[i], args[0].Bytes(i)
		old := a.text[g]
		if len(old)+len(v)+len(a.delim) > math.MaxInt32 {
			return &RowError{Row: i, Err: tooLong()}
		}
		a.bytes -= int64(cap(old))
		if old == nil {
			old = make([]byte, 0, len(v)+16)
		} else {
			old = append(old, a.delim...)
		}
		a.text[g] = append(old, v...)
		a.bytes += int64(cap(a.text[g]))
	}
	return nil
}

func (a *listAcc) Merge(groups []uint32, partial []vec.Col) error {
	return a.Update(groups, partial, nil)
}

func (a *listAcc) Partial(groups []uint32) ([]vec.Col, error) {
	c, err := a.Final(groups)
	return []vec.Col{c}, err
}

func (a *listAcc) Final(groups []uint32) (vec.Col, error) {
	b := vec.NewColBuilder(a.t)
	for _, g := range groups {
		if v := at(a.text, g); v != nil {
			b.AppendBytes(v)
		} else {
			b.AppendNull()
		}
	}
	return b.Finish(), nil
}

func (a *listAcc) Free(groups []uint32) {
	for _, g := range groups {
		a.bytes -= int64(cap(at(a.text, g)))
	}
	reset(a.text, groups)
}

func (a *listAcc) Bytes() int64 { return a.bytes + 24*int64(cap(a.text)) }
