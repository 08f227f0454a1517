package logsim

import (
	"errors"
	"slices"
	"strings"
	"testing/synctest"

	"github.com/azud/azud/internal/log"
)

// flip damages a bit of a file at rest, after everything was made durable, and looks that
// nothing wrong is served: every record is as it was sent or not there, and if one is not
// there, the log has said so. What CRCs cannot tell from a write that was cut short is
// excepted: the last record of the journal after a crash.
func (w *world) flip() {
	if !w.wait() || w.disk.Crashed() {
		return
	}
	w.observe()
	if w.chance(2) {
		if err := w.l.Close(); err != nil {
			return
		}
		w.disk.Kill()
	} else {
		w.disk.Crash()
		_ = w.l.Close()
	}
	synctest.Wait()
	w.l = nil
	name := w.damage()
	if name == "" {
		return
	}
	w.counts["flips"]++
	w.logs.lines = nil
	if err := w.open(); err != nil {
		w.tell("open: %v", err)
		if !errors.Is(err, log.ErrDamaged) {
			w.wrong("a bit of %s was flipped, the log does not open: %v", name, err)
		}
		w.counts["flips found"]++
		return
	}
	said := len(w.logs.lines) > 0
	if diff := w.live.diff(w.readState()); diff != "" && !said && !strings.Contains(name, "/journal/") {
		w.wrong("a bit of %s was flipped: %s", name, diff)
		return
	}
	for _, p := range w.allParts() {
		if lp := w.partition(p); lp != nil && w.bad == nil {
			said = w.readDamaged(p, lp, name, said) || said
		}
	}
	if said {
		w.counts["flips found"]++
	}
}

// damage flips a bit of some file and returns its name.
func (w *world) damage() string {
	files := w.disk.Files()
	w.rng.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	for _, f := range files {
		if base := f.Name[strings.LastIndexByte(f.Name, '/')+1:]; f.Size == 0 || base == "LOCK" || base == "OWNER" {
			continue
		}
		at := w.rng.Int64N(f.Size)
		if w.chance(2) {
			at = w.rng.Int64N(min(f.Size, 200))
		}
		if err := w.disk.Flip(f.Name, at, uint(w.rng.IntN(8))); err != nil {
			w.wrong("flipping a bit: %v", err)
		}
		return f.Name
	}
	return ""
}

// readDamaged reads what is left of a partition, and reports whether the damage was noticed.
func (w *world) readDamaged(p *part, lp *log.Partition, name string, said bool) (noticed bool) {
	silent := func(format string, args ...any) {
		w.wrong("a bit of "+name+" was flipped, and nothing said: "+format, args...)
	}
	all, next, err := w.readAll(lp, lp.Start(), log.ReadUncommitted)
	if err != nil {
		w.tell("reading %v: %v", p, err)
		noticed = true
	}
	said = said || noticed
	at := lp.Start()
	for _, g := range all {
		b := p.find(g.offset)
		if b == nil || b.gone || g.marker != b.marker || b.marker == 0 && g.rec != b.recs[g.offset-b.base] {
			silent("%v: offset %d is %.60v", p, g.offset, g)
			return noticed
		}
		if g.offset < at {
			silent("%v: offset %d comes twice", p, g.offset)
			return noticed
		}
		at = g.offset + 1
	}
	if next < p.end() && !said && !strings.Contains(name, "/journal/") {
		silent("%v: the log ends at %d, it was %d", p, next, p.end())
	}
	com, _, err := w.readAll(lp, lp.Start(), log.ReadCommitted)
	noticed = noticed || err != nil || len(w.logs.lines) > 0
	want := p.committed(lp.Start(), p.stable(lp.Start(), p.end()))
	aborted := slices.IndexFunc(com, func(g got) bool { _, ok := want[g.offset]; return !ok && g.marker == 0 })
	if aborted >= 0 {
		silent("%v: a read_committed reader sees offset %d", p, com[aborted].offset)
	}
	return noticed
}
