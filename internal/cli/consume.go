package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
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
		Long: "Prints records as they come, from the next new one or from a place in the topic on, until Ctrl+C,\n" +
			"the end of what is there (--exit), a place (--until) or a number of records (-n). With\n" +
			"-o json each line is an object, from which 'azud produce --json' makes the same record.\n\n" +
			"A place is earliest, latest, an offset (1200), -10 for the last 10 records of each partition, a\n" +
			"time (2026-01-31T10:00:00Z, 2026-01-31; UTC if it names no zone) or an age (10m, 24h, 7d).",
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
	a.addKafkaFlags(c, &o.kafka)
	c.ValidArgsFunction = a.complete(&o.kafka, topicNames, false)
	f := c.Flags()
	f.BoolVar(&o.beginning, "from-beginning", false, "begin with the oldest record, not with the next new one")
	f.StringVar(&o.from, "from", "", "begin at `PLACE`: earliest, latest, an offset, -N (before the end), a time, an age (10m)")
	f.StringVar(&o.until, "until", "", "end before `PLACE`; an offset that is not there yet is waited for")
	f.Int32SliceVarP(&o.partitions, "partition", "p", nil, "only these partitions, `N,…`")
	f.StringVarP(&o.group, "group", "g", "", "read as a member of the consumer group `NAME`, which remembers its offsets")
	f.BoolVarP(&o.exit, "exit", "e", false, "end at the end of what is there now")
	f.BoolVar(&o.uncommitted, "read-uncommitted", false, "records of open and aborted transactions too")
	f.StringVar(&o.filter, "filter", "", "SQL `CONDITION` over key, value, topic, partition, offset, timestamp")
	f.BoolVar(&o.keys, "keys", false, "print the key and a tab before each value")
	f.BoolVar(&o.headers, "headers", false, "print the headers and a tab before each value")
	f.BoolVar(&o.times, "timestamps", false, "print the time and a tab before each value")
	f.BoolVar(&o.offsets, "offsets", false, "print partition:offset and a tab before each value")
	f.IntVarP(&o.max, "max-messages", "n", 0, "end after `N` records")
	f.StringVarP(&o.output, "output", "o", "value", "value, or json with topic, partition, offset, timestamp, key, headers")
	oneOf(c, "output", "value", "json")
	oneOf(c, "from", "earliest", "latest")
	completes(c, "group", a.complete(&o.kafka, groupNames, true))
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
	r := &reading{a: a, o: o, topic: topic, next: map[int32]int64{}, done: map[int32]*kgo.Record{}}
	if o.filter != "" {
		var err error
		if r.filter, err = engine.NewMessageFilter(ctx, a.sys, o.filter); err != nil {
			return err
		}
		defer r.filter.Close()
	}
	cl, end, err := a.client(ctx, o.kafka, r.clientOptions()...)
	if err != nil {
		return err
	}
	defer end()
	r.cl, r.adm = cl, kadm.NewClient(cl)
	if err := r.prepare(ctx); err != nil {
		return err
	}
	return r.run(ctx)
}

// reading is one azud consume.
type reading struct {
	a      *app
	o      consumeOptions
	topic  string
	filter *engine.MessageFilter
	cl     *kgo.Client
	adm    *kadm.Client
	end    map[int32]int64       // offsets to stop before; nil: none
	left   map[int32]bool        // partitions that have not come to their end
	next   map[int32]int64       // offsets after what has been seen
	done   map[int32]*kgo.Record // the last ones shown or passed over since the last commit
	shown  int
	looked time.Time // when the end was last looked for
}

func (r *reading) isolation() kgo.IsolationLevel {
	if r.o.uncommitted {
		return kgo.ReadUncommitted()
	}
	return kgo.ReadCommitted()
}

// clientOptions: markers of transactions are kept, because they may be what a partition ends with.
func (r *reading) clientOptions() []kgo.Opt {
	opts := []kgo.Opt{kgo.KeepControlRecords(), kgo.FetchIsolationLevel(r.isolation())}
	if r.o.group == "" {
		return opts
	}
	start := kgo.NewOffset().AtEnd()
	if r.o.beginning {
		start = kgo.NewOffset().AtStart()
	}
	return append(opts, kgo.ConsumerGroup(r.o.group), kgo.ConsumeTopics(r.topic), kgo.ConsumeResetOffset(start), kgo.DisableAutoCommit())
}

