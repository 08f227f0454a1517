package kafka

import (
	"context"
	"encoding/json"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
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

func markRecord(q connector.QueryIdentity, e connector.EpochPlan) *kgo.Record {
	v, _ := json.Marshal(mark{q.Checkpoint, e.Epoch, e.Plan}) // strings, numbers and bytes always marshal
	return &kgo.Record{Topic: markTopic, Key: []byte(q.Name), Value: v}
}

// readMark finds the query's last committed mark. It must come after the producer was
// initialised: that ends whatever transaction of this query a crash left open, so that all
// of its transactions are decided. Those of other queries may be open for as long as they
// like; therefore it does not read up to the last stable offset, which they hold back, but
// up to the end, and finds by the control records what was committed.
func readMark(ctx context.Context, env connector.Env, cl *kgo.Client, query string) (connector.EpochMark, error) {
	names := []string{markTopic}
	lay, err := establish(ctx, env, cl, names)
	if err != nil {
		return connector.EpochMark{}, err
	}
	adm := kadm.NewClient(cl)
	starts, err := adm.ListStartOffsets(ctx, names...)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return connector.EpochMark{}, unavailable(err, "reading the first offsets of %s", markTopic)
	}
	ends, err := adm.ListEndOffsets(ctx, names...)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return connector.EpochMark{}, unavailable(err, "reading the last offsets of %s", markTopic)
	}
	m := &markReader{query: query, src: &source{env: env, cl: cl, dec: kgo.DefaultDecompressor(), lay: lay, names: names}}
	first, end := collect(starts), collect(ends)
	for _, p := range end.sorted() {
		for span := int64(markSpan); ; span *= 8 {
			lo := max(first[p], end[p]-span)
			if err := m.read(ctx, p, lo, end[p]); err != nil {
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
	src   *source
	query string
	open  map[int64]*mark // by producer: written, not yet decided
	found *mark
}

func (m *markReader) read(ctx context.Context, p tp, from, to int64) error {
	m.open = map[int64]*mark{}
	return m.src.scan(ctx, p, from, to, readUncommitted, m.replay, func() error { return nil })
}

func (m *markReader) replay(got fetched, pos, to int64) (int64, error) {
	for buf := got.batches; pos < to; {
		b, ok, err := readBatch(buf)
		if err != nil || !ok {
			return pos, err
		}
		buf = buf[b.size:]
		if b.control {
			err = m.decide(b)
		} else {
			err = m.collect(b)
		}
		if err != nil {
			return pos, err
		}
		pos = max(pos, min(b.last+1, to))
	}
	return pos, nil
}

// collect keeps the marks of a batch until their transaction is decided.
func (m *markReader) collect(b batch) error {
	var bad error
	err := b.records(m.src.dec, func(r record) bool {
		if string(r.key) != m.query {
			return true
		}
		one := &mark{}
		if bad = json.Unmarshal(r.value, one); bad != nil {
			bad = errs.Wrap(bad, "KAFKA_BAD_MARK", "the mark of %s at offset %d of topic %s cannot be read", m.query, r.offset, markTopic)
			return false
		}
		m.open[b.producer] = one
		if !b.transactional {
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
func (m *markReader) decide(b batch) error {
	abort, err := b.abortMarker(m.src.dec)
	if one := m.open[b.producer]; err == nil && one != nil && !abort {
		m.found = one
	}
	delete(m.open, b.producer)
	return err
}
