package kafka

import (
	"context"
	"fmt"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// save writes the rows of a batch query in one transaction: readers that read_committed see all of
// them or none. A transaction lives at most transactionTimeout, or kafka.transaction.timeout.ms.
type save struct{ sink *sink }

func (f *factory) newSave(c *connector.Connector, env connector.Env, t connector.Table) (*save, error) {
	s, err := f.newSink(c, env, t)
	if err != nil {
		return nil, err
	}
	return &save{s}, nil
}

// Begin starts a producer of its own: writes at the same time do not fence one another.
// Spark: KafkaSourceProvider.createRelation takes append and errorifexists, which appends, too.
func (s *save) Begin(ctx context.Context, schema types.Schema, m connector.SaveMode) (connector.BatchWriter, error) {
	if m != connector.SaveAppend && m != connector.SaveNew {
		return nil, errs.New("UNSUPPORTED_FEATURE", "Save mode %s not allowed for Kafka. Allowed save modes are append and errorifexists (default).", m).State("0A000").
			WithHint("a topic only grows: write INSERT INTO, or make another topic")
	}
	out, err := s.sink.made.producer(s.sink.env, s.sink.table, fmt.Sprintf("azud-batch-%016x", s.sink.env.Sys.Rand.Uint64()))
	if err != nil {
		return nil, err
	}
	s.sink.out = out
	msgs, err := newMessages(s.sink, schema)
	if err != nil {
		return nil, err
	}
	if s.sink.topic != "" {
		if err := s.sink.ready(ctx, s.sink.topic); err != nil {
			return nil, err
		}
	}
	if err := out.start(ctx); err != nil {
		return nil, unavailable(err, "starting a transactional producer")
	}
	return &saving{writer{sink: s.sink, msgs: msgs}}, nil
}

func (s *save) Close() error { return s.sink.Close() }

// saving is a write of a batch.
type saving struct{ writer }

// Commit ends the transaction; where it fails the transaction is aborted, as far as the broker
// can still be told.
func (w *saving) Commit(ctx context.Context) error {
	if !w.begun {
		return nil
	}
	err := w.sink.out.flush(ctx)
	if err != nil {
		_, err = w.undo(context.WithoutCancel(ctx), err)
		return err
	}
	if err := w.sink.out.commit(ctx); err != nil {
		return unavailable(err, "committing %s to %s", w.what(), w.where())
	}
	w.begun = false
	return nil
}
