package kafkatool

import (
	"fmt"
	"strconv"
	"strings"
)

// option is one that a tool accepts.
type option struct {
	name      string
	arg       argument
	what      string   // of the argument, for the usage text
	help      string   // for the usage text
	def       string   // the value of an argument that is not given
	typ       string   // Java's name of the argument's type; "" is String
	separator string   // splits one argument into several values
	onlyWith  []string // the option is available with one of these only
}

type argument int

const (
	flag     argument = iota // takes no argument
	required                 // takes what follows, whatever it looks like
	optional                 // takes what follows unless that looks like an option
)

// parser knows a tool's options. Command lines are read as the joptsimple library reads them, which
// Kafka's tools use: "--opt value", "--opt=value", "-opt value"; values are converted when asked for.
type parser struct{ list []option }

func newParser(list ...option) *parser {
	return &parser{append(list, option{name: "help", help: "print this list of options"},
		option{name: "version", help: "print the release of Kafka whose tool this is"})}
}

func (p *parser) find(name string) *option {
	for i := range p.list {
		if p.list[i].name == name {
			return &p.list[i]
		}
	}
	return nil
}

// options is a command line that was read. err is what was wrong with it; Kafka's tools treat
// that error in different ways, so it is theirs to report.
type options struct {
	parser *parser
	args   []string
	seen   []string // names in the order given
	values map[string][]string
	err    error
}

func optionError(class, format string, args ...any) error {
	return &javaError{class: "joptsimple." + class, text: fmt.Sprintf(format, args...)}
}

func (p *parser) parse(args []string) *options {
	o := &options{parser: p, args: args, values: map[string][]string{}}
	for rest := args; len(rest) > 0 && o.err == nil; {
		rest = o.next(rest)
	}
	if o.err == nil && !o.has("help") && !o.has("version") {
		o.err = o.unavailable()
	}
	return o
}

// next reads one option, with its argument, and returns what follows it.
func (o *options) next(rest []string) []string {
	word := rest[0]
	rest = rest[1:]
	if word == "--" {
		return nil // what follows are not options; no tool takes such words
	}
	if !looksLikeOption(word) {
		return rest
	}
	name, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(word, "-"), "-"), "=")
	opt := o.parser.find(name)
	switch {
	case opt == nil:
		if !strings.HasPrefix(word, "--") {
			name = name[:1] // one hyphen: a row of one-letter options, of which there are none
		}
		o.err = optionError("UnrecognizedOptionException", "%s is not a recognized option", name)
	case opt.arg == flag:
		o.add(name)
	case value != "":
		o.add(name, value)
	case len(rest) > 0 && (opt.arg == required || !looksLikeOption(rest[0])):
		o.add(name, rest[0])
		return rest[1:]
	case opt.arg == required:
		o.err = optionError("OptionMissingRequiredArgumentException", "Option %s requires an argument", name)
	default:
		o.add(name)
	}
	return rest
}

func looksLikeOption(word string) bool { return len(word) > 1 && word[0] == '-' }

func (o *options) add(name string, values ...string) {
	o.seen = append(o.seen, name)
	if sep := o.parser.find(name).separator; sep != "" && len(values) == 1 {
		values = strings.Split(values[0], sep)
	}
	o.values[name] = append(o.values[name], values...)
}

func (o *options) unavailable() error {
	var names []string
	for _, opt := range o.parser.list {
		if o.has(opt.name) && len(opt.onlyWith) > 0 && !o.any(opt.onlyWith...) {
			names = append(names, opt.name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return optionError("UnavailableOptionException",
		"Option(s) [%s] are unavailable given other options on the command line", strings.Join(names, ", "))
}

func (o *options) has(name string) bool {
	_, ok := o.values[name]
	return ok
}

func (o *options) any(names ...string) bool { return o.count(names...) > 0 }

func (o *options) count(names ...string) (n int) {
	for _, name := range names {
		if o.has(name) {
			n++
		}
	}
	return n
}

// value is the one value of an option, its default where it is not given.
func (o *options) value(name string) (string, error) {
	switch v := o.values[name]; len(v) {
	case 0:
		return o.parser.find(name).def, nil
	case 1:
		return v[0], nil
	default:
		return "", optionError("MultipleArgumentsForOptionException",
			"Found multiple arguments for option %s, but you asked for only one", name)
	}
}

// all are the values of an option that may be given more than once.
func (o *options) all(name string) []string { return o.values[name] }

// integer is the value of an option with a number of the given size in bits; ok is false where it is
// not given and has no default.
func (o *options) integer(name string, bits int) (n int64, ok bool, err error) {
	s, err := o.value(name)
	if err != nil || s == "" {
		return 0, false, err
	}
	n, err = strconv.ParseInt(s, 10, bits)
	if err != nil {
		return 0, false, optionError("OptionArgumentConversionException", "Cannot parse argument '%s' of option %s", s, name)
	}
	return n, true, nil
}

// need fails with the usage text where one of the options is missing.
func (o *options) need(names ...string) error {
	for _, name := range names {
		if !o.has(name) {
			return usageError(fmt.Sprintf("Missing required argument \"[%s]\"", name))
		}
	}
	return nil
}

// conflict fails with the usage text where an option is given together with one of the others.
func (o *options) conflict(name string, others ...string) error {
	for _, other := range others {
		if o.has(name) && o.has(other) {
			return usageError(fmt.Sprintf("Option \"[%s]\" can't be used with option \"[%s]\"", name, other))
		}
	}
	return nil
}

// firstError returns the first error of a row of checks.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// without returns the names that are not among the ones to leave out.
func without(names []string, leave ...string) []string {
	var out []string
	for _, n := range names {
		keep := true
		for _, l := range leave {
			keep = keep && n != l
		}
		if keep {
			out = append(out, n)
		}
	}
	return out
}
