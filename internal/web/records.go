package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"

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

// start is where records begin: after given positions, or at an end of the log.
type start struct {
	next     map[string]map[int32]int64
	earliest bool
}

// startOf reads the last event's id, else the from parameter.
func startOf(id, from string) (start, error) {
	st := start{earliest: from == "earliest"}
	if id == "" {
		if from != "" && from != "earliest" && from != "latest" {
			return st, errors.New("from is earliest or latest")
		}
		return st, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err == nil {
		err = json.Unmarshal(raw, &st.next)
	}
	if err != nil {
		return st, errors.New("Last-Event-ID is not an id of this stream")
	}
	return st, nil
}

// records tails topics, committed records only.
func (st *stream) records(ctx context.Context, topics []string, from start) {
	offset := kgo.NewOffset().AtEnd()
	if from.earliest || from.next != nil {
		offset = kgo.NewOffset().AtStart()
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(st.server.cfg.Kafka), kgo.ClientID("azud-console"),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(offset),
		kgo.FetchMaxBytes(1 << 20), kgo.DisableClientMetrics(),
		kgo.Dialer(func(ctx context.Context, network, host string) (net.Conn, error) {
			return st.server.cfg.Sys.Net.DialContext(ctx, network, host)
		}),
	}
	known := map[string]map[int32]kgo.Offset{}
	var rest []string // topics of which no position is known
	for _, t := range topics {
		if len(from.next[t]) == 0 {
			rest = append(rest, t)
			continue
		}
		known[t] = map[int32]kgo.Offset{}
		for p, o := range from.next[t] {
			known[t][p] = kgo.NewOffset().At(o)
		}
	}
	if len(known) > 0 {
		opts = append(opts, kgo.ConsumePartitions(known))
	}
	if len(rest) > 0 {
		opts = append(opts, kgo.ConsumeTopics(rest...))
	}
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		st.server.cfg.Log("console: reading topics: " + err.Error())
		return
	}
	defer cl.Close()
	next := from.next
	if next == nil {
		next = map[string]map[int32]int64{}
	}
	for ctx.Err() == nil {
		fetches := cl.PollRecords(ctx, maxRecords)
		for _, t := range topics {
			if !st.sendRecords(ctx, t, fetches, next) {
				return
			}
		}
	}
}

// sendRecords sends what a poll brought of a topic; next then holds the positions after it.
func (st *stream) sendRecords(ctx context.Context, topic string, fetches kgo.Fetches, next map[string]map[int32]int64) bool {
	var list []record
	fetches.EachRecord(func(r *kgo.Record) {
		if r.Topic != topic {
			return
		}
		list = append(list, recordOf(r))
		if next[topic] == nil {
			next[topic] = map[int32]int64{}
		}
		next[topic][r.Partition] = r.Offset + 1
	})
	if len(list) == 0 {
		return true
	}
	data, err := json.Marshal(map[string]any{"topic": topic, "records": list})
	if err != nil {
		st.server.cfg.Log("console: " + err.Error())
		return true
	}
	id, err := json.Marshal(next)
	if err != nil {
		return true
	}
	return st.send(ctx, message{event: "records", id: base64.RawURLEncoding.EncodeToString(id), data: data})
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
