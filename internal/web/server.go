package web

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"sync"
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
	Engine  *engine.Engine
	Topics  func() []Topic
	Kafka   string // address of the broker, shown and read from
	Addr    string // host:port; "localhost:port" is both loopbacks, port 0 a free one
	Data    string // shown
	Demo    bool   // the data are recorded or simulated
	Version string
	Extra   map[string]http.Handler // further paths, e.g. the demonstration's feed
	Log     func(string)
}

// Server is a listening console.
type Server struct {
	cfg     Config
	addr    string
	started time.Time
	http    *http.Server
	cancel  context.CancelFunc // ends the event streams
	done    sync.WaitGroup
}

// Listen takes the port, so that its address is known; Serve answers from then on. A taken
// port is an error of class PORT_IN_USE.
func Listen(cfg Config) (*Server, []net.Listener, error) {
	if _, _, err := net.SplitHostPort(cfg.Addr); err != nil {
		return nil, nil, errs.Wrap(err, "ADDRESS_INVALID", "%q is no address to listen on", cfg.Addr).
			WithHint("write HOST:PORT, for example 127.0.0.1:8080; port 0 takes a free one")
	}
	lns, err := sys.Listen(cfg.Sys.Net, cfg.Addr)
	switch {
	case sys.InUse(err):
		return nil, nil, errs.Wrap(err, "PORT_IN_USE", "the console's address %s is taken by another program", cfg.Addr).
			WithHint("stop what listens there, or choose another: --http 127.0.0.1:0 takes a free one")
	case err != nil:
		return nil, nil, errs.Wrap(err, "ADDRESS_INVALID", "cannot listen on %s", cfg.Addr).
			WithHint("use an address of this machine, for example --http 127.0.0.1:8080")
	}
	return &Server{cfg: cfg, addr: lns[0].Addr().String()}, lns, nil
}

// Addr is the address listened on.
func (s *Server) Addr() string { return s.addr }

// Serve answers on the listeners until Close. The engine may be set later than Listen.
func (s *Server) Serve(lns []net.Listener, e *engine.Engine, kafka string) {
	ctx, cancel := context.WithCancel(context.Background())
	s.cfg.Engine, s.cfg.Kafka, s.cancel = e, kafka, cancel
	s.started = s.cfg.Sys.Clock.Now()
	s.http = &http.Server{
		Handler: s.guard(s.routes()), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, BaseContext: func(net.Listener) context.Context { return ctx },
	}
	for _, ln := range lns {
		s.done.Go(func() {
			if err := s.http.Serve(ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
				s.cfg.Log("console: " + err.Error())
			}
		})
	}
}

// Close ends open streams, waits briefly for requests and stops.
func (s *Server) Close() error {
	s.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	s.done.Wait()
	return err
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/status", s.getStatus)
	mux.HandleFunc("GET /api/v1/flows", s.getFlows)
	mux.HandleFunc("GET /api/v1/topics", s.getTopics)
	mux.HandleFunc("GET /api/v1/tables/{name}", s.getTable)
	mux.HandleFunc("GET /api/v1/events", s.getEvents)
	mux.HandleFunc("POST /api/v1/sql", s.postSQL)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusNotFound, "there is no "+r.Method+" "+r.URL.Path)
	})
	for path, h := range s.cfg.Extra {
		mux.Handle(path, h)
	}
	s.pages(mux)
	return mux
}
