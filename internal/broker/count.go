package broker

import (
	"iter"
	"sync"
	"sync/atomic"
)

// Counters are what the broker has done since it started. Each is read by itself; together
// they are no consistent picture.
type Counters struct {
	Connections atomic.Int64 // open now
	Accepted    atomic.Int64 // connections since the start
	Refused     atomic.Int64 // connections beyond the most
	Malformed   atomic.Int64 // connections closed because of what was sent
	LoginFailed atomic.Int64

	requests [256]atomic.Int64 // by key
	topics   sync.Map          // string -> *TopicCounters
}

// TopicCounters are those of one topic.
type TopicCounters struct {
	RecordsIn, BytesIn atomic.Int64 // bytes of batches as sent
	BytesOut           atomic.Int64
	FailedIn           atomic.Int64 // batches refused
}

func newCounters() *Counters { return &Counters{} }

// api counts the requests of a key.
func (c *Counters) api(key int16) *atomic.Int64 { return &c.requests[uint8(key)] }

// Requests are the numbers of requests by key, of those keys that came.
func (c *Counters) Requests() iter.Seq2[int16, int64] {
	return func(yield func(int16, int64) bool) {
		for key := range c.requests {
			if n := c.requests[key].Load(); n > 0 && !yield(int16(key), n) {
				return
			}
		}
	}
}

// topic are the counters of a topic, made at its first use.
func (c *Counters) topic(name string) *TopicCounters {
	if t, ok := c.topics.Load(name); ok {
		return t.(*TopicCounters)
	}
	t, _ := c.topics.LoadOrStore(name, &TopicCounters{})
	return t.(*TopicCounters)
}

// Topics are the counters by topic, deleted ones included.
func (c *Counters) Topics() iter.Seq2[string, *TopicCounters] {
	return func(yield func(string, *TopicCounters) bool) {
		c.topics.Range(func(k, v any) bool { return yield(k.(string), v.(*TopicCounters)) })
	}
}
