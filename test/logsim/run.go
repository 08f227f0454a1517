package logsim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing/synctest"

	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/sys/fault"
)

// run is one seed's life: several processes, a crash between them.
func (w *world) run() error {
	if err := w.open(); err != nil {
		return fmt.Errorf("opening an empty disk: %w", err)
	}
	for i := 0; i < w.o.steps && w.bad == nil; i++ {
		w.step()
		w.observe()
		if w.disk.Crashed() {
			w.reopen()
		}
	}
	if w.bad == nil && !w.disk.Crashed() {
		w.restart()
	}
	if w.bad == nil && w.o.seed%3 == 0 && w.o.plant == nil {
		w.flip()
	}
	if w.l != nil {
		w.disk.Kill()
		_ = w.l.Close()
		synctest.Wait()
	}
	return w.bad
}

// step is one thing that happens.
func (w *world) step() {
	switch n := w.rng.IntN(100); {
	case len(w.topics) == 0 || n < 2:
		w.createTopic()
	case n < 22:
		w.plain()
	case n < 45:
		w.idempotent()
	case n < 65:
		w.transactional()
	case n < 70:
		w.offsets()
	case n < 80:
		w.wait()
	case n < 83:
		w.trim()
	case n < 86:
		w.sweep()
	case n < 88:
		w.alter()
	case n < 90:
		w.pass()
	case n < 92:
		w.fault()
	case n < 94:
		w.crash()
	case n < 95:
		w.restart()
	case n < 97:
		w.verify()
	default:
		synctest.Wait()
	}
}

// observe looks at the high watermarks: what readers have seen must never go away.
func (w *world) observe() {
	if w.l == nil || w.disk.Crashed() {
		return
	}
	for _, t := range w.topics {
		for _, p := range t.parts {
			if lp := w.partition(p); lp != nil {
				p.seen = max(p.seen, lp.High())
				if stable := lp.Stable(); stable > lp.Start() { // else a trim may hold it up, and be lost
					p.stood = max(p.stood, stable)
				}
				w.checkRetained(p, p.asked)
			}
		}
	}
}

// fault makes the disk fail from now on, until the next start.
func (w *world) fault() {
	if w.faulty != "" || w.o.plant != nil {
		return
	}
	switch w.rng.IntN(3) {
	case 0:
		w.faulty = "full"
		room := w.rng.Int64N(20_000)
		w.disk.SetCapacity(w.disk.Used() + room)
		w.tell("the disk has %d bytes left", room)
	case 1:
		w.faulty = "eio"
		kind := []fault.Kind{fault.Sync, fault.Write, fault.SyncDir}[w.rng.IntN(3)]
		after := w.rng.IntN(10)
		w.tell("EIO: the %d-th %s from now, and those after it at times", after, kind)
		rng := w.rng.Uint64()
		w.setHook(func(o fault.Op) fault.Answer {
			if o.Kind != kind {
				return fault.Answer{}
			}
			if after--; after > 0 {
				return fault.Answer{}
			}
			rng = rng*6364136223846793005 + 1442695040888963407
			if rng>>62 == 0 {
				return fault.Answer{}
			}
			return fault.Answer{Err: syscall.EIO, Short: o.Length / 2}
		})
	default:
		n := 1 + w.rng.IntN(40)
		w.disk.CrashAt(n)
		w.tell("a crash in %d changes", n)
	}
}

// crash ends the process at once: the power fails, or it is killed.
func (w *world) crash() {
	if w.chance(3) {
		w.disk.Kill()
		return
	}
	w.disk.Crash()
}

// restart closes the log and opens it again. All that was written is durable then.
func (w *world) restart() {
	err := w.l.Close()
	synctest.Wait()
	w.tell("close: %v", err)
	if err != nil {
		if !w.disk.Crashed() && w.faulty == "" {
			w.wrong("closing the log: %v", err)
		}
	} else if w.faulty == "" {
		w.sure, w.steps = w.live.clone(), nil
		for _, t := range w.topics {
			for _, p := range t.parts {
				p.acked, p.trimmed = p.end(), p.asked
			}
		}
	}
	w.l = nil
	if !w.disk.Crashed() {
		w.disk.Kill()
	}
	w.reopen()
}

