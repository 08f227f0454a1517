package log

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// journalReader yields the records of a journal from a mark on.
type journalReader struct {
	fs    sys.FS
	dir   string
	files []*readFile
	at    mark // of the next record
	max   uint64
}

type readFile struct {
	name     string
	f        vfs.File
	gen, seq uint64
	size     int64
	buf      []byte
	start    int64 // position of buf[0]
}

// openJournalReader opens the files for reading from at.
func openJournalReader(f sys.FS, dir string, at mark) (*journalReader, error) {
	r := &journalReader{fs: f, dir: dir, at: at, max: at.gen}
	for n := 0; ; n++ {
		name := f.PathJoin(dir, journalName(n))
		file, err := f.Open(name)
		if missing(err) {
			return r, nil
		}
		if err != nil {
			return nil, errors.Join(err, r.close())
		}
		rf := &readFile{name: name, f: file}
		r.files = append(r.files, rf)
		info, err := file.Stat()
		if err != nil {
			return nil, errors.Join(err, r.close())
		}
		rf.size = info.Size()
		var ok bool
		if rf.gen, rf.seq, ok = readFileHeader(file); ok {
			r.max = max(r.max, rf.gen)
		}
	}
}

func (r *journalReader) close() error {
	var err error
	for _, f := range r.files {
		err = errors.Join(err, f.f.Close())
	}
	return err
}

// each yields the entries of every record, in order. What it leaves in r.at is the mark
// after the last one. An error that is not each's is damage to what was acknowledged, or of
// reading.
func (r *journalReader) each(yield func(entries []byte) error) error {
	for {
		f := r.file(r.at.gen)
		if f != nil && r.at.pos >= 0 {
			if err := r.eachOf(f, yield); err != nil {
				return err
			}
		}
		next := r.file(r.at.gen + 1)
		if next == nil || next.seq != r.at.seq {
			return r.proveTorn(f)
		}
		r.at.gen, r.at.pos = next.gen, fileHeader
	}
}

// file finds the file of a generation.
func (r *journalReader) file(gen uint64) *readFile {
	for _, f := range r.files {
		if f.gen == gen && gen > 0 {
			return f
		}
	}
	return nil
}

// eachOf yields the records of one file from r.at on.
func (r *journalReader) eachOf(f *readFile, yield func([]byte) error) error {
	for {
		rec, ok, err := f.record(r.at.pos)
		if err != nil {
			return err
		}
		if !ok || rec.gen != r.at.gen || rec.seq != r.at.seq {
			return nil
		}
		if err := yield(rec.payload); err != nil {
			return err
		}
		r.at.seq++
		r.at.round = rec.round
		r.at.pos += rec.size
	}
}

// rawRecord is a record whose CRC holds.
type rawRecord struct {
	index           uint32
	gen, seq, round uint64
	size            int64 // with padding
	payload         []byte
}

// record reads the record at a position; ok is false if there is none that holds.
func (f *readFile) record(pos int64) (rec rawRecord, ok bool, err error) {
	h, err := f.at(pos, recHeader)
	if h == nil || err != nil {
		return rec, false, err
	}
	le := binary.LittleEndian
	n := int64(le.Uint32(h[8:]))
	if le.Uint32(h) != recordMagic || n > f.size-pos-recHeader {
		return rec, false, nil
	}
	whole, err := f.at(pos, recHeader+n)
	if whole == nil || err != nil {
		return rec, false, err
	}
	if crc32.Checksum(whole[8:], castagnoli) != le.Uint32(whole[4:]) {
		return rec, false, nil
	}
	rec = rawRecord{
		index: le.Uint32(whole[12:]), gen: le.Uint64(whole[16:]), seq: le.Uint64(whole[24:]), round: le.Uint64(whole[32:]),
		size: (recHeader + n + 7) &^ 7, payload: whole[recHeader:],
	}
	return rec, true, nil
}

// at returns n bytes from a position, valid until the next call; nil beyond the end.
func (f *readFile) at(pos, n int64) ([]byte, error) {
	if pos < f.start || pos+n > f.start+int64(len(f.buf)) {
		if pos < 0 || pos+n > f.size {
			return nil, nil
		}
		want := min(max(n, scanWindow), f.size-pos)
		if int64(cap(f.buf)) < want {
			f.buf = make([]byte, want)
		}
		f.buf, f.start = f.buf[:want], pos
		if err := readFull(f.f, f.buf, pos); err != nil {
			f.buf = f.buf[:0]
			return nil, fmt.Errorf("reading %s: %w", f.name, err)
		}
	}
	off := pos - f.start
	return f.buf[off : off+n], nil
}

// proveTorn looks for records beyond the end that was found. If the record at the end is of
// an earlier round than one that follows, its round had been synced: it was damaged later.
// No record is so long that the next one would be missed.
func (r *journalReader) proveTorn(end *readFile) error {
	for _, f := range r.files {
		pos := int64(fileHeader)
		unused, err := f.unused()
		if err != nil {
			return err
		}
		switch {
		case unused, f.gen != 0 && (f.gen < r.at.gen || f.gen == r.at.gen && r.at.pos < 0): // of earlier use
			continue
		case f == end:
			pos = max(r.at.pos, pos)
		}
		for last := min(pos+2*maxPayload, f.size-recHeader); pos <= last; pos += 8 {
			h, err := f.at(pos, recHeader)
			if h == nil || err != nil {
				return err
			}
			le := binary.LittleEndian
			if le.Uint32(h) != recordMagic || le.Uint64(h[16:]) < r.at.gen || le.Uint64(h[24:]) < r.at.seq {
				continue
			}
			rec, ok, err := f.record(pos)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			r.max = max(r.max, rec.gen)
			if rec.seq-uint64(rec.index) > r.at.seq {
				return r.damage(end, f, pos, rec)
			}
		}
	}
	return nil
}

// unused reports whether the file was only prepared.
func (f *readFile) unused() (bool, error) {
	if f.gen != 0 {
		return false, nil
	}
	return blank(f.f, 0, min(f.size, 64<<10))
}

// damage says that acknowledged changes cannot be read.
func (r *journalReader) damage(end, later *readFile, pos int64, rec rawRecord) error {
	where := fmt.Sprintf("generation %d", r.at.gen+1)
	if end != nil {
		where = fmt.Sprintf("%s at byte %d", end.name, max(r.at.pos, fileHeader))
	}
	return errs.Wrap(ErrDamaged, "LOG_JOURNAL_DAMAGED",
		"the journal's record %d (%s) does not check, but record %d after it does (%s at byte %d): acknowledged changes are damaged",
		r.at.seq, where, rec.seq, later.name, pos).
		WithHint("restore the folder from a backup; or, to go on without what the journal held since the last checkpoint, move %s away: "+
			"records and changes of the last minute are then lost", r.dir)
}
