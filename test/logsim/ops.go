package logsim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing/synctest"
	"time"

	"github.com/azud/azud/internal/log"
)

// partition is the log's object for a part; nil if the topic is gone.
func (w *world) partition(p *part) *log.Partition {
	if w.l == nil {
		return nil
	}
	return w.l.Topics().Partition(p.topic.id, p.index)
}

// pick is a partition by chance; nil if there is none.
func (w *world) pick() *part {
	if len(w.topics) == 0 {
		return nil
	}
	t := w.topics[w.rng.IntN(len(w.topics))]
	return t.parts[w.rng.IntN(len(t.parts))]
}

func (w *world) client(txnal bool) *producer {
	var some []*producer
	for _, pr := range w.prods {
		if pr.txnal == txnal {
			some = append(some, pr)
		}
	}
	if len(some) < 3 {
		pr := w.newProducer(txnal)
		w.prods = append(w.prods, pr)
		return pr
	}
	return some[w.rng.IntN(len(some))]
}

// write makes a Write with its number in it, and takes it into the model.
func (w *world) write(wr log.Write, e *ending) bool {
	w.writes++
	n := w.writes
	wr.Puts = append(wr.Puts, log.Put{Table: log.TableIDs, Key: "write", Value: []byte(fmt.Sprint(n))})
	err := w.l.Write(wr)
	w.tell("write %d: %d puts, %d markers: %v", n, len(wr.Puts), len(wr.Markers), err)
	if !w.check("write", err) {
		return false
	}
	w.did(&step{what: fmt.Sprint("write ", n), write: n, do: func(s *state) {
		for _, p := range wr.Puts {
			if s.tables[p.Table] == nil {
				s.tables[p.Table] = map[string]string{}
			}
			if p.Value == nil {
				delete(s.tables[p.Table], p.Key)
			} else {
				s.tables[p.Table][p.Key] = string(p.Value)
			}
		}
	}})
	if e != nil {
		e.write = n
		w.addMarkers(wr, e, n)
	}
	return true
}

func (w *world) addMarkers(wr log.Write, e *ending, n int) {
	kind := int8(2)
	if e.commit {
		kind = 1
	}
	for i, p := range e.parts {
		m := wr.Markers[i]
		p.batches = append(p.batches, &batch{
			base: p.end(), recs: make([]rec, 1), producer: m.Producer, epoch: m.Epoch, marker: kind, txn: true, write: n, at: w.now(),
		})
	}
}

// did takes a change of the state into the model.
func (w *world) did(s *step) {
	s.do(w.live)
	w.steps = append(w.steps, *s)
}

// wait makes all durable; false if it does not.
func (w *world) wait() bool {
	err := w.l.Wait(context.Background())
	synctest.Wait()
	w.tell("wait: %v", err)
	if !w.check("wait", err) {
		return false
	}
	w.counts["waits"]++
	w.sure, w.steps = w.live.clone(), nil
	for _, pr := range w.prods {
		pr.end = nil
	}
	for _, t := range w.topics {
		for _, p := range t.parts {
			lp := w.partition(p)
			if lp == nil || lp.Err() != nil { // its segment failed, or the machine has
				continue
			}
			p.acked, p.trimmed = p.end(), max(p.asked, p.trimmed)
			if high := lp.High(); high != p.end() {
				w.wrong("%v: everything is durable up to %d, the high watermark is %d", p, p.end(), high)
			}
		}
	}
	return true
}

func (w *world) offsets() {
	wr := log.Write{}
	for range 1 + w.rng.IntN(3) {
		p := log.Put{Table: log.TableOffsets, Key: fmt.Sprint("group/", w.rng.IntN(6)), Value: []byte(fmt.Sprint(w.rng.IntN(1000)))}
		if w.chance(5) {
			p.Value = nil
		}
		wr.Puts = append(wr.Puts, p)
	}
	w.write(wr, nil)
}

// settings of the topics, by chance.
func (w *world) settings() map[string]string {
	s := map[string]string{"segment.bytes": fmt.Sprint([]int{12_000, 40_000, 1 << 20}[w.rng.IntN(3)])}
	switch w.rng.IntN(4) {
	case 0:
		s["retention.ms"] = "20000"
	case 1:
		s["retention.bytes"] = "8000"
	case 2:
		s["cleanup.policy"] = "compact"
	case 3:
		if w.chance(2) {
			s["cleanup.policy"], s["retention.ms"] = "compact,delete", "20000"
		}
	}
	if s["cleanup.policy"] != "" {
		s["min.cleanable.dirty.ratio"], s["delete.retention.ms"] = "0", fmt.Sprint([]int{0, 20_000}[w.rng.IntN(2)])
	}
	return s
}

func (w *world) createTopic() {
	if len(w.topics) >= 4 {
		return
	}
	w.ids++
	t := &topic{name: fmt.Sprint("t", w.ids), settings: w.settings()}
	copy(t.id[:], fmt.Sprintf("topic %10d", w.ids))
	n := 1 + w.rng.IntN(3)
	_, err := w.l.CreateTopic(t.name, t.id, n, t.settings)
	w.tell("create %s with %d partitions, %v: %v", t.name, n, t.settings, err)
	if err != nil && w.faulty != "" {
		return
	}
	if !w.check("create topic", err) {
		return
	}
	t.grow(n)
	settings := t.settings // as of now
	w.topics = append(w.topics, t)
	w.known[t.name] = t
	w.did(&step{what: "create " + t.name, do: func(s *state) {
		s.topics[t.id] = topicState{t.name, settings, n}
	}})
}

