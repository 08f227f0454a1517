package broker

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// The scripts below are sent to a broker, and the answers compared with those of Apache Kafka
// 4.3.1, kept in testdata/*.kafka. To record them again, start a fresh one (one node, id 1,
// num.partitions=3, transaction.max.timeout.ms=3600000) and run
//
//	go test ./internal/broker -run Script -kafka localhost:9092
var realKafka = flag.String("kafka", "", "address of an Apache Kafka whose answers to record")

// peer is who answers a script.
type peer interface {
	ask(r kmsg.Request) kmsg.Response
}

// script asks and writes down.
type script struct {
	peer  peer
	out   bytes.Buffer
	names map[string]string // of ids, in the order of their appearance
	real  bool              // the peer is an Apache Kafka
}

// say asks and writes down what was asked, as name says, and the answer.
func (s *script) say(name string, r kmsg.Request, version int16) kmsg.Response {
	r.SetVersion(version)
	resp := s.peer.ask(r)
	if s.real && (r.Key() == 19 || r.Key() == 20 || r.Key() == 37 || r.Key() == 33 || r.Key() == 44) {
		time.Sleep(200 * time.Millisecond) // Kafka's brokers learn of it after the answer
	}
	fmt.Fprintf(&s.out, "%s\n", name)
	if resp == nil {
		fmt.Fprintf(&s.out, "\tclosed\n")
		return nil
	}
	var v any
	text, err := json.Marshal(resp)
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		err = d.Decode(&v)
	}
	if err != nil {
		panic(err)
	}
	text, _ = json.Marshal(s.plain("", v))
	fmt.Fprintf(&s.out, "\t%s\n", strings.ReplaceAll(string(text), "},{", "},\n\t{")) // an entry a line
	return resp
}

// plain leaves out what differs from run to run.
func (s *script) plain(key string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			switch {
			case k == "UnknownTags" || k == "Version" || k == "ThrottleMillis" || k == "Documentation":
				delete(v, k)
			case x == nil:
				v[k] = nil
			default:
				v[k] = s.plain(k, x)
			}
		}
	case []any:
		if key == "TopicID" {
			return s.name("T", fmt.Sprint(v), strings.Trim(fmt.Sprint(v), "[]0 ") == "")
		}
		order := map[string]string{"Topics": "Topic", "Partitions": "Partition", "Configs": "Name", "TransactionStates": "TransactionalID"}[key]
		slices.SortStableFunc(v, func(a, b any) int {
			x, y := sortKey(a, order), sortKey(b, order)
			return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y))
		})
		for i := range v {
			v[i] = s.plain(key, v[i])
		}
	case json.Number:
		switch key {
		case "ProducerID":
			return s.name("P", v.String(), strings.HasPrefix(v.String(), "-"))
		case "StartTimestamp", "LastTimestamp", "LogAppendTime":
			if !strings.HasPrefix(v.String(), "-") {
				return "time"
			}
		}
	}
	return v
}

// sortKey is what lists in no order are compared by: a field of objects, or a number.
func sortKey(v any, field string) string {
	switch v := v.(type) {
	case map[string]any:
		if x := v[field]; x != nil {
			return fmt.Sprint(x)
		}
	case json.Number:
		if field != "" {
			return v.String()
		}
	}
	return ""
}

func (s *script) name(kind, id string, none bool) string {
	if none {
		return "none"
	}
	if s.names[kind+id] == "" {
		s.names[kind+id] = fmt.Sprint(kind, len(s.names))
	}
	return s.names[kind+id]
}

// note writes a line.
func (s *script) note(text string) { fmt.Fprintf(&s.out, "# %s\n", text) }

// runScript plays a script to a broker of this package and compares.
func runScript(t *testing.T, file string, play func(*script), own func(*testing.T) peer) {
	t.Helper()
	path := filepath.Join("testdata", file)
	s := &script{names: map[string]string{}}
	if *realKafka != "" {
		s.peer, s.real = dialPeer(*realKafka), true
		play(s)
		if err := os.WriteFile(path, s.out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s.peer = own(t)
	play(s)
	got, expected := strings.Split(s.out.String(), "\n"), strings.Split(string(want), "\n")
	about := ""
	for i := 0; i < max(len(got), len(expected)); i++ {
		g, w := "", ""
		if i < len(got) {
			g = got[i]
		}
		if i < len(expected) {
			w = expected[i]
		}
		if !strings.HasPrefix(w, "\t") {
			about = w
		}
		if g != w {
			t.Errorf("%s:%d: %s\n got: %s\nwant: %s", path, i+1, about, strings.TrimSpace(g), strings.TrimSpace(w))
		}
	}
}

// wirePeer is a broker at the other end of a connection.
type wirePeer struct {
	addr string
	conn net.Conn
	n    int32
}

func dialPeer(addr string) *wirePeer {
	p := &wirePeer{addr: addr}
	p.dial()
	return p
}

func (p *wirePeer) dial() {
	c, err := net.Dial("tcp", p.addr)
	if err != nil {
		panic(err)
	}
	p.conn = c
}

func (p *wirePeer) ask(r kmsg.Request) kmsg.Response {
	p.n++
	raw := kmsg.NewRequestFormatter(kmsg.FormatterClientID("script")).AppendRequest(nil, r, p.n)
	p.conn.SetDeadline(time.Now().Add(20 * time.Second)) //nolint:errcheck // then it waits
	if _, err := p.conn.Write(raw); err != nil {
		panic(err)
	}
	var size [4]byte
	if _, err := io.ReadFull(p.conn, size[:]); err != nil {
		p.dial()
		return nil
	}
	body := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(p.conn, body); err != nil {
		panic(err)
	}
	resp := r.ResponseKind()
	resp.SetVersion(r.GetVersion())
	body = body[4:]
	if resp.IsFlexible() && resp.Key() != 18 {
		body = body[1:]
	}
	if err := resp.ReadFrom(body); err != nil {
		panic(err)
	}
	return resp
}

// callPeer is a broker of this process. Requests and answers go through their encoding.
type callPeer struct {
	t *testing.T
	b *Broker
}

func ownPeer(t *testing.T) peer { return callPeer{t, startTest(t)} }

func (p callPeer) ask(r kmsg.Request) kmsg.Response {
	p.t.Helper()
	again := kmsg.RequestForKey(r.Key())
	again.SetVersion(r.GetVersion())
	if err := again.ReadFrom(r.AppendTo(nil)); err != nil {
		p.t.Fatal(err)
	}
	resp, err := p.b.Request(testCtx(p.t), again)
	if err != nil {
		p.t.Fatalf("%T: %v", r, err)
	}
	out := r.ResponseKind()
	out.SetVersion(r.GetVersion())
	if err := out.ReadFrom(resp.AppendTo(nil)); err != nil {
		p.t.Fatalf("%T: %v", r, err)
	}
	return out
}
