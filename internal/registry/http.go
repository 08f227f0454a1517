package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
)

// The content types of Confluent's interface; the first is what a client gets that asks for none.
var contentTypes = []string{
	"application/vnd.schemaregistry.v1+json",
	"application/vnd.schemaregistry+json",
	"application/json",
}

// call is one request under way.
type call struct {
	r       *http.Request
	vars    map[string]string // the parts of the path that the route leaves open, unescaped
	context string            // of /contexts/NAME/…, "." otherwise
	query   url.Values
}

// handler answers a call with a value for JSON, or with plainText.
type handler func(c *call) (any, error)

// plainText is an answer that is given as it is: a schema's text.
type plainText string

type route struct {
	method string
	parts  []string // "{name}" is open
	handle handler
}

// statusError is an error that has a status and no code of Confluent's own.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

// ServeHTTP answers one request. The caller has checked Host and Origin.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	kind, err := negotiate(req)
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	var answer any
	if err == nil {
		answer, err = r.answer(w, req)
	}
	if err != nil {
		r.refuse(w, err)
		return
	}
	if text, ok := answer.(plainText); ok {
		io.WriteString(w, string(text)) // a client that has gone needs no answer
		return
	}
	w.Write(encode(answer))
}

func (r *Registry) answer(w http.ResponseWriter, req *http.Request) (answer any, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.cfg.Log.Error("a request to the schema registry failed", "panic", p, "path", req.URL.Path, "stack", string(debug.Stack()))
			err = &statusError{http.StatusInternalServerError, "Internal Server Error"}
		}
	}()
	req.Body = http.MaxBytesReader(w, req.Body, maxBody)
	c := &call{r: req, query: req.URL.Query(), context: "."}
	h, err := r.find(c, splitPath(req.URL.EscapedPath()))
	if err != nil {
		return nil, err
	}
	return h(c)
}

func (r *Registry) refuse(w http.ResponseWriter, err error) {
	code, text := CodeOf(err), messageOf(err)
	var s *statusError
	if errors.As(err, &s) {
		code, text = s.status, s.text
	}
	w.WriteHeader(statusOf(code))
	w.Write(encode(struct {
		Code    int    `json:"error_code"`
		Message string `json:"message"`
	}{code, text}))
}

// splitPath gives the escaped path's parts, unescaped one by one: a subject may hold slashes.
func splitPath(escaped string) []string {
	var out []string
	for _, p := range strings.Split(strings.Trim(escaped, "/"), "/") {
		if s, err := url.PathUnescape(p); err == nil {
			p = s
		}
		out = append(out, p)
	}
	return out
}

// find is the handler of a path. /contexts/NAME before a path means subjects of that context.
func (r *Registry) find(c *call, parts []string) (handler, error) {
	if len(parts) > 2 && parts[0] == "contexts" {
		c.context = strings.Trim(parts[1], ":")
		if !strings.HasPrefix(c.context, ".") {
			c.context = "." + c.context
		}
		parts = parts[2:]
	}
	known := false
	for _, rt := range r.table {
		vars, ok := rt.match(parts)
		if !ok {
			continue
		}
		if known = true; rt.method == c.r.Method || rt.method == http.MethodGet && c.r.Method == http.MethodHead {
			c.vars = vars
			return rt.handle, nil
		}
	}
	if known {
		return nil, &statusError{http.StatusMethodNotAllowed, "HTTP 405 Method Not Allowed"}
	}
	return nil, &statusError{http.StatusNotFound, "HTTP 404 Not Found"}
}

func (rt *route) match(parts []string) (map[string]string, bool) {
	if len(parts) != len(rt.parts) {
		return nil, false
	}
	vars := map[string]string{}
	for i, p := range rt.parts {
		if name, ok := strings.CutPrefix(p, "{"); ok {
			vars[strings.TrimSuffix(name, "}")] = parts[i]
		} else if p != parts[i] {
			return nil, false
		}
	}
	return vars, true
}

