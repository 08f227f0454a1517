package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
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
	partition int32 // -1: by the key
	null      string
	json      bool // lines are records as azud consume -o json prints them
	codec     string
}

func (a *app) produce() *cobra.Command {
	var o produceOptions
	c := &cobra.Command{
		Use:   "produce TOPIC [VALUE…]",
		Short: "Write records: the values given, or each line of the standard input",
		Long: "Writes a record for each value given, or for each line of the standard input. With --json\n" +
			"a line is an object with value and, if wanted, key, partition, timestamp (ms) and headers, as\n" +
			"'azud consume -o json' prints it. A topic that is not there is created, if the broker allows it.",
		Example: "  azud produce lecturas '{\"sensor_id\":\"s1\",\"temperature\":21.5}' --key s1\n" +
			"  azud produce lecturas --key-separator : < lecturas.txt\n" +
			"  azud consume a --from-beginning --exit -o json | azud produce b --json",
		Args: someArgs("TOPIC and perhaps values"),
		RunE: func(c *cobra.Command, args []string) error {
			o.hasKey = c.Flags().Changed("key")
			for _, pair := range [][2]string{{"key", "key-separator"}, {"json", "key"}, {"json", "key-separator"}, {"json", "null"}} {
				if err := exclusive(c, pair[0], pair[1]); err != nil {
					return err
				}
			}
			if c.Flags().Changed("partition") && o.partition < 0 {
				return usage(c, "partitions are numbered from 0, there is no %d", o.partition)
			}
			return a.runProduce(c.Context(), args[0], args[1:], o)
		},
	}
	a.addKafkaFlags(c, &o.kafka)
	c.ValidArgsFunction = a.complete(&o.kafka, topicNames, false)
	f := c.Flags()
	f.StringVarP(&o.key, "key", "k", "", "`KEY` of every record")
	f.StringVar(&o.separator, "key-separator", "", "`TEXT` that stands between key and value in a line")
	f.StringArrayVarP(&o.headers, "header", "H", nil, "header of every record, `NAME=VALUE`; may be repeated")
	f.Int32VarP(&o.partition, "partition", "p", -1, "partition `N` (default: by the key)")
	f.StringVar(&o.null, "null", "", "`TEXT` that stands for a null value (a tombstone) or key")
	f.BoolVar(&o.json, "json", false, "lines are objects with value, key, headers, partition, timestamp")
	f.StringVar(&o.codec, "compression", "none", "none, gzip, snappy, lz4 or zstd")
	oneOf(c, "compression", "none", "gzip", "snappy", "lz4", "zstd")
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
	r, err := a.reach(ctx, o.kafka)
	if err != nil {
		return err
	}
	defer r.stop()
	longest, err := longestBatch(ctx, r, topic)
	if err != nil {
		return err
	}
	cl, err := r.connect(ctx, kgo.DefaultProduceTopic(topic), kgo.ProducerBatchCompression(codec), kgo.AllowAutoTopicCreation(),
		kgo.ProducerBatchMaxBytes(longest), kgo.RecordRetries(tries), kgo.RecordPartitioner(namedOrByKey{kgo.StickyKeyPartitioner(nil)}))
	if err != nil {
		return err
	}
	defer cl.Close()
	p := &production{cl: cl, topic: topic, o: o, headers: headers}
	defer p.stopWith(ctx, a)()
	if len(values) > 0 {
		for i, v := range values {
			if err = p.send(v, i+1); err != nil {
				break
			}
		}
		return p.end(ctx, a, err)
	}
	if a.interactive {
		fmt.Fprintf(a.sys.Err, "each line becomes a record of %s; end with Ctrl+D\n", topic)
	}
	return p.end(ctx, a, p.read(ctx, a.in))
}

// tries is how often a record is sent, with pauses that add up to half a minute. A delivery
// timeout would not do: the client counts it from the record's own time, which may be old.
const tries = 15

// longestBatch is what the topic takes (max.message.bytes), or Kafka's default for one that
// is not there or does not say.
func longestBatch(ctx context.Context, r *reached, topic string) (int32, error) {
	const byDefault, most = 1_000_012, 90 << 20 // most: a request is at most 100 MiB
	cl, err := r.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer cl.Close()
	n := int64(byDefault)
	if list, err := kadm.NewClient(cl).DescribeTopicConfigs(ctx, topic); err == nil {
		if c, err := list.On(topic, nil); err == nil && c.Err == nil {
			for _, s := range c.Configs {
				if s.Key == "max.message.bytes" {
					fmt.Sscan(s.MaybeValue(), &n)
				}
			}
		}
	}
	return int32(min(max(n, 1024), most)), ctx.Err()
}

