package logsim

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/record"
)

// producer is a client: plain (id -1), idempotent or transactional.
type producer struct {
	id    int64
	epoch int16
	txnal bool
	seqs  map[*part]int32 // next sequence
	sent  map[*part][]*batch
	open  bool    // a transaction is open
	parts []*part // of the transaction
	end   *ending // that was sent and not yet acknowledged
}

// ending is an EndTxn.
type ending struct {
	commit bool
	write  int
	parts  []*part
}

func (w *world) newProducer(txnal bool) *producer {
	return &producer{id: int64(1000 + len(w.prods)), txnal: txnal, seqs: map[*part]int32{}, sent: map[*part][]*batch{}}
}

var codecs = []record.Codec{record.None, record.None, record.None, record.Gzip, record.Snappy, record.LZ4, record.Zstd}

// makeRecords are 1 to 6 records, of unique values.
func (w *world) makeRecords(p *part) []rec {
	recs := make([]rec, 1+w.rng.IntN(6))
	size := []int{0, 30, 200, 1500}[w.rng.IntN(4)]
	now := w.now()
	for i := range recs {
		w.ids++
		recs[i] = rec{value: fmt.Sprintf("v%d ", w.ids) + strings.Repeat("x", size), time: now - int64(w.rng.IntN(50))}
		if p.topic.compacted() || w.chance(2) {
			recs[i].key = fmt.Sprint("k", w.rng.IntN(12))
		}
		if recs[i].key != "" && w.chance(5) {
			recs[i].value = ""
		}
	}
	return recs
}

// encode makes the bytes that a client sends.
func (w *world) encode(b *batch) []byte {
	head := record.Plain(codecs[w.rng.IntN(len(codecs))])
	if b.producer >= 0 {
		head.Producer, head.Epoch, head.Sequence = b.producer, b.epoch, b.seq
	}
	if b.txn {
		head.Attrs |= record.AttrTxn
	}
	var bld record.Builder
	bld.Begin(head)
	for _, r := range b.recs {
		bld.Add(r.time, bytesOf(r.key), bytesOf(r.value))
	}
	raw, err := bld.Finish(nil, &w.com)
	if err != nil {
		w.wrong("building a batch: %v", err)
	}
	return raw
}

