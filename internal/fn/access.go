package fn

import (
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// fixedGetter picks the reader of a fixed-width Go type; value cannot be narrowed to
// vec.Fixed inside a generic function, so the types are enumerated here once.
func fixedGetter[T value](c *vec.Col) func(i int) T {
	var g any
	switch any(*new(T)).(type) {
	case bool:
		g = readerFunc[bool](c)
	case int8:
		g = readerFunc[int8](c)
	case int16:
		g = readerFunc[int16](c)
	case int32:
		g = readerFunc[int32](c)
	case int64:
		g = readerFunc[int64](c)
	case float32:
		g = readerFunc[float32](c)
	case float64:
		g = readerFunc[float64](c)
	case decimal128.Num:
		g = readerFunc[decimal128.Num](c)
	}
	f, _ := g.(func(int) T)
	return f
}

func readerFunc[T vec.Fixed](c *vec.Col) func(int) T {
	r := read[T](c)
	return func(i int) T { return r.at(i) }
}

// fixedWriter is newWriter for the fixed-width types.
func fixedWriter[R value](t types.Type, n int) writer[R] {
	switch any(*new(R)).(type) {
	case bool:
		return writerFunc[bool, R](t, n)
	case int8:
		return writerFunc[int8, R](t, n)
	case int16:
		return writerFunc[int16, R](t, n)
	case int32:
		return writerFunc[int32, R](t, n)
	case int64:
		return writerFunc[int64, R](t, n)
	case float32:
		return writerFunc[float32, R](t, n)
	case float64:
		return writerFunc[float64, R](t, n)
	}
	return writerFunc[decimal128.Num, R](t, n)
}

func writerFunc[T vec.Fixed, R value](t types.Type, n int) writer[R] {
	out := make([]T, n)
	put, _ := any(func(i int, v T) { out[i] = v }).(func(int, R))
	return writer[R]{put: put, finish: func(valid []byte) vec.Col { return vec.FlatOf(t, out, valid) }}
}
