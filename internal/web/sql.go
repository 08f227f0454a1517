package web

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/errs"
)

// bodyTimeout is how long a request's body may take to arrive.
const bodyTimeout = 30 * time.Second

// request is the body of POST /api/v1/sql.
type request struct {
	SQL      string `json:"sql"`
	Name     string `json:"name"` // what messages call the text; default "sql"
	Database string `json:"database"`
	Output   string `json:"output"` // json (default), table, csv or markdown
	// Session is a UUID of the client's choice: its statements share temporary views, variables and
	// settings. Without it the request has a session of its own.
	Session   string            `json:"session"`
	Settings  map[string]string `json:"settings"` // of a new session, as by SET
	Dir       string            `json:"dir"`      // of a new session: where relative paths begin, for who may name files
	Values    map[string]string `json:"values"`   // of ${name} and :name
	KeepGoing bool              `json:"keepGoing"`
	Progress  bool              `json:"progress"` // send {"progress":{"rows":n}} now and then: the rows read so far
}

// sessionHeader says of a request with a session whether it is "new" or "kept".
const sessionHeader = "Azud-Session"

// postSQL runs a script and answers one JSON object a line for each statement:
// {"schema":…,"rows":…}, {"text":…} for the other outputs, or {"error":…}, which is the last unless
// the client asks to keep going.
func (s *Server) postSQL(w http.ResponseWriter, r *http.Request) {
	var req request
	if !s.readJSON(w, r, &req) {
		return
	}
	if req.Name == "" {
		req.Name = "sql"
	}
	show, err := engine.Output(req.Output)
	if err != nil {
		problem(w, http.StatusBadRequest, errs.Render(err))
		return
	}
	session, done, err := s.session(w, &req, s.trusted(r))
	if err != nil {
		status := http.StatusBadRequest
		if errs.ClassOf(err) == "TOO_MANY_SESSIONS" {
			status = http.StatusServiceUnavailable
		}
		problem(w, status, errs.Render(err))
		return
	}
	defer done()
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	args := engine.Given(req.Values)
	out := &lines{w: w, flush: http.NewResponseController(w)}
	if req.Progress {
		args.Read = new(atomic.Int64)
		defer s.progress(out, args.Read)()
	}
	for res, err := range session.Run(r.Context(), &errs.Source{Name: req.Name, Text: req.SQL}, args) {
		line := []byte(nil)
		if err != nil {
			line = engine.ErrorJSON(err)
		} else {
			line = show(res)
		}
		if !out.write(line) || err != nil && !req.KeepGoing || r.Context().Err() != nil {
			return
		}
	}
}

// tokenHeader carries Config.Token.
const tokenHeader = "Azud-Token"

// trusted reports a request of somebody who can read the data directory.
func (s *Server) trusted(r *http.Request) bool {
	return s.cfg.Token != "" && subtle.ConstantTimeCompare([]byte(r.Header.Get(tokenHeader)), []byte(s.cfg.Token)) == 1
}

// session is the one that a request names, or one of its own.
func (s *Server) session(w http.ResponseWriter, req *request, trusted bool) (session *engine.Session, done func(), err error) {
	begin := func() (*engine.Session, error) {
		return s.engine.NewSession(engine.SessionOptions{Database: req.Database, Settings: req.Settings, Dir: req.Dir, Confined: !trusted})
	}
	if req.Session == "" {
		session, err = begin()
		return session, func() {}, err
	}
	session, fresh, done, err := s.sessions.use(req.Session, s.cfg.Sys.Clock.Now, begin)
	if err != nil {
		return nil, nil, err
	}
	w.Header().Set(sessionHeader, map[bool]string{true: "new", false: "kept"}[fresh])
	return session, done, nil
}

// lines writes whole lines, for several goroutines.
type lines struct {
	mu    sync.Mutex
	w     io.Writer
	flush *http.ResponseController
}

// write reports whether the client is still there.
func (l *lines) write(line []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.w.Write(append(line, '\n'))
	return err == nil && l.flush.Flush() == nil
}

// progressPeriod is how often a client hears of a statement's progress.
const progressPeriod = 500 * time.Millisecond

// progress writes how many rows are read, as long as that grows, until the function that it returns
// is called.
func (s *Server) progress(out *lines, rows *atomic.Int64) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for last := int64(0); s.cfg.Sys.Clock.Sleep(ctx, progressPeriod) == nil; {
			if n := rows.Load(); n != last {
				last = n
				out.write(fmt.Appendf(nil, `{"progress":{"rows":%d}}`, n))
			}
		}
	})
	return func() { cancel(); wg.Wait() }
}

// readJSON reads a body of one JSON object; false if it has answered what is wrong with it.
func (s *Server) readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	conn := http.NewResponseController(w)
	conn.SetReadDeadline(s.cfg.Sys.Clock.Now().Add(bodyTimeout))
	defer conn.SetReadDeadline(time.Time{}) // an answer may take longer
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil && dec.More() {
		err = errors.New("more than one JSON value")
	}
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return true
	case errors.As(err, &large):
		problem(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", large.Limit))
	case errors.Is(err, io.EOF):
		problem(w, http.StatusBadRequest, `the body is empty; send {"sql": "…"}`)
	default:
		problem(w, http.StatusBadRequest, `the body is not {"sql": "…"}: `+err.Error())
	}
	return false
}
