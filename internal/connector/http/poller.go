package http

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	jsonformat "github.com/azud/azud/internal/format/json"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Pauses after a failure grow from firstPause to maxPause by doubling; a server's
// Retry-After is kept to, up to maxRetryAfter.
const (
	firstPause    = time.Second
	maxPause      = time.Minute
	maxRetryAfter = 10 * time.Minute
)

// poller asks the URL and knows which rows are new.
type poller struct {
	env      connector.Env
	table    string
	url      string   // never shown: it may hold secrets
	shown    string   // the address without them
	rows     []string // path to the array
	interval time.Duration
	maxBytes int64
	agent    string
	client   *http.Client
	etag     string

	key    *jsonformat.Decoder // of the key column alone; nil: every row is new
	keyOut *vec.Builder
	mu     sync.Mutex
	known  map[string]int64 // key: when the URL last gave it, milliseconds
	body   []string         // the keys of the last body; nil: not known since the start
}

func newPoller(c *connector.Connector, env connector.Env, t connector.Table, version string) (*poller, error) {
	p := &poller{env: env, table: t.Name, url: c.Text(t.Options, "url"), shown: connector.ShownURL(c.Text(t.Options, "url")),
		interval: c.Duration(t.Options, "interval"), maxBytes: c.Int(t.Options, "maxBytes"),
		agent: "azud/" + version, known: map[string]int64{}}
	if path := c.Text(t.Options, "rows"); path != "" {
		p.rows = strings.Split(path, ".")
	}
	p.client = &http.Client{Timeout: c.Duration(t.Options, "timeout"), Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: env.Sys.Net.DialContext,
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 2 * p.interval, MaxIdleConns: 2,
	}}
	if name := c.Text(t.Options, "key"); name != "" {
		i := t.Columns.Index(name)
		if i < 0 {
			return nil, errs.New("INVALID_OPTION", "table %s: its key %q is not a column", t.Name, name).
				WithHint("the columns are %s", strings.Join(t.Columns.Names(), ", "))
		}
		schema := types.Schema{t.Columns[i]}
		dec, err := jsonformat.NewDecoder(schema, jsonformat.Options{Zone: env.Zone})
		if err != nil {
			return nil, err
		}
		p.key, p.keyOut = dec, vec.NewBuilder(schema)
	}
	return p, nil
}

// run polls until ctx ends. Failures are shown and polling goes on, after a pause that grows.
func (p *poller) run(ctx context.Context, keep func(entry) error) {
	pause := time.Duration(0)
	for {
		wait := p.interval
		err := connector.Guard(p.env.Report, "polling for "+p.table, func() error {
			got, err := p.fetch(ctx)
			if err != nil {
				return err
			}
			return p.keep(got, keep)
		})
		if ctx.Err() != nil {
			return
		}
		p.env.Report.Trouble(err)
		if err != nil {
			pause = min(max(2*pause, min(firstPause, p.interval)), max(maxPause, p.interval))
			wait = p.jitter(pause)
			if after, ok := errors.AsType[*refused](err); ok && after.retryAfter > wait {
				wait = min(after.retryAfter, maxRetryAfter)
			}
		} else {
			pause = 0
		}
		if p.env.Sys.Clock.Sleep(ctx, wait) != nil {
			return
		}
	}
}

// jitter spreads retries by a tenth, so that many pollers do not come back as one.
func (p *poller) jitter(d time.Duration) time.Duration {
	return d + time.Duration(p.env.Sys.Rand.Uint64()%uint64(d/10+1))
}

// refused is an answer other than 200 and 304.
type refused struct {
	status     string
	retryAfter time.Duration
}

func (r *refused) Error() string { return "the server answered " + r.status }

// polled is what a poll brought, and what to remember once it is kept.
type polled struct {
	entry
	keys map[string]int64
}

// keep hands over a poll and only then remembers its keys and ETag: what could not be
// kept comes again with the next poll.
func (p *poller) keep(got polled, keep func(entry) error) error {
	if err := keep(got.entry); err != nil {
		return err
	}
	p.etag = got.ETag
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.Copy(p.known, got.keys)
	return nil
}

