package broker

import (
	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// fetchReply is a FetchResponse whose records lie in buffers of the pool until it is sent.
type fetchReply struct {
	*kmsg.FetchResponse
	b    *Broker
	bufs [][]byte
	held int
	sent []topicBytes
}

type topicBytes struct {
	topic string
	bytes int
}

// reserve counts bytes of an answer before they are read, at most most, and returns their
// number: less when many are on their way, so that slow readers do not fill the memory. A
// first batch that is larger goes beyond it.
func (f *fetchReply) reserve(most int) int {
	f.hold(0)
	for {
		now := f.b.replying.Load()
		room := max(min(most, maxReply, int(maxReplies-now)/4), 1)
		if f.b.replying.CompareAndSwap(now, now+int64(room)) {
			f.held = room
			return room
		}
	}
}

// hold counts n bytes as being sent, until free.
func (f *fetchReply) hold(n int) {
	f.b.replying.Add(int64(n - f.held))
	f.held = n
}

// free gives the buffers back.
func (f *fetchReply) free() {
	for i, b := range f.bufs {
		f.b.bufs.put(b)
		f.bufs[i] = nil
	}
	f.bufs, f.sent = f.bufs[:0], f.sent[:0]
	f.hold(0)
}

// counted adds what was sent to the topics' counters.
func (f *fetchReply) counted() {
	for _, t := range f.sent {
		if t.bytes > 0 {
			f.b.count.topic(t.topic).BytesOut.Add(int64(t.bytes))
		}
	}
}

// appendTo encodes as kmsg does, but leaves the records where they are. Tests compare the two.
func (f *fetchReply) appendTo(o *outgoing) {
	v := f.Version
	w := fetchWriter{o: o, version: v, flexible: v >= 12}
	o.buf = kbin.AppendInt32(o.buf, f.ThrottleMillis)
	if v >= 7 {
		o.buf = kbin.AppendInt16(o.buf, f.ErrorCode)
		o.buf = kbin.AppendInt32(o.buf, f.SessionID)
	}
	w.length(len(f.Topics), false)
	for i := range f.Topics {
		t := &f.Topics[i]
		switch {
		case v >= 13:
			o.buf = kbin.AppendUuid(o.buf, t.TopicID)
		case w.flexible:
			o.buf = kbin.AppendCompactString(o.buf, t.Topic)
		default:
			o.buf = kbin.AppendString(o.buf, t.Topic)
		}
		w.length(len(t.Partitions), false)
		for j := range t.Partitions {
			w.partition(&t.Partitions[j])
		}
		w.noTags()
	}
	w.noTags()
}

type fetchWriter struct {
	o        *outgoing
	version  int16
	flexible bool
}

func (w *fetchWriter) length(n int, null bool) {
	if w.flexible {
		w.o.buf = kbin.AppendCompactNullableArrayLen(w.o.buf, n, null)
	} else {
		w.o.buf = kbin.AppendNullableArrayLen(w.o.buf, n, null)
	}
}

func (w *fetchWriter) noTags() {
	if w.flexible {
		w.o.buf = append(w.o.buf, 0)
	}
}

func (w *fetchWriter) partition(p *kmsg.FetchResponseTopicPartition) {
	o := w.o
	o.buf = kbin.AppendInt32(o.buf, p.Partition)
	o.buf = kbin.AppendInt16(o.buf, p.ErrorCode)
	o.buf = kbin.AppendInt64(o.buf, p.HighWatermark)
	o.buf = kbin.AppendInt64(o.buf, p.LastStableOffset)
	if w.version >= 5 {
		o.buf = kbin.AppendInt64(o.buf, p.LogStartOffset)
	}
	w.length(len(p.AbortedTransactions), p.AbortedTransactions == nil)
	for i := range p.AbortedTransactions {
		o.buf = kbin.AppendInt64(o.buf, p.AbortedTransactions[i].ProducerID)
		o.buf = kbin.AppendInt64(o.buf, p.AbortedTransactions[i].FirstOffset)
		w.noTags()
	}
	if w.version >= 11 {
		o.buf = kbin.AppendInt32(o.buf, p.PreferredReadReplica)
	}
	w.length(len(p.RecordBatches), p.RecordBatches == nil)
	o.put(p.RecordBatches)
	if !w.flexible {
		return
	}
	if p.DivergingEpoch.Epoch == -1 && p.DivergingEpoch.EndOffset == -1 {
		o.buf = append(o.buf, 0)
		return
	}
	const size = 4 + 8 + 1
	o.buf = append(o.buf, 1, 0, size) // one tag, 0, of size bytes
	o.buf = kbin.AppendInt32(o.buf, p.DivergingEpoch.Epoch)
	o.buf = kbin.AppendInt64(o.buf, p.DivergingEpoch.EndOffset)
	o.buf = append(o.buf, 0)
}
