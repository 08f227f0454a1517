package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/errs"
)

// openAsker asks the running daemon, or a host of its own over the same data.
func (a *app) openAsker(ctx context.Context, o *sqlOptions) (asker, error) {
	d, err := a.findDaemon(ctx, o.http, o.data)
	if err != nil {
		return nil, err
	}
	if d != nil {
		return &remoteAsker{a: a, d: d, o: o, session: newUUID(a.sys.Rand.Uint64(), a.sys.Rand.Uint64())}, nil
	}
	data, err := a.dataOr(o.data)
	if err != nil {
		return nil, err
	}
	memory, err := a.toldMemory()
	if err != nil {
		return nil, err
	}
	h, err := a.startHost(ctx, hostOptions{listen: onlyHere(), data: data, env: a.sys.Env, logLevel: "warn", memory: memory})
	if err != nil {
		return nil, err
	}
	s, err := h.engine.NewSession(engine.SessionOptions{Database: o.database, Settings: o.settings()})
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	return &localAsker{h, s}, nil
}

// newUUID is a random UUID (RFC 9562, version 4).
func newUUID(hi, lo uint64) string {
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xffff, lo>>48, lo&(1<<48-1))
}

// localAsker has a host of its own.
type localAsker struct {
	h       *host
	session *engine.Session
}

func (l *localAsker) close() { l.h.close() }

func (l *localAsker) ask(ctx context.Context, q question, each func(answer) error) error {
	args := engine.Given(q.values)
	args.Read = q.read
	for res, err := range l.session.Run(ctx, q.src, args) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		ans := answer{rows: res.Count()}
		switch {
		case err != nil:
			ans.err = readError(engine.ErrorJSON(err))
		case q.output == "json":
			ans.json = res.JSON()
		default:
			ans.text = res.Text(q.output)
		}
		if err := each(ans); err != nil {
			return err
		}
		if err != nil && !q.keepGoing {
			return nil
		}
	}
	return ctx.Err()
}

// remoteAsker asks a daemon, which keeps the session.
type remoteAsker struct {
	a       *app
	d       *daemon
	o       *sqlOptions
	session string
	begun   bool // the daemon has the session
}

// sessionRequest is the body of POST /api/v1/sql.
type sessionRequest struct {
	SQL       string            `json:"sql"`
	Name      string            `json:"name"`
	Database  string            `json:"database"`
	Output    string            `json:"output"`
	Session   string            `json:"session"`
	Settings  map[string]string `json:"settings"`
	Dir       string            `json:"dir"` // where relative paths of statements begin
	Values    map[string]string `json:"values"`
	KeepGoing bool              `json:"keepGoing"`
	Progress  bool              `json:"progress"`
}

// closePatience is how long a daemon may take to forget a session; it does so by itself in the end.
const closePatience = time.Second

func (r *remoteAsker) close() {
	if !r.begun {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	if resp, err := r.d.send(ctx, http.MethodDelete, "/api/v1/sessions/"+r.session, nil); err == nil {
		resp.Body.Close()
	}
}

func (r *remoteAsker) ask(ctx context.Context, q question, each func(answer) error) error {
	resp, err := r.d.send(ctx, http.MethodPost, "/api/v1/sql", sessionRequest{SQL: q.src.Text, Name: q.src.Name, Database: r.o.database, Output: q.output,
		Session: r.session, Settings: r.o.settings(), Dir: r.a.sys.Dir, Values: q.values, KeepGoing: q.keepGoing, Progress: q.read != nil})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if r.begun && resp.Header.Get("Azud-Session") == "new" {
		fmt.Fprintln(r.a.sys.Err, "azud: the daemon has a new session for you: temporary views, variables and settings are gone")
	}
	r.begun = true
	lines := bufio.NewReader(resp.Body)
	for {
		line, err := lines.ReadBytes('\n')
		if line = bytes.TrimSuffix(line, []byte{'\n'}); err == nil && len(line) > 0 {
			if err := r.take(line, q, each); err != nil {
				return err
			}
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil
		case err != nil:
			return errs.Wrap(err, "DAEMON_UNREACHABLE", "the answer broke off")
		}
	}
}

// take reads one line of the API's answer.
func (r *remoteAsker) take(line []byte, q question, each func(answer) error) error {
	var got struct {
		Text     *string
		Rows     json.RawMessage
		Schema   json.RawMessage
		Error    *sqlError
		Progress *struct{ Rows int64 }
	}
	if err := json.Unmarshal(line, &got); err != nil {
		return errs.Wrap(err, "DAEMON_REFUSED", "an answer that is not JSON")
	}
	switch {
	case got.Progress != nil:
		if q.read != nil {
			q.read.Store(got.Progress.Rows)
		}
		return nil
	case got.Error != nil:
		return each(answer{err: got.Error})
	case got.Text == nil:
		var rows []json.RawMessage
		if q.read != nil { // only the shell shows their number
			_ = json.Unmarshal(got.Rows, &rows)
		}
		return each(answer{json: bytes.Clone(line), rows: len(rows)})
	}
	ans := answer{text: *got.Text}
	_ = json.Unmarshal(got.Rows, &ans.rows) // an older daemon does not say
	return each(ans)
}

// readError reads {"error":{…}}.
func readError(line []byte) *sqlError {
	var got struct{ Error sqlError }
	if err := json.Unmarshal(line, &got); err != nil {
		return &sqlError{Class: "INTERNAL_ERROR", Message: err.Error(), Rendered: err.Error()}
	}
	return &got.Error
}

// errorLine is an error in the output json, without what is for terminals.
func errorLine(e *sqlError) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(map[string]any{"error": struct {
		Class    string `json:"class"`
		SQLState string `json:"sqlState"`
		Message  string `json:"message"`
	}{e.Class, e.SQLState, e.Message}}) // strings always marshal
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
