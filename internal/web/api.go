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
	return Status{"azud", s.cfg.Version, s.cfg.Demo, s.kafka, s.Addr(), s.cfg.Data, s.started.UTC(), s.engine.Pipelines()}
}

type flowList struct {
	Flows []engine.FlowStatus `json:"flows"`
}

func (s *Server) flows() flowList {
	list := s.engine.Flows()
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
	t, err := s.engine.LiveTable(name)
	if err != nil {
		problem(w, http.StatusNotFound, errs.Render(err))
		return
	}
	replyJSON(w, t.JSON(name))
}

// reply writes a value as JSON.
func reply(w http.ResponseWriter, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		problem(w, http.StatusInternalServerError, err.Error())
		return
	}
	replyJSON(w, data)
}

func replyJSON(w http.ResponseWriter, data []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(data) // a client that has gone needs no answer
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
