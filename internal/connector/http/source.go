package http

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	jsonformat "github.com/azud/azud/internal/format/json"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// source gives the journal's entries; an offset is the number of the last one read.
type source struct {
	env     connector.Env
	table   connector.Table
	poll    *poller
	journal connector.Journal
	ready   chan struct{}
	cancel  context.CancelFunc
	done    sync.WaitGroup
	keep    time.Duration
}

// entry is one poll's new rows as the journal keeps them.
type entry struct {
	At   int64             `json:"at"` // when it was fetched, milliseconds since the epoch
	URL  string            `json:"url"`
	ETag string            `json:"etag,omitempty"`
	Rows []json.RawMessage `json:"rows"`
}

func newSource(ctx context.Context, c *connector.Connector, env connector.Env, t connector.Table, version string) (*source, error) {
	s := &source{env: env, table: t, journal: env.Journal, ready: make(chan struct{}, 1),
		keep: c.Duration(t.Options, "keyRetention")}
	if s.journal == nil {
		if t.Stream {
			return nil, errs.New("INTERNAL_ERROR", "table %s is read as a stream without a journal", t.Name)
		}
		s.journal = &memoryJournal{}
	}
	p, err := newPoller(c, env, t, version)
	if err != nil {
		return nil, err
	}
	s.poll = p
	if err := s.remember(); err != nil {
		return nil, err
	}
	if !t.Stream {
		if err := s.once(ctx); err != nil {
			p.close()
			return nil, err
		}
		return s, nil
	}
	pollCtx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.done.Go(func() { p.run(pollCtx, s.keepRows) })
	return s, nil
}

// remember rebuilds the known keys and the ETag from the journal.
func (s *source) remember() error {
	first, last := s.journal.Bounds()
	if last == 0 {
		return nil
	}
	for e, err := range s.journal.Read(first, last) {
		if err != nil {
			return errs.Wrap(err, "HTTP_JOURNAL", "reading what %s has fetched", s.table.Name)
		}
		got, err := s.parse(e)
		if err != nil {
			return err
		}
		_, keys, err := s.poll.fresh(got.Rows, got.At, false)
		if err != nil {
			return err
		}
		maps.Copy(s.poll.known, keys)
		if s.poll.etag = ""; got.URL == s.poll.url { // an ETag says nothing of another address
			s.poll.etag = got.ETag
		}
	}
	return nil
}

func (s *source) parse(e connector.Entry) (got entry, err error) {
	if err := json.Unmarshal(e.Data, &got); err != nil {
		return got, errs.Wrap(err, "HTTP_JOURNAL", "entry %d of the journal of %s", e.N, s.table.Name)
	}
	return got, nil
}

// once is a batch read: one poll, its failure is the query's.
func (s *source) once(ctx context.Context) error {
	got, err := s.poll.fetch(ctx)
	if err != nil {
		return err
	}
	return s.poll.keep(got, s.keepRows)
}

// keepRows journals a poll that brought something and wakes the runner.
func (s *source) keepRows(e entry) error {
	if len(e.Rows) == 0 {
		return nil
	}
	data, err := json.Marshal(e)
	if err != nil {
		return errs.Wrap(err, "HTTP_JOURNAL", "encoding a poll of %s", s.table.Name)
	}
	if _, err := s.journal.Append(data); err != nil {
		return errs.Wrap(err, "HTTP_JOURNAL", "keeping a poll of %s", s.table.Name)
	}
	select {
	case s.ready <- struct{}{}:
	default:
	}
	return nil
}

// Schema is the declared columns.
func (s *source) Schema() types.Schema { return s.table.Columns }

func (s *source) Ready() <-chan struct{} { return s.ready }

// Initial is before the first entry.
func (s *source) Initial(context.Context) (connector.Offset, error) { return offsetOf(0), nil }

func offsetOf(n int64) connector.Offset { return connector.Offset(fmt.Sprintf(`{"poll":%d}`, n)) }

func entryOf(o connector.Offset) (int64, error) {
	if o == "" {
		return 0, nil
	}
	var at struct{ Poll int64 }
	if err := json.Unmarshal([]byte(o), &at); err != nil {
		return 0, errs.Wrap(err, "INVALID_OFFSETS", "offset %q", o)
	}
	return at.Poll, nil
}

// Latest counts whole polls; a limit of rows bounds nothing below one.
func (s *source) Latest(_ context.Context, from connector.Offset, limit connector.Limit) (connector.Offset, error) {
	n, err := entryOf(from)
	if err != nil {
		return "", err
	}
	_, last := s.journal.Bounds()
	if last < n {
		return "", errs.New("HTTP_JOURNAL", "the journal of %s ends at poll %d, but the query has read up to %d", s.table.Name, last, n)
	}
	if limit.Rows <= 0 || last <= n+1 {
		return offsetOf(last), nil
	}
	var rows int64
	to := n
	for e, err := range s.journal.Read(n+1, last) {
		if err != nil {
			return "", errs.Wrap(err, "HTTP_JOURNAL", "reading what %s has fetched", s.table.Name)
		}
		got, err := s.parse(e)
		if err != nil {
			return "", err
		}
		if rows += int64(len(got.Rows)); rows > limit.Rows && to > n {
			break
		}
		to = e.N
	}
	return offsetOf(to), nil
}

