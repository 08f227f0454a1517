package kafkatool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const lineReaderClass = "org.apache.kafka.tools.LineMessageReader"

func producerOptions() *parser {
	number := func(name, typ, what, def, help string) option {
		return option{name: name, arg: required, typ: typ, what: what, def: def, help: help}
	}
	reader := "a property of the line reader: parse.key, parse.headers, ignore.error (true or false), " +
		"key.separator, headers.delimiter, headers.separator, headers.key.separator, null.marker"
	return newParser(
		option{name: "topic", arg: required, what: "topic", help: "the topic to send to (required)"},
		bootstrapOption("the brokers to connect to (required)"),
		option{name: "sync", help: "wait for the acknowledgement of each record before the next is read"},
		option{name: "compression-codec", arg: optional, what: "codec", help: "none, gzip, snappy, lz4 or zstd; gzip where no codec is named"},
		number("batch-size", "Integer", "bytes", "16384", "batch.size of the producer"),
		number("message-send-max-retries", "Integer", "number", "3", "retries of the producer"),
		number("retry-backoff-ms", "Long", "ms", "100", "retry.backoff.ms of the producer"),
		number("timeout", "Long", "ms", "1000", "linger.ms of the producer: how long a record may wait for others of its batch"),
		number("request-required-acks", "String", "acks", "-1", "acks of the producer: 0, 1, -1 or all"),
		number("request-timeout-ms", "Integer", "ms", "1500", "request.timeout.ms of the producer"),
		number("metadata-expiry-ms", "Long", "ms", "300000", "metadata.max.age.ms of the producer"),
		number("max-block-ms", "Long", "ms", "60000", "max.block.ms of the producer"),
		number("max-memory-bytes", "Long", "bytes", "33554432", "buffer.memory of the producer"),
		number("max-partition-memory-bytes", "Integer", "bytes", "16384", "the old name of --batch-size"),
		option{name: "line-reader", arg: required, what: "class", def: lineReaderClass, help: "only " + lineReaderClass},
		number("socket-buffer-size", "Integer", "bytes", "102400", "send.buffer.bytes of the producer"),
		option{name: "reader-property", arg: required, what: "key=value", help: reader},
		option{name: "property", arg: required, what: "key=value", help: "the old name of --reader-property"},
		option{name: "reader-config", arg: required, what: "file", help: "properties of the line reader; --reader-property counts more"},
		option{name: "command-property", arg: required, what: "key=value", help: "a property of the producer"},
		option{name: "producer-property", arg: required, what: "key=value", help: "the old name of --command-property"},
		option{name: "command-config", arg: required, what: "file", help: "properties of the producer; --command-property counts more"},
		option{name: "producer.config", arg: required, what: "file", help: "the old name of --command-config"},
	)
}

func runProducer(ctx context.Context, r *run) error {
	if err := checkProducer(ctx, r); err != nil {
		return err
	}
	reader, err := r.lineReader()
	if err != nil {
		return r.producerFailed(err)
	}
	p, err := r.producerProperties()
	if err != nil {
		return r.producerFailed(err)
	}
	opts, err := producerClientOptions(p, r.opts.has("sync"))
	if err != nil {
		return r.producerFailed(err)
	}
	cl, err := r.connect(ctx, p, opts...)
	if err != nil {
		return r.producerFailed(err)
	}
	defer cl.Close()
	return r.producerFailed(r.produce(ctx, cl, reader))
}

// producerFailed reports an error as an exception that nothing caught.
func (r *run) producerFailed(err error) error {
	if _, exit := err.(exitError); exit || err == nil {
		return err
	}
	r.errf("%s\n", describe(err))
	return exitError(1)
}

func checkProducer(ctx context.Context, r *run) error {
	o := r.opts
	if o.err != nil {
		return usageError(messageOf(o.err))
	}
	if err := r.helpOrVersion("This tool helps to read data from standard input and publish it to Kafka."); err != nil {
		return err
	}
	if err := o.need("topic"); err != nil {
		return err
	}
	for _, pair := range [][2]string{{"command-config", "producer.config"}, {"command-property", "producer-property"}, {"reader-property", "property"}} {
		if o.has(pair[0]) && o.has(pair[1]) {
			return usageError(fmt.Sprintf("Options --%s and --%s cannot be specified together.", pair[0], pair[1]))
		}
	}
	for _, old := range [][2]string{{"producer-property", "command-property"}, {"producer.config", "command-config"}, {"property", "reader-property"}} {
		if o.has(old[0]) {
			r.printf("Warning: --%s is deprecated and will be removed in a future version. Use --%s instead.\n", old[0], old[1])
			o.values[old[1]] = o.values[old[0]]
		}
	}
	if o.has("max-partition-memory-bytes") {
		r.printf("Warning: --max-partition-memory-bytes is deprecated and will be removed in Apache Kafka 5.0. Use --batch-size instead.\n")
	}
	if err := r.defaultBootstrap(ctx); err != nil {
		return err
	}
	servers, err := o.value("bootstrap-server")
	if err != nil {
		return err
	}
	return checkServers(servers)
}

// checkServers wants a HOST:PORT, or several with commas.
func checkServers(list string) error {
	if strings.TrimSpace(list) == "" {
		return usageError("Error while validating the bootstrap address\n")
	}
	for _, s := range strings.Split(list, ",") {
		if !hasPort(s) {
			return usageError("Please provide valid host:port like host1:9091,host2:9092\n")
		}
	}
	return nil
}

func hasPort(s string) bool {
	i := strings.LastIndexByte(s, ':')
	return i > 0 && i+1 < len(s) && strings.Trim(s[i+1:], "0123456789") == ""
}

