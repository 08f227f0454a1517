package kafkatool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/errs"
)

// consumer hands out records one by one and, in a group, keeps the offsets of those handed out. Its
// methods are for one goroutine; the callbacks of the group come on others and share pos.
type consumer struct {
	run      *run
	plan     *consumerPlan
	cl       *kgo.Client   // nil until connected
	joined   chan struct{} // closed when cl is there, or never will be
	ready    []*kgo.Record
	warned   map[string]bool // topics and errors that were logged
	commits  bool
	interval time.Duration // between commits
	last     time.Time     // of the last commit

	mu    sync.Mutex // guards pos and dirty
	pos   map[string]map[int32]kgo.EpochOffset
	dirty bool
}

// pollSize is how many records are taken at once, as a Java consumer does (max.poll.records).
const pollSize = 500

// startConsumer connects. Without a group the topics are read directly: Kafka's tool joins a group with
// a random name for that, which then stays in the cluster.
func (r *run) startConsumer(ctx context.Context, plan *consumerPlan) (*consumer, error) {
	c := &consumer{run: r, plan: plan, warned: map[string]bool{}, pos: map[string]map[int32]kgo.EpochOffset{}, joined: make(chan struct{}),
		commits: plan.group != "" && plan.props.boolean("enable.auto.commit", true), last: r.env.Sys.Clock.Now()}
	opts, err := fetchOptions(plan.props, r.env.Sys.Clock.Now())
	if err != nil {
		return nil, err
	}
	var found bool
	if c.interval, found, err = plan.props.millis("auto.commit.interval.ms"); err != nil {
		return nil, err
	} else if !found {
		c.interval = 5 * time.Second
	}
	switch {
	case plan.partition >= 0:
		opts = append(opts, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{plan.topic: {plan.partition: plan.offset}}))
	case plan.topic != "":
		opts = append(opts, kgo.ConsumeTopics(plan.topic))
	default:
		if _, err := fullMatch(plan.include); err != nil {
			return nil, &javaError{class: "java.util.regex.PatternSyntaxException", text: err.Error()}
		}
		opts = append(opts, kgo.ConsumeRegex(), kgo.ConsumeTopics("^(?:"+plan.include+")$"))
	}
	if plan.group != "" {
		group, err := c.groupOptions()
		if err != nil {
			return nil, err
		}
		opts = append(opts, group...)
	}
	c.cl, err = r.connect(ctx, plan.props, opts...)
	close(c.joined)
	return c, err
}

