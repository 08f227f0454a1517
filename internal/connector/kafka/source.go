package kafka

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/record"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// source reads the subscribed topics by assignment.
type source struct {
	c        *connector.Connector
	env      connector.Env
	table    connector.Table
	names    []string
	assigned map[tp]bool // nil: all partitions
	at       cluster
	lossy    bool // failOnDataLoss = false
	maxRows  int64
	ready    chan struct{}
	stop     context.CancelFunc
	watching sync.WaitGroup
	moved    chan positions // the watcher's next starting point
}

func (f *factory) newSource(ctx context.Context, c *connector.Connector, env connector.Env, t connector.Table) (*source, error) {
	sub, err := subscriptionOf(t)
	if err != nil {
		return nil, err
	}
	if _, ok := t.Options.Lookup("format"); len(t.Columns) > 0 && !ok {
		return nil, errs.New("MISSING_OPTION", "table %s has columns but no format", t.Name).
			WithHint("add format 'json', or leave the columns out to get key, value, topic, partition, offset, timestamp")
	}
	s := &source{
		c: c, env: env, table: t, assigned: sub.assigned,
		lossy: !c.Bool(t.Options, "failOnDataLoss"), ready: make(chan struct{}, 1), moved: make(chan positions, 1),
	}
	if v, ok := t.Options.Lookup("maxOffsetsPerTrigger"); ok {
		if s.maxRows, err = strconv.ParseInt(v, 10, 64); err != nil || s.maxRows < 1 {
			return nil, errs.New("INVALID_OPTION", "table %s: maxOffsetsPerTrigger is %s, but an epoch must read at least 1 record", t.Name, v)
		}
	}
	if s.at, err = f.connect(env, t); err != nil {
		return nil, err
	}
	if s.names, err = sub.names(ctx, s.at); err == nil {
		err = s.at.learn(ctx, s.names, t.Stream)
	}
	if err != nil {
		s.at.close()
		return nil, err
	}
	if t.Stream {
		watchCtx, stop := context.WithCancel(context.Background())
		s.stop = stop
		s.watching.Go(func() { s.keepWatching(watchCtx) })
	}
	return s, nil
}

// Schema is the declared columns, or Spark's raw schema.
func (s *source) Schema() types.Schema {
	if len(s.table.Columns) > 0 {
		return s.table.Columns
	}
	return rawSchema(s.c.Bool(s.table.Options, "includeHeaders"))
}

func (s *source) Ready() <-chan struct{} { return s.ready }

// Initial resolves startingOffsets.
func (s *source) Initial(ctx context.Context) (connector.Offset, error) {
	first, next, err := s.bounds(ctx)
	if err != nil {
		return "", err
	}
	at, err := s.starting(ctx, first, next)
	if err != nil {
		return "", err
	}
	return at.offset(s.at.ids()), nil
}

// Latest is the last stable offsets, or endingOffsets in a batch.
func (s *source) Latest(ctx context.Context, from connector.Offset, limit connector.Limit) (connector.Offset, error) {
	start, before, err := parsePositions(string(from))
	if err != nil {
		return "", err
	}
	now := s.at.ids()
	if err := s.sameTopics(start, before, now); err != nil {
		return "", err
	}
	first, next, err := s.bounds(ctx)
	if err != nil {
		return "", err
	}
	if !s.table.Stream {
		if next, err = s.ending(ctx, first, next); err != nil {
			return "", err
		}
	}
	if err := s.check(start, first, next); err != nil {
		return "", err
	}
	max := s.maxRows
	if limit.Rows > 0 && (max == 0 || limit.Rows < max) {
		max = limit.Rows
	}
	to := capped(start, next, max)
	s.watchFrom(to)
	return to.offset(now), nil
}

// sameTopics refuses positions in a topic that was deleted and made anew: its records up to
// them would be left out without a word. With failOnDataLoss 'false' it is read from its start.
func (s *source) sameTopics(start positions, before, now identities) error {
	for _, p := range start.sorted() {
		if !slices.Contains(s.names, p.topic) || !before.anew(now, p.topic) {
			continue
		}
		lost := errs.New("KAFKA_DATA_LOSS", "%s was deleted and made anew; the query has read the earlier one up to offset %d", p, start[p]).
			WithHint("to read the new one from its beginning set failOnDataLoss 'false' on the table, or %s", connector.StartOver)
		if !s.lossy {
			return lost
		}
		s.env.Report.Log(lost.Error())
		start[p] = 0
	}
	return nil
}

// check compares where the query stands with what the topics have: both ends are shown when
// the log begins later or ends earlier than the query knows. With failOnDataLoss 'false' it
// moves start to what there is. New partitions are due from offset 0, as in Spark.
func (s *source) check(start, first, next positions) error {
	for _, p := range start.sorted() {
		if _, there := next[p]; there || !slices.Contains(s.names, p.topic) {
			continue
		}
		if !s.lossy {
			return errs.New("KAFKA_DATA_LOSS", "%s is gone; the query has read it up to offset %d", p, start[p]).
				WithHint("the topic was made anew with fewer partitions; to go on without them set failOnDataLoss 'false' on the table; to read it from its beginning, %s", connector.StartOver)
		}
		s.env.Report.Log(p.String() + " is gone")
	}
	for _, p := range next.sorted() {
		at := start[p]
		var lost *errs.Error
		switch {
		case at > next[p]:
			lost, start[p] = s.cut(p, at, next[p]), next[p]
		case at < first[p] && at < next[p]:
			lost, start[p] = s.lost(p, at, next[p], first[p]), min(first[p], next[p])
		}
		if lost == nil {
			continue
		}
		if !s.lossy {
			return lost
		}
		s.env.Report.Log(lost.Error())
	}
	return nil
}

