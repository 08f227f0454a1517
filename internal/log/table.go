package log

import (
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/azud/azud/internal/record"
)

// tableSet is the state that is not records. Values are never changed in place.
type tableSet struct {
	mu sync.RWMutex
	of [tables]map[string][]byte
}

func (t *tableSet) apply(puts []Put) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range puts {
		if p.Value == nil {
			delete(t.of[p.Table], p.Key)
			continue
		}
		if t.of[p.Table] == nil {
			t.of[p.Table] = map[string][]byte{}
		}
		t.of[p.Table][p.Key] = p.Value
	}
}

// Get finds a value, which is not to be changed.
func (l *Log) Get(t Table, key string) ([]byte, bool) {
	if t >= tables {
		return nil, false
	}
	l.tables.mu.RLock()
	defer l.tables.mu.RUnlock()
	v, ok := l.tables.of[t][key]
	return v, ok
}

// All yields a table's entries as they are now, by key. Values are not to be changed.
func (l *Log) All(t Table) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		if t >= tables {
			return
		}
		type pair struct {
			key   string
			value []byte
		}
		l.tables.mu.RLock()
		list := make([]pair, 0, len(l.tables.of[t]))
		for k, v := range l.tables.of[t] {
			list = append(list, pair{k, v})
		}
		l.tables.mu.RUnlock()
		slices.SortFunc(list, func(a, b pair) int {
			if a.key < b.key {
				return -1
			}
			return 1
		})
		for _, p := range list {
			if !yield(p.key, p.value) {
				return
			}
		}
	}
}

// Write changes tables and ends transactions as one: all of it survives a crash, or nothing.
// It is applied and staged when Write returns, durable after a Sync. Keys and values are
// copied. An error means that nothing was done. A partition that has stopped gets its marker
// at the next start, from the journal; see Write.Strict.
func (l *Log) Write(w Write) error {
	puts := slices.Clone(w.Puts)
	for i, p := range puts {
		if p.Table == tableTopics || p.Table >= tables {
			return fmt.Errorf("table %d is not for others", p.Table)
		}
		if p.Value != nil {
			puts[i].Value = append([]byte{}, p.Value...)
		}
	}
	return l.change(Write{Puts: puts, Markers: w.Markers, Strict: w.Strict})
}

// placed is a marker and its partition; raw is the batch once it has its offset.
type placed struct {
	p   *Partition
	m   *Marker
	raw []byte
}

// change is Write for all tables. It keeps the values.
func (l *Log) change(w Write) error {
	l.changes.Lock()
	defer l.changes.Unlock()
	if l.closed.Load() {
		return ErrClosed
	}
	if err := l.Err(); err != nil {
		return err
	}
	markers, parts := l.findMarkers(w.Markers)
	for _, p := range parts { // all at once: nothing may come between a marker and its entry
		p.mu.Lock()
		defer p.mu.Unlock()
	}
	markers, err := l.admit(markers, w.Strict)
	if err != nil {
		return err
	}
	l.tables.apply(w.Puts)
	now := l.now()
	for i, m := range markers {
		markers[i].raw = m.p.appendMarker(m.m, now)
	}
	l.stageWrite(w.Puts, markers)
	return nil
}

// findMarkers finds the markers' partitions, each once; markers of those that exist no more
// are dropped.
func (l *Log) findMarkers(all []Marker) (markers []placed, parts []*Partition) {
	topics := l.topics.Load()
	for i := range all {
		p := topics.Partition(all[i].Topic, all[i].Partition)
		if p == nil {
			continue
		}
		markers = append(markers, placed{p: p, m: &all[i]})
		if !slices.Contains(parts, p) {
			parts = append(parts, p)
		}
	}
	return markers, parts
}

// admit leaves out the markers that cannot be written, or refuses them all. The caller holds
// the locks of the partitions.
func (l *Log) admit(markers []placed, strict bool) ([]placed, error) {
	fit := markers[:0]
	for _, m := range markers {
		if m.p.deleted {
			continue
		}
		if err := m.p.usable(); err != nil && strict {
			return nil, err
		}
		if err := m.p.producers[m.m.Producer].checkMarker(m.m); err != nil {
			if strict {
				return nil, err
			}
			l.log.Warn("a partition is left out of the end of a transaction", "partition", m.p.String(), "error", err)
			continue
		}
		fit = append(fit, m)
	}
	return fit, nil
}

// appendMarker writes a marker at the log's end. Where the partition has stopped, or stops
// now, the journal alone has the marker, and the next start takes it from there. The caller
// holds mu.
func (p *Partition) appendMarker(m *Marker, now int64) []byte {
	raw := record.Marker(nil, p.end.Load(), p.epoch.Load(), m.Producer, m.Epoch, m.Commit, m.CoordinatorEpoch, now)
	b, _, _ := record.Parse(raw)
	if p.err == nil {
		err := p.write(raw, []record.Batch{b}, now, p.settings.Load(), true)
		if err == nil {
			return raw
		}
		_ = p.last().breakOff(p.stop(err))
	}
	p.end.Store(b.Next()) // the next marker comes behind it
	p.noteProducer(&b, now)
	return raw
}

// stageWrite stages the entry of a Write. The caller holds the locks of the partitions.
func (l *Log) stageWrite(puts []Put, markers []placed) {
	st := &l.stage
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, m := range markers {
		if m.p.err == nil {
			st.share(m.p)
		}
	}
	st.next.must = true
	if !l.cfg.Volatile {
		at := st.next.begin(entryWrite)
		e := enc{st.next.buf}
		encodeWrite(&e, puts, markers)
		st.next.buf = e.b
		st.next.end(at)
	}
	st.kick()
}

func encodeWrite(e *enc, puts []Put, markers []placed) {
	e.n(len(puts))
	for _, p := range puts {
		e.u8(uint8(p.Table))
		e.str(p.Key)
		e.flag(p.Value != nil)
		e.bytes(p.Value)
	}
	e.n(len(markers))
	for _, m := range markers {
		e.id(m.p.topic)
		e.u32(uint32(m.p.index))
		e.bytes(m.raw)
	}
}

func decodePuts(d *dec) []Put {
	puts := make([]Put, d.n())
	for i := range puts {
		p := &puts[i]
		p.Table = Table(d.u8())
		p.Key = d.str()
		has := d.flag()
		if v := d.bytes(); has {
			p.Value = append([]byte{}, v...)
		}
		if p.Table >= tables {
			d.bad = true
		}
	}
	return puts
}