// reopen starts the next process and looks what is left. It may crash on the way.
func (w *world) reopen() {
	if w.l != nil {
		_ = w.l.Close()
		synctest.Wait()
		w.l = nil
	}
	for try := 0; ; try++ {
		if try < 3 && w.chance(4) {
			w.dies = 1 + w.rng.IntN(30)
			w.tell("the next start crashes in %d changes", w.dies)
		}
		err := w.open()
		if err == nil && !w.disk.Crashed() {
			break
		}
		if w.l != nil { // it died in the background
			_ = w.l.Close()
			synctest.Wait()
			w.l = nil
		}
		w.tell("open: %v", err)
		if !w.disk.Crashed() {
			w.wrong("opening the log after a crash: %v", err)
			return
		}
	}
	w.counts["starts"]++
	w.recovered()
	w.failing = false
	if w.bad == nil {
		w.verify()
	}
	if w.bad == nil {
		w.resume()
	}
}

// recovered compares the state with the model, and the model with it: what was not
// acknowledged may be there or not, but in order and each step whole.
func (w *world) recovered() {
	now := w.readState()
	at := w.sure.clone()
	kept := -1
	var diffs []string
	for i := 0; ; i++ {
		diff := at.diff(now)
		if diff == "" {
			kept = i // the longest that fits
		}
		if i == len(w.steps) {
			diffs = append(diffs, diff)
			break
		}
		diffs = append(diffs, diff+"; with "+w.steps[i].what)
		w.steps[i].do(at)
	}
	if kept < 0 {
		w.wrong("the state after a restart is none that was there: since the last acknowledgement: %s", strings.Join(diffs, ", "))
		return
	}
	w.tell("%d of %d unacknowledged steps are there", kept, len(w.steps))
	lastWrite := w.keepSteps(kept)
	w.lastWrite = lastWrite
	for _, t := range w.topics {
		for _, p := range t.parts {
			w.recoveredPart(p, lastWrite)
		}
	}
}

// keepSteps makes the model's state what was found, and returns the last Write in it.
func (w *world) keepSteps(kept int) (lastWrite int) {
	w.live = w.sure.clone()
	for _, s := range w.steps[:kept] {
		s.do(w.live)
	}
	w.sure, w.steps = w.live.clone(), nil
	_, _ = fmt.Sscan(w.live.tables[log.TableIDs]["write"], &lastWrite)
	var left []*topic
	for _, st := range slices.SortedFunc(maps.Values(w.live.topics), func(a, b topicState) int { return strings.Compare(a.name, b.name) }) {
		t := w.known[st.name]
		t.settings = st.settings
		t.parts = t.parts[:min(st.parts, len(t.parts))]
		left = append(left, t)
	}
	w.topics = left
	return lastWrite
}

func (w *world) recoveredPart(p *part, lastWrite int) {
	lp := w.partition(p)
	if lp == nil {
		w.wrong("%v: the partition is gone", p)
		return
	}
	end := lp.End()
	if high := lp.High(); high != end {
		w.wrong("%v: after a start the high watermark is %d and the end %d", p, high, end)
	}
	if sure := max(p.acked, p.seen); end < sure {
		w.wrong("%v: %d was acknowledged or seen, the log ends at %d", p, sure, end)
		return
	}
	if stable := lp.Stable(); stable < p.stood && !w.failing {
		w.wrong("%v: the last stable offset was %d, it is %d", p, p.stood, stable)
	}
	w.tell("%v ends at %d of %d, %d acknowledged", p, end, p.end(), p.acked)
	if b := w.survivor(p, lp); b != nil {
		b.base, b.at = p.end(), w.now()
		p.batches = append(p.batches, b)
		for _, pr := range w.prods { // its producer sends it again, as all that had no answer
			if pr.id == b.producer && pr.epoch == b.epoch {
				pr.seqs[p] += int32(len(b.recs))
				pr.sent[p] = append(pr.sent[p], b)
			}
		}
	}
	p.failed = nil
	if end > p.end() {
		w.wrong("%v: the log ends at %d, nobody sent more than %d", p, end, p.end())
		return
	}
	p.cut(end)
	if w.failing {
		w.markGone(p, lp, max(p.acked, p.seen))
	}
	if p.end() != end && !p.topic.compacted() && len(p.batches) > 0 {
		w.wrong("%v: the log ends at %d, in the middle of a batch", p, end)
		return
	}
	for _, b := range p.batches {
		if b.marker != 0 && b.write > lastWrite {
			w.wrong("%v: the marker at %d is there, its write %d is not", p, b.base, b.write)
		}
	}
	p.acked, p.seen, p.stood = end, end, lp.Stable()
	if start := lp.Start(); start < p.trimmed {
		w.wrong("%v: the log starts at %d again; up to %d was deleted", p, start, p.trimmed)
	} else {
		p.asked = min(p.asked, start)
		w.checkRetained(p, p.asked)
		p.trimmed = start
	}
}

