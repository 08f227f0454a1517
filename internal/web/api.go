package web

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/errs"
)

// Status is what the header of every page shows.
type Status struct {
	Name      string    `json:"name"`
	Version   string    `json:"version"`
	Demo      bool      `json:"demo"`
	Kafka     string    `json:"kafka"`
	HTTP      string    `json:"http"`
	Data      string    `json:"data"`
	StartedAt time.Time `json:"startedAt"`
	Pipelines []string  `json:"pipelines"`
}

func (s *Server) status() Status {
	return Status{"azud", s.cfg.Version, s.cfg.Demo, s.cfg.Kafka, s.addr, s.cfg.Data, s.started.UTC(), s.cfg.Engine.Pipelines()}
}

type flowList struct {
	Flows []engine.FlowStatus `json:"flows"`
}

func (s *Server) flows() flowList {
	list := s.cfg.Engine.Flows()
	if list == nil {
		list = []engine.FlowStatus{}
	}
	return flowList{list}
}

type topicList struct {
	Topics []Topic `json:"topics"`
}

func (s *Server) topics() topicList {
	list := s.cfg.Topics()
	if list == nil {
		list = []Topic{}
	}
	return topicList{list}
}

func (s *Server) getStatus(w http.ResponseWriter, _ *http.Request) { reply(w, s.status()) }
func (s *Server) getFlows(w http.ResponseWriter, _ *http.Request)  { reply(w, s.flows()) }
func (s *Server) getTopics(w http.ResponseWriter, _ *http.Request) { reply(w, s.topics()) }

func (s *Server) getTable(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	t, err := s.cfg.Engine.LiveTable(name)
	if err != nil {
		problem(w, http.StatusNotFound, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(t.JSON(name))
}

// reply writes a value as JSON.
func reply(w http.ResponseWriter, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		problem(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(data)
}

// problem writes an error as RFC 9457 has it.
func problem(w http.ResponseWriter, status int, detail string) {
	data, err := json.Marshal(map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail,
	})
	if err != nil { // strings and numbers always marshal
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	w.Write(data)
}

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
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&req); err != nil {
		problem(w, http.StatusBadRequest, "the body is not {\"sql\": …}: "+err.Error())
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
	for res, err := range s.cfg.Engine.Query(r.Context(), &errs.Source{Name: req.Name, Text: req.SQL}, req.Database) {
		if err != nil {
			w.Write(append(engine.ErrorJSON(err), '\n'))
			return
		}
		w.Write(append(show(res), '\n'))
		flush.Flush() // a client that has gone shows at the next write
	}
}
