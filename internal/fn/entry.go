package fn

import (
	_ "embed" // for the examples
	"strings"
	"sync"

	"github.com/azud/azud/internal/types"
)

// binder makes the Bind of a function of the name given (which is for messages).
type binder func(name string) func([]Arg) (Bound, error)

// scalar makes an entry; its name is what stands before the parenthesis of usage.
func scalar(group, usage, doc string, b binder, aliases ...string) Scalar {
	name, _, _ := strings.Cut(usage, "(")
	return Scalar{Name: name, Aliases: aliases, Group: group, Usage: usage, Doc: doc, Bind: b(name)}
}

// aggregate is scalar for aggregate functions.
func aggregate(usage, doc string, b func(name string) func([]Arg) (BoundAggregate, error), aliases ...string) Aggregate {
	name, _, _ := strings.Cut(usage, "(")
	return Aggregate{Name: name, Aliases: aliases, Group: "agg", Usage: usage, Doc: doc, Bind: b(name)}
}

// fixed is a function of fixed parameters.
func fixed(result types.Type, k Kernel, params ...param) binder {
	return func(name string) func([]Arg) (Bound, error) { return simple(name, result, k, params...) }
}

// opt is a function whose parameters from lo on may be left out.
func opt(lo int, result types.Type, k Kernel, params ...param) binder {
	return func(name string) func([]Arg) (Bound, error) { return optional(name, lo, result, k, params...) }
}

// orNullable marks the result of a function nullable whatever its arguments are.
func orNullable(b binder) binder {
	return func(name string) func([]Arg) (Bound, error) { return mayBeNull(b(name)) }
}

// byFirst picks result type and kernel by the type that the first argument is cast to.
func byFirst(lo int, pick func(t types.Type) (types.Type, Kernel), params ...param) binder {
	return func(name string) func([]Arg) (Bound, error) {
		return func(args []Arg) (Bound, error) {
			ts, err := resolve(name, args, lo, params...)
			if err != nil {
				return Bound{}, err
			}
			r, k := pick(ts[0])
			return Bound{Params: ts, Result: r, Nullable: nullable(args), Kernel: k}, nil
		}
	}
}

// direct is a function that resolves its arguments itself.
func direct(f func(name string, args []Arg) (Bound, error)) binder {
	return func(name string) func([]Arg) (Bound, error) {
		return func(args []Arg) (Bound, error) { return f(name, args) }
	}
}

// The parameter types that most functions take.
var (
	str       = is(types.StringType)
	strOrBin  = is(types.StringType, types.BinaryType)
	bin       = is(types.BinaryType)
	integer32 = is(types.IntType)
	integer64 = is(types.LongType)
	double    = is(types.DoubleType)
	boolean   = is(types.BooleanType)
	date      = is(types.DateType)
	timestamp = is(types.TimestampType, types.TimestampNTZType)
)

//go:embed examples.tsv
var examplesText string

// examples maps a function's name to its example and the result recorded from Spark.
var examples = sync.OnceValue(func() map[string][2]string { return exampleTable(examplesText) })

func exampleTable(text string) map[string][2]string {
	out := map[string][2]string{}
	for line := range strings.Lines(text) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(f) == 3 && !strings.HasPrefix(line, "#") {
			out[f[0]] = [2]string{f[1], f[2]}
		}
	}
	return out
}

// withExamples fills in the examples of entries.
func withExamples(list []Scalar) []Scalar {
	for i := range list {
		e := examples()[list[i].Name]
		list[i].Example, list[i].Result = e[0], e[1]
	}
	return list
}

func withAggExamples(list []Aggregate) []Aggregate {
	for i := range list {
		e := examples()[list[i].Name]
		list[i].Example, list[i].Result = e[0], e[1]
	}
	return list
}
