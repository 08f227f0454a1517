package kafka

import (
	"context"
	"encoding/json"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// markTopic holds the last committed epoch of each query: key its name, value a mark.
// It is compacted. Marks never live in group offsets, because those expire.
const markTopic = "__azud_epochs"

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

// readMark scans the committed marks for the query's last one. It must come after the
// producer was initialised: that ends any transaction a crash left open.
func readMark(ctx context.Context, cl *kgo.Client, query string) (connector.EpochMark, error) {
	var found connector.EpochMark
	lay, err := describe(ctx, cl, []string{markTopic})
	if err != nil {
		return found, err
	}
	first, next, err := bounds(ctx, cl, []string{markTopic})
	if err != nil {
		return found, err
	}
	var bad error
	s := &source{cl: cl, dec: kgo.DefaultDecompressor(), lay: lay, names: []string{markTopic}}
	for _, p := range next.sorted() {
		err := s.scan(ctx, p, first[p], next[p], func(r record) bool {
			if string(r.key) != query {
				return true
			}
			var m mark
			if bad = json.Unmarshal(r.value, &m); bad != nil {
				return false
			}
			found = connector.EpochMark{Checkpoint: m.Checkpoint, Epoch: m.Epoch, Plan: m.Plan}
			return true
		}, func() error { return nil })
		if err != nil {
			return found, err
		}
	}
	if bad != nil {
		return found, errs.Wrap(bad, "KAFKA_BAD_MARK", "the mark of %s in topic %s cannot be read", query, markTopic)
	}
	return found, nil
}
