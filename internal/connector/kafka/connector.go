package kafka

import (
	"context"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/types"
)

// Embedded is the broker of this process.
type Embedded interface {
	// Store is the log that flows read directly.
	Store() *log.Log
	// Request serves a request and waits for the answer.
	Request(ctx context.Context, req kmsg.Request) (kmsg.Response, error)
	// Send serves a request, but no fetch; answered is called once, perhaps before Send returns,
	// and must not block. Requests are carried out in the order in which they are sent.
	Send(ctx context.Context, req kmsg.Request, answered func(kmsg.Response, error))
}

// factory makes sources and sinks.
type factory struct{ home Embedded }

// embedded reports whether a table lives in this process.
func (f *factory) embedded(t connector.Table) bool {
	_, named := t.Options.Lookup("kafka.bootstrap.servers")
	return f.home != nil && !named
}

// Connector is the registry's entry. Tables that name no servers live in home; if it is nil,
// at the servers that the environment names.
func Connector(home Embedded) *connector.Connector {
	f := &factory{home}
	c := &connector.Connector{
		Name: "kafka",
		Doc:  "Topics of the embedded broker, or of any Kafka cluster.",
		Options: []connector.Option{
			{Name: "subscribe", Kind: connector.Text, Doc: "topic to read; several are separated by commas"},
			{Name: "topic", Kind: connector.Text, Doc: "topic to write; default: the one that subscribe names"},
			{Name: "kafka.bootstrap.servers", Kind: connector.Text, Doc: "host:port,…; default: the embedded broker"},
			{Name: "kafka.", Kind: connector.Text, Prefix: true, Doc: "client settings, passed on where they apply"},
			{Name: "format", Kind: connector.Choice, Values: []string{"json"}, Doc: "how values are read and written when the table has columns"},
			{Name: "key", Kind: connector.Text, Doc: "column whose text becomes the record's key when writing"},
			{Name: "startingOffsets", Kind: connector.Text, Doc: `earliest, latest or {"topic":{"0":42}} (-2 earliest, -1 latest); default latest for a stream, earliest for a batch`},
			{Name: "endingOffsets", Kind: connector.Text, Default: "latest", Doc: `latest or {"topic":{"0":42}}; batch only`},
			{Name: "maxOffsetsPerTrigger", Kind: connector.Number, Doc: "most records an epoch reads"},
			{Name: "failOnDataLoss", Kind: connector.Bool, Default: "true", Doc: "stop when offsets that were due are gone"},
			{Name: "ignoreNullFields", Kind: connector.Bool, Default: "true", Doc: "leave NULL columns out of written JSON"},
			{Name: "includeHeaders", Kind: connector.Bool, Default: "false", Doc: "add the headers column to the raw schema"},
		},
	}
	c.Schema = func(t connector.Table) (types.Schema, error) {
		return rawSchema(c.Bool(t.Options, "includeHeaders")), nil
	}
	c.Source = func(ctx context.Context, env connector.Env, t connector.Table) (connector.Source, error) {
		return f.newSource(ctx, c, env, t)
	}
	c.Sink = func(ctx context.Context, env connector.Env, t connector.Table) (connector.Sink, error) {
		return f.newSink(c, env, t)
	}
	return c
}

// topics is the list to read.
func topics(t connector.Table) ([]string, error) {
	s, _ := t.Options.Lookup("subscribe")
	if s == "" {
		s, _ = t.Options.Lookup("topic")
	}
	var out []string
	for _, name := range strings.Split(s, ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		return nil, errs.New("MISSING_OPTION", "table %s names no topic", t.Name).
			WithHint("add OPTIONS (subscribe 'topic')")
	}
	return out, nil
}
