package fn

import (
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Window is a function that only makes sense OVER a window: row_number, rank, lag, nth_value.
// Aggregates are used over windows as they are.
type Window struct {
	Name, Group, Usage, Doc string
	Aliases                 []string
	Example, Result         string
	Bind                    func(args []Arg) (BoundWindow, error)
}

// BoundWindow is a window function after overload resolution.
type BoundWindow struct {
	Params     []types.Type
	Result     types.Type
	Nullable   bool
	NeedsOrder bool // ORDER BY is required
	// FixedFrame: the function does not look at a frame, and writing one is an error (Spark:
	// AggregateWindowFunction and OffsetWindowFunction have frames of their own).
	FixedFrame bool
	// Kernel computes the function for every row of one partition.
	Kernel func(c *Context, p *Partition) (vec.Col, error)
}

// Partition is the rows of one window partition, in the window's order.
type Partition struct {
	N    int
	Args []vec.Col // each has Len N; borrowed during the call
	// PeerStart and PeerEnd bound the rows that are equal to row i in the window's ORDER BY:
	// PeerStart(i) <= i < PeerEnd(i).
	PeerStart, PeerEnd func(i int) int
	// Frame is the half-open range of rows [lo, hi) in the frame of row i; lo >= hi is empty. nil
	// for functions of a FixedFrame.
	Frame       func(i int) (lo, hi int)
	IgnoreNulls bool
}

// Generator makes any number of rows of one row: explode, inline, stack, json_tuple.
type Generator struct {
	Name, Group, Usage, Doc string
	Aliases                 []string
	Example, Result         string
	// Outer: a row that gives none is kept once, with NULLs (explode_outer).
	Outer bool
	Bind  func(args []Arg) (BoundGenerator, error)
}

// BoundGenerator is a generator after overload resolution.
type BoundGenerator struct {
	Params  []types.Type
	Columns types.Schema // what it makes, with Spark's default names: col; key, value; pos, col
	// Kernel makes the rows of the selected input rows: parents[j] is the input row of row j,
	// ascending. Len of each column is len(parents).
	Kernel func(c *Context, args []vec.Col, n int, sel []uint32) (cols []vec.Col, parents []uint32, err error)
}

// Lambda evaluates a lambda's body over n rows of its parameters' values (as many columns as the
// function passes, of the types that it bound). parents[i] is the row of the surrounding batch
// that row i belongs to: captured columns are read there. The result is borrowed until the next call.
type Lambda func(args []vec.Col, n int, parents []uint32) (vec.Col, error)

// HigherArg is an argument of a higher-order function: a value, or a lambda.
type HigherArg struct {
	Arg        // of a value
	Params int // a lambda's number of parameters; 0: a value
}

// Higher is a function that takes lambdas: transform, filter, aggregate, array_sort.
type Higher struct {
	Name, Group, Usage, Doc string
	Aliases                 []string
	Example, Result         string
	// Bind resolves the call. body analyzes the lambda at position i with parameters of the types
	// given and returns what its body gives; it may be called more than once for one lambda, and
	// the last call counts.
	Bind func(args []HigherArg, body func(i int, params []Arg) (Arg, error)) (BoundHigher, error)
}

// BoundHigher is a higher-order function after overload resolution.
type BoundHigher struct {
	Params   []types.Type // what each value is cast to, or the result of each lambda's body
	Result   types.Type
	Nullable bool
	// Kernel is as Kernel of scalar functions; lambdas[i] is set where argument i is a lambda, and
	// args[i] is then unspecified.
	Kernel func(c *Context, args []vec.Col, lambdas []Lambda, n int, sel []uint32) (vec.Col, error)
}

// WithinGroup says what WITHIN GROUP (ORDER BY …) means to an aggregate.
type WithinGroup uint8

// The meanings of WITHIN GROUP.
const (
	NoWithinGroup WithinGroup = iota // refused
	// OrderedRows: the rows of a group come to Update in that order (listagg).
	OrderedRows
	// OrderedValue: the call is resolved by Aggregate.BindWithin, with the one key of ORDER BY before
	// the arguments (percentile_cont, percentile_disc, mode). NULLS FIRST and LAST mean nothing.
	OrderedValue
)
