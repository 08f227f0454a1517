package web

import (
	"context"
	"encoding/json"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// maxRecords is how many records one event carries.
const maxRecords = 500

// record is one record of a topic as pages get it.
type record struct {
	Partition int32           `json:"partition"`
	Offset    int64           `json:"offset"`
	Timestamp int64           `json:"timestamp"` // milliseconds
	Key       *string         `json:"key"`
	Value     json.RawMessage `json:"value"`         // the JSON value, or null
	Raw       *string         `json:"raw,omitempty"` // the text, where it is not JSON
}

// refreshPeriod is how often new topics and partitions are looked for.
const refreshPeriod = time.Second

// tail reads topics for one stream, committed records only. It belongs to one goroutine.
type tail struct {
	st     *stream
	topics []string
	client *kgo.Client
	at     positions
	latest bool                      // begin with the end of what is there
	ids    map[string]string         // the topics being read
	read   map[string]map[int32]bool // their partitions
	failed string                    // the last error logged
}

// records sends what comes to topics until the stream is over.
func (st *stream) records(ctx context.Context, topics []string, from start) {
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(st.server.kafka), kgo.ClientID("azud-console"), kgo.DisableClientMetrics(),
		// By default a partition found while others are waited for comes after 5 s.
		kgo.MetadataMinAge(refreshPeriod/4), kgo.FetchMaxWait(refreshPeriod/2),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxBytes(1<<20),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), // a position that is gone
		kgo.Dialer(st.server.dial))
	if err != nil {
		st.server.cfg.Log("console: reading topics: " + err.Error())
		return
	}
	defer cl.Close()
	t := &tail{st: st, topics: topics, client: cl, at: from.at, latest: from.latest,
		ids: map[string]string{}, read: map[string]map[int32]bool{}}
	for ctx.Err() == nil {
		if err := t.assign(ctx); err != nil {
			t.trouble(ctx, err)
			continue
		}
		if !t.poll(ctx) {
			return
		}
	}
}

// dial connects to the broker.
func (s *Server) dial(ctx context.Context, network, host string) (net.Conn, error) {
	if s.cfg.Dial != nil {
		return s.cfg.Dial()
	}
	return s.cfg.Sys.Net.DialContext(ctx, network, host)
}

// trouble logs an error once and waits a little.
func (t *tail) trouble(ctx context.Context, err error) {
	if ctx.Err() == nil && err.Error() != t.failed {
		t.failed = err.Error()
		t.st.server.cfg.Log("console: reading topics: " + t.failed)
	}
	t.st.server.cfg.Sys.Clock.Sleep(ctx, watchPeriod) // the caller looks at ctx
}

// assign begins to read the partitions that are not read yet: at its position, else from its
// start. A topic that does not exist yet is waited for; one that was made anew begins again.
func (t *tail) assign(ctx context.Context) error {
	adm := kadm.NewClient(t.client)
	found, err := adm.ListTopicsWithInternal(ctx, t.topics...)
	if err == nil && t.latest {
		err = t.skip(ctx, adm, found)
	}
	if err != nil {
		return err
	}
	add := map[string]map[int32]kgo.Offset{}
	for _, d := range found {
		if d.Err != nil {
			continue
		}
		id := d.ID.String()
		if before, ok := t.ids[d.Topic]; ok && before != id {
			t.client.PurgeTopicsFromConsuming(d.Topic)
			delete(t.read, d.Topic)
		}
		t.ids[d.Topic] = id
		for p := range d.Partitions {
			if !t.read[d.Topic][p] {
				put(t.read, d.Topic, p, true)
				put(add, d.Topic, p, t.at.offset(d.Topic, id, p))
			}
		}
	}
	t.client.AddConsumePartitions(add)
	return nil
}

// skip makes the present ends the positions, once, and tells them, so that a client whose
// connection breaks before the first record misses nothing.
func (t *tail) skip(ctx context.Context, adm *kadm.Client, found kadm.TopicDetails) error {
	ends, err := adm.ListCommittedOffsets(ctx, t.topics...)
	if err != nil {
		return err
	}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Err == nil {
			t.at.set(o.Topic, found[o.Topic].ID.String(), o.Partition, o.Offset)
		}
	})
	t.latest = false
	t.st.send(ctx, message{id: t.at.encode()})
	return ctx.Err()
}

// put sets a value of a map of maps.
func put[V any](m map[string]map[int32]V, topic string, p int32, v V) {
	if m[topic] == nil {
		m[topic] = map[int32]V{}
	}
	m[topic][p] = v
}

// poll sends what the fetches of the next moment bring; false when the stream is over.
func (t *tail) poll(ctx context.Context) bool {
	wait, cancel := context.WithTimeout(ctx, refreshPeriod)
	defer cancel()
	for wait.Err() == nil {
		fetches := t.client.PollRecords(wait, maxRecords)
		for _, topic := range t.topics {
			if !t.send(ctx, topic, fetches) {
				return false
			}
		}
		for _, e := range fetches.Errors() {
			if wait.Err() == nil {
				t.trouble(ctx, e.Err)
			}
		}
	}
	return true
}

// send sends a topic's records; its positions are then those after them.
func (t *tail) send(ctx context.Context, topic string, fetches kgo.Fetches) bool {
	var list []record
	fetches.EachRecord(func(r *kgo.Record) {
		if r.Topic == topic {
			list = append(list, recordOf(r))
			t.at.set(topic, t.ids[topic], r.Partition, r.Offset+1)
		}
	})
	if len(list) == 0 {
		return true
	}
	data, err := json.Marshal(map[string]any{"topic": topic, "records": list})
	if err != nil { // its parts always marshal
		t.st.server.cfg.Log("console: " + err.Error())
		return true
	}
	return t.st.send(ctx, message{event: "records", id: t.at.encode(), data: data})
}

func recordOf(r *kgo.Record) record {
	out := record{Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp.UnixMilli(), Value: json.RawMessage("null")}
	if r.Key != nil {
		k := string(r.Key)
		out.Key = &k
	}
	if json.Valid(r.Value) {
		out.Value = r.Value
	} else if r.Value != nil {
		v := string(r.Value)
		out.Raw = &v
	}
	return out
}
