package checkpoint

import (
	"encoding/binary"
	"iter"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// journal is a connector.Journal; safe for concurrent use.
type journal struct {
	s      *Store
	source int

	mu          sync.Mutex // held over a write, so that numbers and their order agree
	first, last int64      // first is 0 if empty; last survives a trim
}

// Journal is the journal of a source. Every call for one source gives the same journal.
func (s *Store) Journal(source int) (connector.Journal, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j := s.journals[source]; j != nil {
		return j, nil
	}
	j := &journal{s: s, source: source}
	end, err := s.get(journalEndKey(source))
	if err != nil {
		return nil, err
	}
	if len(end) == 8 {
		j.last = int64(binary.BigEndian.Uint64(end))
	}
	prefix := journalPrefix(source)
	err = s.scan(prefix, after(prefix), func(key, _ []byte) (bool, error) {
		j.first = int64(binary.BigEndian.Uint64(key[len(prefix):]))
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	s.journals[source] = j
	return j, nil
}

// Append refuses with a passing error when the disk is nearly full, as epochs do: who fills the
// journal works beside them.
func (j *journal) Append(entry []byte) (int64, error) {
	if err := j.s.Space(); err != nil {
		return 0, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	n := j.last + 1
	err := j.s.write(pebble.Sync, func(b *pebble.Batch) error {
		if err := b.Set(journalEndKey(j.source), binary.BigEndian.AppendUint64(nil, uint64(n)), nil); err != nil {
			return err
		}
		return b.Set(journalKey(j.source, n), entry, nil)
	})
	if err != nil {
		return 0, err
	}
	if j.last = n; j.first == 0 {
		j.first = n
	}
	return n, nil
}

func (j *journal) Read(from, to int64) iter.Seq2[connector.Entry, error] {
	return func(yield func(connector.Entry, error) bool) {
		if to < from {
			return
		}
		prefix, stopped := journalPrefix(j.source), false
		err := j.s.scan(journalKey(j.source, max(from, 0)), after(prefix), func(key, value []byte) (bool, error) {
			n := int64(binary.BigEndian.Uint64(key[len(prefix):]))
			if n > to {
				return false, nil
			}
			stopped = !yield(connector.Entry{N: n, Data: value}, nil)
			return !stopped, nil
		})
		if err != nil && !stopped {
			yield(connector.Entry{}, err)
		}
	}
}

func (j *journal) Trim(before int64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.first == 0 || before <= j.first {
		return nil
	}
	before = min(before, j.last+1)
	err := j.s.write(pebble.NoSync, func(b *pebble.Batch) error {
		return b.DeleteRange(journalKey(j.source, 0), journalKey(j.source, before), nil)
	})
	if err != nil {
		return err
	}
	if j.first = before; before > j.last {
		j.first = 0
	}
	return nil
}

func (j *journal) Bounds() (first, last int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.first == 0 {
		return 0, 0
	}
	return j.first, j.last
}

// sinkStore is a connector.Store.
type sinkStore struct{ s *Store }

// Sink is the sink's own key-value space.
func (s *Store) Sink() connector.Store { return sinkStore{s} }

func sinkKey(key []byte) []byte { return append([]byte{tagSink}, key...) }

func (k sinkStore) Get(key []byte) ([]byte, error) { return k.s.get(sinkKey(key)) }

func (k sinkStore) Each(prefix []byte) iter.Seq2[connector.KV, error] {
	return func(yield func(connector.KV, error) bool) {
		lo, stopped := sinkKey(prefix), false
		err := k.s.scan(lo, after(lo), func(key, value []byte) (bool, error) {
			kv := connector.KV{Key: append([]byte{}, key[1:]...), Value: append([]byte{}, value...)}
			stopped = !yield(kv, nil)
			return !stopped, nil
		})
		if err != nil && !stopped {
			yield(connector.KV{}, err)
		}
	}
}

func (k sinkStore) Apply(changes []connector.KV, sync bool) error {
	for _, c := range changes {
		if len(c.Key) == 0 {
			return errs.New("INTERNAL_ERROR", "a sink wrote an empty key")
		}
	}
	o := pebble.NoSync
	if sync {
		o = pebble.Sync
	}
	return k.s.write(o, func(b *pebble.Batch) error {
		for _, c := range changes {
			err := error(nil)
			if c.Value == nil {
				err = b.Delete(sinkKey(c.Key), nil)
			} else {
				err = b.Set(sinkKey(c.Key), c.Value, nil)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