// Plan makes a split of every partition that has something new; one that came after `from`
// is read from offset 0.
func (s *source) Plan(_ context.Context, from, to connector.Offset) ([]connector.Split, error) {
	a, before, err := parsePositions(string(from))
	if err != nil {
		return nil, err
	}
	b, now, err := parsePositions(string(to))
	if err != nil {
		return nil, err
	}
	var out []connector.Split
	for _, p := range b.sorted() {
		if before.anew(now, p.topic) {
			a[p] = 0
		}
		if a[p] < b[p] {
			out = append(out, connector.Split{ID: p.String(),
				From: strconv.FormatInt(a[p], 10), To: strconv.FormatInt(b[p], 10)})
		}
	}
	return out, nil
}

// Open reads one partition's range.
func (s *source) Open(ctx context.Context, sp connector.Split, columns []int) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		p, from, to, err := parseSplit(sp)
		if err != nil {
			yield(nil, err)
			return
		}
		rows, err := s.newRows(p, columns)
		if err != nil {
			yield(nil, err)
			return
		}
		s.give(ctx, reach{p: p, from: from, to: to}, rows, yield)
	}
}

// give reads a part of a partition into rows, and yields what they make of it.
func (s *source) give(ctx context.Context, r reach, rows *rows, yield func(*vec.Batch, error) bool) {
	stopped := false
	emit := func() error {
		for !stopped {
			b, err := rows.take()
			if err != nil {
				return err
			}
			if b == nil {
				return nil
			}
			stopped = !yield(b, nil)
		}
		return context.Canceled
	}
	if err := s.scan(ctx, r, rows.add, emit); err != nil && !stopped {
		yield(nil, err)
	}
}

func parseSplit(sp connector.Split) (tp, int64, int64, error) {
	for i := len(sp.ID) - 1; i > 0; i-- {
		if sp.ID[i] != '-' {
			continue
		}
		part, err1 := strconv.ParseInt(sp.ID[i+1:], 10, 32)
		from, err2 := strconv.ParseInt(sp.From, 10, 64)
		to, err3 := strconv.ParseInt(sp.To, 10, 64)
		if err1 == nil && err2 == nil && err3 == nil {
			return tp{sp.ID[:i], int32(part)}, from, to, nil
		}
		break
	}
	return tp{}, 0, 0, errs.New("INVALID_OFFSETS", "split %q (%q, %q]", sp.ID, sp.From, sp.To)
}

// Ack has nothing to release: the broker's retention decides.
func (s *source) Ack(context.Context, connector.Offset) error { return nil }

func (s *source) Close() error {
	if s.stop != nil {
		s.stop()
	}
	s.at.close()
	s.watching.Wait()
	return nil
}

// reach is the offsets [from, to) of a partition, and which batches of them are wanted (nil: all).
type reach struct {
	p        tp
	from, to int64
	want     func(*record.Batch) bool
}

// scan reads a part of a partition; offsets that are gone are settled on the way.
func (s *source) scan(ctx context.Context, r reach, each func(*record.Batch, *record.Record), flush func() error) error {
	for pos := r.from; pos < r.to; {
		next, err := s.at.committed(ctx, r.p, pos, r.to, r.want, each, flush)
		if errors.Is(err, errGone) {
			next, err = s.skip(ctx, r.p, next, r.to)
		}
		if err != nil {
			return err
		}
		pos = next
	}
	return nil
}

// skip settles offsets that the log no longer has: an error, or the offset to go on from.
func (s *source) skip(ctx context.Context, p tp, pos, to int64) (int64, error) {
	first, next, err := s.at.bounds(ctx, []string{p.topic}, false)
	if err != nil {
		return 0, err
	}
	lost := s.lost(p, pos, to, first[p])
	if first[p] <= pos {
		lost = s.cut(p, pos, next[p])
	}
	if !s.lossy {
		return 0, lost
	}
	s.env.Report.Log(lost.Error())
	if first[p] <= pos {
		return to, nil
	}
	return min(first[p], to), nil
}

// lost is the error for offsets that were due and are gone.
func (s *source) lost(p tp, pos, to, logStart int64) *errs.Error {
	return errs.New("KAFKA_DATA_LOSS", "%s: offsets %d to %d were due, but the log begins at %d", p, pos, to, logStart).
		WithHint("the records were deleted (retention, or the topic was made anew); to go on without them set failOnDataLoss 'false' on the table, or %s", connector.StartOver)
}

// cut is the error for a log that ends before what the query has read.
func (s *source) cut(p tp, at, end int64) *errs.Error {
	return errs.New("KAFKA_DATA_LOSS", "%s ends at offset %d, but the query has read up to %d", p, end, at).
		WithHint("the topic was made anew or cut; to go on from its end set failOnDataLoss 'false' on the table; to read it from its beginning, %s", connector.StartOver)
}

// watchFrom tells the watcher what the runner knows of.
func (s *source) watchFrom(p positions) {
	select {
	case <-s.moved: // an older message that nobody took
	default:
	}
	s.moved <- maps.Clone(p)
}
