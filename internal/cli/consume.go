package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/errs"
)

// consumeOptions are the flags of azud consume.
type consumeOptions struct {
	kafka     kafkaFlags
	beginning bool
	keys      bool
	max       int
	output    string
}

func (a *app) consume() *cobra.Command {
	var o consumeOptions
	c := &cobra.Command{
		Use:     "consume TOPIC",
		Short:   "Print a topic's records, and new ones as they come, until Ctrl+C",
		Example: "  azud consume sismos --from-beginning\n  azud consume sismos --from-beginning -n 10 -o json",
		Args:    exactArgs("TOPIC"),
		RunE:    func(c *cobra.Command, args []string) error { return a.runConsume(c.Context(), args[0], o) },
	}
	o.kafka.add(c)
	f := c.Flags()
	f.BoolVar(&o.beginning, "from-beginning", false, "begin with the oldest record, not with the next new one")
	f.BoolVar(&o.keys, "keys", false, "print the key and a tab before each value")
	f.IntVarP(&o.max, "max-messages", "n", 0, "end after `N` records")
	f.StringVarP(&o.output, "output", "o", "value", "value, or json with topic, partition, offset, timestamp, key, headers")
	return c
}

func (a *app) runConsume(ctx context.Context, topic string, o consumeOptions) error {
	if o.output != "value" && o.output != "json" {
		return errs.New("INVALID_OPTION", "there is no output %q", o.output).WithHint("choose value or json")
	}
	if o.max < 0 {
		return errs.New("INVALID_OPTION", "%d is no number of records", o.max).WithHint("leave -n out to go on until Ctrl+C")
	}
	at := kgo.NewOffset().AtEnd()
	if o.beginning {
		at = kgo.NewOffset().AtStart()
	}
	cl, done, err := a.client(ctx, o.kafka, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(at),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return err
	}
	defer done()
	if err := mustExist(ctx, kadm.NewClient(cl), topic); err != nil {
		return err
	}
	for n := 0; ; {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		for _, f := range fetches.Errors() {
			return errs.Wrap(f.Err, "KAFKA_UNAVAILABLE", "reading %s[%d]", f.Topic, f.Partition)
		}
		for it := fetches.RecordIter(); !it.Done(); {
			if err := a.printRecord(it.Next(), o); errors.Is(err, errUnread) {
				return nil // Ctrl+C
			} else if err != nil {
				return err
			}
			if n++; n == o.max {
				return nil
			}
		}
	}
}

// mustExist refuses a topic that is not there: waiting for it would look like an empty one.
func mustExist(ctx context.Context, adm *kadm.Client, topic string) error {
	topics, err := adm.ListTopicsWithInternal(ctx)
	if err != nil {
		return errs.Wrap(err, "KAFKA_UNAVAILABLE", "listing topics")
	}
	if topics.Has(topic) {
		return nil
	}
	e := errs.New("UNKNOWN_TOPIC_OR_PARTITION", "there is no topic %s", topic)
	if near := errs.Near(topic, topics.Names()); len(near) > 0 {
		return e.WithHint("did you mean %s?", near[0])
	}
	return e.WithHint("'azud topic list' shows the topics")
}

func (a *app) printRecord(r *kgo.Record, o consumeOptions) error {
	if o.output == "json" {
		headers := map[string]any{}
		for _, h := range r.Headers {
			headers[h.Key] = jsonValue(h.Value)
		}
		line, err := json.Marshal(map[string]any{
			"topic": r.Topic, "partition": r.Partition, "offset": r.Offset, "timestamp": r.Timestamp.UnixMilli(),
			"key": textOrNil(r.Key), "value": jsonValue(r.Value), "headers": headers})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.sys.Out, "%s\n", line)
		return err
	}
	text := string(r.Value)
	if r.Value == nil {
		text = "null"
	}
	if o.keys {
		text = fmt.Sprintf("%s\t%s", r.Key, text)
	}
	_, err := fmt.Fprintln(a.sys.Out, text)
	return err
}

func textOrNil(b []byte) any {
	if b == nil {
		return nil
	}
	return string(b)
}

// jsonValue is JSON as it is, other text as a string, bytes in base64.
func jsonValue(b []byte) any {
	switch {
	case b == nil:
		return nil
	case json.Valid(b):
		return json.RawMessage(b)
	case utf8.Valid(b):
		return string(b)
	}
	return b
}