// Plan is one split.
func (s *source) Plan(_ context.Context, from, to connector.Offset) ([]connector.Split, error) {
	a, err := entryOf(from)
	if err != nil {
		return nil, err
	}
	b, err := entryOf(to)
	if err != nil || a >= b {
		return nil, err
	}
	if first, last := s.journal.Bounds(); first > a+1 || last < b {
		return nil, errs.New("HTTP_JOURNAL", "polls %d to %d of %s were due, but its journal holds %d to %d", a+1, b, s.table.Name, first, last).
			WithHint("what a poll brought cannot be fetched again; to go on with what comes now, %s", connector.StartOver)
	}
	return []connector.Split{{ID: s.table.Name, From: strconv.FormatInt(a, 10), To: strconv.FormatInt(b, 10)}}, nil
}

// Open decodes a range of entries, a batch each.
func (s *source) Open(_ context.Context, sp connector.Split, columns []int) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		from, err1 := strconv.ParseInt(sp.From, 10, 64)
		to, err2 := strconv.ParseInt(sp.To, 10, 64)
		if err1 != nil || err2 != nil {
			yield(nil, errs.New("INVALID_OFFSETS", "split %q (%q, %q]", sp.ID, sp.From, sp.To))
			return
		}
		var schema types.Schema
		for _, c := range columns {
			schema = append(schema, s.table.Columns[c])
		}
		dec, err := jsonformat.NewDecoder(schema, jsonformat.Options{Zone: s.env.Zone})
		if err != nil {
			yield(nil, err)
			return
		}
		out := vec.NewBuilder(schema)
		for e, err := range s.journal.Read(from+1, to) {
			if err != nil {
				yield(nil, errs.Wrap(err, "HTTP_JOURNAL", "reading what %s has fetched", s.table.Name))
				return
			}
			b, err := s.decode(dec, out, e)
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

func (s *source) decode(dec *jsonformat.Decoder, out *vec.Builder, e connector.Entry) (*vec.Batch, error) {
	got, err := s.parse(e)
	if err != nil {
		return nil, err
	}
	msgs := make([][]byte, len(got.Rows))
	for i, r := range got.Rows {
		msgs[i] = r
	}
	rejects, err := dec.Decode(out, msgs)
	if err != nil {
		return nil, err
	}
	for _, r := range rejects {
		s.env.Report.Rejected(fmt.Sprintf("%s poll %d row %d", s.table.Name, e.N, r.Row), r.Reason, connector.Sample(msgs[r.Row]))
	}
	b := out.Finish()
	b.N = len(msgs)
	return b, nil
}

// Ack forgets polls older than keyRetention; younger ones are needed to know their keys. The
// last poll that was read always stays: it holds the ETag, and the place in the journal.
func (s *source) Ack(_ context.Context, upTo connector.Offset) error {
	n, err := entryOf(upTo)
	if err != nil {
		return err
	}
	oldest := s.env.Sys.Clock.Now().Add(-s.keep).UnixMilli()
	first, _ := s.journal.Bounds()
	var cut int64
	for e, err := range s.journal.Read(first, n-1) {
		if err != nil {
			return errs.Wrap(err, "HTTP_JOURNAL", "trimming what %s has fetched", s.table.Name)
		}
		var got struct{ At int64 }
		if err := json.Unmarshal(e.Data, &got); err != nil {
			return errs.Wrap(err, "HTTP_JOURNAL", "entry %d of the journal of %s", e.N, s.table.Name)
		}
		if got.At >= oldest {
			break
		}
		cut = e.N + 1
	}
	if cut == 0 {
		return nil
	}
	if err := s.journal.Trim(cut); err != nil {
		return errs.Wrap(err, "HTTP_JOURNAL", "trimming what %s has fetched", s.table.Name)
	}
	s.poll.forget(oldest)
	return nil
}

func (s *source) Close() error {
	if s.cancel != nil {
		s.cancel()
	}
	s.done.Wait()
	s.poll.close()
	return nil
}

// memoryJournal serves batch reads, which nothing has to survive.
type memoryJournal struct{ entries [][]byte }

func (j *memoryJournal) Append(e []byte) (int64, error) {
	j.entries = append(j.entries, e)
	return int64(len(j.entries)), nil
}

func (j *memoryJournal) Read(from, to int64) iter.Seq2[connector.Entry, error] {
	return func(yield func(connector.Entry, error) bool) {
		for n := max(from, 1); n <= min(to, int64(len(j.entries))); n++ {
			if !yield(connector.Entry{N: n, Data: j.entries[n-1]}, nil) {
				return
			}
		}
	}
}

func (j *memoryJournal) Trim(int64) error { return nil }

func (j *memoryJournal) Bounds() (int64, int64) {
	return min(1, int64(len(j.entries))), int64(len(j.entries))
}
