package fn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func miscFuncs() []Scalar {
	s, d := types.StringType, types.DoubleType
	return []Scalar{
		scalar("misc", "typeof(expr)", "The name of the argument's type.", direct(bindTypeof)),
		scalar("math", "rand([seed])", "A random number in [0, 1); the same again when an epoch is replayed.", direct(bindRandom(d, func(r *rand.Rand) float64 { return r.Float64() })), "random"),
		scalar("math", "randn([seed])", "A random number of the standard normal distribution.", direct(bindRandom(d, func(r *rand.Rand) float64 { return r.NormFloat64() }))),
		scalar("misc", "uuid()", "A random UUID; the same again when an epoch is replayed.", direct(bindRandom(s, randomUUID))),
		scalar("conditional", "nanvl(a, b)", "a, or b if a is NaN.", direct(bindNanvl)),
		scalar("predicate", "isnan(a)", "True if the number is NaN; false of NULL.", direct(bindIsnan)),
		scalar("misc", "assert_true(cond[, message])", "NULL if the condition is true, else an error.", direct(bindAssert)),
		scalar("misc", "raise_error(message)", "An error with the message.", direct(bindRaise)),
		scalar("misc", "version()", "The version of Spark whose language this is.", fixed(s, func(_ *Context, _ []vec.Col, n int, _ []uint32) (vec.Col, error) {
			return vec.ConstString(s, "4.2.0", n), nil
		})),
	}
}

func bindTypeof(name string, args []Arg) (Bound, error) {
	ts, err := resolve(name, args, 1, anyType)
	if err != nil {
		return Bound{}, err
	}
	s := types.StringType
	return Bound{Params: ts, Result: s, Kernel: func(_ *Context, _ []vec.Col, n int, _ []uint32) (vec.Col, error) {
		return vec.ConstString(s, ts[0].String(), n), nil
	}}, nil
}

// source is the random sequence of one call in a query. It starts anew with each Context,
// so that the batches of a replayed epoch, which come in the same order, get the same numbers.
type source struct {
	mu   sync.Mutex
	ctx  *Context
	rand *rand.Rand
}

// bindRandom draws a value for each row, selected or not.
func bindRandom[T value](t types.Type, draw func(r *rand.Rand) T) func(name string, args []Arg) (Bound, error) {
	return func(name string, args []Arg) (Bound, error) {
		ts, err := resolve(name, args, 0, seedArg)
		if err != nil {
			return Bound{}, err
		}
		src := &source{}
		return Bound{Params: ts, Result: t, Volatile: true, Kernel: func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
			r, unlock := src.start(c, args, n)
			defer unlock()
			return rowLoop(t, n, nil, nil, func(int) (T, error) { return draw(r), nil })
		}}, nil
	}
}

// seedArg accepts integers as they are.
func seedArg(a Arg) (types.Type, string) {
	if a.Type.IsIntegral() || a.Type.Kind == types.Null {
		return types.LongType, ""
	}
	return a.Type, `"INT" or "BIGINT"`
}

func randomUUID(r *rand.Rand) string {
	hi, lo := r.Uint64(), r.Uint64()
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xffff, lo>>48, lo&0xffffffffffff)
}

func bindNanvl(name string, args []Arg) (Bound, error) {
	ts, err := resolve(name, args, 2, double, double)
	if err != nil {
		return Bound{}, err
	}
	d := types.DoubleType
	return Bound{Params: ts, Result: d, Nullable: nullable(args), Kernel: func(_ *Context, a []vec.Col, n int, sel []uint32) (vec.Col, error) {
		x, y := getter[float64](&a[0]), getter[float64](&a[1])
		return rowLoop(d, n, sel, nil, func(i int) (float64, error) {
			if a[0].IsNull(i) {
				return 0, errNull
			}
			if v := x(i); !math.IsNaN(v) {
				return v, nil
			}
			if a[1].IsNull(i) {
				return 0, errNull
			}
			return y(i), nil
		})
	}}, nil
}

func bindIsnan(name string, args []Arg) (Bound, error) {
	b := types.BooleanType
	p := double
	if len(args) == 1 && args[0].Type.Kind == types.Float {
		p = is(types.FloatType)
	}
	ts, err := resolve(name, args, 1, p)
	if err != nil {
		return Bound{}, err
	}
	return Bound{Params: ts, Result: b, Kernel: func(_ *Context, a []vec.Col, n int, sel []uint32) (vec.Col, error) {
		return rowLoop(b, n, sel, nil, func(i int) (bool, error) {
			switch {
			case a[0].IsNull(i):
				return false, nil
			case ts[0].Kind == types.Float:
				v := vec.Get[float32](&a[0], i)
				return v != v, nil
			}
			return math.IsNaN(vec.Get[float64](&a[0], i)), nil
		})
	}}, nil
}

func raised(message string) error {
	return errs.New("USER_RAISED_EXCEPTION", "%s", message).State("P0001")
}

func bindAssert(name string, args []Arg) (Bound, error) {
	ts, err := resolve(name, args, 1, boolean, str)
	if err != nil {
		return Bound{}, err
	}
	return Bound{Params: ts, Result: types.NullType, Nullable: true, Volatile: true, Kernel: func(_ *Context, a []vec.Col, n int, sel []uint32) (vec.Col, error) {
		for i := range vec.Each(n, sel) {
			if !a[0].IsNull(i) && vec.Get[bool](&a[0], i) {
				continue
			}
			message := "the condition is not true"
			if len(a) > 1 && !a[1].IsNull(i) {
				message = string(a[1].Bytes(i))
			}
			return vec.Col{}, &RowError{Row: i, Err: raised(message)}
		}
		return vec.NullCol(types.NullType, n), nil
	}}, nil
}

func bindRaise(name string, args []Arg) (Bound, error) {
	ts, err := resolve(name, args, 1, str)
	if err != nil {
		return Bound{}, err
	}
	return Bound{Params: ts, Result: types.NullType, Nullable: true, Volatile: true, Kernel: func(_ *Context, a []vec.Col, n int, sel []uint32) (vec.Col, error) {
		for i := range vec.Each(n, sel) {
			message := "NULL"
			if !a[0].IsNull(i) {
				message = string(a[0].Bytes(i))
			}
			return vec.Col{}, &RowError{Row: i, Err: raised(message)}
		}
		return vec.NullCol(types.NullType, n), nil
	}}, nil
}
