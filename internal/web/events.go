package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Server-sent events: one stream a tab. Its parameters select what it carries; a records
// event has as id the positions after it, so that a browser that reconnects goes on there.

const (
	watchPeriod = time.Second      // how often flows and topics are looked at
	tablePeriod = time.Second / 4  // a live table is sent at most this often
	keepAlive   = 15 * time.Second // a comment, so that proxies do not close the stream
	stalled     = 30 * time.Second // a client that takes nothing for so long is let go; it resumes
	maxWatched  = 8                // topics and tables of one stream
	maxStreams  = 64               // open at once: each that carries topics holds connections to the broker
)

// message is one event.
type message struct {
	event, id string
	data      []byte
}

// stream writes events of several producers to one response.
type stream struct {
	server *Server
	out    chan message
	wg     sync.WaitGroup
}

func (s *Server) getEvents(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if len(q["topic"])+len(q["table"]) > maxWatched {
		problem(w, http.StatusBadRequest, fmt.Sprintf("at most %d topics and tables in one stream", maxWatched))
		return
	}
	start, err := startOf(r.Header.Get("Last-Event-ID"), q.Get("from"))
	if err != nil {
		problem(w, http.StatusBadRequest, err.Error())
		return
	}
	if s.streams.Add(1) > maxStreams {
		s.streams.Add(-1)
		w.Header().Set("Retry-After", "5")
		problem(w, http.StatusServiceUnavailable, fmt.Sprintf("%d streams are open, which is the most there may be; close a page", maxStreams))
		return
	}
	defer s.streams.Add(-1)
	ctx, cancel := context.WithCancel(r.Context())
	st := &stream{server: s, out: make(chan message)}
	defer st.wg.Wait()
	defer cancel()
	for _, w := range []struct {
		event string
		get   func() any
	}{
		{"status", func() any { return s.status() }},
		{"flows", func() any { return s.flows() }},
		{"topics", func() any { return s.topics() }},
	} {
		if q.Get(w.event) == "1" {
			st.produce(ctx, cancel, w.event, func(ctx context.Context) { st.watch(ctx, w.event, w.get) })
		}
	}
	for _, name := range q["table"] {
		st.produce(ctx, cancel, "tables", func(ctx context.Context) { st.table(ctx, name) })
	}
	if topics := q["topic"]; len(topics) > 0 {
		st.produce(ctx, cancel, "topics", func(ctx context.Context) { st.records(ctx, topics, start) })
	}
	st.write(ctx, w)
}

// write sends what the producers give until the client goes or the server closes.
func (st *stream) write(ctx context.Context, w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	conn := http.NewResponseController(w)
	out := "retry: 1000\n\n"
	clock := st.server.cfg.Sys.Clock
	idle := clock.After(keepAlive)
	for {
		conn.SetWriteDeadline(clock.Now().Add(stalled))
		if _, err := io.WriteString(w, out); err != nil || conn.Flush() != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-idle:
			out, idle = ": \n\n", clock.After(keepAlive)
		case m := <-st.out:
			out = m.String()
		}
	}
}

// String is the message as it is sent. One with only an id has no event: the browser just
// remembers the id. The data are one line, as JSON is.
func (m message) String() string {
	var b strings.Builder
	if m.id != "" {
		fmt.Fprintf(&b, "id: %s\n", m.id)
	}
	if m.event != "" {
		fmt.Fprintf(&b, "event: %s\ndata: %s\n", m.event, m.data)
	}
	b.WriteString("\n")
	return b.String()
}

// send hands a message to the writer; false when the stream is over.
func (st *stream) send(ctx context.Context, m message) bool {
	select {
	case st.out <- m:
		return true
	case <-ctx.Done():
		return false
	}
}

// watch sends a value whenever its JSON changes.
func (st *stream) watch(ctx context.Context, event string, get func() any) {
	var last []byte
	for {
		data, err := json.Marshal(get())
		if err == nil && !bytes.Equal(data, last) {
			if !st.send(ctx, message{event: event, data: data}) {
				return
			}
			last = data
		}
		if st.server.cfg.Sys.Clock.Sleep(ctx, watchPeriod) != nil {
			return
		}
	}
}

// table sends a live table whenever it changes; one that does not exist yet is waited for.
func (st *stream) table(ctx context.Context, name string) {
	clock := st.server.cfg.Sys.Clock
	sent := int64(-1)
	for {
		t, err := st.server.engine.LiveTable(name)
		if err != nil {
			if clock.Sleep(ctx, watchPeriod) != nil {
				return
			}
			continue
		}
		if t.Version != sent {
			if !st.send(ctx, message{event: "table", data: t.JSON(name)}) {
				return
			}
			sent = t.Version
		}
		if clock.Sleep(ctx, tablePeriod) != nil {
			return
		}
		select {
		case <-t.Changed:
		case <-ctx.Done():
			return
		}
	}
}
