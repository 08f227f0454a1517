package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/errs"
)

// produceOptions are the flags of azud produce.
type produceOptions struct {
	kafka     kafkaFlags
	key       string
	hasKey    bool
	separator string
	headers   []string
	partition int32
	null      string
	lines     bool // of JSON
	codec     string
}

func (a *app) produce() *cobra.Command {
	var o produceOptions
	c := &cobra.Command{
		Use:   "produce TOPIC [VALUE…]",
		Short: "Write records: the values given, or each line of the standard input",
		Long: "Writes a record for each value given, or for each line of the standard input. With --json\n" +
			"a line is an object with value and, if wanted, key, partition, timestamp (ms) and headers, as\n" +
			"'azud consume -o json' prints it.",
		Example: "  azud produce lecturas '{\"sensor_id\":\"s1\",\"temperature\":21.5}' --key s1\n" +
			"  azud produce lecturas --key-separator : < lecturas.txt\n" +
			"  azud consume a --from-beginning --exit -o json | azud produce b --json",
		Args: someArgs("TOPIC and perhaps values"),
		RunE: func(c *cobra.Command, args []string) error {
			o.hasKey = c.Flags().Changed("key")
			if err := exclusive(c, "key", "key-separator"); err != nil {
				return err
			}
			return a.runProduce(c.Context(), args[0], args[1:], o)
		},
	}
	o.kafka.add(c)
	f := c.Flags()
	f.StringVarP(&o.key, "key", "k", "", "key of every record")
	f.StringVar(&o.separator, "key-separator", "", "what stands between key and value in a line")
	f.StringArrayVarP(&o.headers, "header", "H", nil, "header of every record, `NAME=VALUE`; may be repeated")
	f.Int32VarP(&o.partition, "partition", "p", -1, "partition (default: by the key)")
	f.StringVar(&o.null, "null", "", "text that stands for a null value (a tombstone) or key")
	f.BoolVar(&o.lines, "json", false, "lines are objects with key, value, headers, partition, timestamp")
	f.StringVar(&o.codec, "compression", "none", "none, gzip, snappy, lz4 or zstd")
	return c
}

var compressions = map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}

func (a *app) runProduce(ctx context.Context, topic string, values []string, o produceOptions) error {
	codec, ok := compressions[o.codec]
	if !ok {
		return errs.New("INVALID_OPTION", "there is no compression %q", o.codec).WithHint("choose none, gzip, snappy, lz4 or zstd")
	}
	headers, err := headersOf(o.headers)
	if err != nil {
		return err
	}
	opts := []kgo.Opt{kgo.DefaultProduceTopic(topic), kgo.ProducerBatchCompression(codec), kgo.AllowAutoTopicCreation(),
		kgo.RecordDeliveryTimeout(30 * time.Second), kgo.RecordPartitioner(kgo.BasicConsistentPartitioner(choosePartition))}
	cl, done, err := a.client(ctx, o.kafka, opts...)
	if err != nil {
		return err
	}
	defer done()
	p := &production{cl: cl, topic: topic}
	if len(values) > 0 {
		for i, v := range values {
			if err := p.send(ctx, v, i+1, o, headers); err != nil {
				return p.end(ctx, a, err)
			}
		}
		return p.end(ctx, a, nil)
	}
	if a.interactive {
		fmt.Fprintf(a.sys.Err, "each line becomes a record of %s; end with Ctrl+D\n", topic)
	}
	return p.end(ctx, a, p.read(ctx, a.in, o, headers))
}

// choosePartition keeps the partition that a record names, else chooses as Kafka does.
func choosePartition(topic string) func(*kgo.Record, int) int {
	byKey := kgo.StickyKeyPartitioner(nil).ForTopic(topic)
	return func(r *kgo.Record, n int) int {
		if named, ok := r.Context.Value(partitionKey{}).(int32); ok {
			return int(named)
		}
		return byKey.Partition(r, n)
	}
}

type partitionKey struct{}

func headersOf(list []string) ([]kgo.RecordHeader, error) {
	var out []kgo.RecordHeader
	for _, h := range list {
		name, value, ok := strings.Cut(h, "=")
		if !ok {
			return nil, errs.New("INVALID_OPTION", "%q is no header", h).WithHint("write it as NAME=VALUE")
		}
		out = append(out, kgo.RecordHeader{Key: name, Value: []byte(value)})
	}
	return out, nil
}

// production counts what one command writes.
type production struct {
	cl    *kgo.Client
	topic string

	mu      sync.Mutex
	written int
	failed  error
}