// producerProperties merges file, properties and options, each counting more than the one before; an option's
// default counts least.
func (r *run) producerProperties() (Properties, error) {
	p, err := r.properties("command-config")
	if err != nil {
		return nil, err
	}
	for k, v := range keyValues(r.opts.all("command-property")) {
		p[k] = v
	}
	if p["bootstrap.servers"], err = r.opts.value("bootstrap-server"); err != nil {
		return nil, err
	}
	codec, err := r.opts.value("compression-codec")
	if err != nil {
		return nil, err
	}
	if codec == "" && r.opts.has("compression-codec") {
		codec = "gzip"
	}
	p["compression.type"] = map[bool]string{true: "none", false: codec}[codec == ""]
	if p["client.id"] == "" {
		p["client.id"] = "console-producer"
	}
	for _, m := range [][2]string{
		{"linger.ms", "timeout"}, {"acks", "request-required-acks"}, {"request.timeout.ms", "request-timeout-ms"},
		{"retries", "message-send-max-retries"}, {"retry.backoff.ms", "retry-backoff-ms"},
		{"buffer.memory", "max-memory-bytes"}, {"metadata.max.age.ms", "metadata-expiry-ms"}, {"max.block.ms", "max-block-ms"},
	} {
		v, err := r.opts.value(m[1])
		if err != nil {
			return nil, err
		}
		if _, given := p[m[0]]; r.opts.has(m[1]) || !given {
			p[m[0]] = v
		}
	}
	return p, nil
}

var codecs = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
	"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

// producerClientOptions maps the properties of a producer. With sync no record waits for others.
func producerClientOptions(p Properties, sync bool) ([]kgo.Opt, error) {
	codec, ok := codecs[p["compression.type"]]
	if !ok {
		return nil, configError("compression.type", p["compression.type"], "String must be one of: none, gzip, snappy, lz4, zstd")
	}
	opts := []kgo.Opt{kgo.AllowAutoTopicCreation(), kgo.ProducerBatchCompression(codec)}
	switch p["acks"] {
	case "-1", "all":
		if !p.boolean("enable.idempotence", true) {
			opts = append(opts, kgo.DisableIdempotentWrite())
		}
	case "1":
		opts = append(opts, kgo.RequiredAcks(kgo.LeaderAck()), kgo.DisableIdempotentWrite())
	case "0":
		opts = append(opts, kgo.RequiredAcks(kgo.NoAck()), kgo.DisableIdempotentWrite())
	default:
		return nil, configError("acks", p["acks"], "String must be one of: all, -1, 0, 1")
	}
	linger, _, err := p.millis("linger.ms")
	if err != nil {
		return nil, err
	}
	if sync {
		linger = 0
	}
	opts = append(opts, kgo.ProducerLinger(linger))
	delivery, ok, err := p.millis("delivery.timeout.ms")
	if err != nil {
		return nil, err
	}
	if !ok {
		delivery = 2 * time.Minute // Kafka's default
	}
	return append(opts, kgo.RecordDeliveryTimeout(max(delivery, time.Second))), nil
}

// produce sends what the reader yields until the input or ctx ends, and waits for what is on its way.
func (r *run) produce(ctx context.Context, cl *kgo.Client, reader *lineReader) error {
	var failed sendErrors
	lines := reader.records(ctx)
	var readErr error
	for readErr == nil {
		if r.env.Terminal {
			r.printf(">")
			r.out.Flush()
		}
		var rec *kgo.Record
		select {
		case <-ctx.Done():
			return exitError(130)
		case l := <-lines:
			rec, readErr = l.rec, l.err
		}
		if readErr != nil {
			break
		}
		if r.opts.has("sync") {
			if err := cl.ProduceSync(ctx, rec).FirstErr(); err != nil {
				return produceError(rec, err)
			}
			continue
		}
		cl.Produce(ctx, rec, failed.add)
		r.reportSends(&failed)
	}
	if err := cl.Flush(ctx); err != nil {
		return exitError(130)
	}
	r.reportSends(&failed)
	if readErr == io.EOF {
		return nil
	}
	return readErr
}

// sendErrors collects the records that could not be sent: kgo tells on goroutines of its own.
type sendErrors struct {
	mu   sync.Mutex
	list []sendError
}

type sendError struct {
	rec *kgo.Record
	err error
}

func (s *sendErrors) add(rec *kgo.Record, err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, sendError{rec, err})
}

func (s *sendErrors) take() []sendError {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.list
	s.list = nil
	return list
}

// reportSends logs the records that failed since it was called last.
func (r *run) reportSends(failed *sendErrors) {
	for _, s := range failed.take() {
		r.logError("org.apache.kafka.clients.producer.internals.ErrorLoggingCallback",
			fmt.Sprintf("Error when sending message to topic %s with key: %s, value: %s with error:", s.rec.Topic, sizeOf(s.rec.Key), sizeOf(s.rec.Value)),
			produceError(s.rec, s.err))
	}
}

func sizeOf(b []byte) string {
	if b == nil {
		return "null"
	}
	return fmt.Sprintf("%d bytes", len(b))
}

// produceError gives the client's own refusals the class and the text of Kafka's client.
func produceError(rec *kgo.Record, err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return exitError(130)
	case errors.Is(err, kgo.ErrRecordTimeout):
		return &javaError{class: errorPackage + "TimeoutException", text: fmt.Sprintf("Expiring a record for %s: it could not be delivered in time", rec.Topic)}
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return &javaError{class: errorPackage + "TimeoutException", text: fmt.Sprintf("Topic %s not present in metadata.", rec.Topic)}
	}
	return err
}
