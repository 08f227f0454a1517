package kafka

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/record"
)

// markTopic holds the last committed epoch of each query: key its name, value a mark.
// It is compacted. Marks never live in group offsets, because those expire.
const markTopic = "__azud_epochs"

// markSpan is how many of the topic's last records are looked at first for a query's mark.
const markSpan = 2000

// mark is the record's value.
type mark struct {
	Checkpoint string `json:"checkpoint"`
	Epoch      int64  `json:"epoch"`
	Plan       []byte `json:"plan"`
}

func markMessage(q connector.QueryIdentity, e connector.EpochPlan) *message {
	v, _ := json.Marshal(mark{q.Checkpoint, e.Epoch, e.Plan}) // strings, numbers and bytes always marshal
	return &message{topic: markTopic, part: anyPartition, key: []byte(q.Name), value: v}
}

// readMark finds the query's last committed mark. It must come after the producer was
// started: that ends whatever transaction of this query a crash left open, so that all
// of its transactions are decided. Those of other queries may be open for as long as they
// like; therefore it does not read up to the last stable offset, which they hold back, but
// up to the end, and finds by the control records what was committed.
func readMark(ctx context.Context, at cluster, query string) (connector.EpochMark, error) {
	names := []string{markTopic}
	if err := at.learn(ctx, names, true); err != nil {
		return connector.EpochMark{}, err
	}
	first, end, err := at.bounds(ctx, names, true)
	if err != nil {
		return connector.EpochMark{}, err
	}
	m := &markReader{query: query}
	for _, p := range end.sorted() {
		for span := int64(markSpan); ; span *= 8 {
			lo := max(first[p], end[p]-span)
			if err := m.read(ctx, at, p, lo, end[p]); err != nil {
				return connector.EpochMark{}, err
			}
			if m.found != nil {
				return connector.EpochMark{Checkpoint: m.found.Checkpoint, Epoch: m.found.Epoch, Plan: m.found.Plan}, nil
			}
			if lo == first[p] {
				break
			}
		}
	}
	return connector.EpochMark{}, nil
}

// markReader looks for the marks of a query among the records of all.
type markReader struct {
	query string
	dec   record.Decompressor
	open  map[int64]*mark // by producer: written, not yet decided
	found *mark
}

func (m *markReader) read(ctx context.Context, at cluster, p tp, from, to int64) error {
	m.open = map[int64]*mark{}
	_, err := at.batches(ctx, p, from, to, func(b *record.Batch) error {
		if b.Control() {
			return m.decide(b)
		}
		return m.collect(b)
	})
	if errors.Is(err, errGone) { // retention ran meanwhile
		err = connector.Passing(errs.Wrap(err, "KAFKA_UNAVAILABLE", "reading %s from offset %d", p, from))
	}
	return err
}

// collect keeps the marks of a batch until their transaction is decided.
func (m *markReader) collect(b *record.Batch) error {
	var bad error
	err := b.Records(&m.dec, func(r *record.Record) bool {
		if string(r.Key) != m.query {
			return true
		}
		one := &mark{}
		if bad = json.Unmarshal(r.Value, one); bad != nil {
			bad = errs.Wrap(bad, "KAFKA_BAD_MARK", "the mark of %s at offset %d of topic %s cannot be read", m.query, r.Offset, markTopic)
			return false
		}
		m.open[b.Producer] = one
		if !b.Transactional() {
			m.found = one
		}
		return true
	})
	if err == nil {
		err = bad
	}
	return err
}

// decide takes a control record: what its producer had open is committed or dropped.
func (m *markReader) decide(b *record.Batch) error {
	end, ok, err := b.EndMark()
	if err != nil || !ok {
		return err
	}
	if one := m.open[b.Producer]; one != nil && end.Commit {
		m.found = one
	}
	delete(m.open, b.Producer)
	return nil
}
