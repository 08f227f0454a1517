package fn

import (
	"math"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// floats is the type of the vectors.
var floats = types.ArrayOf(types.FloatType, true)

func vectorParam(a Arg) (types.Type, string) {
	if a.Type.Kind == types.Array && a.Type.Elem.Kind == types.Float {
		return a.Type, ""
	}
	return a.Type, `"ARRAY<FLOAT>"`
}

func vectorFuncs() []Scalar {
	f, one := types.FloatType, exact(types.FloatType)
	return []Scalar{
		scalar("vector", "vector_cosine_similarity(a, b)", "The cosine of the angle between two vectors of FLOATs; NULL if one has no length.", orNullable(fixed(f, vectorPair(cosine), vectorParam, vectorParam))),
		scalar("vector", "vector_inner_product(a, b)", "The inner product of two vectors of FLOATs.", orNullable(fixed(f, vectorPair(func(a, b []float64) (float64, error) {
			sum := 0.0
			for i := range a {
				sum += a[i] * b[i]
			}
			return sum, nil
		}), vectorParam, vectorParam))),
		scalar("vector", "vector_l2_distance(a, b)", "The Euclidean distance of two vectors of FLOATs.", orNullable(fixed(f, vectorPair(func(a, b []float64) (float64, error) {
			sum := 0.0
			for i := range a {
				sum += (a[i] - b[i]) * (a[i] - b[i])
			}
			return math.Sqrt(sum), nil
		}), vectorParam, vectorParam))),
		scalar("vector", "vector_norm(vector[, degree])", "The length of a vector of FLOATs by the 1, 2 (if not given) or infinity norm.", orNullable(opt(1, f, vectorNorm, vectorParam, one))),
		scalar("vector", "vector_normalize(vector[, degree])", "The vector of FLOATs in that direction whose norm is 1; NULL if it has no length.", orNullable(opt(1, floats, vectorNormalize, vectorParam, one))),
	}
}

// vectorAt reads a vector; false if it holds a NULL.
func vectorAt(dst []float64, c *vec.Col, i int) ([]float64, bool) {
	kids, lo, hi := c.List(i)
	for k := lo; k < hi; k++ {
		if kids[0].IsNull(k) {
			return nil, false
		}
		dst = append(dst, float64(vec.Get[float32](&kids[0], k)))
	}
	return dst, true
}

func vectorPair(f func(a, b []float64) (float64, error)) Kernel {
	t := types.FloatType
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		var a, b []float64
		return rowLoop(t, n, sel, valid, func(i int) (float32, error) {
			_, lo, hi := args[0].List(i)
			_, from, to := args[1].List(i)
			if hi-lo != to-from {
				return 0, errs.New("VECTOR_DIMENSION_MISMATCH", "the vectors must be of one dimension, not %d and %d", hi-lo, to-from).State("22000")
			}
			x, ok1 := vectorAt(a[:0], &args[0], i)
			y, ok2 := vectorAt(b[:0], &args[1], i)
			if !ok1 || !ok2 {
				return 0, errNull
			}
			a, b = x, y
			v, err := f(a, b)
			return float32(v), err
		})
	})
}

func cosine(a, b []float64) (float64, error) {
	var dot, x, y float64
	for i := range a {
		dot += a[i] * b[i]
		x += a[i] * a[i]
		y += b[i] * b[i]
	}
	if x == 0 || y == 0 {
		return 0, errNull
	}
	return dot / float64(float32(math.Sqrt(float64(float32(x)*float32(y))))), nil // in FLOATs, as Spark
}

func norm(v []float64, degree float32) (float64, error) {
	sum := 0.0
	switch {
	case degree == 1:
		for _, x := range v {
			sum += math.Abs(x)
		}
	case degree == 2:
		for _, x := range v {
			sum += x * x
		}
		sum = math.Sqrt(sum)
	case math.IsInf(float64(degree), 1):
		for _, x := range v {
			sum = max(sum, math.Abs(x))
		}
	default:
		return 0, errs.New("INVALID_VECTOR_NORM_DEGREE", "the degree of a norm is 1, 2 or infinity, not %v", degree).State("22023")
	}
	return sum, nil
}

func degreeAt(args []vec.Col, i int) float32 {
	if len(args) < 2 {
		return 2
	}
	return vec.Get[float32](&args[1], i)
}

func vectorNorm(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	t := types.FloatType
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return rowLoop(t, n, sel, valid, func(i int) (float32, error) {
			v, ok := vectorAt(nil, &args[0], i)
			if !ok {
				return 0, errNull
			}
			x, err := norm(v, degreeAt(args, i))
			return float32(x), err
		})
	})(c, args, n, sel)
}

func vectorNormalize(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	return strict(floats, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return buildRows(floats, n, sel, valid, func(b *vec.ColBuilder, i int) error {
			v, ok := vectorAt(nil, &args[0], i)
			if !ok {
				return errNull
			}
			length, err := norm(v, degreeAt(args, i))
			if err != nil {
				return err
			}
			if length == 0 && len(v) > 0 {
				return errNull
			}
			for _, x := range v {
				vec.Append(b.Child(0), float32(x/float64(float32(length))))
			}
			b.EndList()
			return nil
		})
	})(c, args, n, sel)
}