// prepare finds where to begin and to end.
func (r *reading) prepare(ctx context.Context) error {
	if _, err := existing(ctx, r.adm, r.topic); err != nil {
		return err
	}
	from, err := r.place(ctx, r.o.from)
	if err != nil {
		return err
	}
	if err := r.findEnd(ctx); err != nil {
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
		return r.skipCommitted(ctx)
	}
	at := map[int32]kgo.Offset{}
	for p, offset := range from {
		if r.end != nil && !r.left[p] {
			continue
		}
		at[p], r.next[p] = kgo.NewOffset().At(offset), offset
	}
	r.cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{r.topic: at})
	return nil
}

// place resolves a place on the command line.
func (r *reading) place(ctx context.Context, where string) (map[int32]int64, error) {
	at, err := parsePoint(where, r.a.sys.Clock.Now())
	if err != nil {
		return nil, err
	}
	return at.offsets(ctx, r.adm, r.topic, r.o.partitions)
}

// findEnd sets where to stop. What open transactions have written is not there yet for who
// reads committed records.
func (r *reading) findEnd(ctx context.Context) error {
	if r.o.until == "" && !r.o.exit {
		return nil
	}
	end := map[int32]int64{}
	if r.o.until != "" {
		at, err := parsePoint(r.o.until, r.a.sys.Clock.Now())
		if err != nil {
			return err
		}
		if at.kind == atTime && at.time.After(r.a.sys.Clock.Now()) {
			return errs.New("INVALID_OPTION", "--until %s has not come yet", r.o.until).
				WithHint("end with Ctrl+C then, or at what is there now: --exit")
		}
		if end, err = at.offsets(ctx, r.adm, r.topic, r.o.partitions); err != nil {
			return err
		}
		if at.kind == atOffset && !r.o.exit {
			for p := range end {
				end[p] = at.n
			}
		}
		if at.kind != latest && !r.o.exit {
			r.end = end
			return nil
		}
	}
	now, err := r.lastVisible(ctx)
	if err != nil {
		return err
	}
	for p, n := range now {
		if before, ok := end[p]; ok {
			n = min(n, before)
		}
		end[p] = n
	}
	r.end = end
	return nil
}

// lastVisible are the ends of the partitions as this reader sees them.
func (r *reading) lastVisible(ctx context.Context) (map[int32]int64, error) {
	out, err := r.place(ctx, "latest")
	if err != nil || r.o.uncommitted {
		return out, err
	}
	stable, err := r.adm.ListCommittedOffsets(ctx, r.topic)
	if err == nil {
		err = stable.Error()
	}
	if err != nil {
		return nil, unavailable(err, "reading offsets")
	}
	for p := range out {
		if o, ok := stable.Lookup(r.topic, p); ok {
			out[p] = o.Offset
		}
	}
	return out, nil
}

// skipCommitted leaves out what the group has read already.
func (r *reading) skipCommitted(ctx context.Context) error {
	if r.end == nil {
		return nil
	}
	committed, err := r.a.committedOf(ctx, r.adm, r.o.group)
	if err != nil {
		return err
	}
	spans, err := spansOf(ctx, r.adm, r.topic)
	if err != nil {
		return err
	}
	for p, end := range r.end {
		switch at, ok := committed.Lookup(r.topic, p); {
		case ok:
			r.next[p] = max(at.At, spans[r.topic][p].start)
		case r.o.beginning:
			r.next[p] = spans[r.topic][p].start
		default:
			r.next[p] = spans[r.topic][p].end
		}
		if r.next[p] >= end {
			delete(r.left, p)
		}
	}
	return nil
}

// A reader looks at its topic so often: one that follows it for new partitions, one that is to
// end for what others of the group have read.
const (
	lookForNews = 5 * time.Second
	lookForEnd  = time.Second
)

