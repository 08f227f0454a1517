package connector_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

var example = &connector.Connector{Name: "ejemplo", Options: []connector.Option{
	{Name: "url", Kind: connector.Text, Required: true, Doc: "what to read"},
	{Name: "maxRows", Kind: connector.Number, Default: "10", Doc: "most rows"},
	{Name: "failOnDataLoss", Kind: connector.Bool, Default: "true", Doc: "stop when rows are gone"},
	{Name: "interval", Kind: connector.Duration, Default: "30 seconds", Doc: "time between polls"},
	{Name: "format", Kind: connector.Choice, Values: []string{"json", "csv"}, Doc: "of the body"},
	{Name: "kafka.", Kind: connector.Text, Prefix: true, Doc: "passed on"},
}}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		options connector.Options
		want    string // as people see it; "" is accepted
	}{
		{connector.Options{"url": "x"}, ""},
		{connector.Options{"URL": "x", "MaxRows": "-3", "failondataloss": "FALSE", "interval": "1m30s", "format": "JSON", "Kafka.acks": "all", "outputMode": "Update", "trigger": "2 seconds"}, ""},
		{connector.Options{}, `[MISSING_OPTION] connector ejemplo needs the option "url": what to read`},
		{connector.Options{"url": ""}, `[MISSING_OPTION] connector ejemplo needs the option "url": what to read`},
		{connector.Options{"url": "x", "maxRow": "1"}, "[UNKNOWN_OPTION] connector ejemplo has no option \"maxRow\"\nhint: did you mean maxRows? 'azud connectors ejemplo' lists them"},
		{connector.Options{"url": "x", "qqqqqq": "1"}, "[UNKNOWN_OPTION] connector ejemplo has no option \"qqqqqq\"\nhint: its options are: url, maxRows, failOnDataLoss, interval, format, kafka., outputMode, trigger"},
		{connector.Options{"url": "x", "kafka.": "1"}, ""},
		{connector.Options{"url": "x", "maxRows": "many"}, "[INVALID_OPTION] option maxRows: \"many\" is not a whole number\nhint: maxRows: most rows"},
		{connector.Options{"url": "x", "maxRows": "1.5"}, "[INVALID_OPTION] option maxRows: \"1.5\" is not a whole number\nhint: maxRows: most rows"},
		{connector.Options{"url": "x", "failOnDataLoss": "no"}, "[INVALID_OPTION] option failOnDataLoss: \"no\" is not true or false\nhint: failOnDataLoss: stop when rows are gone"},
		{connector.Options{"url": "x", "interval": "30"}, "[INVALID_OPTION] option interval: \"30\" is not a duration, such as '30 seconds' or '5 minutes'\nhint: interval: time between polls"},
		{connector.Options{"url": "x", "format": "xml"}, `[INVALID_OPTION] option format: "xml" is not one of json, csv`},
		{connector.Options{"url": "x", "outputMode": "apend"}, `[INVALID_OPTION] option outputMode: "apend" is not one of append, update, complete`},
		{connector.Options{"url": "x", "Url": "y"}, "[INVALID_OPTION] the option url is given twice, as Url and as url"},
	} {
		got := ""
		if err := example.Check(c.options); err != nil {
			got = errs.Render(err)
		}
		if got != c.want {
			t.Errorf("%v:\ngot  %s\nwant %s", c.options, got, c.want)
		}
	}
}

func TestValuesAndDefaults(t *testing.T) {
	o := connector.Options{"MAXROWS": "7", "interval": "1 minute 30 seconds"}
	if n := example.Int(o, "maxRows"); n != 7 {
		t.Errorf("maxRows %d", n)
	}
	if d := example.Duration(o, "interval"); d != 90*time.Second {
		t.Errorf("interval %v", d)
	}
	if d := example.Duration(nil, "interval"); d != 30*time.Second {
		t.Errorf("default interval %v", d)
	}
	if !example.Bool(nil, "failOnDataLoss") || example.Text(nil, "outputMode") != "append" || example.Text(o, "format") != "" {
		t.Error("defaults")
	}
}

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"30 seconds": 30 * time.Second, "1 second": time.Second, "200 milliseconds": 200 * time.Millisecond, "1m30s": 90 * time.Second,
		"INTERVAL 2 Hours 5 minutes": 125 * time.Minute, "1 week": 168 * time.Hour, " 3  days ": 72 * time.Hour, "0": 0, "5 microseconds": 5 * time.Microsecond,
	} {
		if got, err := connector.ParseDuration(in); err != nil || got != want {
			t.Errorf("%q is %v, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "interval", "30", "seconds", "30 sec onds", "-5 seconds", "-1m", "1 month", "1.5 seconds",
		"9999999999999 days", "106751 days 106751 days", "1 second 5"} {
		if got, err := connector.ParseDuration(bad); err == nil {
			t.Errorf("%q is %v", bad, got)
		}
	}
}

func TestPassing(t *testing.T) {
	away := connector.Passing(errs.New("KAFKA_UNAVAILABLE", "away").WithHint("start it"))
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"itself": {away, true}, "wrapped": {fmt.Errorf("epoch 3: %w", away), true}, "joined": {errors.Join(errors.New("x"), away), true},
		"plain": {errs.New("X", "x"), false}, "nil": {nil, false}, "deadline": {context.DeadlineExceeded, true}, "cancelled": {context.Canceled, false},
	} {
		if got := connector.IsPassing(c.err); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if errs.Render(away) != "[KAFKA_UNAVAILABLE] away\nhint: start it" {
		t.Errorf("rendered as %q", errs.Render(away))
	}
}

func TestPrintable(t *testing.T) {
	const in = "a\tb\nc\r\x1b[31m\x00\x7f\u0085\u202e\u2066\u2028\xffñ日\u0301"
	const tail = "\uFFFD[31m\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDñ日\u0301"
	if got := connector.Printable(in, false); got != "a b c "+tail {
		t.Errorf("one line: %q", got)
	}
	if got := connector.Printable(in, true); got != "a b\nc "+tail {
		t.Errorf("lines: %q", got)
	}
}
