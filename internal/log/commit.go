package log

import (
	"context"
	"encoding/binary"
	"sync"
)

// copyMax times DirectBytes is the largest append of which the stage keeps a copy for the
// journal. Larger ones are made durable by syncing their segment in any case.
const copyMax = 16

// syncers is how many segments are synced at a time.
const syncers = 16

// commit runs the rounds until the log closes. It is the only one that writes the journal.
func (l *Log) commit() {
	defer l.wg.Done()
	spare := new(stage)
	spare.reset()
	for {
		closing := false
		select {
		case <-l.stage.wake:
		case <-l.quit:
			closing = true
		}
		for {
			s := l.stage.cut(spare)
			if s.empty() {
				spare = s
				break
			}
			l.round(s)
			s.reset()
			spare = s
		}
		if closing {
			return
		}
	}
}

// round makes a stage durable, moves the high watermarks and calls who waits.
func (l *Log) round(s *stage) {
	err := l.Err()
	if err == nil && !l.cfg.Volatile {
		err = l.persist(s)
	}
	if err != nil {
		l.fail(err)
		err = l.Err()
	}
	for i := range s.shares {
		s.shares[i].p.advance(&s.shares[i], err)
	}
	for _, f := range s.done {
		f(err)
	}
}

// persist is the round's disk work: segments first, then the journal, so that the journal
// never holds what follows something that could be lost.
func (l *Log) persist(s *stage) error {
	direct := s.batches > 0 && s.bytes/int64(s.batches) >= int64(l.cfg.DirectBytes)
	l.wrote(max(s.bytes, int64(len(s.buf)-recHeader)))
	l.syncShares(s, direct)
	s.settle(direct)
	if !s.must && (direct || s.batches == 0 || len(s.buf) == recHeader) {
		return l.noteSynced(s)
	}
	if err := l.writeJournal(s.buf); err != nil {
		return err
	}
	if err := l.journal.sync(); err != nil {
		return err
	}
	l.journalUsed()
	return nil
}

// syncShares syncs the segments that the round depends on. A failure stops the partition.
func (l *Log) syncShares(s *stage, direct bool) {
	var wg sync.WaitGroup
	gate := make(chan struct{}, syncers)
	one := func(sh *share) {
		for _, seg := range sh.rolled {
			if err := seg.sync(seg.sealedSize()); err != nil {
				sh.failed = true
				sh.p.fail(err)
				return
			}
		}
		sh.synced = true
		if err := sh.flush(); err != nil {
			sh.failed = true
			return
		}
		if err := sh.last.sync(sh.size); err != nil {
			sh.failed = true
			sh.p.fail(err)
		}
	}
	var first *share // run here: most rounds have one
	for i := range s.shares {
		sh := &s.shares[i]
		if !direct && !sh.direct && len(sh.rolled) == 0 {
			continue
		}
		if first == nil {
			first = sh
			continue
		}
		gate <- struct{}{}
		wg.Go(func() { one(sh); <-gate })
	}
	if first != nil {
		one(first)
	}
	wg.Wait()
}

// flush writes what has been deferred, so that the segment can be synced. Where the disk is
// full, only what it has is.
func (sh *share) flush() error {
	p := sh.p
	p.mu.Lock()
	defer p.mu.Unlock()
	sh.sure = sh.end
	err := p.flush()
	if !p.full || p.err != nil {
		return err
	}
	if written := sh.last.written.Load(); sh.last == p.last() && sh.size > written {
		first, _, _ := header(p.tail)
		sh.size, sh.sure, sh.full = written, first.Base, true
	}
	return nil
}

// noteSynced tells the journal how far segments are durable, without a sync of its own: all
// that it does is to let recovery tell damage from a torn tail.
func (l *Log) noteSynced(s *stage) error {
	if len(s.buf) == recHeader {
		return nil
	}
	return l.writeJournal(s.buf)
}

// writeJournal writes a stage's entries as one record, or as several of at most maxPayload.
func (l *Log) writeJournal(buf []byte) error {
	if len(buf) <= recHeader+maxPayload {
		return l.journal.append(buf)
	}
	out := make([]byte, recHeader, recHeader+maxPayload)
	for in := buf[recHeader:]; len(in) > 0; {
		n := entryHeadSize + int(binary.LittleEndian.Uint32(in[1:]))
		if len(out) > recHeader && len(out)+n > recHeader+maxPayload {
			if err := l.journal.append(out); err != nil {
				return err
			}
			out = out[:recHeader]
		}
		out = append(out, in[:n]...)
		in = in[n:]
	}
	return l.journal.append(out)
}

// Sync calls done, from the committer, once all that was appended and written before is
// durable, or the journal has failed. done must not block. A partition whose own segment
// failed says so by Err: its records are not durable even if done gets nil.
func (l *Log) Sync(done func(error)) {
	l.stage.mu.Lock()
	if l.closed.Load() {
		l.stage.mu.Unlock()
		done(ErrClosed)
		return
	}
	l.stage.next.done = append(l.stage.next.done, done)
	l.stage.mu.Unlock()
	l.stage.kick()
}

// journalUsed begins the preparation of the journal's files at its first use, and asks for a
// checkpoint when it has gone on to another file.
func (l *Log) journalUsed() {
	if !l.used.Swap(true) {
		l.journal.wantFill()
	}
	if gen := l.journal.at.gen; gen != l.lastGen {
		if l.lastGen != 0 {
			l.checkpointSoon()
		}
		l.lastGen = gen
	}
}

// fillJournal zero-fills journal files ahead of their use.
func (l *Log) fillJournal(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.journal.need:
		}
		for more := l.used.Load() && !l.full.Load(); more; {
			var err error
			more, err = l.journal.fill(func() bool { return ctx.Err() != nil })
			if err != nil {
				l.log.Warn("a journal file cannot be prepared; commits may take longer", "error", err)
			}
		}
	}
}
