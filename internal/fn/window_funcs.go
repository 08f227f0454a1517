package fn

import (
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func windowFuncs() []Window {
	int32Type, doubleType := types.IntType, types.DoubleType
	return []Window{
		ranking("row_number()", "The number of the row in its partition, from 1.", int32Type, func(p *Partition) func(i int) int32 {
			return func(i int) int32 { return int32(i + 1) }
		}),
		ranking("rank()", "The number of the first row that is equal in the order: ranks have gaps.", int32Type, func(p *Partition) func(i int) int32 {
			return func(i int) int32 { return int32(p.PeerStart(i) + 1) }
		}),
		ranking("dense_rank()", "The rank without gaps.", int32Type, func(p *Partition) func(i int) int32 {
			var rank int32
			return func(i int) int32 {
				if p.PeerStart(i) == i {
					rank++
				}
				return rank
			}
		}),
		ranking("percent_rank()", "(rank - 1) / (rows - 1): between 0 and 1.", doubleType, func(p *Partition) func(i int) float64 {
			return func(i int) float64 {
				if p.N == 1 {
					return 0
				}
				return float64(p.PeerStart(i)) / float64(p.N-1)
			}
		}),
		ranking("cume_dist()", "The share of the rows that are not after this one in the order.", doubleType, func(p *Partition) func(i int) float64 {
			return func(i int) float64 { return float64(p.PeerEnd(i)) / float64(p.N) }
		}),
		{Name: "ntile", Group: "window", Usage: "ntile([n])", Doc: "The number of the bucket, from 1, when the rows are dealt out to n (1) buckets of even size.", Bind: bindNtile},
		{Name: "lag", Group: "window", Usage: "lag(a[, offset[, default]])", Doc: "The value of the row so many (1) rows before; the default (NULL) where there is none.", Bind: bindNeighbour("lag", -1)},
		{Name: "lead", Group: "window", Usage: "lead(a[, offset[, default]])", Doc: "The value of the row so many (1) rows after; the default (NULL) where there is none.", Bind: bindNeighbour("lead", 1)},
		{Name: "nth_value", Group: "window", Usage: "nth_value(a, n)", Doc: "The value of the n-th row of the frame, from 1; NULL if it has fewer.", Bind: bindNth},
	}
}

// ranking makes a function without arguments of the order alone; rows are asked for in their order.
func ranking[T vec.Fixed](usage, doc string, t types.Type, start func(p *Partition) func(i int) T) Window {
	name := usage[:len(usage)-2]
	return Window{Name: name, Group: "window", Usage: usage, Doc: doc, Bind: func(args []Arg) (BoundWindow, error) {
		most := 0
		if name == "rank" || name == "dense_rank" || name == "percent_rank" { // Spark: their arguments mean nothing
			most = -1
		}
		if err := checkArity(name, args, 0, most); err != nil {
			return BoundWindow{}, err
		}
		params, _ := resolveAll(name, args, 0, anyType)
		return BoundWindow{Params: params, Result: t, NeedsOrder: true, FixedFrame: true, Kernel: func(_ *Context, p *Partition) (vec.Col, error) {
			of, out := start(p), make([]T, p.N)
			for i := range out {
				out[i] = of(i)
			}
			return vec.FlatOf(t, out, nil), nil
		}}, nil
	}}
}

// wholeNumber accepts INT and what fits it; strings are refused.
func wholeNumber(a Arg) (types.Type, string) {
	if a.Type.Kind == types.Null || types.CanUpCast(a.Type, types.IntType) {
		return types.IntType, ""
	}
	return types.Type{}, `"INT"`
}

func bindNtile(args []Arg) (BoundWindow, error) {
	ts, err := resolve("ntile", args, 0, wholeNumber)
	if err != nil {
		return BoundWindow{}, err
	}
	buckets := int64(1)
	if len(args) == 1 {
		v, null, err := constLong("ntile", "number of buckets", args[0])
		if err != nil {
			return BoundWindow{}, err
		}
		if null || v <= 0 {
			return BoundWindow{}, notInRange("ntile", "number of buckets", "positive")
		}
		buckets = v
	}
	t := types.IntType
	return BoundWindow{Params: ts, Result: t, NeedsOrder: true, FixedFrame: true, Kernel: func(_ *Context, p *Partition) (vec.Col, error) {
		out := make([]int32, p.N)
		size, longer := int64(p.N)/buckets, int64(p.N)%buckets // the first ones have one more
		for i := range out {
			at := int64(i)
			if head := longer * (size + 1); at < head {
				out[i] = int32(at/(size+1) + 1)
			} else {
				out[i] = int32(longer + (at-head)/size + 1)
			}
		}
		return vec.FlatOf(t, out, nil), nil
	}}, nil
}

func bindNeighbour(name string, direction int) func(args []Arg) (BoundWindow, error) {
	return func(args []Arg) (BoundWindow, error) {
		if err := checkArity(name, args, 1, 3); err != nil {
			return BoundWindow{}, err
		}
		t := args[0].Type
		ts, err := resolve(name, args, 1, anyType, wholeNumber, is(t))
		if err != nil {
			return BoundWindow{}, err
		}
		by := int64(1)
		if len(args) > 1 {
			v, null, err := constLong(name, "offset", args[1])
			if err != nil {
				return BoundWindow{}, err
			}
			if null {
				return BoundWindow{}, errs.New("DATATYPE_MISMATCH.UNEXPECTED_NULL", "the offset of %s must not be NULL", name).State("42K09")
			}
			by = v
		}
		s := neighbour{by: int(by) * direction, typ: t, other: len(args) == 3}
		return BoundWindow{Params: ts, Result: t, Nullable: len(args) < 3 || args[0].Nullable || args[2].Nullable,
			NeedsOrder: true, FixedFrame: true, Kernel: s.kernel}, nil
	}
}

// neighbour reads the row by rows after each row, or before it when by is negative.
type neighbour struct {
	by    int
	typ   types.Type
	other bool // the third argument is the value where there is no such row
}

func (s neighbour) kernel(_ *Context, p *Partition) (vec.Col, error) {
	target := func(i int) int { return i + s.by }
	if p.IgnoreNulls && s.by != 0 {
		target = s.skippingNulls(p)
	}
	b := vec.NewColBuilder(s.typ)
	for i := range p.N {
		switch j := target(i); {
		case j >= 0 && j < p.N:
			b.AppendFrom(&p.Args[0], j)
		case s.other:
			b.AppendFrom(&p.Args[2], i)
		default:
			b.AppendNull()
		}
	}
	return b.Finish(), nil
}

// skippingNulls counts only the rows whose value is not NULL.
func (s neighbour) skippingNulls(p *Partition) func(i int) int {
	before := make([]int, p.N+1) // how many values stand before row i
	var at []int
	for i := range p.N {
		before[i] = len(at)
		if !p.Args[0].IsNull(i) {
			at = append(at, i)
		}
	}
	before[p.N] = len(at)
	return func(i int) int {
		k := before[i] + s.by // s.by values before row i
		if s.by > 0 {
			k = before[i+1] + s.by - 1
		}
		if k < 0 || k >= len(at) {
			return -1
		}
		return at[k]
	}
}

func bindNth(args []Arg) (BoundWindow, error) {
	ts, err := resolve("nth_value", args, 2, anyType, wholeNumber)
	if err != nil {
		return BoundWindow{}, err
	}
	n, null, err := constLong("nth_value", "offset", args[1])
	if err != nil {
		return BoundWindow{}, err
	}
	if null || n <= 0 {
		return BoundWindow{}, notInRange("nth_value", "offset", "positive")
	}
	return BoundWindow{Params: ts, Result: ts[0], Nullable: true, NeedsOrder: true, Kernel: func(_ *Context, p *Partition) (vec.Col, error) {
		return nthValue(p, ts[0], int(n)), nil
	}}, nil
}

func nthValue(p *Partition, t types.Type, n int) vec.Col {
	before := make([]int, p.N+1)
	at := make([]int, 0, p.N)
	for i := range p.N {
		before[i] = len(at)
		if !p.IgnoreNulls || !p.Args[0].IsNull(i) {
			at = append(at, i)
		}
	}
	before[p.N] = len(at)
	b := vec.NewColBuilder(t)
	for i := range p.N {
		lo, hi := p.Frame(i)
		if k := before[min(max(lo, 0), p.N)] + n - 1; lo < hi && k < len(at) && at[k] < hi {
			b.AppendFrom(&p.Args[0], at[k])
		} else {
			b.AppendNull()
		}
	}
	return b.Finish()
}
