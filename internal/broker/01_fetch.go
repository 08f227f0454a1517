package broker

import (
	"context"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

const (
	// maxReply bounds one answer, whatever the client allows.
	maxReply = 8 << 20
	// maxReplies is about what all answers together may take while they are sent.
	maxReplies = 64 << 20
	// maxHold is how long a fetch of many partitions, whose request counts among the bytes
	// in flight, may wait for records.
	maxHold = 5 * time.Second
)

// fetch reads records from where the client asks, waiting for them where it wants so.
func (b *Broker) fetch(c *call, req *kmsg.FetchRequest) {
	if req.SessionID != 0 || req.SessionEpoch > 0 { // none is ever given: every fetch names all its partitions
		resp := kmsg.NewPtrFetchResponse()
		resp.ErrorCode = kerr.FetchSessionIDNotFound.Code
		c.answer(resp)
		return
	}
	f := &fetching{b: b, c: c, req: req}
	f.resolve()
	f.read()
	wait := time.Duration(req.MaxWaitMillis) * time.Millisecond
	if len(c.wire.frame) > uncharged {
		wait = min(wait, maxHold)
	}
	if !f.enough() && wait > 0 {
		f.wait(c.ctx, wait)
	}
	if !f.enough() { // what became readable since the last look is read, too
		if f.behind() { // see there
			b.catchUp(c.ctx)
		}
		f.read()
	}
	c.answer(f.reply)
}

// behind reports whether records of the partitions are written but not readable yet. Their
// producers may have been answered (acks=1), and then nobody is told that there are none.
func (f *fetching) behind() bool { return slices.ContainsFunc(f.parts, behind) }

// fetching is a fetch on its way.
type fetching struct {
	b     *Broker
	c     *call
	req   *kmsg.FetchRequest
	parts []*log.Partition // in the request's order; nil for those that do not exist
	names []string         // of the topics
	reply *fetchReply
	room  int // bytes that may still be read
	bytes int
	bad   bool // a partition has an error, which is not waited with
}

// resolve finds the partitions.
func (f *fetching) resolve() {
	topics := f.b.store.Topics()
	for i := range f.req.Topics {
		t := &f.req.Topics[i]
		var topic *log.Topic
		if f.req.Version >= 13 {
			topic = topics.ByID(t.TopicID)
		} else {
			topic = topics.ByName(t.Topic)
		}
		name := ""
		if topic != nil {
			name = topic.Name()
		}
		f.names = append(f.names, name)
		for j := range t.Partitions {
			f.parts = append(f.parts, partitionOf(topic, t.Partitions[j].Partition))
		}
	}
}

// enough reports whether the answer need not wait.
func (f *fetching) enough() bool {
	return f.bad || f.bytes >= int(f.req.MinBytes) || len(f.parts) == 0
}

// wait reads again when something has happened, until there is enough or d is over.
func (f *fetching) wait(ctx context.Context, d time.Duration) {
	w := f.c.waiter()
	for _, p := range f.parts {
		p.Watch(w)
	}
	defer func() {
		for _, p := range f.parts {
			p.Unwatch(w)
		}
	}()
	over := f.b.cfg.Sys.Clock.After(d)
	for {
		f.read() // first: what came before the watch
		if f.enough() {
			return
		}
		select {
		case <-w.C:
		case <-over:
			return
		case <-ctx.Done():
			return
		}
	}
}

// waiter is the connection's, which has one fetch at a time, or a new one.
func (c *call) waiter() *log.Waiter {
	if c.conn == nil {
		return &log.Waiter{C: make(chan struct{}, 1)}
	}
	if c.conn.waiter.C == nil {
		c.conn.waiter.C = make(chan struct{}, 1)
	}
	select {
	case <-c.conn.waiter.C: // of the fetch before
	default:
	}
	return &c.conn.waiter
}

// read fills in the answer from what there is now.
func (f *fetching) read() {
	if f.reply == nil {
		f.reply = &fetchReply{FetchResponse: kmsg.NewPtrFetchResponse(), b: f.b}
		f.reply.Topics = make([]kmsg.FetchResponseTopic, len(f.req.Topics))
	}
	f.reply.free()
	f.bytes, f.bad, f.room = 0, false, f.reply.reserve(int(f.req.MaxBytes))
	n := 0
	for i := range f.req.Topics {
		t, out := &f.req.Topics[i], &f.reply.Topics[i]
		out.Topic, out.TopicID = t.Topic, t.TopicID
		if out.Partitions == nil {
			out.Partitions = make([]kmsg.FetchResponseTopicPartition, len(t.Partitions))
		}
		sent := 0
		for j := range t.Partitions {
			d := &out.Partitions[j]
			d.Default()
			d.Partition, d.RecordBatches = t.Partitions[j].Partition, []byte{}
			d.HighWatermark, d.LastStableOffset, d.LogStartOffset, d.PreferredReadReplica = -1, -1, -1, -1
			d.AbortedTransactions = nil
			var err error
			if f.parts[n] != nil {
				err = f.partition(f.parts[n], &t.Partitions[j], d)
			} else {
				d.AbortedTransactions = []kmsg.FetchResponseTopicPartitionAbortedTransaction{} // as in Kafka
				err = kerr.UnknownTopicOrPartition
				if f.names[i] == "" && f.req.Version >= 13 {
					err = kerr.UnknownTopicID
				}
			}
			if err != nil {
				d.ErrorCode = code(err)
				f.bad = true
			}
			sent += len(d.RecordBatches)
			n++
		}
		f.reply.sent = append(f.reply.sent, topicBytes{f.names[i], sent})
	}
	f.reply.hold(f.bytes)
}

// partition reads one partition.
func (f *fetching) partition(p *log.Partition, in *kmsg.FetchRequestTopicPartition, out *kmsg.FetchResponseTopicPartition) error {
	if err := checkEpoch(p, in.CurrentLeaderEpoch, f.req.Version >= 9); err != nil {
		return err
	}
	iso := log.Isolation(f.req.IsolationLevel)
	if iso == log.ReadCommitted {
		out.AbortedTransactions = []kmsg.FetchResponseTopicPartitionAbortedTransaction{}
	}
	if f.req.Version >= 12 && in.LastFetchedEpoch >= 0 {
		epoch, end := p.EpochEnd(in.LastFetchedEpoch)
		if end < 0 {
			return log.ErrOutOfRange
		}
		if epoch < in.LastFetchedEpoch || end < in.FetchOffset {
			out.DivergingEpoch.Epoch, out.DivergingEpoch.EndOffset = epoch, end
			out.HighWatermark, out.LastStableOffset, out.LogStartOffset = p.High(), p.Stable(), p.Start()
			f.bad = true // nothing to wait for
			return nil
		}
	}
	high, stable := p.High(), p.Stable()
	if in.FetchOffset > high && in.FetchOffset <= p.End() { // it exists, but cannot be read yet
		out.HighWatermark, out.LastStableOffset, out.LogStartOffset = high, stable, p.Start()
		return p.Err()
	}
	end := high
	if iso == log.ReadCommitted {
		end = stable
	}
	most := min(int(in.PartitionMaxBytes), f.room)
	if in.FetchOffset == end || most <= 0 && f.bytes > 0 {
		if f.b.store.Topics().Partition(p.Topic(), p.Index()) == nil { // deleted meanwhile
			if f.req.Version >= 13 {
				return kerr.UnknownTopicID
			}
			return kerr.UnknownTopicOrPartition
		}
		start := p.Start()
		if in.FetchOffset < start || in.FetchOffset > high {
			return log.ErrOutOfRange
		}
		out.HighWatermark, out.LastStableOffset, out.LogStartOffset = high, stable, start
		return nil
	}
	if !f.admit() { // as if there were no records yet: the client asks again
		out.HighWatermark, out.LastStableOffset, out.LogStartOffset = high, stable, p.Start()
		return nil
	}
	return f.chunk(p, in, out, max(most, 1), iso)
}

// chunk reads records into a buffer of the pool.
func (f *fetching) chunk(p *log.Partition, in *kmsg.FetchRequestTopicPartition, out *kmsg.FetchResponseTopicPartition, most int, iso log.Isolation) error {
	buf := f.b.bufs.get(most)
	got, err := p.Read(in.FetchOffset, most, iso, buf[:0])
	if err != nil {
		f.b.bufs.put(buf)
		return err
	}
	out.HighWatermark, out.LastStableOffset, out.LogStartOffset = got.High, got.Stable, got.Start
	if len(got.Batches) == 0 {
		f.b.bufs.put(buf)
		return nil
	}
	got.Batches = f.b.bufs.fitting(got.Batches)
	f.reply.bufs = append(f.reply.bufs, got.Batches)
	out.RecordBatches = got.Batches
	for _, a := range got.Aborted {
		t := kmsg.NewFetchResponseTopicPartitionAbortedTransaction()
		t.ProducerID, t.FirstOffset = a.Producer, a.First
		out.AbortedTransactions = append(out.AbortedTransactions, t)
	}
	f.bytes += len(got.Batches)
	f.room -= len(got.Batches)
	return nil
}
