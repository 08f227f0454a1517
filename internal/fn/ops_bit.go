package fn

import (
	"math/bits"

	"github.com/azud/azud/internal/types"
)

func bitFuncs() []Scalar {
	return []Scalar{
		{Name: "&", Group: "bitwise", Usage: "a & b", Doc: "Bitwise AND.", Bind: bindBit("&")},
		{Name: "|", Group: "bitwise", Usage: "a | b", Doc: "Bitwise OR.", Bind: bindBit("|")},
		{Name: "^", Group: "bitwise", Usage: "a ^ b", Doc: "Bitwise exclusive OR.", Bind: bindBit("^")},
		{Name: "~", Group: "bitwise", Usage: "~ a", Doc: "Bitwise NOT.", Bind: bindBitNot},
		scalar("bitwise", "shiftleft(a, n)", "The number shifted left by n bits.", byFirst(2, shift("<<"), shiftParam, integer32), "<<"),
		scalar("bitwise", "shiftright(a, n)", "The number shifted right by n bits, keeping its sign.", byFirst(2, shift(">>"), shiftParam, integer32), ">>"),
		scalar("bitwise", "shiftrightunsigned(a, n)", "The number shifted right by n bits, filling with zeros.", byFirst(2, shift(">>>"), shiftParam, integer32), ">>>"),
		scalar("bitwise", "bit_count(a)", "The number of bits set.", direct(bindBitCount)),
	}
}

// bindBitCount takes integers and booleans.
func bindBitCount(name string, args []Arg) (Bound, error) {
	i := types.IntType
	if len(args) == 1 && args[0].Type.Kind == types.Boolean {
		return fixed(i, sure1(i, func(v bool) int32 { return int32(boolInt(v)) }), boolean)(name)(args)
	}
	return fixed(i, sure1(i, func(v int64) int32 { return int32(bits.OnesCount64(uint64(v))) }), integer64)(name)(args)
}

func bindBit(op string) func([]Arg) (Bound, error) {
	return func(args []Arg) (Bound, error) {
		if err := checkArity(op, args, 2, 2); err != nil {
			return Bound{}, err
		}
		t, ok := types.Common(args[0].Type, args[1].Type)
		if !ok {
			return Bound{}, differing(op, args[0].Type, args[1].Type)
		}
		switch {
		case !t.IsIntegral() && !args[0].Type.Equal(args[1].Type):
			return Bound{}, differing(op, args[0].Type, args[1].Type)
		case !t.IsIntegral():
			return Bound{}, wrongType(op, `"INTEGRAL"`, t)
		}
		return Bound{Params: []types.Type{t, t}, Result: t, Nullable: nullable(args), Kernel: bitKernel(op, t)}, nil
	}
}

func bitKernel(op string, t types.Type) Kernel {
	switch t.Kind {
	case types.Byte:
		return sure2(t, bitOp[int8](op))
	case types.Short:
		return sure2(t, bitOp[int16](op))
	case types.Int:
		return sure2(t, bitOp[int32](op))
	}
	return sure2(t, bitOp[int64](op))
}

func bitOp[T integer](op string) func(x, y T) T {
	switch op {
	case "&":
		return func(x, y T) T { return x & y }
	case "|":
		return func(x, y T) T { return x | y }
	}
	return func(x, y T) T { return x ^ y }
}

func bindBitNot(args []Arg) (Bound, error) {
	if err := checkArity("~", args, 1, 1); err != nil {
		return Bound{}, err
	}
	t := args[0].Type
	if !t.IsIntegral() {
		return Bound{}, mismatch("~", 0, `"INTEGRAL"`, t)
	}
	b := Bound{Params: []types.Type{t}, Result: t, Nullable: nullable(args)}
	switch t.Kind {
	case types.Byte:
		b.Kernel = sure1(t, func(v int8) int8 { return ^v })
	case types.Short:
		b.Kernel = sure1(t, func(v int16) int16 { return ^v })
	case types.Int:
		b.Kernel = sure1(t, func(v int32) int32 { return ^v })
	default:
		b.Kernel = sure1(t, func(v int64) int64 { return ^v })
	}
	return b, nil
}

// shiftParam takes INT and BIGINT; smaller integers as INT.
func shiftParam(a Arg) (types.Type, string) {
	if a.Type.Kind == types.Long {
		return a.Type, ""
	}
	return integer32(a)
}

// shift takes the count modulo the width, as Java does.
func shift(op string) func(t types.Type) (types.Type, Kernel) {
	return func(t types.Type) (types.Type, Kernel) {
		if t.Kind == types.Long {
			return t, sure2(t, func(v int64, n int32) int64 {
				switch op {
				case "<<":
					return v << (n & 63)
				case ">>":
					return v >> (n & 63)
				}
				return int64(uint64(v) >> (n & 63))
			})
		}
		return t, sure2(t, func(v, n int32) int32 {
			switch op {
			case "<<":
				return v << (n & 31)
			case ">>":
				return v >> (n & 31)
			}
			return int32(uint32(v) >> (n & 31))
		})
	}
}
