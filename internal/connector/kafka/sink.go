package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// deliveryTimeout is how long a record may wait for the broker before its epoch fails.
const deliveryTimeout = 30 * time.Second

// maxRequest is the longest batch written, in bytes, where the table does not say.
const maxRequest = 1 << 20

// sink writes each epoch in one Kafka transaction that also holds the epoch's mark.
type sink struct {
	made  *factory
	c     *connector.Connector
	env   connector.Env
	table connector.Table
	topic string
	query connector.QueryIdentity
	make  func() (*messages, error)
	out   producer
	there map[string]bool // topics that exist
}

func (f *factory) newSink(c *connector.Connector, env connector.Env, t connector.Table) (*sink, error) {
	s := &sink{made: f, c: c, env: env, table: t, there: map[string]bool{}}
	if s.topic, _ = t.Options.Lookup("topic"); s.topic == "" {
		names, err := topics(t)
		if err != nil {
			if _, ok := t.Options.Lookup("format"); !ok {
				return s, nil // rows may have a column topic
			}
			return nil, err
		}
		if len(names) != 1 {
			return nil, errs.New("MISSING_OPTION", "table %s names %d topics; which one is written?", t.Name, len(names)).
				WithHint("add OPTIONS (topic 'name')")
		}
		s.topic = names[0]
	}
	return s, nil
}

// Open fences earlier writers of the query (by its transactional id) before it reads the mark.
func (s *sink) Open(ctx context.Context, q connector.QueryIdentity, schema types.Schema, _ connector.OutputMode) (connector.EpochMark, error) {
	s.query = q
	s.make = func() (*messages, error) { return newMessages(s, schema) }
	if _, err := s.make(); err != nil { // a schema that cannot be written is refused before the start
		return connector.EpochMark{}, err
	}
	out, err := s.made.producer(s.env, s.table, "azud-"+q.Name)
	if err != nil {
		return connector.EpochMark{}, err
	}
	if err := s.Close(); err != nil { // of an earlier Open
		return connector.EpochMark{}, err
	}
	s.out, s.there = out, map[string]bool{}
	at := out.cluster()
	if s.topic != "" {
		if err := s.ready(ctx, s.topic); err != nil {
			return connector.EpochMark{}, err
		}
	}
	compact := "compact"
	if err := at.create(ctx, markTopic, 1, map[string]*string{"cleanup.policy": &compact}); err != nil {
		return connector.EpochMark{}, err
	}
	if err := out.start(ctx); err != nil {
		return connector.EpochMark{}, unavailable(err, "starting the transactional producer of %s", q.Name)
	}
	return readMark(ctx, at, q.Name)
}

// ready makes a topic that is written to, if it does not exist.
func (s *sink) ready(ctx context.Context, topic string) error {
	if s.there[topic] {
		return nil
	}
	if err := s.out.cluster().create(ctx, topic, -1, nil); err != nil {
		return err
	}
	s.there[topic] = true
	return nil
}

func (s *sink) Guarantee() connector.Guarantee { return connector.ExactlyOnce }

func (s *sink) Begin(_ context.Context, e connector.EpochPlan) (connector.Writer, error) {
	m, err := s.make()
	if err != nil {
		return nil, err
	}
	return &writer{sink: s, epoch: e, msgs: m}, nil
}

func (s *sink) Close() error {
	if s.out != nil {
		s.out.close()
	}
	return nil
}

// writer is one epoch. The transaction begins with the first row: an epoch without rows
// leaves no trace in Kafka.
type writer struct {
	sink  *sink
	epoch connector.EpochPlan
	msgs  *messages
	begun bool
}

func (w *writer) begin() error {
	if w.begun {
		return nil
	}
	if err := w.sink.out.begin(); err != nil {
		return unavailable(err, "beginning a transaction of %s", w.sink.query.Name)
	}
	w.begun = true
	return nil
}

// Commit writes the mark and ends the transaction.
func (w *writer) Commit(ctx context.Context) (connector.Outcome, error) {
	if !w.begun {
		return connector.Committed, nil
	}
	w.sink.out.produce(ctx, markMessage(w.sink.query, w.epoch))
	if err := w.sink.out.flush(ctx); err != nil {
		return w.undo(ctx, err)
	}
	if err := w.sink.out.commit(ctx); err != nil {
		return connector.Unknown, unavailable(err, "committing epoch %d of %s", w.epoch.Epoch, w.sink.query.Name)
	}
	return connector.Committed, nil
}

// undo aborts after a record failed; cause is why. Where the abort fails too, a failure that
// may pass asks for the sink to be opened again. A lasting one would only be met again: no
// commit was tried, so the epoch is aborted, and the next Open ends its transaction.
func (w *writer) undo(ctx context.Context, cause error) (connector.Outcome, error) {
	err := w.refused(cause)
	abort := w.Abort(ctx)
	switch {
	case abort == nil:
		return connector.Aborted, err
	case connector.IsPassing(err):
		return connector.Unknown, errors.Join(err, abort)
	}
	w.sink.env.Report.Log(abort.Error())
	return connector.Aborted, err
}

// refused is the error for a record that could not be written.
func (w *writer) refused(cause error) error {
	var own *errs.Error
	if errors.As(cause, &own) && !connector.IsPassing(cause) {
		return cause // it says what is wrong with a row
	}
	err := unavailable(cause, "writing %s to %s", w.what(), w.where())
	if e, ok := err.(*errs.Error); ok && errors.Is(cause, kerr.MessageTooLarge) {
		return e.WithHint("a record is longer than the topic takes: select less of it, or raise the topic's max.message.bytes and this table's kafka.max.request.size")
	}
	return err
}

// what and where name the rows and their place in messages.
func (w *writer) what() string {
	if w.sink.query.Name == "" {
		return "the rows"
	}
	return fmt.Sprintf("epoch %d", w.epoch.Epoch)
}

func (w *writer) where() string {
	if w.sink.topic == "" {
		return "the topics of the rows"
	}
	return "topic " + w.sink.topic
}

func (w *writer) Abort(ctx context.Context) error {
	if !w.begun {
		return nil
	}
	w.begun = false
	if err := w.sink.out.abort(ctx); err != nil {
		return unavailable(err, "aborting %s", w.what())
	}
	return nil
}