// fetchOptions maps the properties of a consumer.
func fetchOptions(p Properties, now time.Time) ([]kgo.Opt, error) {
	opts := []kgo.Opt{kgo.KeepControlRecords()} // control records move the position, and are not printed
	reset := p["auto.offset.reset"]
	ago, byDuration := strings.CutPrefix(reset, "by_duration:")
	switch {
	case byDuration:
		d, err := parseDuration(ago)
		if err != nil {
			return nil, configError("auto.offset.reset", reset, messageOf(err))
		}
		opts = append(opts, kgo.ConsumeResetOffset(kgo.NewOffset().AfterMilli(now.Add(-d).UnixMilli())))
	case reset == "earliest":
		opts = append(opts, kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	case reset == "latest":
		opts = append(opts, kgo.ConsumeResetOffset(kgo.NewOffset().AtEnd()))
	case reset == "none":
		opts = append(opts, kgo.ConsumeResetOffset(kgo.NoResetOffset()))
	default:
		return nil, configError("auto.offset.reset", reset, "String must be one of: latest, earliest, none, by_duration:PnDTnHnMnS")
	}
	switch level := p["isolation.level"]; level {
	case "read_uncommitted":
	case "read_committed":
		opts = append(opts, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	default:
		return nil, configError("isolation.level", level, "String must be one of: read_committed, read_uncommitted")
	}
	if p.boolean("allow.auto.create.topics", true) {
		opts = append(opts, kgo.AllowAutoTopicCreation())
	}
	if rack := p["client.rack"]; rack != "" {
		opts = append(opts, kgo.Rack(rack))
	}
	for _, m := range []struct {
		key string
		opt func(int32) kgo.ConsumerOpt
	}{{"fetch.min.bytes", kgo.FetchMinBytes}, {"fetch.max.bytes", kgo.FetchMaxBytes}, {"max.partition.fetch.bytes", kgo.FetchMaxPartitionBytes}} {
		n, ok, err := p.integer(m.key)
		if err != nil {
			return nil, err
		}
		if ok {
			opts = append(opts, m.opt(int32(n)))
		}
	}
	wait, ok, err := p.millis("fetch.max.wait.ms")
	if err != nil {
		return nil, err
	}
	if !ok {
		wait = 500 * time.Millisecond
	}
	return append(opts, kgo.FetchMaxWait(wait)), nil
}

func (c *consumer) groupOptions() ([]kgo.Opt, error) {
	p := c.plan.props
	opts := []kgo.Opt{
		kgo.ConsumerGroup(c.plan.group), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
		kgo.AdjustFetchOffsetsFn(c.started),
		kgo.OnPartitionsRevoked(c.revoked), kgo.OnPartitionsLost(c.lost),
	}
	balancers, err := groupBalancers(p)
	if err != nil {
		return nil, err
	}
	opts = append(opts, balancers...)
	if id := p["group.instance.id"]; id != "" {
		opts = append(opts, kgo.InstanceID(id))
	}
	for _, m := range []struct {
		key string
		opt func(time.Duration) kgo.GroupOpt
	}{{"session.timeout.ms", kgo.SessionTimeout}, {"heartbeat.interval.ms", kgo.HeartbeatInterval}, {"max.poll.interval.ms", kgo.RebalanceTimeout}} {
		d, ok, err := p.millis(m.key)
		if err != nil {
			return nil, err
		}
		if ok {
			opts = append(opts, m.opt(d))
		}
	}
	return opts, nil
}

// groupBalancers maps group.protocol, group.remote.assignor and partition.assignment.strategy.
func groupBalancers(p Properties) ([]kgo.Opt, error) {
	if strings.EqualFold(p["group.protocol"], "consumer") {
		var b kgo.GroupBalancer = kgo.StickyBalancer() // asks for the broker's "uniform"
		if p["group.remote.assignor"] == "range" {
			b = kgo.RangeBalancer()
		}
		return []kgo.Opt{kgo.ServerSideBalancer(), kgo.Balancers(b)}, nil
	}
	var list []kgo.GroupBalancer
	for _, class := range seeds(p.or("partition.assignment.strategy", "RangeAssignor")) {
		switch class[strings.LastIndexByte(class, '.')+1:] {
		case "RangeAssignor":
			list = append(list, kgo.RangeBalancer())
		case "RoundRobinAssignor":
			list = append(list, kgo.RoundRobinBalancer())
		case "StickyAssignor":
			list = append(list, kgo.StickyBalancer())
		case "CooperativeStickyAssignor":
			list = append(list, kgo.CooperativeStickyBalancer())
		default:
			return nil, errs.New("UNSUPPORTED_FEATURE", "partition.assignment.strategy '%s' is not supported", class).
				WithHint("use RangeAssignor, RoundRobinAssignor, StickyAssignor or CooperativeStickyAssignor of org.apache.kafka.clients.consumer")
		}
	}
	return []kgo.Opt{kgo.Balancers(list...)}, nil
}

// started fixes the offsets from which new partitions are read, so that those of partitions without
// records can be committed too, as a Java consumer does.
func (c *consumer) started(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	if <-c.joined; c.cl == nil {
		return offsets, nil
	}
	var topics []string
	for t := range offsets {
		topics = append(topics, t)
	}
	adm := kadm.NewClient(c.cl)
	var start, end kadm.ListedOffsets
	var err error
	if start, err = adm.ListStartOffsets(ctx, topics...); err == nil {
		end, err = adm.ListEndOffsets(ctx, topics...)
	}
	if err != nil {
		return offsets, nil // the client finds them itself, a little later
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for t, parts := range offsets {
		for p, o := range parts {
			at := o.EpochOffset()
			listed, known := kadm.ListedOffset{}, true
			switch at.Offset {
			case -2:
				listed, known = start.Lookup(t, p)
			case -1:
				listed, known = end.Lookup(t, p)
			default:
				listed.Offset = at.Offset
			}
			if !known || listed.Err != nil || listed.Offset < 0 {
				continue
			}
			if at.Offset < 0 {
				parts[p] = kgo.NewOffset().At(listed.Offset)
			}
			c.move(t, p, kgo.EpochOffset{Epoch: -1, Offset: listed.Offset})
		}
	}
	return offsets, nil
}

// move notes the next offset of a partition; mu is held.
func (c *consumer) move(topic string, partition int32, to kgo.EpochOffset) {
	if c.pos[topic] == nil {
		c.pos[topic] = map[int32]kgo.EpochOffset{}
	}
	c.pos[topic][partition] = to
	c.dirty = true
}

func (c *consumer) revoked(ctx context.Context, cl *kgo.Client, gone map[string][]int32) {
	c.commit(ctx, cl)
	c.lost(ctx, nil, gone)
}

func (c *consumer) lost(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for t, parts := range gone {
		for _, p := range parts {
			delete(c.pos[t], p)
		}
	}
}

// commit writes the positions to the group.
func (c *consumer) commit(ctx context.Context, cl *kgo.Client) {
	c.mu.Lock()
	offsets := map[string]map[int32]kgo.EpochOffset{}
	for t, parts := range c.pos {
		if len(parts) > 0 {
			offsets[t] = map[int32]kgo.EpochOffset{}
		}
		for p, o := range parts {
			offsets[t][p] = o
		}
	}
	dirty := c.dirty
	c.dirty = false
	c.mu.Unlock()
	if c.commits && dirty && len(offsets) > 0 {
		cl.CommitOffsetsSync(ctx, offsets, nil)
	}
}

// receive returns the next record. It ends with the end of ctx (exitError), after the plan's
// timeout, or with an error that reading cannot go on after.
func (c *consumer) receive(ctx context.Context) (*kgo.Record, error) {
	clock := c.run.env.Sys.Clock
	began := clock.Now()
	for {
		if rec := c.take(); rec != nil {
			return rec, nil
		}
		if ctx.Err() != nil {
			return nil, exitError(130)
		}
		if c.plan.hasTimeout && clock.Now().Sub(began) >= c.plan.timeout {
			return nil, &javaError{class: errorPackage + "TimeoutException"}
		}
		if err := c.poll(ctx, began); err != nil {
			return nil, err
		}
	}
}

// take hands out a record that was fetched, skipping control records.
func (c *consumer) take() *kgo.Record {
	for len(c.ready) > 0 {
		rec := c.ready[0]
		c.ready = c.ready[1:]
		if c.plan.group != "" {
			c.mu.Lock()
			c.move(rec.Topic, rec.Partition, kgo.EpochOffset{Epoch: rec.LeaderEpoch, Offset: rec.Offset + 1})
			c.mu.Unlock()
		}
		if !rec.Attrs.IsControl() {
			return rec
		}
	}
	return nil
}

// poll waits for records, at most until the timeout or the next commit is due.
func (c *consumer) poll(ctx context.Context, began time.Time) error {
	clock := c.run.env.Sys.Clock
	if now := clock.Now(); now.Sub(c.last) >= c.interval {
		c.last = now
		c.commit(ctx, c.cl)
	}
	c.run.out.Flush()
	wait := c.interval
	if c.plan.hasTimeout {
		wait = min(wait, c.plan.timeout-clock.Now().Sub(began))
	}
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = clock.Sleep(limited, max(wait, time.Millisecond))
		cancel()
	}()
	if c.plan.group != "" {
		c.cl.AllowRebalance()
	}
	fetches := c.cl.PollRecords(limited, pollSize)
	cancel()
	<-stopped
	c.ready = append(c.ready, fetches.Records()...)
	for _, e := range fetches.Errors() {
		if err := c.fetchError(e); err != nil {
			return err
		}
	}
	return nil
}

// fetchError says whether an error ends the run; others are logged once.
func (c *consumer) fetchError(e kgo.FetchError) error {
	var k *kerr.Error
	switch {
	case errors.Is(e.Err, context.Canceled), errors.Is(e.Err, context.DeadlineExceeded):
		return nil
	case errors.As(e.Err, &k) && !k.Retriable:
		return e.Err
	}
	key := fmt.Sprint(e.Topic, e.Err)
	if !c.warned[key] {
		c.warned[key] = true
		what := e.Err.Error()
		if k != nil {
			what = fmt.Sprintf("{%s=%s}", e.Topic, k.Message)
		}
		c.run.log("WARN", "org.apache.kafka.clients.NetworkClient",
			fmt.Sprintf("[Consumer clientId=%s] Error while fetching metadata : %s", c.plan.props["client.id"], what))
	}
	return nil
}

// leaveTime bounds the last commit and the good-bye to the group.
const leaveTime = 10 * time.Second

// stop commits what was handed out and leaves the group, also when ctx is over.
func (c *consumer) stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	c.forgetEpochs()
	c.commit(ctx, c.cl)
	c.cl.CloseAllowingRebalance()
}

// forgetEpochs drops the leader epoch of the positions of partitions of which records are left: Kafka's tool
// seeks back to the first of them, which has that effect.
func (c *consumer) forgetEpochs() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rec := range c.ready {
		if at, ok := c.pos[rec.Topic][rec.Partition]; ok {
			at.Epoch = -1
			c.pos[rec.Topic][rec.Partition] = at
		}
	}
}
