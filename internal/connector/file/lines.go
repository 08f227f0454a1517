package file

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/azud/azud/internal/errs"
)

const (
	blockBytes = 1 << 20   // of text that is cut into records at once
	partBytes  = 16 << 20  // of a part of a file of lines
	maxRecord  = 512 << 20 // the longest record
	blockRows  = 8192
)

// cutter finds the first record of text: its length and that of the separator behind it. ok is false
// if it does not end in the text; last says that no more text comes.
type cutter func(text []byte, last bool) (rec, sep int, ok bool)

// block is records and the lines that they begin on, counted from the beginning of the part.
type block struct {
	recs  [][]byte
	lines []int64
}

// lineReader cuts a part of a file into records.
type lineReader struct {
	r        io.Reader
	cut      cutter
	buf      []byte
	at, have int   // the text not yet cut is buf[at:have]
	pos      int64 // of buf[0] in the file
	hi       int64 // records that begin there or later belong to the next part
	line     int64
	eof      bool
}

// next gives the next records, valid until the next call; none at the end.
func (l *lineReader) next() (b block, err error) {
	for len(b.recs) < blockRows {
		if l.pos+int64(l.at) >= l.hi {
			return b, nil
		}
		rec, sep, ok := 0, 0, false
		if l.at < l.have {
			rec, sep, ok = l.cut(l.buf[l.at:l.have], l.eof)
		}
		if ok {
			text := l.buf[l.at : l.at+rec]
			b.recs, b.lines = append(b.recs, text), append(b.lines, l.line)
			l.line += 1 + int64(bytes.Count(text, []byte{'\n'}))
			l.at += rec + sep
			continue
		}
		if len(b.recs) > 0 || l.eof {
			return b, nil
		}
		if err := l.fill(); err != nil {
			return b, err
		}
	}
	return b, nil
}

// fill reads more text behind what is left.
func (l *lineReader) fill() error {
	left := l.have - l.at
	if left > maxRecord {
		return errs.New("RESULT_TOO_LARGE", "line %d is longer than %d MiB", l.line, maxRecord>>20).WithHint("is the option lineSep right?")
	}
	if left*2 >= len(l.buf) {
		grown := make([]byte, max(blockBytes, 2*len(l.buf)))
		copy(grown, l.buf[l.at:l.have])
		l.buf = grown
	} else {
		copy(l.buf, l.buf[l.at:l.have])
	}
	l.pos += int64(l.at)
	l.at, l.have = 0, left
	n, err := io.ReadFull(l.r, l.buf[left:])
	l.have += n
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		l.eof, err = true, nil
	}
	return err
}

// lineCut cuts at \n, \r\n and \r, or at a separator of the table's own.
func lineCut(sep string) cutter {
	if sep != "" {
		return func(text []byte, last bool) (int, int, bool) {
			if i := bytes.Index(text, []byte(sep)); i >= 0 {
				return i, len(sep), true
			}
			return len(text), 0, last
		}
	}
	return func(text []byte, last bool) (int, int, bool) {
		i := bytes.IndexByte(text, '\n')
		before := text
		if i >= 0 {
			before = text[:i]
		}
		if r := bytes.IndexByte(before, '\r'); r >= 0 {
			switch {
			case r+1 == i:
				return r, 2, true
			case r+1 < len(text) || last:
				return r, 1, true
			}
			return 0, 0, false
		}
		if i >= 0 {
			return i, 1, true
		}
		return len(text), 0, last
	}
}

// wholeCut takes all text as one record.
func wholeCut(text []byte, last bool) (int, int, bool) { return len(text), 0, last }

// cutLines gives the parts of a file of lines: of plain files by size, else the whole file.
func (t *table) cutLines(f found, whole bool) []piece {
	if f.size == 0 {
		return nil
	}
	if whole || compressed(f.name) {
		return []piece{{file: f, hi: 1 << 62, whole: true}}
	}
	var out []piece
	for lo := int64(0); lo < f.size; lo += partBytes {
		hi := lo + partBytes
		if hi+partBytes/4 >= f.size { // no small rest
			hi = f.size
		}
		out = append(out, piece{file: f, lo: lo, hi: hi, whole: lo == 0 && hi == f.size})
		if hi == f.size {
			break
		}
	}
	return out
}

// blocks reads the records of a part; origin says where one is, for messages.
func (s *source) blocks(ctx context.Context, p piece, cut cutter, sep string) (blocks iter.Seq2[block, error], origin func(line int64) string) {
	name := s.shown(p.file)
	first := sync.OnceValue(func() int64 { return s.linesBefore(p, cut) })
	origin = func(line int64) string { return fmt.Sprintf("%s:%d", name, first()+line) }
	blocks = func(yield func(block, error) bool) {
		f, err := s.store.Open(p.file.name)
		if err != nil {
			yield(block{}, err)
			return
		}
		defer f.Close()
		back := int64(max(1, len(sep))) // where the separator before the part may begin
		from := max(0, p.lo-back)
		r, done, err := decompress(p.file.name, io.NewSectionReader(f, from, 1<<62))
		if err != nil {
			yield(block{}, err)
			return
		}
		defer done()
		l := &lineReader{r: r, cut: cut, pos: from, hi: p.hi, line: 1}
		if err := l.begin(p.lo > 0); err != nil {
			yield(block{}, err)
			return
		}
		for {
			b, err := l.next()
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(block{}, err)
				return
			}
			if len(b.recs) == 0 || !yield(b, nil) {
				return
			}
		}
	}
	return blocks, origin
}

// begin skips the record that began before the part, or a byte order mark at the file's beginning.
func (l *lineReader) begin(within bool) error {
	if err := l.fill(); err != nil {
		return err
	}
	if !within {
		if bytes.HasPrefix(l.buf[:l.have], []byte("\xef\xbb\xbf")) {
			l.at = 3
		}
		return nil
	}
	for {
		rec, sep, ok := l.cut(l.buf[l.at:l.have], l.eof)
		if ok {
			l.at += rec + sep
			return nil
		}
		if l.eof {
			l.at = l.have
			return nil
		}
		if err := l.fill(); err != nil {
			return err
		}
	}
}

// linesBefore counts the lines before a part, when a message asks for it.
func (s *source) linesBefore(p piece, cut cutter) int64 {
	if p.lo == 0 {
		return 0
	}
	f, err := s.store.Open(p.file.name)
	if err != nil {
		return 0
	}
	defer f.Close()
	l := &lineReader{r: io.NewSectionReader(f, 0, 1<<62), cut: cut, hi: p.lo}
	for {
		b, err := l.next()
		if err != nil || len(b.recs) == 0 {
			return l.line
		}
	}
}
