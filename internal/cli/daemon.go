package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/azud/azud/internal/errs"
)

// daemon is a running 'azud up' as other commands see it.
type daemon struct {
	addr   string // of its console
	kafka  string // of its broker
	data   string // its data directory
	token  string // of its data directory; "": not known
	client *http.Client
}

// defaultConsole is where 'azud up' listens when nothing else is said.
const defaultConsole = "localhost:8080"

// findDaemon gives the daemon at a console's address, or the daemon of a data directory. With
// neither it is the one of the user's data, of its demonstration, or at the default address.
// Nil: none runs there.
func (a *app) findDaemon(ctx context.Context, addr, data string) (*daemon, error) {
	if addr != "" {
		addr = strings.TrimSuffix(strings.TrimPrefix(addr, "http://"), "/")
		if strings.HasPrefix(addr, ":") {
			addr = "localhost" + addr
		}
		d, err := a.dial(ctx, addr)
		if err != nil {
			return nil, errs.Wrap(err, "DAEMON_UNREACHABLE", "no azud answers at %s", addr).
				WithHint("start one with 'azud up', or give the console's address that it printed: --http HOST:PORT")
		}
		return d, nil
	}
	if data != "" {
		return a.daemonOf(ctx, data), nil
	}
	dir, err := defaultDataDir(a.sys)
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{dir, dir + demoSuffix} {
		if d := a.daemonOf(ctx, dir); d != nil {
			return d, nil
		}
	}
	if toldDataDir(a.sys) != "" {
		return nil, nil
	}
	d, err := a.dial(ctx, defaultConsole)
	if err != nil { // nobody there, or somebody else
		return nil, ctx.Err()
	}
	return d, nil
}

// daemonOf is the daemon that works on a data directory; nil if there is none. What a killed
// one has left may name an address where meanwhile another one answers.
func (a *app) daemonOf(ctx context.Context, dir string) *daemon {
	r, ok := readRunning(dir)
	if !ok || r.HTTP == "" {
		return nil
	}
	d, err := a.dial(ctx, r.HTTP)
	if err != nil || !sameDir(d.data, dir) {
		return nil
	}
	d.token = r.Token
	return d
}

func sameDir(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// patience is how long a daemon may take to say who it is.
const patience = 3 * time.Second

// dial asks who answers at an address.
func (a *app) dial(ctx context.Context, addr string) (*daemon, error) {
	d := &daemon{addr: addr, client: &http.Client{Transport: &http.Transport{
		DialContext: a.sys.Net.DialContext, DisableKeepAlives: true}}}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	resp, err := d.request(ctx, http.MethodGet, "/api/v1/status", nil)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("nothing came within %v", patience)
	}
	if err != nil {
		return nil, err
	}
	defer resp.Close()
	var s struct{ Name, Kafka, Data string }
	if err := json.NewDecoder(resp).Decode(&s); err != nil || s.Name != "azud" {
		return nil, errors.New("what answers there is not azud")
	}
	d.kafka, d.data = s.Kafka, s.Data
	return d, nil
}

// request calls the HTTP API; the caller closes the body. An answer that is no success is an error
// that says what the daemon said.
func (d *daemon) request(ctx context.Context, method, path string, body any) (io.ReadCloser, error) {
	resp, err := d.send(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// send is request with the whole answer.
func (d *daemon) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var r io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		r = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+d.addr+path, r)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if d.token != "" {
		req.Header.Set("Azud-Token", d.token)
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, errors.Unwrap(err) // without the URL, which the user has not written
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	var p struct{ Detail string }
	if err := json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&p); err != nil || p.Detail == "" {
		p.Detail = resp.Status
	}
	return nil, errs.New("DAEMON_REFUSED", "azud at %s answered: %s", d.addr, p.Detail)
}
