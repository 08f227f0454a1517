package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/connector"
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
			{Name: "subscribePattern", Kind: connector.Text, Doc: "a regular expression of the topics to read; batch only"},
			{Name: "assign", Kind: connector.Text, Doc: `the partitions to read, {"topic":[0,1]}; batch only`},
			{Name: "topic", Kind: connector.Text, Doc: "topic to write; default: the one that subscribe names"},
			{Name: "kafka.bootstrap.servers", Kind: connector.Text, Doc: "host:port,…; default: the embedded broker"},
			{Name: "kafka.", Kind: connector.Text, Prefix: true, Doc: "client settings, passed on where they apply"},
			{Name: "format", Kind: connector.Choice, Values: []string{"json"}, Doc: "how values are read and written when the table has columns"},
			{Name: "key", Kind: connector.Text, Doc: "column whose text becomes the record's key when writing"},
			{Name: "startingOffsets", Kind: connector.Text, Doc: `earliest, latest or {"topic":{"0":42}} (-2 earliest, -1 latest); default latest for a stream, earliest for a batch`},
			{Name: "endingOffsets", Kind: connector.Text, Default: "latest", Doc: `latest or {"topic":{"0":42}}; batch only`},
			{Name: "startingTimestamp", Kind: connector.Number, Doc: "read from the first record not older, in ms since 1970; before startingOffsets*"},
			{Name: "endingTimestamp", Kind: connector.Number, Doc: "read up to the first record not older, in ms since 1970; batch only"},
			{Name: "startingOffsetsByTimestamp", Kind: connector.Text, Doc: `startingTimestamp of each partition, {"topic":{"0":1700000000000}}`},
			{Name: "endingOffsetsByTimestamp", Kind: connector.Text, Doc: "endingTimestamp of each partition; batch only"},
			{Name: "startingOffsetsByTimestampStrategy", Kind: connector.Choice, Values: []string{"error", "latest"}, Default: "error", Doc: "where no record is as young as the starting time: fail, or begin at the end"},
			{Name: "minPartitions", Kind: connector.Number, Doc: "the fewest parts that a batch is read in"},
			{Name: "maxRecordsPerPartition", Kind: connector.Number, Doc: "the most offsets of a part of a batch"},
			{Name: "groupIdPrefix", Kind: connector.Text, Doc: "has no effect: partitions are read without a group"},
			{Name: "kafkaConsumer.", Kind: connector.Text, Prefix: true, Doc: "Spark's settings of its consumers; no effect"},
			{Name: "fetchOffset.", Kind: connector.Text, Prefix: true, Doc: "Spark's settings of its retries; no effect"},
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
	c.Batch = func(ctx context.Context, env connector.Env, t connector.Table) (connector.BatchSource, error) {
		return f.newBatch(ctx, c, env, t)
	}
	c.Sink = func(ctx context.Context, env connector.Env, t connector.Table) (connector.Sink, error) {
		return f.newSink(c, env, t)
	}
	c.Save = func(_ context.Context, env connector.Env, t connector.Table) (connector.BatchSink, error) {
		return f.newSave(c, env, t)
	}
	return c
}
