package web

import (
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// policy lets pages load only what is embedded, the opt-in map tiles aside.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; " +
	"img-src 'self' data: https://tile.openstreetmap.org; connect-src 'self'; font-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// maxBody bounds a request's body.
const maxBody = 4 << 20

// guard is in front of everything: it refuses requests that a foreign page could have made.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if !s.requests.enter() {
			w.Header().Set("Connection", "close")
			problem(w, http.StatusServiceUnavailable, "azud is stopping")
			return
		}
		defer s.requests.leave()
		if !s.ours(r.Host) {
			problem(w, http.StatusMisdirectedRequest, "this console does not answer to the name "+r.Host+
				"; open it by the machine's address, or as http://localhost and its port")
			return
		}
		if o := r.Header.Get("Origin"); o != "" && !sameOrigin(o, r.Host) || foreign(r) {
			problem(w, http.StatusForbidden, "requests from other sites are refused")
			return
		}
		if r.Method == http.MethodPost && !isJSON(r.Header.Get("Content-Type")) {
			problem(w, http.StatusUnsupportedMediaType, "send the body as Content-Type: application/json")
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		next.ServeHTTP(w, r)
	})
}

// isJSON reports a type of content that a page of another site cannot send without asking
// first: JSON, by its own name or by that of the schema registry's clients. Other methods than
// POST always ask first (Fetch: CORS-safelisted methods and request-headers).
func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || kind == "application/vnd.schemaregistry+json" || kind == "application/vnd.schemaregistry.v1+json")
}

// ours reports whether a Host header names this server: localhost, any plain address (a
// rebound DNS name is never one), or the host it was told to listen on.
func (s *Server) ours(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	if strings.EqualFold(name, "localhost") || net.ParseIP(name) != nil {
		return true
	}
	told, _, err := net.SplitHostPort(s.cfg.Addr)
	return err == nil && told != "" && strings.EqualFold(name, told)
}

func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && strings.EqualFold(u.Host, host)
}

// foreign reports a request that a page of another site or port makes behind its reader's back.
// What a browser says in Sec-Fetch-Site no page can forge; other clients do not send it. That
// somebody follows a link to here is no such request (Fetch Metadata Request Headers, W3C).
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		h := r.Header
		return h.Get("Sec-Fetch-Mode") != "navigate" || h.Get("Sec-Fetch-Dest") != "document" || r.Method != http.MethodGet
	}
	return false
}