func bytesOf(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

// send appends a batch and takes it into the model; false if the log refused it.
func (w *world) send(p *part, b *batch) bool {
	lp := w.partition(p)
	if lp == nil {
		return false
	}
	a, err := lp.Append(w.encode(b), log.AppendOptions{Now: w.now(), Txn: b.txn, Deferred: w.chance(2)})
	w.tell("append to %v: %d records, producer %d/%d seq %d txn %v: %+v, %v", p, len(b.recs), b.producer, b.epoch, b.seq, b.txn, a, err)
	if err != nil {
		w.check("append to "+p.String(), err)
		p.failed = append(p.failed, b)
		return false
	}
	if a.Duplicate {
		w.wrong("%v: a batch that was never sent is taken for a duplicate: %+v", p, a)
		return false
	}
	if a.Base != p.end() {
		w.wrong("%v: appended at %d, the end was %d", p, a.Base, p.end())
	}
	if a.Next != a.Base+int64(len(b.recs)) {
		w.wrong("%v: appended %d records at [%d, %d)", p, len(b.recs), a.Base, a.Next)
	}
	b.base, b.at = a.Base, w.now()
	p.batches = append(p.batches, b)
	p.failed = nil
	w.counts["appended"]++
	return true
}

func (w *world) plain() {
	if p := w.pick(); p != nil {
		w.send(p, &batch{producer: -1, recs: w.makeRecords(p)})
	}
}

const inFlight = 5

// idempotent sends a new batch, or one that must be refused, or one that is there already.
func (w *world) idempotent() {
	p, pr := w.pick(), w.client(false)
	if p == nil {
		return
	}
	switch w.rng.IntN(8) {
	case 0:
		w.duplicate(p, pr)
	case 1:
		w.outOfOrder(p, pr)
	case 2:
		if w.chance(4) {
			pr.epoch++
			clear(pr.seqs)
			clear(pr.sent)
		}
	default:
		w.sendNext(p, pr, w.makeRecords(p))
	}
}

// sendNext sends records with the producer's next sequence.
func (w *world) sendNext(p *part, pr *producer, recs []rec) bool {
	if sent := pr.sent[p]; len(sent) == inFlight && sent[0].base >= p.acked && !w.wait() {
		return false
	}
	b := &batch{producer: pr.id, epoch: pr.epoch, seq: pr.seqs[p], recs: recs, txn: pr.txnal}
	if !w.send(p, b) {
		return false
	}
	pr.seqs[p] += int32(len(recs))
	pr.sent[p] = append(pr.sent[p], b)
	if n := len(pr.sent[p]); n > inFlight {
		pr.sent[p] = slices.Clone(pr.sent[p][n-inFlight:])
	}
	return true
}

// duplicate sends one of the last batches again: a retry whose answer got lost.
func (w *world) duplicate(p *part, pr *producer) {
	sent := pr.sent[p]
	if len(sent) == 0 {
		return
	}
	b := sent[w.rng.IntN(len(sent))]
	w.again(p, b)
}

// again sends a batch that is there.
func (w *world) again(p *part, b *batch) {
	lp := w.partition(p)
	if lp == nil {
		return
	}
	a, err := lp.Append(w.encode(b), log.AppendOptions{Now: w.now(), Txn: true, Deferred: w.chance(2)})
	w.tell("again to %v: seq %d: %+v, %v", p, b.seq, a, err)
	if errors.Is(err, log.ErrOutOfOrder) && b.next() <= lp.Start() {
		return // what was deleted may be forgotten; no client sends it again
	}
	if !w.check("append again to "+p.String(), err) {
		return
	}
	if !a.Duplicate || a.Base != b.base || a.Next != b.next() {
		w.wrong("%v: producer %d sequence %d is at %d and was appended again: %+v", p, b.producer, b.seq, b.base, a)
	}
	w.counts["duplicates"]++
}

// outOfOrder sends a batch with a gap before it, or one of an old epoch.
func (w *world) outOfOrder(p *part, pr *producer) {
	lp := w.partition(p)
	if lp == nil || len(pr.sent[p]) == 0 {
		return
	}
	b := &batch{producer: pr.id, epoch: pr.epoch, seq: pr.seqs[p] + 7, recs: w.makeRecords(p)}
	want := log.ErrOutOfOrder
	if pr.epoch > 0 && w.chance(2) {
		b.epoch, b.seq, want = pr.epoch-1, pr.seqs[p], log.ErrProducerFenced
	}
	_, err := lp.Append(w.encode(b), log.AppendOptions{Now: w.now(), Deferred: w.chance(2)})
	w.tell("out of order to %v: %v", p, err)
	if !errors.Is(err, want) && !w.allowed(err) {
		w.wrong("%v: producer %d/%d sequence %d after %d: %v, want %v", p, b.producer, b.epoch, b.seq, pr.seqs[p], err, want)
	}
	w.counts["refused"]++
}

// transactional begins, goes on with, or ends a transaction.
func (w *world) transactional() {
	pr := w.client(true)
	switch {
	case pr.end != nil:
		return // it waits for the answer
	case !pr.open:
		w.begin(pr)
	case w.chance(3):
		w.finish(pr, !w.chance(3))
		return
	}
	if pr.open {
		for range 1 + w.rng.IntN(2) {
			w.addToTxn(pr)
		}
	}
}

// begin writes the coordinator's state down.
func (w *world) begin(pr *producer) {
	put := log.Put{Table: log.TableTxns, Key: pr.name(), Value: []byte(fmt.Sprint("ongoing ", pr.epoch))}
	if w.write(log.Write{Puts: []log.Put{put}}, nil) && w.wait() {
		pr.open, pr.parts = true, nil
	}
}

func (pr *producer) name() string { return fmt.Sprint("txn-", pr.id) }

func (w *world) addToTxn(pr *producer) {
	p := w.pick()
	if p == nil || !w.sendNext(p, pr, w.makeRecords(p)) {
		return
	}
	if !slices.Contains(pr.parts, p) {
		pr.parts = append(pr.parts, p)
	}
}

// finish writes the end of a transaction: state, committed offsets and markers, as one. A
// client commits only when its records are acknowledged; it aborts at any time.
func (w *world) finish(pr *producer, commit bool) {
	if commit && !w.wait() {
		return
	}
	for _, p := range pr.parts {
		if lp := w.partition(p); lp != nil && lp.Err() != nil {
			commit = false // the client has been told that its records failed
		}
	}
	write := log.Write{Puts: []log.Put{{Table: log.TableTxns, Key: pr.name(), Value: []byte(fmt.Sprint("ended ", pr.epoch, commit))}}}
	if commit {
		for range w.rng.IntN(4) {
			write.Puts = append(write.Puts, log.Put{Table: log.TableOffsets, Key: fmt.Sprint("group/", w.rng.IntN(6)), Value: []byte(fmt.Sprint("txn ", w.rng.IntN(1000)))})
		}
	}
	e := &ending{commit: commit}
	for _, p := range pr.parts {
		if w.partition(p) == nil {
			continue
		}
		e.parts = append(e.parts, p)
		write.Markers = append(write.Markers, log.Marker{
			Topic: p.topic.id, Partition: p.index, Producer: pr.id, Epoch: pr.epoch, Commit: commit,
		})
	}
	if w.write(write, e) {
		pr.end, pr.open, pr.parts = e, false, nil
		w.counts["transactions"]++
	}
}
