package connector

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/azud/azud/internal/errs"
)

// Kind is the type of an option's value.
type Kind string

const (
	Text     Kind = "text"
	Number   Kind = "number"   // a 64-bit integer
	Bool     Kind = "bool"     // true or false
	Duration Kind = "duration" // "30 seconds", "5 minutes", "200 milliseconds", or Go's "1m30s"
	Choice   Kind = "choice"   // one of Values
	URL      Kind = "url"      // an http or https address
)

// Option describes one option of a connector.
type Option struct {
	Name     string // Spark's spelling; compared without case
	Kind     Kind
	Default  string
	Values   []string // of a Choice
	Required bool
	Positive bool // of a Duration: more than 0
	Prefix   bool // Name is a prefix ("kafka."): whatever follows is passed on
	Doc      string
}

// Options are a table's options by name; lookups ignore case.
type Options map[string]string

// Lookup finds an option without regard to case.
func (o Options) Lookup(name string) (string, bool) {
	if v, ok := o[name]; ok {
		return v, true
	}
	for k, v := range o {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return "", false
}

// Common are the options that the runner, not the connector, reads from a sink's table.
var Common = []Option{
	{Name: "outputMode", Kind: Choice, Values: []string{"append", "update", "complete"}, Default: "append",
		Doc: "Spark's output mode of the flows that write to the table"},
	{Name: "trigger", Kind: Duration, Default: "0 seconds",
		Doc: "time between epochs; 0 starts one as soon as there is data"},
}

// Check validates options against the spec (and Common): unknown names with near ones,
// missing required ones, values of the wrong kind. It returns the first fault.
func (c *Connector) Check(o Options) error {
	spec := c.spec()
	written := map[string]string{} // by lower case
	for _, name := range slices.Sorted(maps.Keys(o)) {
		value := o[name]
		if other, twice := written[strings.ToLower(name)]; twice {
			return errs.New("INVALID_OPTION", "the option %s is given twice, as %s and as %s", strings.ToLower(name), other, name)
		}
		written[strings.ToLower(name)] = name
		opt, ok := find(spec, name)
		if !ok {
			var names []string
			for _, s := range spec {
				names = append(names, s.Name)
			}
			e := errs.New("UNKNOWN_OPTION", "connector %s has no option %q", c.Name, name)
			if near := errs.Near(name, names); len(near) > 0 {
				return e.WithHint("did you mean %s? 'azud connectors %s' lists them", strings.Join(near, ", "), c.Name)
			}
			return e.WithHint("its options are: %s", strings.Join(names, ", "))
		}
		if err := opt.check(value); err != nil {
			return err
		}
	}
	for _, s := range spec {
		if v, _ := o.Lookup(s.Name); s.Required && v == "" {
			return errs.New("MISSING_OPTION", "connector %s needs the option %q: %s", c.Name, s.Name, s.Doc)
		}
	}
	return nil
}

// spec is the connector's options and the common ones.
func (c *Connector) spec() []Option { return append(slices.Clone(c.Options), Common...) }

func find(spec []Option, name string) (Option, bool) {
	for _, s := range spec {
		if strings.EqualFold(s.Name, name) ||
			s.Prefix && len(name) > len(s.Name) && strings.EqualFold(name[:len(s.Name)], s.Name) {
			return s, true
		}
	}
	return Option{}, false
}

var kinds = map[Kind]string{Number: "a whole number", Bool: "true or false", Duration: "a duration, such as '30 seconds' or '5 minutes'"}

func (s Option) check(v string) error {
	var err error
	switch s.Kind {
	case Number:
		_, err = strconv.ParseInt(v, 10, 64)
	case Bool:
		_, err = strconv.ParseBool(v)
	case Duration:
		var d time.Duration
		if d, err = ParseDuration(v); err == nil && s.Positive && d == 0 {
			return errs.New("INVALID_OPTION", "option %s must be more than 0", s.Name).WithHint("%s: %s", s.Name, s.Doc)
		}
	case URL:
		if u, err := url.Parse(v); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return errs.New("INVALID_OPTION", "option %s: %q is not an http or https address", s.Name, ShownURL(v)).
				WithHint("write it as https://host/path")
		}
	case Choice:
		for _, c := range s.Values {
			if strings.EqualFold(c, v) {
				return nil
			}
		}
		return errs.New("INVALID_OPTION", "option %s: %q is not one of %s", s.Name, v, strings.Join(s.Values, ", "))
	}
	if err != nil {
		return errs.New("INVALID_OPTION", "option %s: %q is not %s", s.Name, v, kinds[s.Kind]).WithHint("%s: %s", s.Name, s.Doc)
	}
	return nil
}

// Text returns an option or its default. The options have passed Check.
func (c *Connector) Text(o Options, name string) string {
	if v, ok := o.Lookup(name); ok {
		return v
	}
	s, _ := find(c.spec(), name)
	return s.Default
}

// Bool returns a Bool option or its default.
func (c *Connector) Bool(o Options, name string) bool {
	v, _ := strconv.ParseBool(c.Text(o, name))
	return v
}

// Int returns a Number option or its default.
func (c *Connector) Int(o Options, name string) int64 {
	v, _ := strconv.ParseInt(c.Text(o, name), 10, 64)
	return v
}

// Duration returns a Duration option or its default.
func (c *Connector) Duration(o Options, name string) time.Duration {
	v, _ := ParseDuration(c.Text(o, name))
	return v
}

var units = map[string]time.Duration{
	"microsecond": time.Microsecond, "millisecond": time.Millisecond, "second": time.Second,
	"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour,
}

// ParseDuration reads Spark's "1 minute 30 seconds" (optionally after INTERVAL) or Go's "1m30s".
// Negative durations are refused.
func ParseDuration(s string) (time.Duration, error) {
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return d, nil
	}
	words := strings.Fields(strings.ToLower(s))
	if len(words) > 0 && words[0] == "interval" {
		words = words[1:]
	}
	var total time.Duration
	for i := 0; i+1 < len(words); i += 2 {
		n, err := strconv.ParseInt(words[i], 10, 64)
		unit, ok := units[strings.TrimSuffix(words[i+1], "s")]
		if err != nil || !ok || n < 0 || n > int64((math.MaxInt64-total)/unit) {
			return 0, fmt.Errorf("%q is not a duration", s)
		}
		total += time.Duration(n) * unit
	}
	if len(words) == 0 || len(words)%2 != 0 {
		return 0, fmt.Errorf("%q is not a duration", s)
	}
	return total, nil
}
