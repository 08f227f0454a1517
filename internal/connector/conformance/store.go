package conformance

import (
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/azud/azud/internal/connector"
)

// Store is a connector.Store in memory. Changes that were not synced are lost in a crash,
// the later ones first.
type Store struct {
	fuse    *fuse
	now     map[string][]byte
	pending []map[string][]byte // the states before each unsynced change
	Applied int                 // calls of Apply
	Fail    error               // what Apply answers, once, without doing anything
}

var _ connector.Store = (*Store)(nil)

// Get implements connector.Store.
func (s *Store) Get(key []byte) ([]byte, error) { return slices.Clone(s.now[string(key)]), nil }

// Each implements connector.Store.
func (s *Store) Each(prefix []byte) iter.Seq2[connector.KV, error] {
	return func(yield func(connector.KV, error) bool) {
		for _, k := range slices.Sorted(maps.Keys(s.now)) {
			if strings.HasPrefix(k, string(prefix)) && !yield(connector.KV{Key: []byte(k), Value: slices.Clone(s.now[k])}, nil) {
				return
			}
		}
	}
}

// Apply implements connector.Store.
func (s *Store) Apply(changes []connector.KV, sync bool) error {
	s.Applied++
	if err := s.Fail; err != nil {
		s.Fail = nil
		return err
	}
	s.fuse.step()
	s.pending = append(s.pending, maps.Clone(s.now))
	for _, c := range changes {
		if c.Value == nil {
			delete(s.now, string(c.Key))
		} else {
			s.now[string(c.Key)] = slices.Clone(c.Value)
		}
	}
	if sync {
		s.Sync()
	}
	s.fuse.step()
	return nil
}

// Sync is the commit of an epoch: all that was applied is on disk.
func (s *Store) Sync() { s.pending = nil }

func (s *Store) crash(r *rand.Rand) {
	if n := len(s.pending); n > 0 {
		if kept := r.IntN(n + 1); kept < n {
			s.now = s.pending[kept]
		}
	}
	s.pending = nil
}

// Journal is a connector.Journal in memory; every entry is durable. Safe for concurrent use.
type Journal struct {
	mu          sync.Mutex
	entries     map[int64][]byte
	first, last int64
	fail        error
}

var _ connector.Journal = (*Journal)(nil)

// NewJournal makes an empty journal.
func NewJournal() *Journal { return &Journal{entries: map[int64][]byte{}} }

// FailAppend makes Append answer with err until it is nil.
func (j *Journal) FailAppend(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.fail = err
}

// Append implements connector.Journal.
func (j *Journal) Append(entry []byte) (int64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return 0, j.fail
	}
	j.last++
	if j.first == 0 {
		j.first = j.last
	}
	j.entries[j.last] = slices.Clone(entry)
	return j.last, nil
}

// Read implements connector.Journal. Data is overwritten after each step, as the contract allows.
func (j *Journal) Read(from, to int64) iter.Seq2[connector.Entry, error] {
	return func(yield func(connector.Entry, error) bool) {
		j.mu.Lock()
		var list []connector.Entry
		for n := max(from, j.first, 1); n <= min(to, j.last); n++ {
			list = append(list, connector.Entry{N: n, Data: slices.Clone(j.entries[n])})
		}
		j.mu.Unlock()
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
			clear(e.Data)
		}
	}
}

// Trim implements connector.Journal.
func (j *Journal) Trim(before int64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for ; j.first > 0 && j.first < before; j.first++ {
		delete(j.entries, j.first)
		if j.first == j.last {
			j.first = 0
			return nil
		}
	}
	return nil
}

// Bounds implements connector.Journal.
func (j *Journal) Bounds() (first, last int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.first == 0 {
		return 0, 0
	}
	return j.first, j.last
}
