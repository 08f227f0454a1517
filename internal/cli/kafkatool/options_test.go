package kafkatool

import (
	"reflect"
	"strings"
	"testing"
)

func testParser() *parser {
	return newParser(option{name: "topic", arg: required}, option{name: "codec", arg: optional}, option{name: "sync"},
		option{name: "number", arg: required, def: "7"}, option{name: "keys", arg: required, separator: ","},
		option{name: "verbose", onlyWith: []string{"sync"}})
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		args string
		want map[string][]string
		err  string
	}{
		{"--topic a --topic=b -topic c", map[string][]string{"topic": {"a", "b", "c"}}, ""},
		{"--topic --sync", map[string][]string{"topic": {"--sync"}}, ""}, // required: whatever follows
		{"--topic= x", map[string][]string{"topic": {"x"}}, ""},
		{"--codec zstd", map[string][]string{"codec": {"zstd"}}, ""},
		{"--codec --sync", map[string][]string{"codec": nil, "sync": nil}, ""},
		{"--codec", map[string][]string{"codec": nil}, ""},
		{"--keys a,b --keys c", map[string][]string{"keys": {"a", "b", "c"}}, ""},
		{"word --sync other", map[string][]string{"sync": nil}, ""},
		{"--sync -- --topic a", map[string][]string{"sync": nil}, ""},
		{"--nosuch 1", nil, "nosuch is not a recognized option"},
		{"-x", nil, "x is not a recognized option"},
		{"--topic", nil, "Option topic requires an argument"},
		{"--verbose", nil, "Option(s) [verbose] are unavailable given other options on the command line"},
		{"--verbose --help", map[string][]string{"verbose": nil, "help": nil}, ""},
	} {
		o := testParser().parse(strings.Fields(c.args))
		if c.err != "" {
			if o.err == nil || o.err.Error() != c.err {
				t.Errorf("%s: error %v, want %s", c.args, o.err, c.err)
			}
			continue
		}
		if o.err != nil || !reflect.DeepEqual(o.values, c.want) {
			t.Errorf("%s: %v, error %v, want %v", c.args, o.values, o.err, c.want)
		}
	}
}

func TestOptionValues(t *testing.T) {
	o := testParser().parse([]string{"--topic", "a", "--topic", "b", "--number", "x"})
	if _, err := o.value("topic"); err == nil || err.Error() != "Found multiple arguments for option topic, but you asked for only one" {
		t.Errorf("two topics: %v", err)
	}
	if _, _, err := o.integer("number", 32); err == nil || err.Error() != "Cannot parse argument 'x' of option number" {
		t.Errorf("a number x: %v", err)
	}
	if n, ok, err := testParser().parse(nil).integer("number", 32); n != 7 || !ok || err != nil {
		t.Errorf("the default is %d, %v, %v", n, ok, err)
	}
}

// A line of the usage table is never wider than a terminal of 80 columns.
func TestUsageWidth(t *testing.T) {
	for _, spec := range []func() *parser{topicsOptions, producerOptions, consumerOptions, groupsOptions, configsOptions, offsetsOptions, apiVersionsOptions, clusterOptions} {
		text := spec().usage()
		for _, l := range strings.Split(text, "\n") {
			if len(l) > usageWidth {
				t.Errorf("%d columns: %s", len(l), l)
			}
		}
		if !strings.Contains(text, "--help") {
			t.Errorf("no --help in\n%s", text)
		}
	}
}
