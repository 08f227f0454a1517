package csv

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

// Functions lists the scalar functions over CSV text.
func Functions() []fn.Scalar {
	entry := func(usage, doc string, bind func(name string, args []fn.Arg) (fn.Bound, error)) fn.Scalar {
		name, _, _ := strings.Cut(usage, "(")
		return fn.Scalar{Name: name, Group: "csv", Usage: usage, Doc: doc,
			Bind: func(args []fn.Arg) (fn.Bound, error) { return bind(name, args) }}
	}
	return fn.WithExamples(examples, []fn.Scalar{
		entry("from_csv(csv, schema[, options])", "The struct that a line of CSV stands for; what cannot be read is NULL.", bindFromCSV),
		entry("to_csv(struct[, options])", "A struct as a line of CSV.", bindToCSV),
		entry("schema_of_csv(csv[, options])", "The type of a constant line of CSV, as from_csv takes it.", bindSchemaOf),
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

// paramsOf keeps all arguments but the first, which is cast to t, as they are.
func paramsOf(t types.Type, args []fn.Arg) []types.Type {
	out := []types.Type{t}
	for _, a := range args[1:] {
		out = append(out, a.Type)
	}
	return out
}

func bindFromCSV(name string, args []fn.Arg) (fn.Bound, error) {
	if err := textArg(name, args, 2, 3); err != nil {
		return fn.Bound{}, err
	}
	t, err := fn.SchemaArg(args[1], parseStruct)
	if err != nil {
		return fn.Bound{}, err
	}
	get, err := fn.OptionsArg(args, 2)
	if err != nil {
		return fn.Bound{}, err
	}
	o, err := NewOptions(get, nil)
	if err != nil {
		return fn.Bound{}, err
	}
	if o.Mode == DropMalformed {
		return fn.Bound{}, errs.New("PARSE_MODE_UNSUPPORTED", "the function `%s` does not support the mode DROPMALFORMED", name).State("42601").
			WithHint("use PERMISSIVE or FAILFAST")
	}
	data, corrupt, err := split(t, o.CorruptColumn)
	if err != nil {
		return fn.Bound{}, err
	}
	for _, f := range data {
		if !Supported(f.Type) {
			return fn.Bound{}, errs.New("UNSUPPORTED_DATATYPE", "CSV has no form for %s", f.Type.SQL()).State("0A000").WithHint("read it as STRING, and then with from_json")
		}
	}
	return fn.Bound{Params: paramsOf(types.StringType, args), Result: t, Nullable: true, Kernel: fromCSV(t, data, corrupt, get)}, nil
}

// parseStruct reads a list of columns or a STRUCT type; everything in it may be NULL.
func parseStruct(text string) (types.Type, error) {
	t, err := sql.ParseType(&errs.Source{Name: "schema", Text: text})
	if err != nil {
		s, err := sql.ParseSchema(text)
		if err != nil {
			return types.Type{}, err
		}
		t = s.Struct()
	}
	if t.Kind != types.Struct {
		return t, errs.New("INVALID_SCHEMA.NON_STRUCT_TYPE", "the schema must be a struct, not %s", t.SQL()).State("42K07").
			WithHint("write it as 'a INT, b STRING'")
	}
	out := types.Type{Kind: types.Struct}
	for _, f := range t.Fields {
		f.Nullable = true
		out.Fields = append(out.Fields, f)
	}
	return out, nil
}

// split takes the column of corrupt records out; its place is -1 if there is none.
func split(t types.Type, name string) (data types.Schema, corrupt int, err error) {
	corrupt = -1
	for i, f := range t.Fields {
		if f.Name != name {
			data = append(data, f)
			continue
		}
		if f.Type.Kind != types.String {
			return nil, 0, errs.New("INVALID_CORRUPT_RECORD_TYPE", "the column `%s` for corrupt records must be a nullable STRING, not %s", name, f.Type.SQL()).State("42804")
		}
		corrupt = i
	}
	return data, corrupt, nil
}

func fromCSV(t types.Type, data types.Schema, corrupt int, get func(name string) (string, bool)) fn.Kernel {
	return func(c *fn.Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		o, err := NewOptions(get, c.Zone)
		if err != nil {
			return vec.Col{}, err
		}
		p, err := NewParser(data, o)
		if err != nil {
			return vec.Col{}, err
		}
		var cols []*vec.ColBuilder
		return fn.BuildRows(t, n, sel, func(b *vec.ColBuilder, i int) error {
			if args[0].IsNull(i) {
				return fn.ErrNull
			}
			if cols == nil {
				for k := range t.Fields {
					if k != corrupt {
						cols = append(cols, b.Child(k))
					}
				}
			}
			bad := parse(p, o, args[0].Bytes(i), cols)
			if bad != nil && o.Mode == FailFast {
				return errs.Wrap(bad, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "a malformed record is found in parsing: %s", args[0].Str(i)).
					State("22023").WithHint("use the mode PERMISSIVE to get NULL instead")
			}
			switch {
			case corrupt < 0:
			case bad == nil:
				b.Child(corrupt).AppendNull()
			default:
				b.Child(corrupt).AppendBytes(args[0].Bytes(i))
			}
			b.EndStruct()
			return nil
		})
	}
}

// parse is Parse, but a comment has no values.
func parse(p *Parser, o *Options, line []byte, cols []*vec.ColBuilder) error {
	if o.Comment == 0 || len(line) == 0 || line[0] != o.Comment {
		return p.Parse(line, cols)
	}
	for _, c := range cols {
		c.AppendNull()
	}
	return malformed(line, "it is a comment")
}

func bindToCSV(name string, args []fn.Arg) (fn.Bound, error) {
	if len(args) < 1 || len(args) > 2 {
		return fn.Bound{}, fn.WrongArity(name, 1, 2, len(args))
	}
	get, err := fn.OptionsArg(args, 1)
	if err != nil {
		return fn.Bound{}, err
	}
	if _, err := NewOptions(get, nil); err != nil {
		return fn.Bound{}, err
	}
	t := args[0].Type
	if t.Kind != types.Struct && t.Kind != types.Null {
		return fn.Bound{}, errs.New("DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE", `to_csv takes a struct, not "%s"`, t.SQL()).State("42K09")
	}
	return fn.Bound{Params: paramsOf(t, args), Result: types.StringType, Nullable: true, Kernel: toCSV(t.Fields, get)}, nil
}

func toCSV(s types.Schema, get func(name string) (string, bool)) fn.Kernel {
	flat := plain(s)
	return func(c *fn.Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		o, err := NewOptions(get, c.Zone)
		if err != nil {
			return vec.Col{}, err
		}
		w, err := NewWriter(flat, o)
		if err != nil {
			return vec.Col{}, err
		}
		var buf []byte
		var kids []vec.Col
		return fn.BuildRows(types.StringType, n, sel, func(b *vec.ColBuilder, i int) error {
			if args[0].IsNull(i) {
				return fn.ErrNull
			}
			x, j := args[0].Phys(i)
			if kids == nil {
				kids = texts(c, x.Kids, flat)
			}
			if len(kids) == 1 && kids[0].IsNull(j) && o.NullValue == "" && !o.QuoteAll {
				return fn.ErrNull // Spark: a row without text has no string
			}
			if buf = w.AppendRow(buf[:0], kids, j); len(buf) == 0 {
				return fn.ErrNull
			}
			b.AppendBytes(buf)
			return nil
		})
	}
}

// plain has STRING for what CSV has no form for.
func plain(s types.Schema) types.Schema {
	out := append(types.Schema{}, s...)
	for i, f := range out {
		if f.Type.IsNested() || f.Type.Kind == types.Binary {
			out[i].Type = types.StringType
		}
	}
	return out
}

// texts prints the columns that plain has as STRING.
func texts(c *fn.Context, kids []vec.Col, flat types.Schema) []vec.Col {
	out := append([]vec.Col{}, kids...)
	for i := range out {
		if !out[i].Type.Equal(flat[i].Type) {
			out[i] = fn.TextColumn(c, &out[i])
		}
	}
	return out
}

func bindSchemaOf(name string, args []fn.Arg) (fn.Bound, error) {
	if err := textArg(name, args, 1, 2); err != nil {
		return fn.Bound{}, err
	}
	text, err := fn.TextArg(name, "csv", args[0])
	if err != nil {
		return fn.Bound{}, err
	}
	get, err := fn.OptionsArg(args, 1)
	if err != nil {
		return fn.Bound{}, err
	}
	s := types.StringType
	return fn.Bound{Params: paramsOf(s, args), Result: s, Kernel: func(c *fn.Context, _ []vec.Col, n int, _ []uint32) (vec.Col, error) {
		o, err := NewOptions(get, c.Zone)
		if err != nil {
			return vec.Col{}, err
		}
		if text == "" {
			return vec.Col{}, &fn.RowError{Err: errs.New("INTERNAL_ERROR", "an empty line of CSV has no schema").State("XX000")}
		}
		o.InferSchema = true
		f := NewInferrer(o)
		if err := f.Add([]byte(text)); err != nil {
			return vec.Col{}, &fn.RowError{Err: err}
		}
		return vec.ConstString(s, sql.TypeText(f.Schema(nil).Struct()), n), nil
	}}, nil
}
