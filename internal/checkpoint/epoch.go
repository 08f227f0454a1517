package checkpoint

import (
	"encoding/json"

	"github.com/cockroachdb/pebble/v2"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// Plan is the epoch plan: all that a run of the epoch depends on besides the state. Times
// are microseconds UTC.
type Plan struct {
	Epoch    int64             `json:"epoch"`
	Time     int64             `json:"time"`    // the batch timestamp
	Sources  []Range           `json:"sources"` // by source number
	Late     int64             `json:"late"`    // rows at or below are late: the watermark before the last epoch
	Evict    int64             `json:"evict"`   // groups at or below leave: the watermark after the last epoch
	Zone     string            `json:"zone"`    // session time zone
	Seed     int64             `json:"seed"`
	Settings map[string]string `json:"settings,omitempty"`
}

// Range is what an epoch reads of a source: (From, To].
type Range struct {
	From connector.Offset `json:"from"`
	To   connector.Offset `json:"to"`
}

// Done is what is committed with an epoch.
type Done struct {
	Plan      Plan    `json:"plan"`
	Watermark int64   `json:"watermark"` // the query's, after the epoch; microseconds
	Nodes     []int64 `json:"nodes"`     // of each watermark node, after the epoch; microseconds
	Wrote     int64   `json:"wrote"`     // the last epoch so far that gave the sink rows, or None
}

// Encode is the plan as it is stored here and with a sink's mark.
func (p *Plan) Encode() ([]byte, error) { return json.Marshal(p) }

// DecodePlan reads what Encode wrote.
func DecodePlan(data []byte) (*Plan, error) {
	var p Plan
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, errs.Wrap(err, "CHECKPOINT_CORRUPT", "an epoch plan cannot be read")
	}
	return &p, nil
}

// LastDone is what the newest committed epoch left, or nil before the first.
func (s *Store) LastDone() (*Done, error) {
	data, err := s.last(tagDone)
	if data == nil || err != nil {
		return nil, err
	}
	var d Done
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, errs.Wrap(err, "CHECKPOINT_CORRUPT", "the last commit of %s cannot be read", s.dir)
	}
	return &d, nil
}

// LastPlan is the newest stored plan, or nil.
func (s *Store) LastPlan() (*Plan, error) {
	data, err := s.last(tagPlan)
	if data == nil || err != nil {
		return nil, err
	}
	return DecodePlan(data)
}

func (s *Store) last(tag byte) (out []byte, err error) {
	err = s.guard(false, func() error {
		it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{tag}, UpperBound: []byte{tag + 1}})
		if err != nil {
			return err
		}
		defer it.Close()
		if it.Last() {
			v, err := it.ValueAndErr()
			if err != nil {
				return err
			}
			out = append([]byte{}, v...)
		}
		return it.Error()
	})
	return out, err
}

// PutPlan stores an epoch's plan before it runs; it is on disk on return.
func (s *Store) PutPlan(p *Plan) error {
	data, err := p.Encode()
	if err != nil {
		return err
	}
	return s.write(pebble.Sync, func(b *pebble.Batch) error { return b.Set(epochKey(tagPlan, p.Epoch), data, nil) })
}

// keep is how many epochs' plans and commits stay for people to look at.
const keep = 100

// Epoch collects what one epoch commits. It belongs to the query's goroutine.
type Epoch struct {
	s     *Store
	n     int64
	b     *pebble.Batch
	sizes map[*State]map[int]size // to be taken over by the commit
}

// Begin starts the collection of epoch n. Commit or Abort ends it.
func (s *Store) Begin(n int64) (*Epoch, error) {
	e := &Epoch{s: s, n: n, sizes: map[*State]map[int]size{}}
	return e, s.guard(true, func() error {
		e.b = s.db.NewBatch()
		return nil
	})
}

// Abort forgets what was collected.
func (e *Epoch) Abort() {
	if e.b != nil && e.s.Err() == nil {
		_ = e.b.Close()
	}
	e.b = nil
}

// Commit puts what was collected and d on disk in one synced write: the epoch is done.
func (e *Epoch) Commit(d *Done) error {
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	err = e.s.guard(true, func() error {
		if err := e.b.Set(epochKey(tagDone, e.n), data, nil); err != nil {
			return err
		}
		if e.n%keep == 0 && e.n > keep {
			for _, tag := range []byte{tagPlan, tagDone} {
				if err := e.b.DeleteRange(epochKey(tag, 0), epochKey(tag, e.n-keep), nil); err != nil {
					return err
				}
			}
		}
		return e.b.Commit(pebble.Sync)
	})
	if err != nil {
		return err
	}
	for st, changed := range e.sizes {
		for shard, z := range changed {
			st.sizes[shard] = z
		}
	}
	e.Abort()
	return nil
}
