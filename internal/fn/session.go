package fn

import (
	"math/rand/v2"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func sessionFuncs() []Scalar {
	text := func(usage, doc string, f func(c *Context) string, aliases ...string) Scalar {
		t := types.StringType
		return scalar("misc", usage, doc, volatile(fixed(t, func(c *Context, _ []vec.Col, n int, _ []uint32) (vec.Col, error) {
			return vec.ConstString(t, f(c), n), nil
		})), aliases...)
	}
	database := func(c *Context) string { return orElse(c.Database, "default") }
	return []Scalar{
		text("current_catalog()", "The current catalog.", func(c *Context) string { return orElse(c.Catalog, "spark_catalog") }),
		text("current_database()", "The current database.", database, "current_schema"),
		text("current_path()", "Where names of functions and tables are looked up.", func(c *Context) string {
			return "system.builtin,system.session," + orElse(c.Catalog, "spark_catalog") + "." + database(c)
		}),
		noFile("input_file_block_start()", "The offset of the block of a file that a row comes from: -1, it is not known."),
		noFile("input_file_block_length()", "The length of the block of a file that a row comes from: -1, it is not known."),
		text("current_user()", "Who runs the query.", func(c *Context) string { return c.User }, "user", "session_user"),
		text("input_file_name()", "The file that a row comes from; empty where that is not known. _metadata.file_path is the better way.", func(*Context) string { return "" }),
		scalar("misc", "monotonically_increasing_id()", "A number that grows from row to row and is unique in the query.", direct(bindRowID)),
		scalar("misc", "spark_partition_id()", "The number of the partition: always 0, there is one.", volatile(fixed(types.IntType, func(_ *Context, _ []vec.Col, n int, _ []uint32) (vec.Col, error) {
			return vec.ConstOf(types.IntType, int32(0), n), nil
		}))),
		scalar("math", "uniform(min, max[, seed])", "A random number between two constants; the same again when an epoch is replayed.", direct(bindUniform)),
	}
}

// noFile is a number that is not known of any row.
func noFile(usage, doc string) Scalar {
	l := types.LongType
	return scalar("misc", usage, doc, volatile(fixed(l, func(_ *Context, _ []vec.Col, n int, _ []uint32) (vec.Col, error) {
		return vec.ConstOf(l, int64(-1), n), nil
	})))
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// bindRowID counts the selected rows of the batches of one Context in their order.
func bindRowID(name string, args []Arg) (Bound, error) {
	if err := checkArity(name, args, 0, 0); err != nil {
		return Bound{}, err
	}
	t, src := types.LongType, &source{}
	next := int64(0)
	return Bound{Result: t, Volatile: true, Kernel: func(c *Context, _ []vec.Col, n int, sel []uint32) (vec.Col, error) {
		src.mu.Lock()
		defer src.mu.Unlock()
		if src.ctx != c {
			src.ctx, next = c, 0
		}
		return rowLoop(t, n, sel, nil, func(int) (int64, error) {
			next++
			return next - 1, nil
		})
	}}, nil
}

// bindUniform draws from [min, max) in the tighter of the two types: the wider integer, a
// floating-point type, or the first decimal.
func bindUniform(name string, args []Arg) (Bound, error) {
	if err := checkArity(name, args, 2, 3); err != nil {
		return Bound{}, err
	}
	for i, a := range args {
		integral := a.Type.IsIntegral() || a.Type.Kind == types.Null
		switch {
		case i == 2 && !integral:
			return Bound{}, mismatch(name, i, `"INTEGER" or "FLOATING"`, a.Type)
		case !integral && !a.Type.IsNumeric():
			return Bound{}, mismatch(name, i, `"INTEGER" or "FLOATING"`, a.Type)
		case a.Const == nil:
			return Bound{}, notFoldable(name, []string{"min", "max", "seed"}[i])
		}
	}
	t := uniformType(args[0].Type, args[1].Type)
	d := types.DoubleType
	params := []types.Type{d, d, types.LongType}[:len(args)]
	narrow := castOf(d, t, false)
	src := &source{}
	return Bound{Params: params, Result: t, Nullable: nullable(args[:2]), Volatile: true, Kernel: func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		r, unlock := src.start(c, args[2:], n)
		defer unlock()
		col, err := rowLoop(d, n, sel, nil, func(i int) (float64, error) {
			if args[0].IsNull(i) || args[1].IsNull(i) {
				return 0, errNull
			}
			return between(r, vec.Get[float64](&args[0], i), vec.Get[float64](&args[1], i)), nil
		})
		if err != nil {
			return col, err
		}
		return narrow(c, []vec.Col{col}, n, sel)
	}}, nil
}

func between(r *rand.Rand, a, b float64) float64 { return a + (b-a)*r.Float64() }

func uniformType(a, b types.Type) types.Type {
	rank := func(t types.Type) int {
		switch t.Kind {
		case types.Double:
			return 3
		case types.Float:
			return 2
		case types.Decimal:
			return 1
		}
		return 0
	}
	switch {
	case a.Kind == types.Null || b.Kind == types.Null:
		return types.DoubleType
	case rank(a) != rank(b) && rank(a) > rank(b):
		return a
	case rank(a) != rank(b):
		return b
	case a.Kind == types.Decimal && b.Precision > a.Precision:
		return b
	case a.Kind == types.Decimal:
		return a
	}
	t, ok := types.Common(a, b)
	if !ok {
		return types.DoubleType
	}
	return t
}

// operatorFuncs are operators under names of functions.
func operatorFuncs() []Scalar {
	b := types.BooleanType
	return []Scalar{
		scalar("predicate", "and(a, b)", "As a AND b.", fixed(b, logic(false), boolean, boolean)),
		scalar("predicate", "or(a, b)", "As a OR b.", fixed(b, logic(true), boolean, boolean)),
		scalar("predicate", "between(a, low, high)", "As a BETWEEN low AND high.", direct(bindBetween)),
		scalar("predicate", "in(a, b, ...)", "As a IN (b, ...).", direct(bindIn)),
		scalar("conditional", "when(cond, value, ...[, other])", "As CASE WHEN cond THEN value ... ELSE other END.", direct(bindWhen)),
		scalar("predicate", "equal_null(a, b)", "As a <=> b: true if both are equal or both are NULL.", func(string) func([]Arg) (Bound, error) { return bindComparison("<=>") }),
	}
}

// logic is AND, or OR if on: one side that decides decides, even beside a NULL.
func logic(on bool) Kernel {
	t := types.BooleanType
	return func(_ *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		return rowLoop(t, n, sel, nil, func(i int) (bool, error) {
			unknown := false
			for k := range args {
				if args[k].IsNull(i) {
					unknown = true
				} else if vec.Get[bool](&args[k], i) == on {
					return on, nil
				}
			}
			if unknown {
				return false, errNull
			}
			return !on, nil
		})
	}
}

func bindBetween(name string, args []Arg) (Bound, error) {
	if err := checkArity(name, args, 3, 3); err != nil {
		return Bound{}, err
	}
	params, t, err := commonParams(name, args)
	if err != nil {
		return Bound{}, err
	}
	if !t.IsOrderable() {
		return Bound{}, noOrder(name, t)
	}
	low, high, both := compareKernel(t, comparisonOf(">=")), compareKernel(t, comparisonOf("<=")), logic(false)
	return Bound{Params: params, Result: types.BooleanType, Nullable: nullable(args), Kernel: func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		x, err := low(c, []vec.Col{args[0], args[1]}, n, sel)
		if err != nil {
			return x, err
		}
		y, err := high(c, []vec.Col{args[0], args[2]}, n, sel)
		if err != nil {
			return y, err
		}
		return both(c, []vec.Col{x, y}, n, sel)
	}}, nil
}

