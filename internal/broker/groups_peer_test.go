package broker

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"net"
	"reflect"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/sys"
)

// groupPeer is a broker to send requests to: this one's group coordinator, or a real Kafka.
type groupPeer interface {
	send(req kmsg.Request) <-chan kmsg.Response
	makeTopic(t *testing.T, name string, partitions int32) log.TopicID
	patience() time.Duration // until a request counts as waiting
}

// fakeClock stands still until advance.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}
func (c *fakeClock) Sleep(ctx context.Context, _ time.Duration) error {
	<-ctx.Done()
	return ctx.Err()
}
func (c *fakeClock) After(time.Duration) <-chan time.Time { return nil }

// countRand is a Rand without surprises.
type countRand struct{ n uint64 }

func (c *countRand) Uint64() uint64 { c.n++; return c.n }

// memStore is a groupStore in memory.
type memStore struct {
	mu     sync.Mutex
	tables map[log.Table]map[string][]byte
	fail   error // of the next Writes and Syncs
}

func (s *memStore) Write(w log.Write) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	for _, p := range w.Puts {
		if s.tables[p.Table] == nil {
			s.tables[p.Table] = map[string][]byte{}
		}
		if p.Value == nil {
			delete(s.tables[p.Table], p.Key)
		} else {
			s.tables[p.Table][p.Key] = p.Value
		}
	}
	return nil
}
func (s *memStore) Sync(done func(error)) { done(s.fail) }
func (s *memStore) All(t log.Table) iter.Seq2[string, []byte] {
	return maps.All(maps.Clone(s.tables[t]))
}

// memTopics is a topicLookup in memory.
type memTopics struct {
	list    []topicInfo
	changes int
}

func (m *memTopics) byName(name string) (topicInfo, bool) {
	i := slices.IndexFunc(m.list, func(t topicInfo) bool { return t.name == name })
	if i < 0 {
		return topicInfo{}, false
	}
	return m.list[i], true
}
func (m *memTopics) byID(id log.TopicID) (topicInfo, bool) {
	i := slices.IndexFunc(m.list, func(t topicInfo) bool { return t.id == id })
	if i < 0 {
		return topicInfo{}, false
	}
	return m.list[i], true
}
func (m *memTopics) all() []topicInfo { return m.list }
func (m *memTopics) mark() any        { return m.changes }

func (m *memTopics) set(name string, partitions int32) log.TopicID {
	m.changes++
	for i := range m.list {
		if m.list[i].name == name {
			m.list[i].partitions = partitions
			return m.list[i].id
		}
	}
	id := log.TopicID{byte(m.changes), 1, 2}
	m.list = append(m.list, topicInfo{id, name, partitions})
	slices.SortFunc(m.list, func(a, b topicInfo) int { return strings.Compare(a.name, b.name) })
	return id
}

// bench is the group coordinator with a clock that stands still and no disk.
type bench struct {
	b      *Broker
	clock  *fakeClock
	store  *memStore
	topics *memTopics
}

func newBench(settings map[string]string) *bench {
	p := &bench{clock: &fakeClock{now: time.Unix(1_700_000_000, 0)}, store: &memStore{tables: map[log.Table]map[string][]byte{}}, topics: &memTopics{}}
	p.start(settings)
	return p
}

// start starts the coordinator, anew if there was one.
func (p *bench) start(settings map[string]string) {
	p.b = &Broker{apis: map[int16]api{}, cfg: Config{NodeID: 1}}
	for _, a := range groupAPIs() {
		p.b.apis[a.key] = a
	}
	p.b.groups = newGroups(&sys.Sys{Clock: p.clock, Rand: &countRand{}}, slog.New(slog.DiscardHandler), p.store, p.topics, settings)
}

func (p *bench) send(req kmsg.Request) <-chan kmsg.Response {
	done := make(chan kmsg.Response, 1)
	c := &call{ctx: context.Background(), req: req, client: "client", host: "/127.0.0.1"}
	c.deliver = func(r kmsg.Response) { // what the version has no field for is not seen
		seen := req.ResponseKind()
		seen.SetVersion(req.GetVersion())
		if err := seen.ReadFrom(r.AppendTo(nil)); err != nil {
			panic(err)
		}
		done <- seen
	}
	p.b.apis[req.Key()].handle(p.b, c)
	return done
}