// survivor is the refused batch that the log has behind what was acknowledged to the client:
// the machine died while it was appended. nil if there is none.
func (w *world) survivor(p *part, lp *log.Partition) *batch {
	if lp.End() <= p.end() || p.end() < lp.Start() {
		return nil
	}
	all, _, err := w.readAll(lp, p.end(), log.ReadUncommitted)
	if err != nil || len(all) == 0 {
		return nil
	}
	for _, b := range p.failed {
		if int64(len(b.recs)) == lp.End()-p.end() && b.recs[0] == all[0].rec {
			return b
		}
	}
	return nil
}

// markGone finds the batches from an offset on that a failed sync has lost, although the
// journal had what follows them.
func (w *world) markGone(p *part, lp *log.Partition, from int64) {
	all, _, err := w.readAll(lp, max(from, lp.Start()), log.ReadUncommitted)
	if err != nil {
		return // found again by verify
	}
	there := map[int64]bool{}
	for _, g := range all {
		there[g.offset] = true
	}
	for _, b := range p.batches {
		if b.base >= from && b.base >= lp.Start() && !there[b.base] && !b.gone {
			w.tell("%v: the batch at %d is gone", p, b.base)
			b.gone = true
		}
	}
}

// readState is what the log's tables and topics say.
func (w *world) readState() *state {
	s := newState()
	for _, t := range allTables {
		s.tables[t] = map[string]string{}
		for k, v := range w.l.All(t) {
			s.tables[t][k] = string(v)
		}
	}
	for _, t := range w.l.Topics().All() {
		s.topics[t.ID()] = topicState{t.Name(), t.Overrides(), len(t.Partitions())}
	}
	return s
}

// resume is what clients do when the broker is back: they send again what was not
// acknowledged, and the coordinator aborts what was left open.
func (w *world) resume() {
	for _, pr := range w.prods {
		if pr.txnal {
			w.resumeTxn(pr)
			continue
		}
		for _, p := range w.allParts() {
			w.resend(p, pr)
		}
	}
}

// resend sends the last batches again: those that are there are duplicates, the others are
// appended, in order.
func (w *world) resend(p *part, pr *producer) {
	for i, b := range pr.sent[p] {
		if w.bad != nil || w.disk.Crashed() {
			return
		}
		if p.has(b) {
			w.again(p, b)
			continue
		}
		again := *b
		again.gone = false
		if !w.send(p, &again) {
			return
		}
		pr.sent[p][i] = &again
	}
}

// resumeTxn ends what the crash left: the coordinator's state says how. The producer comes
// back with a new epoch, which aborts an open transaction.
func (w *world) resumeTxn(pr *producer) {
	if e := pr.end; e != nil {
		for _, p := range e.parts {
			there := slices.ContainsFunc(p.batches, func(b *batch) bool { return b.marker != 0 && b.write == e.write && !b.gone })
			if want := e.write <= w.lastWrite; there != want && slices.Contains(w.allParts(), p) {
				w.wrong("%v: write %d is there: %v; its marker: %v", p, e.write, want, there)
			}
		}
	}
	pr.end, pr.open, pr.parts = nil, false, nil
	w.newEpoch(pr)
	if !strings.HasPrefix(w.live.tables[log.TableTxns][pr.name()], "ongoing") {
		return
	}
	pr.open = true
	for _, p := range w.allParts() {
		if p.openTxn(pr.id) {
			pr.parts = append(pr.parts, p)
		}
	}
	w.finish(pr, false)
}

func (w *world) newEpoch(pr *producer) {
	pr.epoch++
	clear(pr.seqs)
	clear(pr.sent)
}

func (w *world) allParts() (all []*part) {
	for _, t := range w.topics {
		all = append(all, t.parts...)
	}
	return all
}