func (r *reading) run(ctx context.Context) error {
	pause := cmp.Or(r.a.lookEvery, lookForNews)
	if r.end != nil {
		pause = lookForEnd
	}
	r.looked = r.a.sys.Clock.Now()
	for r.end == nil || len(r.left) > 0 {
		fetches, err := r.poll(ctx, pause)
		if err != nil {
			return err
		}
		more, err := r.takeAll(ctx, fetches)
		if r.o.group != "" {
			err = errors.Join(err, r.commit(ctx))
		}
		if ctx.Err() != nil || errors.Is(err, errUnread) {
			return nil // Ctrl+C
		}
		if err != nil || !more {
			return err
		}
		if now := r.a.sys.Clock.Now(); now.Sub(r.looked) >= pause {
			r.looked = now
			if err := r.look(ctx); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return err
			}
		}
	}
	return nil
}

// poll waits for records, at most for a pause.
func (r *reading) poll(ctx context.Context, pause time.Duration) (kgo.Fetches, error) {
	ctx, cancel := context.WithTimeout(ctx, pause)
	defer cancel()
	fetches := r.cl.PollFetches(ctx)
	for _, f := range fetches.Errors() {
		var lost *kgo.ErrDataLoss
		switch {
		case errors.As(f.Err, &lost): // the log was cut while it was read; the client goes on at what is left
			fmt.Fprintf(r.a.sys.Err, "azud: %v\n", f.Err)
		case ctx.Err() == nil:
			return nil, unavailable(f.Err, "reading %s[%d]", f.Topic, f.Partition)
		}
	}
	return fetches, nil
}

// atOnce is how many records are filtered and printed in one go.
const atOnce = 1000

// takeAll prints what is wanted of the records; false when there are to be no more.
func (r *reading) takeAll(ctx context.Context, fetches kgo.Fetches) (bool, error) {
	list := fetches.Records()
	for len(list) > 0 {
		n := min(len(list), atOnce)
		if more, err := r.take(ctx, list[:n]); err != nil || !more {
			return more, err
		}
		list = list[n:]
	}
	return true, nil
}

// take prints those of the records that are wanted, in one write; false when there are to be
// no more. What it has passed counts as done, for the commit.
func (r *reading) take(ctx context.Context, list []*kgo.Record) (bool, error) {
	inside := make([]*kgo.Record, 0, len(list)) // without markers and what lies beyond the end
	for _, one := range list {
		if end, bounded := r.end[one.Partition]; !one.Attrs.IsControl() && (r.end == nil || bounded && one.Offset < end) {
			inside = append(inside, one)
		}
	}
	kept := inside
	if r.filter != nil {
		var err error
		if kept, err = r.filter.Keep(ctx, inside); err != nil {
			return false, err
		}
	}
	if r.o.max > 0 {
		kept = kept[:min(len(kept), r.o.max-r.shown)]
	}
	var out []byte
	for _, one := range kept {
		out = appendRecord(out, one, r.o)
	}
	if len(out) > 0 {
		if _, err := r.a.sys.Out.Write(out); err != nil {
			return false, err
		}
	}
	r.shown += len(kept)
	full := r.o.max > 0 && r.shown == r.o.max
	for _, one := range list {
		r.pass(one)
		if full && one == kept[len(kept)-1] {
			return false, nil
		}
	}
	return true, nil
}

// pass notes that a record is done with.
func (r *reading) pass(one *kgo.Record) {
	end, bounded := r.end[one.Partition]
	if r.end == nil || bounded && one.Offset < end {
		r.done[one.Partition] = one
		r.next[one.Partition] = one.Offset + 1
	}
	if r.end != nil && (!bounded || one.Offset+1 >= end) {
		r.finish(one.Partition)
	}
}

func (r *reading) finish(p int32) {
	if r.left[p] && r.o.group == "" {
		r.cl.PauseFetchPartitions(map[string][]int32{r.topic: {p}})
	}
	delete(r.left, p)
}

// commit commits what is done. A group that has meanwhile given the partitions to others has
// them read it again, as Kafka does.
func (r *reading) commit(ctx context.Context) error {
	if len(r.done) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	list := make([]*kgo.Record, 0, len(r.done))
	for _, one := range r.done {
		list = append(list, one)
	}
	clear(r.done)
	switch err := r.cl.CommitRecords(ctx, list...); {
	case errors.Is(err, kerr.RebalanceInProgress), errors.Is(err, kerr.IllegalGeneration), errors.Is(err, kerr.UnknownMemberID), errors.Is(err, kerr.StaleMemberEpoch):
	case err != nil:
		return unavailable(err, "committing the offsets of group %s", r.o.group)
	}
	return nil
}
