package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	Output   string `json:"output"` // json (default), table or csv
}

// postSQL runs a script and answers one JSON object a line for each statement:
// {"schema":…,"rows":…}, {"text":…} for table and csv, or {"error":…}, which is the last.
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
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	flush := http.NewResponseController(w)
	for res, err := range s.engine.Query(r.Context(), &errs.Source{Name: req.Name, Text: req.SQL}, req.Database) {
		if err != nil {
			w.Write(append(engine.ErrorJSON(err), '\n'))
			return
		}
		if _, err := w.Write(append(show(res), '\n')); err != nil {
			return
		}
		flush.Flush() // a client that has gone shows at the next write
	}
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