// read sends each line until the input ends, the command does, or a record fails.
func (p *production) read(ctx context.Context, in io.Reader, o produceOptions, headers []kgo.RecordHeader) error {
	lines, bad := make(chan string), make(chan error, 1)
	go func() { // a terminal's read cannot be interrupted: the process may end with it waiting
		r := bufio.NewReaderSize(in, 64<<10)
		for {
			line, err := r.ReadString('\n')
			if line != "" {
				select {
				case lines <- strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"):
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				bad <- err
				return
			}
		}
	}()
	for n := 1; ; n++ {
		select {
		case line := <-lines:
			if err := p.send(ctx, line, n, o, headers); err != nil {
				return err
			}
		case err := <-bad:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return errs.Wrap(err, "INPUT", "reading the standard input")
		case <-ctx.Done():
			return nil
		}
	}
}

// send produces one line; a failure of an earlier one ends the command.
func (p *production) send(ctx context.Context, line string, n int, o produceOptions, headers []kgo.RecordHeader) error {
	p.mu.Lock()
	failed := p.failed
	p.mu.Unlock()
	if failed != nil {
		return nil // end says it
	}
	r, err := recordOf(line, n, o)
	if err != nil {
		return err
	}
	r.Headers = append(r.Headers, headers...)
	p.cl.Produce(ctx, r, func(_ *kgo.Record, err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if err != nil && p.failed == nil {
			p.failed = err
		} else if err == nil {
			p.written++
		}
	})
	return nil
}

// end waits for what was sent and says how much was written.
func (p *production) end(ctx context.Context, a *app, err error) error {
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	late := p.cl.Flush(flush)
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(a.sys.Err, "%d records written to %s\n", p.written, p.topic)
	switch {
	case err != nil:
		return err
	case errors.Is(p.failed, kerr.MessageTooLarge):
		return errs.Wrap(p.failed, "KAFKA_REFUSED", "a record is longer than topic %s takes", p.topic).
			WithHint("raise its max.message.bytes: azud topic alter %s --set max.message.bytes=…", p.topic)
	case p.failed != nil && ctx.Err() == nil:
		return errs.Wrap(p.failed, "KAFKA_REFUSED", "a record of topic %s was not written", p.topic)
	case late != nil:
		return unavailable(late, "waiting for the last records")
	}
	return nil
}

// recordOf makes the record of a line; n is the line's number, for errors.
func recordOf(line string, n int, o produceOptions) (*kgo.Record, error) {
	r := &kgo.Record{}
	if o.hasKey {
		r.Key = nullable(o.key, o)
	}
	if o.partition >= 0 {
		r.Context = context.WithValue(context.Background(), partitionKey{}, o.partition)
	}
	switch {
	case o.lines:
		return r, jsonRecord(r, line, n)
	case o.separator != "":
		key, value, ok := strings.Cut(line, o.separator)
		if !ok {
			return nil, errs.New("INVALID_RECORD", "line %d has no key: %q is not in it", n, o.separator).
				WithHint("write KEY%sVALUE in every line", o.separator)
		}
		r.Key, r.Value = nullable(key, o), nullable(value, o)
	default:
		r.Value = nullable(line, o)
	}
	return r, nil
}

func nullable(s string, o produceOptions) []byte {
	if o.null != "" && s == o.null {
		return nil
	}
	return []byte(s)
}

// jsonRecord reads an object as azud consume prints it.
func jsonRecord(r *kgo.Record, line string, n int) error {
	var in struct {
		Key, Value json.RawMessage
		Partition  *int32
		Timestamp  *int64
		Headers    map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(line), &in); err != nil {
		return errs.Wrap(err, "INVALID_RECORD", "line %d is no record in JSON", n).
			WithHint(`write {"key":"a","value":{"n":1},"headers":{"h":"x"}}; only value is needed`)
	}
	if in.Key != nil {
		r.Key = textOf(in.Key)
	}
	r.Value = textOf(in.Value)
	for name, value := range in.Headers {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: name, Value: textOf(value)})
	}
	if in.Timestamp != nil {
		r.Timestamp = time.UnixMilli(*in.Timestamp)
	}
	if in.Partition != nil && r.Context == nil {
		r.Context = context.WithValue(context.Background(), partitionKey{}, *in.Partition)
	}
	return nil
}

// textOf is a JSON string's text, other JSON as it is, and nil for null.
func textOf(raw json.RawMessage) []byte {
	var s string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil
	case json.Unmarshal(raw, &s) == nil:
		return []byte(s)
	}
	return raw
}
