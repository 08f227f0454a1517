package json

import (
	"strings"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// lenient is how get_json_object and its kin read: Spark's SharedFactory.
var lenient = Options{UnquotedControls: true, NonNumericOff: true}

// pathDecoder reads single texts by paths.
type pathDecoder struct {
	d     Decoder
	path  string
	steps []step
	ok    bool
	known bool
}

// Object evaluates a path over a JSON text; nil if there is nothing. The result is valid until the
// next call.
func (p *pathDecoder) object(text []byte, path string) []byte {
	if !p.known || p.path != path {
		p.steps, p.ok = parsePath(path)
		p.path, p.known = strings.Clone(path), true
	}
	if !p.ok {
		return nil
	}
	p.d.opts, p.d.buf, p.d.pos = lenient, text, 0
	p.d.space()
	w := pathWriter{}
	if hit, err := p.d.match(&w, raw, p.steps, 0); err != nil || !hit {
		return nil
	}
	if w.out == nil {
		w.out = []byte{}
	}
	return w.out
}

func bindGetObject(name string, args []fn.Arg) (fn.Bound, error) {
	if err := textArg(name, args, 2, 2); err != nil {
		return fn.Bound{}, err
	}
	if k := args[1].Type.Kind; k != types.String && k != types.Null {
		return fn.Bound{}, fn.Mismatch(name, 1, `"STRING"`, args[1].Type)
	}
	s := types.StringType
	return fn.Bound{Params: []types.Type{s, s}, Result: s, Nullable: true, Kernel: func(_ *fn.Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		p := &pathDecoder{}
		return fn.BuildRows(s, n, sel, func(b *vec.ColBuilder, i int) error {
			if args[0].IsNull(i) || args[1].IsNull(i) {
				return fn.ErrNull
			}
			out := p.object(args[0].Bytes(i), args[1].Str(i))
			if out == nil {
				return fn.ErrNull
			}
			b.AppendBytes(out)
			return nil
		})
	}}, nil
}

func bindArrayLength(name string, args []fn.Arg) (fn.Bound, error) {
	if err := textArg(name, args, 1, 1); err != nil {
		return fn.Bound{}, err
	}
	t := types.IntType
	return fn.Bound{Params: []types.Type{types.StringType}, Result: t, Nullable: true, Kernel: func(_ *fn.Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		d := &Decoder{opts: lenient}
		return fn.BuildRows(t, n, sel, func(b *vec.ColBuilder, i int) error {
			count := int32(0)
			if args[0].IsNull(i) || !d.top(args[0].Bytes(i), '[', func([]byte) { count++ }) {
				return fn.ErrNull
			}
			vec.Append(b, count)
			return nil
		})
	}}, nil
}

func bindObjectKeys(name string, args []fn.Arg) (fn.Bound, error) {
	if err := textArg(name, args, 1, 1); err != nil {
		return fn.Bound{}, err
	}
	t := types.ArrayOf(types.StringType, true)
	return fn.Bound{Params: []types.Type{types.StringType}, Result: t, Nullable: true, Kernel: func(_ *fn.Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		d := &Decoder{opts: lenient}
		return fn.BuildRows(t, n, sel, func(b *vec.ColBuilder, i int) error {
			var keys []string
			if args[0].IsNull(i) || !d.top(args[0].Bytes(i), '{', func(k []byte) { keys = append(keys, string(k)) }) {
				return fn.ErrNull
			}
			for _, k := range keys {
				b.Child(0).AppendString(k)
			}
			b.EndList()
			return nil
		})
	}}, nil
}

// top walks the members of the array or object that a text is; false if it is none, or broken
// before its end.
func (d *Decoder) top(text []byte, open byte, f func(key []byte)) bool {
	d.buf, d.pos = text, 0
	d.space()
	if d.peek() != open {
		return false
	}
	return d.each(open, func(k []byte, _ bool) error {
		f(k)
		return d.skip(0)
	}, func() {}) == nil
}