// fetch polls once. An unchanged body gives an entry without rows. A body that is not the
// JSON expected is counted as rejected and is an error.
func (p *poller) fetch(ctx context.Context) (polled, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return polled{}, errs.Wrap(bare(err), "INVALID_OPTION", "url %q", p.shown)
	}
	req.Header.Set("Accept", "application/json, application/geo+json;q=0.9, */*;q=0.5")
	req.Header.Set("User-Agent", p.agent)
	if p.etag != "" {
		req.Header.Set("If-None-Match", p.etag)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return polled{}, errs.Wrap(bare(err), "HTTP_UNAVAILABLE", "polling %s", p.shown)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified:
		p.renew()
		return polled{entry: entry{ETag: p.etag}}, nil
	case resp.StatusCode != http.StatusOK:
		return polled{}, errs.Wrap(&refused{resp.Status, p.retryAfter(resp.Header)}, "HTTP_STATUS", "polling %s", p.shown)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, p.maxBytes+1))
	if err != nil {
		return polled{}, errs.Wrap(bare(err), "HTTP_UNAVAILABLE", "reading the body of %s", p.shown)
	}
	if int64(len(body)) > p.maxBytes {
		return polled{}, p.malformed(body, fmt.Errorf("longer than maxBytes, %d", p.maxBytes))
	}
	rows, err := p.cut(body)
	if err != nil {
		return polled{}, p.malformed(body, err)
	}
	now := p.env.Sys.Clock.Now().UnixMilli()
	fresh, keys, err := p.fresh(rows, now, true)
	if err != nil {
		return polled{}, err
	}
	return polled{entry{At: now, URL: p.url, ETag: resp.Header.Get("ETag"), Rows: fresh}, keys}, nil
}

func (p *poller) malformed(body []byte, cause error) error {
	p.env.Report.Rejected(p.shown, cause.Error(), connector.Sample(body))
	return errs.Wrap(cause, "HTTP_MALFORMED_BODY", "the body of %s", p.shown)
}

// retryAfter reads seconds or a date.
func (p *poller) retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if s, err := strconv.Atoi(v); err == nil {
		return time.Duration(min(s, int(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	return at.Sub(p.env.Sys.Clock.Now())
}

// cut follows the path and splits the array there into rows; anything but an array is one row.
func (p *poller) cut(body []byte) ([]json.RawMessage, error) {
	body = bytes.TrimPrefix(body, []byte("\ufeff")) // a byte order mark, which some servers send
	if !json.Valid(body) {
		var v any // for the place of the fault
		return nil, json.Unmarshal(body, &v)
	}
	at := json.RawMessage(body)
	for _, name := range p.rows {
		var obj map[string]json.RawMessage
		if err := json.Unmarshal(at, &obj); err != nil || obj[name] == nil {
			return nil, fmt.Errorf("it has no %q at the place that rows names", name)
		}
		at = obj[name]
	}
	at = bytes.TrimSpace(at)
	if len(at) == 0 || at[0] != '[' {
		if len(p.rows) > 0 {
			return nil, fmt.Errorf("%s is not an array", strings.Join(p.rows, "."))
		}
		return []json.RawMessage{at}, nil
	}
	var rows []json.RawMessage
	return rows, json.Unmarshal(at, &rows)
}

// renew keeps the keys of a body that has not changed. What it was is not known after a start:
// then all are kept.
func (p *poller) renew() {
	now := p.env.Sys.Clock.Now().UnixMilli()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.body == nil {
		for key := range p.known {
			p.known[key] = now
		}
	}
	for _, key := range p.body {
		if _, known := p.known[key]; known {
			p.known[key] = now
		}
	}
}

// fresh returns the rows whose key is not known, and those keys, which came at the time
// given. A row without a key cannot be told from its like: it is rejected and left out. In
// a live body, not one from the journal, those are reported, and known keys are renewed.
func (p *poller) fresh(rows []json.RawMessage, at int64, live bool) ([]json.RawMessage, map[string]int64, error) {
	if p.key == nil {
		return rows, nil, nil
	}
	msgs := make([][]byte, len(rows))
	for i, r := range rows {
		msgs[i] = r
	}
	rejects, err := p.key.Decode(p.keyOut, msgs)
	if err != nil {
		return nil, nil, err
	}
	reasons := map[int]string{}
	for _, r := range rejects {
		reasons[r.Row] = r.Reason
	}
	keys := p.keyOut.Finish().Cols[0]
	c := fn.Context{Zone: p.env.Zone}
	var out []json.RawMessage
	found := map[string]int64{}
	p.mu.Lock()
	defer p.mu.Unlock()
	if live {
		p.body = make([]string, 0, len(rows))
	}
	for i, row := range rows {
		if keys.IsNull(i) {
			if reason := reasons[i]; live {
				p.env.Report.Rejected(p.shown, cmp.Or(reason, "the key is missing or null"), connector.Sample(row))
			}
			continue
		}
		key := fn.Text(&c, &keys, i)
		_, known := p.known[key]
		if live {
			p.body = append(p.body, key)
			if known {
				p.known[key] = at
			}
		}
		if _, twice := found[key]; known || twice {
			continue
		}
		out = append(out, row)
		found[key] = at
	}
	return out, found, nil
}

// forget drops keys that were last given before a time, in milliseconds.
func (p *poller) forget(before int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.known, func(_ string, at int64) bool { return at < before })
}

func (p *poller) close() { p.client.CloseIdleConnections() }