func (t *topic) grow(n int) {
	for len(t.parts) < n {
		t.parts = append(t.parts, &part{topic: t, index: int32(len(t.parts))})
	}
}

// alter changes settings, adds partitions, or deletes a topic.
func (w *world) alter() {
	if len(w.topics) == 0 {
		return
	}
	i := w.rng.IntN(len(w.topics))
	t := w.topics[i]
	switch w.rng.IntN(3) {
	case 0:
		next := maps.Clone(t.settings)
		next["file.delete.delay.ms"] = fmt.Sprint(w.rng.IntN(1000)) // without effect, but to be kept
		err := w.l.SetTopic(t.id, next)
		w.tell("set %s: %v", t.name, err)
		if w.check("set topic", err) {
			w.did(&step{what: "set " + t.name, do: func(s *state) {
				st := s.topics[t.id]
				st.settings = next
				s.topics[t.id] = st
			}})
			t.settings = next
		}
	case 1:
		n := len(t.parts) + 1
		if n > 4 {
			return
		}
		err := w.l.AddPartitions(t.id, n)
		w.tell("grow %s to %d: %v", t.name, n, err)
		if err != nil && w.faulty != "" {
			return
		}
		if w.check("add partitions", err) {
			t.grow(n)
			w.did(&step{what: "grow " + t.name, do: func(s *state) {
				st := s.topics[t.id]
				st.parts = n
				s.topics[t.id] = st
			}})
		}
	case 2:
		if !w.chance(3) {
			return
		}
		err := w.l.DeleteTopic(t.id)
		w.tell("delete %s: %v", t.name, err)
		if w.check("delete topic", err) {
			w.did(&step{what: "delete " + t.name, do: func(s *state) { delete(s.topics, t.id) }})
			w.topics = append(w.topics[:i:i], w.topics[i+1:]...)
		}
	}
}

// trim deletes records from the start.
func (w *world) trim() {
	p := w.pick()
	if p == nil {
		return
	}
	lp := w.partition(p)
	to, want := lp.Start(), int64(0)
	switch span := lp.High() - to; {
	case w.chance(4):
		to, want = -1, lp.High() // everything
	default:
		to += w.rng.Int64N(span + 1)
		want = to
	}
	start, err := lp.DeleteBefore(to)
	w.tell("delete before %d in %v: %d, %v", to, p, start, err)
	if !w.check("delete records", err) {
		return
	}
	if to == -1 && start > want && start <= lp.High() {
		want = start // the high watermark has moved
	}
	if start != want || lp.Start() != want {
		w.wrong("%v: deleted before %d, the log starts at %d/%d", p, want, start, lp.Start())
	}
	p.asked = want
	w.counts["trims"]++
	if _, err := lp.DeleteBefore(lp.High() + 1); !errors.Is(err, log.ErrOutOfRange) && !w.allowed(err) {
		w.wrong("%v: deleting beyond the high watermark: %v", p, err)
	}
}

// sweep runs retention or compaction.
func (w *world) sweep() {
	if w.chance(2) {
		err := w.l.Retain(context.Background())
		w.tell("retain: %v", err)
		w.check("retain", err)
		return
	}
	err := w.l.Compact(context.Background())
	w.tell("compact: %v", err)
	w.check("compact", err)
	w.counts["compactions"]++
}

// checkRetained looks whether what retention removed was due.
func (w *world) checkRetained(p *part, before int64) {
	lp := w.partition(p)
	if lp == nil || w.disk.Crashed() {
		return
	}
	start, now := lp.Start(), w.now()
	if start < before {
		w.wrong("%v: the log start went back from %d to %d", p, before, start)
	}
	if start <= before {
		return
	}
	w.tell("retention moved the start of %v from %d to %d", p, before, start)
	w.counts["retained"]++
	p.asked = start
	if start > lp.High() {
		w.wrong("%v: retention removed what is not durable: start %d, high watermark %d", p, start, lp.High())
	}
	if p.topic.settings["cleanup.policy"] == "compact" {
		w.wrong("%v: retention in a topic that is only compacted", p)
	}
	if s := p.topic.settings["retention.bytes"]; s != "" {
		if size := lp.Size(); size < 8_000 {
			w.wrong("%v: retention by size has left %d bytes of 8000", p, size)
		}
		return
	}
	if ms := p.topic.settings["retention.ms"]; ms == "20000" {
		if p.topic.compacted() {
			return // the younger records of the segment may have been compacted away
		}
		for _, b := range p.batches {
			if b.base >= before && b.next() <= start && b.marker == 0 && now-b.latest() < 20_000 {
				w.wrong("%v: retention removed a batch at %d that is %d ms old", p, b.base, now-b.latest())
				return
			}
		}
		return
	}
	w.wrong("%v: retention removed records of a topic that keeps them for 7 days", p)
}

func (w *world) pass() {
	d := time.Duration(w.rng.IntN(30_000)) * time.Millisecond
	w.tell("%v pass", d)
	time.Sleep(d)
	synctest.Wait()
}