// namedOrByKey puts a record into the partition that it names; others go where Kafka puts them.
type namedOrByKey struct{ kgo.Partitioner }

func (p namedOrByKey) ForTopic(topic string) kgo.TopicPartitioner {
	return &namedOrByKeyOf{p.Partitioner.ForTopic(topic)}
}

type namedOrByKeyOf struct{ kgo.TopicPartitioner }

func (p *namedOrByKeyOf) RequiresConsistency(r *kgo.Record) bool {
	return r.Partition >= 0 || p.TopicPartitioner.RequiresConsistency(r)
}

func (p *namedOrByKeyOf) Partition(r *kgo.Record, n int) int {
	if r.Partition >= 0 {
		return int(r.Partition)
	}
	return p.TopicPartitioner.Partition(r, n)
}

// OnNewBatch lets records without a key go on to another partition.
func (p *namedOrByKeyOf) OnNewBatch() {
	if next, ok := p.TopicPartitioner.(kgo.TopicPartitionerOnNewBatch); ok {
		next.OnNewBatch()
	}
}

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

// production is one azud produce. What has been read is written, also when the command is to
// end meanwhile: records have a context of their own.
type production struct {
	cl      *kgo.Client
	topic   string
	o       produceOptions
	headers []kgo.RecordHeader
	sending context.Context

	mu      sync.Mutex
	written int
	failed  error
	at      int // line of the record that failed
}

// lastWrites is how long records that were read may take to be written when the command ends.
const lastWrites = 10 * time.Second

// stopWith makes the context of the records, which outlives ctx by lastWrites.
func (p *production) stopWith(ctx context.Context, a *app) context.CancelFunc {
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.sending = sending
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-a.sys.Clock.After(lastWrites):
			cancel()
		case <-sending.Done():
		}
	})
	return func() { stop(); cancel() }
}

// read sends each line until the input ends, the command does, or a record fails.
func (p *production) read(ctx context.Context, in io.Reader) error {
	lines, ended := make(chan string), make(chan error, 1)
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
				ended <- err
				return
			}
		}
	}()
	for n := 1; ; n++ {
		select {
		case line := <-lines:
			if err := p.send(line, n); err != nil {
				return err
			}
		case err := <-ended:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return errs.Wrap(err, "INPUT", "reading the standard input")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// errFailed ends the sending when a record has failed; end says which.
var errFailed = errors.New("a record was not written")

// send hands over the record of line n.
func (p *production) send(line string, n int) error {
	r, err := p.record(line, n)
	if err != nil {
		return err
	}
	p.cl.Produce(p.sending, r, func(_ *kgo.Record, err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch {
		case err == nil:
			p.written++
		case p.failed == nil:
			p.failed, p.at = err, n
		}
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed != nil {
		return errFailed
	}
	return nil
}

// end waits for what was sent and says how much was written.
func (p *production) end(ctx context.Context, a *app, err error) error {
	flush, cancel := context.WithTimeout(p.sending, lastWrites+30*time.Second) // beyond what a record may take
	defer cancel()
	late := p.cl.Flush(flush)
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(a.sys.Err, "%s written to %s\n", count(p.written, "record"), p.topic)
	switch {
	case p.failed != nil:
		return p.whyNot()
	case a.interactive && errors.Is(err, context.Canceled):
		return nil // Ctrl+C ends the typing as Ctrl+D does
	case err != nil:
		return err
	case late != nil:
		return unavailable(late, "waiting for the last records")
	}
	return nil
}

// whyNot says why a record was not written and what to do.
func (p *production) whyNot() error {
	switch {
	case p.sending.Err() != nil:
		return errs.New("KAFKA_UNAVAILABLE", "the last records from number %d on were not written within %v", p.at, lastWrites)
	case errors.Is(p.failed, kerr.MessageTooLarge):
		return errs.Wrap(p.failed, "KAFKA_REFUSED", "record %d is longer than topic %s takes", p.at, p.topic).
			WithHint("raise its max.message.bytes: azud topic alter %s --set max.message.bytes=…", p.topic)
	case errors.Is(p.failed, kerr.UnknownTopicOrPartition):
		return errs.Wrap(p.failed, "KAFKA_REFUSED", "record %d was not written: topic %s is not there, and the broker creates none by itself", p.at, p.topic).
			WithHint("azud topic create %s", p.topic)
	}
	return errs.Wrap(p.failed, "KAFKA_REFUSED", "record %d of topic %s was not written", p.at, p.topic)
}
