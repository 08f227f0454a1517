package web

import (
	"context"
	"embed"
	"errors"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

//go:embed assets
var embedded embed.FS

// Assets is the root of the embedded pages.
func Assets() fs.FS {
	sub, err := fs.Sub(embedded, "assets")
	if err != nil { // only for an invalid path, and this one is constant
		return embedded
	}
	return sub
}

// Topic is a topic at one moment.
type Topic struct {
	Name       string `json:"name"`
	Partitions int    `json:"partitions"`
	Records    int64  `json:"records"`
	Bytes      *int64 `json:"bytes"` // nil: unknown
	Internal   bool   `json:"internal"`
}

// Config is what the server shows and where it listens.
type Config struct {
	Sys     *sys.Sys
	Topics  func() []Topic
	Addr    string // host:port; "localhost:port" is both loopbacks, port 0 a free one
	Data    string // shown
	Demo    bool   // the data are recorded or simulated
	Version string
	Extra   map[string]http.Handler // further paths, e.g. the demonstration's feed
	Log     func(string)
	// Token, sent in the header Azud-Token, lets a request's statements name files; "": none may.
	Token string
	// Dial connects to the broker of this process, whose listeners may ask for a login; nil:
	// its address is dialled.
	Dial func() (net.Conn, error)
}

// Server is a listening console. Listen, then Serve, then Close, from one goroutine.
type Server struct {
	cfg       Config
	engine    *engine.Engine
	kafka     string // address of the broker, shown and read from
	listeners []net.Listener
	started   time.Time
	http      *http.Server       // nil before Serve
	cancel    context.CancelFunc // ends the contexts of all requests
	accepting sync.WaitGroup     // the goroutines of http.Serve
	requests  gate
	streams   atomic.Int32 // open, of server-sent events
	sessions  sessions
}

// Listen takes the port, so that its address is known; Serve answers from then on. A taken
// port is an error of class PORT_IN_USE.
func Listen(cfg Config) (*Server, error) {
	if _, _, err := net.SplitHostPort(cfg.Addr); err != nil {
		return nil, errs.New("ADDRESS_INVALID", "%q is no address to listen on", cfg.Addr).
			WithHint("write HOST:PORT, for example 127.0.0.1:8080; port 0 takes a free one")
	}
	lns, err := sys.Listen(cfg.Sys.Net, cfg.Addr)
	switch {
	case sys.InUse(err):
		return nil, errs.New("PORT_IN_USE", "the console's address %s is taken by another program", cfg.Addr).
			WithHint("stop what listens there, or choose another: --http 127.0.0.1:0 takes a free one")
	case err != nil:
		return nil, errs.Wrap(err, "ADDRESS_INVALID", "the console cannot listen on %s", cfg.Addr).
			WithHint("use an address of this machine, for example --http 127.0.0.1:8080")
	}
	return &Server{cfg: cfg, listeners: lns}, nil
}

// Addr is the address listened on.
func (s *Server) Addr() string { return s.listeners[0].Addr().String() }

// Serve answers until Close: what e holds, and records of the broker at kafka.
func (s *Server) Serve(e *engine.Engine, kafka string) {
	ctx, cancel := context.WithCancel(context.Background())
	s.engine, s.kafka, s.cancel = e, kafka, cancel
	s.started = s.cfg.Sys.Clock.Now()
	s.http = &http.Server{
		Handler: s.guard(s.guarded(s.routes())), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog: log.New(io.Discard, "", 0), // a client's broken request is its own affair; panics are logged by guarded
	}
	for _, ln := range s.listeners {
		s.accepting.Go(func() {
			if err := s.http.Serve(ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
				s.cfg.Log("console: " + err.Error())
			}
		})
	}
}

// closeGrace is how long Close waits for answers under way.
const closeGrace = 400 * time.Millisecond

// Close ends open streams and queries, waits briefly for other answers and stops. When it
// returns no request is being worked on.
func (s *Server) Close() error {
	if s.http == nil {
		var list []error
		for _, ln := range s.listeners {
			list = append(list, ln.Close())
		}
		return errors.Join(list...)
	}
	s.requests.shut()
	s.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	s.accepting.Wait()
	s.requests.wait()
	return err
}

// gate counts requests, so that Close can wait for them, and lets none in once it is shut.
type gate struct {
	mu     sync.Mutex
	closed bool
	inside sync.WaitGroup
}

func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.inside.Add(1)
	}
	return !g.closed
}

func (g *gate) leave() { g.inside.Done() }

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

func (g *gate) wait() { g.inside.Wait() }

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/status", s.getStatus)
	mux.HandleFunc("GET /api/v1/flows", s.getFlows)
	mux.HandleFunc("GET /api/v1/topics", s.getTopics)
	mux.HandleFunc("GET /api/v1/tables/{name}", s.getTable)
	mux.HandleFunc("GET /api/v1/events", s.getEvents)
	mux.HandleFunc("POST /api/v1/sql", s.postSQL)
	mux.HandleFunc("DELETE /api/v1/sessions/{id}", s.deleteSession)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusNotFound, "there is no "+r.Method+" "+r.URL.Path)
	})
	for path, h := range s.cfg.Extra {
		mux.Handle(path, h)
	}
	pages(mux)
	return mux
}
