package fn

import (
	"fmt"
	"time"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Context is what an evaluation depends on besides its arguments; one is made per epoch
// or per batch query, and holds nothing that could differ on a replay.
type Context struct {
	Zone *time.Location // the session time zone
	Now  int64          // current_timestamp: the epoch's batch time, microseconds UTC
	Seed int64          // for rand() and uuid()
	// User, Catalog and Database are what current_user() and its kin say; "" is nobody,
	// spark_catalog and default.
	User, Catalog, Database string
}

// Arg is what overload resolution sees of an argument.
type Arg struct {
	Type     types.Type
	Nullable bool
	Const    *vec.Col // the value (one row) of a foldable argument, else nil
	Folded   bool     // Const is of an expression that is more than a literal
	Name     string   // of the column or field that the argument is, "" if it is another expression
}

// Kernel evaluates a function over the selected rows of n; it returns a column of Len n
// whose unselected rows are unspecified. It must not modify args, must handle every
// encoding (vec.Col.Phys) and must not raise for unselected rows. A row's failure is a
// *RowError. The result may alias args.
type Kernel func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error)

// Bound is a scalar function after overload resolution.
type Bound struct {
	Params   []types.Type // what each argument must be cast to before Kernel sees it
	Result   types.Type
	Nullable bool
	Volatile bool // not to be folded: depends on Context or the row (now, rand)
	Kernel   Kernel
}

// Scalar is a scalar function: one entry of the table.
type Scalar struct {
	Name    string   // lower case, Spark's
	Aliases []string // other names of the same function
	Group   string   // Spark's group: string, math, datetime, conditional, array, struct, ...
	Usage   string   // "upper(str)"
	Doc     string   // one sentence
	Example string   // "SELECT upper('azud')" ...
	Result  string   // ... and what the shell prints for it, recorded from Spark
	// Bind resolves the call. Its error is an *errs.Error without a place (class such as
	// DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE or WRONG_NUM_ARGS.WITHOUT_SUGGESTION);
	// the analyzer adds the place.
	Bind func(args []Arg) (Bound, error)
}

// RowError is a failure to evaluate one row of a batch.
type RowError struct {
	Row int
	Err error // an *errs.Error
}

func (e *RowError) Error() string { return fmt.Sprintf("row %d: %v", e.Row, e.Err) }

// Unwrap returns the cause.
func (e *RowError) Unwrap() error { return e.Err }

// Accumulator keeps one aggregate's state for many groups, in columns. Groups are dense
// ids from 0; an id never seen before is a new, empty group. Not safe for concurrent use.
type Accumulator interface {
	// Update adds rows: groups[i] is the group of row i; only rows of sel count (nil: all).
	Update(groups []uint32, args []vec.Col, sel []uint32) error
	// Merge adds partial results: groups[i] is the group of row i of the columns.
	Merge(groups []uint32, partial []vec.Col) error
	// Partial returns the state of the given groups in the aggregate's Partial types.
	Partial(groups []uint32) ([]vec.Col, error)
	// Final returns the result of the given groups.
	Final(groups []uint32) (vec.Col, error)
	// Free forgets groups; their ids may come again as new, empty groups.
	Free(groups []uint32)
	// Bytes is the memory held, approximately.
	Bytes() int64
}

// BoundAggregate is an aggregate function after overload resolution.
type BoundAggregate struct {
	Params         []types.Type
	Result         types.Type
	Nullable       bool
	Partial        []types.Type // the columns of its state, part of the checkpoint's format
	Version        int          // of that format; a change refuses old state
	OrderSensitive bool         // first, last, collect_list
	New            func(c *Context) Accumulator
}

// Aggregate is an aggregate function: one entry of the table.
type Aggregate struct {
	Name, Group, Usage, Doc string
	Aliases                 []string
	Example, Result         string
	WithinGroup             WithinGroup
	Bind                    func(args []Arg) (BoundAggregate, error)
	// BindWithin resolves a call with WITHIN GROUP (ORDER BY args[0] [DESC]) where WithinGroup is
	// OrderedValue; args[1:] are the call's own arguments. Plan's Agg has them in this order.
	BindWithin func(args []Arg, desc bool) (BoundAggregate, error)
}
