package feed

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Server answers /feed.geojson with the present step, and /status.
type Server struct {
	mu        sync.Mutex
	steps     []Step
	at        int
	done      bool
	perAnswer bool
	requests  int
	served    bool // the present step was sent as it should be
	skipped   int
}

// New serves the steps. A file stays until a request bears its ETag, so that no client
// misses one, whenever it is killed; a fault stays for one answer. With perRequest
// every answer is the next step. After the last step it stays.
func New(steps []Step, perRequest bool) *Server {
	return &Server{steps: steps, perAnswer: perRequest}
}

// Status is how far the replay is. Done: the client has shown that it has the last file
// (with perRequest: it was sent).
type Status struct {
	Step     int    `json:"step"` // of the present step, from 0
	Steps    int    `json:"steps"`
	Done     bool   `json:"done"`
	Kind     Kind   `json:"kind"`
	File     string `json:"file"`
	Requests int    `json:"requests"`
	// Skipped counts the files whose ETag the client showed before it was given them: it
	// kept the ETag of a body that it could not use.
	Skipped int `json:"skipped"`
}

// Status may be called at any time.
func (s *Server) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.steps[s.at]
	return Status{s.at, len(s.steps), s.done, now.Kind, now.File, s.requests, s.skipped}
}

// ServeHTTP answers with the present step.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/feed.geojson":
		step, same := s.take(r.Header.Get("If-None-Match"))
		answer(w, r, step, same)
	case "/status":
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(s.Status()) //nolint:errcheck // the client is gone
	default:
		http.NotFound(w, r)
	}
}

// take returns the step to answer with, and whether the client has it already; and goes on.
func (s *Server) take(have string) (step Step, same bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	step = s.steps[s.at]
	usable := step.Kind == Body || step.Kind == Repeat
	same = usable && have == step.ETag
	if same && !s.served {
		s.skipped++
	}
	s.served = true
	if same || s.perAnswer || !usable {
		if s.at < len(s.steps)-1 {
			s.at++
			s.served = false
		} else {
			s.done = true
		}
	}
	return step, same
}

func answer(w http.ResponseWriter, r *http.Request, step Step, same bool) {
	if step.Kind == Error {
		http.Error(w, "the feed is out of order", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("ETag", step.ETag)
	h.Set("Vary", "Accept-Encoding")
	if same {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "application/geo+json; charset=utf-8")
	body := step.Body
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = zip(body)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if step.Kind == Cut {
		w.Write(body[:len(body)/2]) //nolint:errcheck // it is to break anyway
		if err := http.NewResponseController(w).Flush(); err != nil {
			fmt.Println("replay: flush:", err)
		}
		panic(http.ErrAbortHandler) // net/http's way to cut the connection
	}
	w.Write(body) //nolint:errcheck // the client is gone
}

func zip(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(body) //nolint:errcheck // into memory
	z.Close()     //nolint:errcheck // into memory
	return b.Bytes()
}
