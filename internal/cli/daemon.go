package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/azud/azud/internal/errs"
)

// daemon is the console address of a running 'azud up'.
type daemon struct {
	a    *app
	addr string
}

// findDaemon gives the daemon at an address, or without one the daemon of the data
// directory; nil if none runs there.
func (a *app) findDaemon(ctx context.Context, addr, data string) (*daemon, running, error) {
	if addr != "" {
		d := &daemon{a, addr}
		r, err := d.status(ctx)
		if err != nil {
			return nil, r, errs.Wrap(err, "DAEMON_UNREACHABLE", "no azud answers at %s", addr).
				WithHint("start one with 'azud up', or give the console's address that it printed: --http HOST:PORT")
		}
		return d, r, nil
	}
	dir, err := a.dataOr(data)
	if err != nil {
		return nil, running{}, err
	}
	r, ok := readRunning(dir)
	if !ok || r.HTTP == "" {
		return nil, running{}, nil
	}
	d := &daemon{a, r.HTTP}
	if _, err := d.status(ctx); err != nil { // it was killed
		return nil, running{}, nil
	}
	return d, r, nil
}

func (a *app) dataOr(data string) (string, error) {
	if data != "" {
		return data, nil
	}
	return defaultDataDir(a.sys)
}

func (d *daemon) status(ctx context.Context) (running, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	resp, err := d.request(ctx, http.MethodGet, "/api/v1/status", nil)
	if err != nil {
		return running{}, err
	}
	defer resp.Close()
	var s struct{ Name, Kafka, HTTP string }
	if err := json.NewDecoder(resp).Decode(&s); err != nil || s.Name != "azud" {
		return running{}, errs.New("DAEMON_UNREACHABLE", "what answers at %s is not azud", d.addr)
	}
	return running{Kafka: s.Kafka, HTTP: s.HTTP}, nil
}

// request calls the HTTP API; the caller closes the body. An answer other than 200 is an error
// that says what the daemon said.
func (d *daemon) request(ctx context.Context, method, path string, body any) (io.ReadCloser, error) {
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
	client := &http.Client{Transport: &http.Transport{DialContext: d.a.sys.Net.DialContext}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	var p struct{ Detail string }
	if err := json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&p); err != nil || p.Detail == "" {
		p.Detail = resp.Status
	}
	return nil, errs.New("DAEMON_REFUSED", "%s answered: %s", d.addr, p.Detail)
}
