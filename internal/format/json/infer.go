package json

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func bindSchemaOf(name string, args []fn.Arg) (fn.Bound, error) {
	if err := textArg(name, args, 1, 2); err != nil {
		return fn.Bound{}, err
	}
	text, err := fn.TextArg(name, "json", args[0])
	if err != nil {
		return fn.Bound{}, err
	}
	get, err := fn.OptionsArg(args, 1)
	if err != nil {
		return fn.Bound{}, err
	}
	o, err := ParseOptions(get, nil)
	if err != nil {
		return fn.Bound{}, err
	}
	params := []types.Type{types.StringType}
	if len(args) == 2 {
		params = append(params, args[1].Type)
	}
	s := types.StringType
	return fn.Bound{Params: params, Result: s, Kernel: func(_ *fn.Context, _ []vec.Col, n int, _ []uint32) (vec.Col, error) {
		t, err := TypeOf([]byte(text), o)
		if err != nil {
			return vec.Col{}, &fn.RowError{Err: errs.Wrap(err, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "the JSON text of %s is malformed", name).State("22023")}
		}
		return vec.ConstString(s, sql.TypeText(t), n), nil
	}}, nil
}

// TypeOf is the type that a JSON text has by Spark's schema inference.
func TypeOf(text []byte, o Options) (types.Type, error) {
	t, err := InferType(text, o)
	if err != nil {
		return t, err
	}
	out, ok := Canonical(t, o)
	if !ok {
		return types.StructOf(), nil
	}
	return out, nil
}

// InferType is the type of a text before Canonical: with VOID for NULL, to be merged with others by
// Compatible. An empty text is VOID.
func InferType(text []byte, o Options) (types.Type, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	d := &Decoder{opts: o, buf: text}
	d.space()
	if d.pos == len(d.buf) {
		return types.NullType, nil
	}
	return d.infer(0)
}

func (d *Decoder) infer(depth int) (types.Type, error) {
	if depth > maxDepth {
		return types.Type{}, d.bad("less nesting")
	}
	text := d.opts.PrimitivesAsString
	switch c := d.peek(); {
	case c == '"' || c == '\'':
		s, err := d.str()
		return d.inferString(s), err
	case c == '[':
		elem := types.NullType
		err := d.each('[', func([]byte, bool) error {
			t, err := d.infer(depth + 1)
			elem = Compatible(elem, t)
			return err
		}, func() {})
		return types.ArrayOf(elem, true), err
	case c == '{':
		var fields []types.Field
		err := d.each('{', func(k []byte, _ bool) error {
			name := string(k)
			t, err := d.infer(depth + 1)
			fields = append(fields, types.Field{Name: name, Type: t, Nullable: true})
			return err
		}, func() {})
		slices.SortStableFunc(fields, func(a, b types.Field) int { return strings.Compare(a.Name, b.Name) })
		return types.StructOf(fields...), err
	case c == 'n':
		return types.NullType, d.word("null")
	case c == 't' || c == 'f':
		w := map[byte]string{'t': "true", 'f': "false"}[c]
		if text {
			return types.StringType, d.word(w)
		}
		return types.BooleanType, d.word(w)
	case c == '-' || c == '+' || c >= '0' && c <= '9' || c == 'N' || c == 'I':
		n, err := d.number()
		if text {
			return types.StringType, err
		}
		return d.inferNumber(n), err
	}
	return types.Type{}, d.bad("a value")
}

func (d *Decoder) inferString(s []byte) types.Type {
	if d.opts.PrefersDecimal {
		if t, ok := decimalOf(s); ok {
			return t
		}
	}
	if d.opts.InferTimestamp {
		if _, ok := d.timestamp(types.Timestamp, s); ok {
			return types.TimestampType
		}
	}
	return types.StringType
}

func (d *Decoder) inferNumber(n num) types.Type {
	if !n.float {
		if _, ok := n.int64(); ok {
			return types.LongType
		}
		if t, ok := decimalOf(n.text); ok {
			return t
		}
		return types.DoubleType
	}
	if d.opts.PrefersDecimal && n.name == "" {
		if t, ok := decimalOf(n.text); ok {
			return t
		}
	}
	return types.DoubleType
}

// decimalOf is the narrowest DECIMAL that holds a number as it is written.
func decimalOf(s []byte) (types.Type, bool) {
	digits, exp, _, ok := decimalParts(bytes.TrimSpace(s))
	if !ok {
		return types.Type{}, false
	}
	precision, scale := max(len(digits), 1), -exp
	if scale < 0 {
		precision, scale = precision-scale, 0
	}
	precision = max(precision, scale)
	return types.DecimalType(precision, scale), precision <= types.MaxPrecision
}

// Compatible is the type that takes the values of two. Spark: JsonInferSchema.compatibleType.
func Compatible(a, b types.Type) types.Type {
	rank := func(t types.Type) int {
		return map[types.Kind]int{types.Long: 1, types.Decimal: 2, types.Double: 3}[t.Kind]
	}
	switch {
	case a.Kind == types.Null:
		return b
	case b.Kind == types.Null:
		return a
	case rank(a) > 0 && rank(b) > 0 && rank(a) != 2 && rank(b) != 2:
		if rank(b) > rank(a) {
			return b
		}
		return a
	case rank(a) == 3 && rank(b) > 0, rank(b) == 3 && rank(a) > 0:
		return types.DoubleType
	case rank(a) > 0 && rank(b) > 0:
		x, y := types.DecimalFor(a), types.DecimalFor(b)
		scale := max(x.Scale, y.Scale)
		whole := max(x.Precision-x.Scale, y.Precision-y.Scale)
		if int(whole)+int(scale) > types.MaxPrecision {
			return types.DoubleType
		}
		return types.DecimalType(int(whole+scale), int(scale))
	case a.Kind == types.Array && b.Kind == types.Array:
		return types.ArrayOf(Compatible(*a.Elem, *b.Elem), true)
	case a.Kind == types.Struct && b.Kind == types.Struct:
		return mergeStructs(a, b)
	case a.Equal(b):
		return a
	}
	return types.StringType
}

// mergeStructs merges fields sorted by name.
func mergeStructs(a, b types.Type) types.Type {
	var out []types.Field
	i, j := 0, 0
	for i < len(a.Fields) || j < len(b.Fields) {
		switch {
		case j == len(b.Fields) || i < len(a.Fields) && a.Fields[i].Name < b.Fields[j].Name:
			out = append(out, a.Fields[i])
			i++
		case i == len(a.Fields) || b.Fields[j].Name < a.Fields[i].Name:
			out = append(out, b.Fields[j])
			j++
		default:
			f := a.Fields[i]
			f.Type = Compatible(f.Type, b.Fields[j].Type)
			out = append(out, f)
			i++
			j++
		}
	}
	return types.StructOf(out...)
}

// Canonical makes VOID a STRING and drops structs without fields; false if nothing is left.
// Spark: JsonInferSchema.canonicalizeType.
func Canonical(t types.Type, o Options) (types.Type, bool) {
	switch t.Kind {
	case types.Null:
		return types.StringType, true
	case types.Array:
		elem, ok := Canonical(*t.Elem, o)
		return types.ArrayOf(elem, true), ok
	case types.Struct:
		var fields []types.Field
		for _, f := range t.Fields {
			if c, ok := Canonical(f.Type, o); ok {
				fields = append(fields, types.Field{Name: f.Name, Type: c, Nullable: true})
			}
		}
		return types.StructOf(fields...), len(fields) > 0
	}
	return t, true
}