func bindIn(name string, args []Arg) (Bound, error) {
	if err := checkArity(name, args, 1, -1); err != nil {
		return Bound{}, err
	}
	params, t, err := commonParams(name, args)
	if err != nil {
		return Bound{}, err
	}
	if !t.IsOrderable() {
		return Bound{}, noOrder(name, t)
	}
	order := CompareFunc(t)
	b := types.BooleanType
	return Bound{Params: params, Result: b, Nullable: nullable(args), Kernel: func(_ *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		return rowLoop(b, n, sel, nil, func(i int) (bool, error) {
			unknown := args[0].IsNull(i)
			for k := 1; k < len(args) && !args[0].IsNull(i); k++ {
				if args[k].IsNull(i) {
					unknown = true
				} else if order(&args[0], i, &args[k], i) == 0 {
					return true, nil
				}
			}
			if unknown {
				return false, errNull
			}
			return false, nil
		})
	}}, nil
}

// bindWhen chooses as decode does, comparing each condition with true.
func bindWhen(name string, args []Arg) (Bound, error) {
	if len(args) < 2 {
		return Bound{}, arity(name, "> 1", len(args))
	}
	for i := 0; i+1 < len(args); i += 2 {
		if k := args[i].Type.Kind; k != types.Boolean && k != types.Null {
			return Bound{}, errs.New("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", `the conditions of "%s" must be BOOLEAN, not "%s"`, name, args[i].Type.SQL()).State("42K09")
		}
	}
	yes := vec.ConstOf(types.BooleanType, true, 1)
	b, err := bindChoice(name, append([]Arg{{Type: types.BooleanType, Const: &yes}}, args...))
	if err != nil {
		return b, err
	}
	b.Params = b.Params[1:]
	k := b.Kernel
	b.Kernel = func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		return k(c, append([]vec.Col{vec.ConstOf(types.BooleanType, true, n)}, args...), n, sel)
	}
	return b, nil
}