func (p *bench) makeTopic(_ *testing.T, name string, partitions int32) log.TopicID {
	return p.topics.set(name, partitions)
}
func (p *bench) patience() time.Duration { return 0 }

// advance lets time pass and timers run, a second at a time.
func (p *bench) advance(d time.Duration) {
	for d > 0 {
		step := min(d, time.Second)
		p.clock.mu.Lock()
		p.clock.now = p.clock.now.Add(step)
		p.clock.mu.Unlock()
		p.b.groups.timers.runDue()
		d -= step
	}
}

// kafkaPeer is a Kafka elsewhere, one connection a request.
type kafkaPeer struct {
	t    *testing.T
	addr string
}

func (k kafkaPeer) send(req kmsg.Request) <-chan kmsg.Response {
	done := make(chan kmsg.Response, 1)
	go func() {
		conn, err := net.Dial("tcp", k.addr)
		if err != nil {
			k.t.Error(err)
			return
		}
		defer conn.Close()
		frame := kmsg.NewRequestFormatter(kmsg.FormatterClientID("client")).AppendRequest(nil, req, 7)
		if _, err = conn.Write(frame); err != nil {
			k.t.Error(err)
			return
		}
		var size [4]byte
		if _, err = io.ReadFull(conn, size[:]); err != nil {
			k.t.Errorf("%T: %v", req, err)
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(size[:]))
		if _, err = io.ReadFull(conn, body); err != nil {
			k.t.Error(err)
			return
		}
		resp := req.ResponseKind()
		resp.SetVersion(req.GetVersion())
		body = body[4:]
		if resp.IsFlexible() {
			body = body[1:]
		}
		if err = resp.ReadFrom(body); err != nil {
			k.t.Error(err)
		}
		done <- resp
	}()
	return done
}

func (k kafkaPeer) patience() time.Duration { return 300 * time.Millisecond }

func (k kafkaPeer) makeTopic(t *testing.T, name string, partitions int32) log.TopicID {
	d := kmsg.NewPtrDeleteTopicsRequest()
	d.Version, d.TimeoutMillis, d.TopicNames = 5, 10_000, []string{name}
	<-k.send(d)
	time.Sleep(time.Second)
	q := kmsg.NewPtrCreateTopicsRequest()
	q.Version, q.TimeoutMillis = 7, 10_000
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, partitions, 1
	q.Topics = append(q.Topics, topic)
	r := (<-k.send(q)).(*kmsg.CreateTopicsResponse)
	if err := kerr.ErrorForCode(r.Topics[0].ErrorCode); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // until the coordinator knows
	return r.Topics[0].TopicID
}

// hiddenFields are fields that are no matter of the protocol, or ours to choose.
var hiddenFields = map[string]bool{"Version": true, "ThrottleMillis": true, "UnknownTags": true, "ErrorMessage": true,
	"HeartbeatIntervalMillis": true, "Group": true, "MemberType": true, "AssignorName": true}

// show writes a value's fields that are not zero in one line; names replaces what differs
// from run to run. Lists that are sets are sorted.
func show(v reflect.Value, names *strings.Replacer, topics map[[16]byte]string) string {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return ""
		}
		return show(v.Elem(), names, topics)
	case reflect.Struct:
		var out []string
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if hiddenFields[f.Name] || !f.IsExported() {
				continue
			}
			text := show(v.Field(i), names, topics)
			if f.Name == "ErrorCode" && text != "" {
				text = kerr.ErrorForCode(int16(v.Field(i).Int())).(*kerr.Error).Message
			}
			if text != "" {
				out = append(out, f.Name+"="+text)
			}
		}
		return "{" + strings.Join(out, " ") + "}"
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			if v.Len() == 0 {
				return ""
			}
			return fmt.Sprintf("%q", v.Bytes())
		}
		var out []string
		for i := range v.Len() {
			out = append(out, show(v.Index(i), names, topics))
		}
		if len(out) == 0 {
			return ""
		}
		sort.Strings(out)
		return "[" + strings.Join(out, " ") + "]"
	case reflect.Array:
		var id [16]byte
		reflect.Copy(reflect.ValueOf(&id).Elem(), v)
		return topics[id]
	case reflect.String:
		return names.Replace(v.String())
	}
	if v.IsZero() {
		return ""
	}
	return fmt.Sprint(v)
}
