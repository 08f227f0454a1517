package web

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/errs"
)

// The bounds of sessions that clients keep.
const (
	maxSessions = 100
	sessionIdle = 30 * time.Minute
)

// sessions are those that clients keep from request to request, by the id that they chose.
type sessions struct {
	mu   sync.Mutex
	kept map[string]*kept
}

type kept struct {
	session *engine.Session
	running int       // requests that use it now
	used    time.Time // when the last of them ended
}

// sessionID is a UUID: nobody guesses somebody else's.
var sessionID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// use gives the session of an id, which begin makes if need be; the caller calls done. fresh says
// that it is a new one.
func (s *sessions) use(id string, now func() time.Time, begin func() (*engine.Session, error)) (session *engine.Session, fresh bool, done func(), err error) {
	id = strings.ToLower(id)
	if !sessionID.MatchString(id) {
		return nil, false, nil, errs.New("INVALID_SESSION", "%q is no id of a session", id).WithHint("send a random UUID in small letters")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for other, k := range s.kept {
		if k.running == 0 && now().Sub(k.used) > sessionIdle {
			delete(s.kept, other)
		}
	}
	k := s.kept[id]
	if k == nil {
		if len(s.kept) >= maxSessions {
			return nil, false, nil, errs.New("TOO_MANY_SESSIONS", "%d sessions are open, and more are not kept", maxSessions).
				WithHint("end shells that nobody needs; a session ends by itself after %v without a statement", sessionIdle)
		}
		made, err := begin()
		if err != nil {
			return nil, false, nil, err
		}
		if s.kept == nil {
			s.kept = map[string]*kept{}
		}
		k, fresh = &kept{session: made}, true
		s.kept[id] = k
	}
	k.running++
	return k.session, fresh, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		k.running--
		k.used = now()
	}, nil
}

// drop forgets a session; a request that uses it ends first.
func (s *sessions) drop(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	id = strings.ToLower(id)
	_, ok := s.kept[id]
	delete(s.kept, id)
	return ok
}

// deleteSession is DELETE /api/v1/sessions/{id}.
func (s *Server) deleteSession(w http.ResponseWriter, r *http.Request) {
	if !s.sessions.drop(r.PathValue("id")) {
		problem(w, http.StatusNotFound, "there is no such session; perhaps it has ended by itself")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