// negotiate picks the content type of the answer and refuses bodies of other kinds than JSON.
func negotiate(req *http.Request) (string, error) {
	kind := contentTypes[0]
	if got := req.Header.Get("Content-Type"); got != "" && req.ContentLength != 0 {
		t, _, err := mime.ParseMediaType(got)
		if err != nil || !(t == "application/octet-stream" || isOurs(t)) {
			return kind, &statusError{http.StatusUnsupportedMediaType, fmt.Sprintf("HTTP 415 Unsupported Media Type: send %s", kind)}
		}
	}
	accept := strings.Join(req.Header.Values("Accept"), ",")
	if accept == "" {
		return kind, nil
	}
	best := 0.0
	for _, item := range strings.Split(accept, ",") {
		t, params, err := mime.ParseMediaType(strings.TrimSpace(item))
		if err != nil {
			continue
		}
		q, err := strconv.ParseFloat(params["q"], 64)
		if err != nil {
			q = 1
		}
		if t == "*/*" || t == "application/*" {
			t = contentTypes[0]
		}
		if isOurs(t) && q > best {
			best, kind = q, t
		}
	}
	if best == 0 {
		return kind, &statusError{http.StatusNotAcceptable, "HTTP 406 Not Acceptable"}
	}
	return kind, nil
}

func isOurs(t string) bool {
	for _, c := range contentTypes {
		if c == t {
			return true
		}
	}
	return false
}

// body reads the request's JSON into v. Members that v does not know are passed over.
func (c *call) body(v any) error {
	data, err := io.ReadAll(c.r.Body)
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return &statusError{http.StatusRequestEntityTooLarge, fmt.Sprintf("The request is larger than %d bytes", large.Limit)}
		}
		return &statusError{http.StatusBadRequest, "The request's body could not be read"}
	}
	if len(data) == 0 {
		return &statusError{http.StatusUnprocessableEntity, "The request needs a JSON body"}
	}
	if err := checkDepth(string(data)); err != nil {
		return &statusError{http.StatusBadRequest, "Bad JSON: " + err.Error()}
	}
	if err := json.Unmarshal(data, v); err != nil {
		return &statusError{http.StatusBadRequest, "Bad JSON: " + err.Error()}
	}
	return nil
}

// flag is a query parameter that is true or absent.
func (c *call) flag(name string) bool { return strings.EqualFold(c.query.Get(name), "true") }

// subject is the path's subject in the path's context.
func (c *call) subject() string { return qualify(c.vars["subject"], c.context) }

// version is the path's version: a number from 1 on, or -1 for "latest".
func (c *call) version() (int, error) {
	text := c.vars["version"]
	if strings.EqualFold(text, "latest") {
		return latestVersion, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 && n != latestVersion {
		return 0, fail(codeInvalidVersion, "The version '%s' is not valid: it is a number from 1 to 2147483647, or \"latest\"", text)
	}
	return int(n), nil
}

func (c *call) id() (int, error) {
	n, err := strconv.ParseInt(c.vars["id"], 10, 32)
	if err != nil {
		return 0, &statusError{http.StatusNotFound, "HTTP 404 Not Found"}
	}
	return int(n), nil
}

// wanted reads the parameters deleted and deletedOnly.
func (c *call) wanted() wanted {
	switch {
	case c.flag("deletedOnly"):
		return wantDeleted
	case c.flag("deleted"):
		return wantAll
	}
	return wantAlive
}

// page cuts the part out of a list that offset and limit ask for.
func page[T any](c *call, list []T) []T {
	from, to := 0, len(list)
	if n, err := strconv.Atoi(c.query.Get("offset")); err == nil && n > 0 {
		from = min(n, to)
	}
	if n, err := strconv.Atoi(c.query.Get("limit")); err == nil && n >= 0 && n < to-from {
		to = from + n
	}
	return list[from:to:to]
}
