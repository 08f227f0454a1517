package json

import (
	_ "embed" // for the examples
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

//go:embed examples.tsv
var examples string

// Functions lists the scalar functions over JSON text.
func Functions() []fn.Scalar {
	entry := func(usage, doc string, bind func(name string, args []fn.Arg) (fn.Bound, error)) fn.Scalar {
		name, _, _ := strings.Cut(usage, "(")
		return fn.Scalar{Name: name, Group: "json", Usage: usage, Doc: doc,
			Bind: func(args []fn.Arg) (fn.Bound, error) { return bind(name, args) }}
	}
	return fn.WithExamples(examples, []fn.Scalar{
		entry("from_json(json, schema[, options])", "The struct, array or map that a JSON text stands for; what cannot be read is NULL.", bindFromJSON),
		entry("to_json(expr[, options])", "A struct, array or map as JSON text.", bindToJSON),
		entry("get_json_object(json, path)", "What lies at a path such as $.a[0].b of a JSON text; NULL if there is nothing.", bindGetObject),
		entry("schema_of_json(json[, options])", "The type of a constant JSON text, as from_json takes it.", bindSchemaOf),
		entry("json_array_length(json)", "The number of elements of a JSON array; NULL of anything else.", bindArrayLength),
		entry("json_object_keys(json)", "The keys of a JSON object; NULL of anything else.", bindObjectKeys),
	})
}

// textArg is Spark's check of an argument that must be a STRING as it is.
func textArg(name string, args []fn.Arg, lo, hi int) error {
	if len(args) < lo || len(args) > hi {
		return fn.WrongArity(name, lo, hi, len(args))
	}
	if k := args[0].Type.Kind; k != types.String && k != types.Null {
		return fn.Mismatch(name, 0, `"STRING"`, args[0].Type)
	}
	return nil
}

func bindFromJSON(name string, args []fn.Arg) (fn.Bound, error) {
	if err := textArg(name, args, 2, 3); err != nil {
		return fn.Bound{}, err
	}
	t, err := fn.SchemaArg(args[1], ParseTypeOrSchema)
	if err != nil {
		return fn.Bound{}, err
	}
	if err := readable(t); err != nil {
		return fn.Bound{}, err
	}
	t = asNullable(t)
	get, err := fn.OptionsArg(args, 2)
	if err != nil {
		return fn.Bound{}, err
	}
	o, err := ParseOptions(get, nil)
	if err != nil {
		return fn.Bound{}, err
	}
	if o.Mode == DropMalformed {
		return fn.Bound{}, errs.New("PARSE_MODE_UNSUPPORTED", "the function `%s` does not support the mode DROPMALFORMED", name).State("42601").
			WithHint("use PERMISSIVE or FAILFAST")
	}
	if err := corruptColumn(t, o.CorruptColumn); err != nil {
		return fn.Bound{}, err
	}
	if _, err := NewReader(t, o); err != nil {
		return fn.Bound{}, err
	}
	params := []types.Type{types.StringType, args[1].Type}
	if len(args) == 3 {
		params = append(params, args[2].Type)
	}
	return fn.Bound{Params: params, Result: t, Nullable: true, Kernel: fromJSON(name, t, o)}, nil
}

// ParseTypeOrSchema reads a type, or a list of columns, which is a struct.
func ParseTypeOrSchema(text string) (types.Type, error) {
	if t, err := sql.ParseType(&errs.Source{Name: "schema", Text: text}); err == nil {
		return t, nil
	}
	s, err := sql.ParseSchema(text)
	return s.Struct(), err
}

// readable refuses what cannot be the schema of a JSON text.
func readable(t types.Type) error {
	switch t.Kind {
	case types.Struct, types.Array:
	case types.Map:
		if t.Key.Kind != types.String {
			return errs.New("DATATYPE_MISMATCH.INVALID_JSON_MAP_KEY_TYPE", `the keys of a map in JSON are STRING, not "%s"`, t.Key.SQL()).State("42K09")
		}
	default:
		return errs.New("DATATYPE_MISMATCH.INVALID_JSON_SCHEMA", `the schema of a JSON text must be a struct, an array or a map, not "%s"`, t.SQL()).State("42K09")
	}
	return nil
}

func corruptColumn(t types.Type, name string) error {
	for _, f := range t.Fields {
		if t.Kind == types.Struct && f.Name == name && f.Type.Kind != types.String {
			return errs.New("INVALID_CORRUPT_RECORD_TYPE", "the column `%s` for corrupt records must be a nullable STRING, not %s", name, f.Type.SQL()).State("42804")
		}
	}
	return nil
}

// asNullable marks everything nullable: text promises nothing.
func asNullable(t types.Type) types.Type {
	switch t.Kind {
	case types.Array:
		return types.ArrayOf(asNullable(*t.Elem), true)
	case types.Map:
		return types.MapOf(asNullable(*t.Key), asNullable(*t.Elem), true)
	case types.Struct:
		var fields []types.Field
		for _, f := range t.Fields {
			fields = append(fields, types.Field{Name: f.Name, Type: asNullable(f.Type), Nullable: true})
		}
		return types.StructOf(fields...)
	}
	return t
}

func fromJSON(name string, t types.Type, o Options) fn.Kernel {
	return func(c *fn.Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		opts := o
		if opts.Zone == nil {
			opts.Zone = c.Zone
		}
		r, err := NewReader(t, opts)
		if err != nil {
			return vec.Col{}, err
		}
		return fn.BuildRows(t, n, sel, func(b *vec.ColBuilder, i int) error {
			if args[0].IsNull(i) {
				return fn.ErrNull
			}
			err := r.Read(b, args[0].Bytes(i))
			if err != nil && o.Mode == FailFast {
				return failFast(args[0].Str(i), err)
			}
			return nil
		})
	}
}

func failFast(text string, cause error) error {
	class := "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION"
	if cause == errArray {
		class = "MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_JSON_ARRAYS_AS_STRUCTS"
	}
	return errs.Wrap(cause, class, "a malformed record is found in parsing: %s", text).State("22023").
		WithHint("use the mode PERMISSIVE to get NULL instead")
}

func bindToJSON(name string, args []fn.Arg) (fn.Bound, error) {
	if len(args) < 1 || len(args) > 2 {
		return fn.Bound{}, fn.WrongArity(name, 1, 2, len(args))
	}
	get, err := fn.OptionsArg(args, 1)
	if err != nil {
		return fn.Bound{}, err
	}
	o, err := ParseOptions(get, nil)
	if err != nil {
		return fn.Bound{}, err
	}
	t := args[0].Type
	switch t.Kind {
	case types.Struct, types.Array, types.Map, types.Null:
	default:
		return fn.Bound{}, errs.New("DATATYPE_MISMATCH.INVALID_JSON_SCHEMA", `to_json takes a struct, an array or a map, not "%s"`, t.SQL()).State("42K09")
	}
	params := []types.Type{t}
	if len(args) == 2 {
		params = append(params, args[1].Type)
	}
	return fn.Bound{Params: params, Result: types.StringType, Nullable: args[0].Nullable, Kernel: toJSON(o)}, nil
}

func toJSON(o Options) fn.Kernel {
	return func(c *fn.Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		opts := o
		if opts.Zone == nil {
			opts.Zone = c.Zone
		}
		e, err := NewEncoder(nil, opts)
		if err != nil {
			return vec.Col{}, err
		}
		var buf []byte
		return fn.BuildRows(types.StringType, n, sel, func(b *vec.ColBuilder, i int) error {
			if args[0].IsNull(i) {
				return fn.ErrNull
			}
			if buf = e.value(buf[:0], &args[0], i); o.Pretty {
				buf = pretty(buf)
			}
			b.AppendBytes(buf)
			return nil
		})
	}
}
