package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/errs"
)

// consumeOptions are the flags of azud consume.
type consumeOptions struct {
	kafka       kafkaFlags
	beginning   bool
	from, until string
	partitions  []int32
	group       string
	exit        bool
	uncommitted bool
	filter      string
	keys        bool
	headers     bool
	times       bool
	offsets     bool
	max         int
	output      string
}

func (a *app) consume() *cobra.Command {
	var o consumeOptions
	c := &cobra.Command{
		Use:   "consume TOPIC",
		Short: "Print a topic's records, and new ones as they come, until Ctrl+C",
		Example: "  azud consume sismos --from-beginning\n" +
			"  azud consume sismos --from 2h --exit -o json\n" +
			"  azud consume sismos --from -10 --keys --timestamps\n" +
			"  azud consume sismos --from-beginning --filter \"value LIKE '%Alaska%' AND partition = 0\"",
		Args: exactArgs("TOPIC"),
		RunE: func(c *cobra.Command, args []string) error {
			for _, pair := range [][2]string{{"from-beginning", "from"}, {"group", "partition"}, {"group", "from"}} {
				if err := exclusive(c, pair[0], pair[1]); err != nil {
					return err
				}
			}
			return a.runConsume(c.Context(), args[0], o)
		},
	}
	o.kafka.add(c)
	f := c.Flags()
	f.BoolVar(&o.beginning, "from-beginning", false, "begin with the oldest record, not with the next new one")
	f.StringVar(&o.from, "from", "", "begin at `PLACE`: earliest, latest, an offset, -N (before the end), a time, an age (10m)")
	f.StringVar(&o.until, "until", "", "end before `PLACE`")
	f.Int32SliceVarP(&o.partitions, "partition", "p", nil, "only these partitions")
	f.StringVarP(&o.group, "group", "g", "", "read as a member of a consumer group, which remembers its offsets")
	f.BoolVarP(&o.exit, "exit", "e", false, "end at the end of what is there now")
	f.BoolVar(&o.uncommitted, "read-uncommitted", false, "records of open and aborted transactions too")
	f.StringVar(&o.filter, "filter", "", "SQL `CONDITION` over key, value, topic, partition, offset, timestamp")
	f.BoolVar(&o.keys, "keys", false, "print the key and a tab before each value")
	f.BoolVar(&o.headers, "headers", false, "print the headers and a tab before each value")
	f.BoolVar(&o.times, "timestamps", false, "print the time and a tab before each value")
	f.BoolVar(&o.offsets, "offsets", false, "print partition:offset and a tab before each value")
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
	if o.beginning {
		o.from = "earliest"
	} else if o.from == "" {
		o.from = "latest"
	}
	r := &reading{a: a, o: o, topic: topic}
	if o.filter != "" {
		var err error
		if r.filter, err = engine.NewMessageFilter(ctx, a.sys, o.filter); err != nil {
			return err
		}
		defer r.filter.Close()
	}
	opts := []kgo.Opt{kgo.KeepControlRecords()}
	if !o.uncommitted {
		opts = append(opts, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	if o.group != "" {
		start := kgo.NewOffset().AtEnd()
		if o.beginning {
			start = kgo.NewOffset().AtStart()
		}
		opts = append(opts, kgo.ConsumerGroup(o.group), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(start), kgo.DisableAutoCommit())
	}
	cl, done, err := a.client(ctx, o.kafka, opts...)
	if err != nil {
		return err
	}
	defer done()
	if err := r.prepare(ctx, cl); err != nil {
		return err
	}
	return r.run(ctx, cl)
}

// reading is one azud consume.
type reading struct {
	a      *app
	o      consumeOptions
	topic  string
	filter *engine.MessageFilter
	end    map[int32]int64 // offsets to stop before; nil: none
	left   map[int32]bool  // partitions that have not come to their end
	shown  int
}

// prepare finds where to begin and to end.
func (r *reading) prepare(ctx context.Context, cl *kgo.Client) error {
	adm := kadm.NewClient(cl)
	if _, err := existing(ctx, adm, r.topic); err != nil {
		return err
	}
	from, err := r.offsets(ctx, adm, r.o.from)
	if err != nil {
		return err
	}
	switch {
	case r.o.until != "":
		r.end, err = r.offsets(ctx, adm, r.o.until)
	case r.o.exit:
		r.end, err = r.offsets(ctx, adm, "latest")
	}
	if err != nil {
		return err
	}
	if r.end != nil {
		r.left = map[int32]bool{}
		for p, end := range r.end {
			if r.o.group != "" || from[p] < end {
				r.left[p] = true
			}
		}
	}
	if r.o.group != "" {
		return r.skipCommitted(ctx, adm)
	}
	at := map[int32]kgo.Offset{}
	for p, offset := range from {
		at[p] = kgo.NewOffset().At(offset)
	}
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{r.topic: at})
	return nil
}

// skipCommitted leaves out what the group has read already.
func (r *reading) skipCommitted(ctx context.Context, adm *kadm.Client) error {
	if r.end == nil {
		return nil
	}
	committed, err := adm.FetchOffsets(ctx, r.o.group)
	if err != nil {
		return unavailable(err, "reading the offsets of group %s", r.o.group)
	}
	spans, err := spansOf(ctx, adm, r.topic)
	if err != nil {
		return err
	}
	for p, end := range r.end {
		at, ok := committed.Lookup(r.topic, p)
		if ok && at.At >= end || spans[r.topic][p].start >= end || !ok && !r.o.beginning {
			delete(r.left, p)
		}
	}
	return nil
}

func (r *reading) offsets(ctx context.Context, adm *kadm.Client, where string) (map[int32]int64, error) {
	at, err := parsePoint(where, r.a.sys.Clock.Now())
	if err != nil {
		return nil, err
	}
	return at.offsets(ctx, adm, r.topic, r.o.partitions)
}

func (r *reading) run(ctx context.Context, cl *kgo.Client) error {
	for r.end == nil || len(r.left) > 0 {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		for _, f := range fetches.Errors() {
			return unavailable(f.Err, "reading %s[%d]", f.Topic, f.Partition)
		}
		more, err := r.take(ctx, fetches.Records())
		if r.o.group != "" {
			err = errors.Join(err, r.commit(ctx, cl))
		}
		if errors.Is(err, errUnread) {
			return nil // Ctrl+C
		}
		if err != nil || !more {
			return err
		}
	}
	return nil
}

func (r *reading) commit(ctx context.Context, cl *kgo.Client) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := cl.CommitUncommittedOffsets(ctx); err != nil {
		return unavailable(err, "committing the offsets of group %s", r.o.group)
	}
	return nil
}

// take prints those of the records that are wanted; false when there are to be no more.
func (r *reading) take(ctx context.Context, list []*kgo.Record) (bool, error) {
	list = slices.DeleteFunc(list, r.outside)
	if r.filter != nil {
		var err error
		if list, err = r.filter.Keep(ctx, list); err != nil {
			return false, err
		}
	}
	for _, one := range list {
		if err := r.a.printRecord(one, r.o); err != nil {
			return false, err
		}
		if r.shown++; r.shown == r.o.max {
			return false, nil
		}
	}
	return true, nil
}

// outside reports records that are not shown: markers of transactions, and what lies at or
// beyond the end. It notes which partitions have come to theirs.
func (r *reading) outside(one *kgo.Record) bool {
	if r.end == nil {
		return one.Attrs.IsControl()
	}
	end, ok := r.end[one.Partition]
	if !ok || one.Offset+1 >= end {
		delete(r.left, one.Partition)
	}
	return one.Attrs.IsControl() || !ok || one.Offset >= end
}
