package fn

import (
	"cmp"
	"slices"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// fold is aggregate(array, start, merge[, finish]): all rows take a step at once, position by position.
type fold struct {
	start, result types.Type
	finish        bool
}

func (f fold) kernel(_ *Context, args []vec.Col, lambdas []Lambda, n int, sel []uint32) (vec.Col, error) {
	e := elementsOf(&args[0], n, sel)
	length := func(r int) int { return e.starts[r+1] - e.starts[r] }
	order := make([]int, len(e.rows)) // the longest first, so that those with an element left come first
	for r := range order {
		order[r] = r
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(length(y), length(x)) })
	parents := make([]uint32, len(order))
	for k, r := range order {
		parents[k] = e.rows[r]
	}
	acc := vec.Take(&args[1], parents)
	done := vec.NewColBuilder(f.start) // finished values, from the end of order
	left := len(order)
	finish := func(to int) {
		for ; left > to; left-- {
			done.AppendFrom(&acc, left-1)
		}
	}
	for pos := 0; left > 0; pos++ {
		more := 0
		for more < left && length(order[more]) > pos {
			more++
		}
		finish(more)
		if more == 0 {
			break
		}
		at := make([]uint32, more)
		for k := range at {
			at[k] = e.at[e.starts[order[k]]+pos]
		}
		out, err := callLambda(lambdas, args, 2, []vec.Col{vec.Slice(&acc, 0, more), vec.Take(&e.kids[0], at)}, more, parents[:more])
		if err != nil {
			return vec.Col{}, err
		}
		acc = vec.Slice(&out, 0, more)
	}
	slices.Reverse(parents)
	slices.Reverse(order)
	val := done.Finish()
	if f.finish {
		out, err := callLambda(lambdas, args, 3, []vec.Col{val}, len(parents), parents)
		if err != nil {
			return vec.Col{}, err
		}
		val = flatOf(out, f.result)
	}
	from := make([]int, n) // 0: NULL
	for k, i := range parents {
		from[i] = k + 1
	}
	b := vec.NewColBuilder(f.result)
	for _, k := range from {
		if k == 0 {
			b.AppendNull()
		} else {
			b.AppendFrom(&val, k-1)
		}
	}
	return b.Finish(), nil
}

// sortBy orders the elements of each row by a comparison, stably. It is a merge sort from the bottom in
// which all merges of all rows take each step together, so that the lambda sees many pairs at once.
func (e *elements) sortBy(compare Lambda) error {
	longest := 0
	for r := range e.rows {
		longest = max(longest, e.starts[r+1]-e.starts[r])
	}
	next := make([]uint32, len(e.at))
	for width := 1; width < longest; width *= 2 {
		var merges []merge
		for r, row := range e.rows {
			end := e.starts[r+1]
			for lo := e.starts[r]; lo < end; lo += 2 * width {
				mid := min(lo+width, end)
				merges = append(merges, merge{row: row, l: lo, lEnd: mid, r: mid, rEnd: min(mid+width, end), to: lo})
			}
		}
		if err := e.mergeAll(merges, next, compare); err != nil {
			return err
		}
		e.at, next = next, e.at
	}
	return nil
}

// merge joins two sorted runs of at into one.
type merge struct {
	row                  uint32
	l, lEnd, r, rEnd, to int
}

// mergeAll writes to next.
func (e *elements) mergeAll(merges []merge, next []uint32, compare Lambda) error {
	kid := &e.kids[0]
	for len(merges) > 0 {
		open := merges[:0]
		var left, right, parents []uint32
		for _, m := range merges {
			if m.l == m.lEnd || m.r == m.rEnd {
				k := copy(next[m.to:], e.at[m.l:m.lEnd])
				copy(next[m.to+k:], e.at[m.r:m.rEnd])
				continue
			}
			open = append(open, m)
			left, right, parents = append(left, e.at[m.l]), append(right, e.at[m.r]), append(parents, m.row)
		}
		if merges = open; len(merges) == 0 {
			return nil
		}
		c, err := compare([]vec.Col{vec.Take(kid, left), vec.Take(kid, right)}, len(merges), parents)
		if err != nil {
			return err
		}
		for k := range merges {
			m := &merges[k]
			if c.IsNull(k) {
				return &RowError{Row: int(m.row), Err: errs.New("COMPARATOR_RETURNS_NULL",
					"the comparison of array_sort returned NULL; it must return a number").State("22004").
					WithHint("return 0 where the values cannot be told apart")}
			}
			if vec.Get[int32](&c, k) <= 0 {
				next[m.to] = e.at[m.l]
				m.l++
			} else {
				next[m.to] = e.at[m.r]
				m.r++
			}
			m.to++
		}
	}
	return nil
}
