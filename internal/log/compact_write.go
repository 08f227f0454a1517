package log

import (
	"context"
	"errors"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/record"
)

// rewrite compacts the segments [from, to) into one.
func (c *cleaning) rewrite(ctx context.Context, from, to int) error {
	old := c.segs[from:to]
	c.f.aborted, c.f.dropped = nil, 0
	before := int64(0)
	created := old[0].created
	for _, s := range old {
		before += s.size
		created = max(created, s.created)
	}
	sw := &swap{id: partID{c.p.topic, c.p.index}, number: c.p.l.sys.Rand.Uint64(), m: newMeta(old[0].base, created)}
	name := sw.file(c.p)
	w, err := c.p.newWriter(name, sw.m)
	if err != nil {
		return err
	}
	err = c.copy(ctx, w, old)
	err = errors.Join(err, w.close())
	w.meta.next = c.limit(to - 1)
	w.meta.aborts = len(c.f.aborted)
	if err != nil || !w.changed && len(old) == 1 {
		return errors.Join(err, removeIf(c.p.l.sys.FS, name))
	}
	sw.m = w.meta
	if err := c.p.replace(old, sw, c.f.aborted); err != nil {
		return err // the file may be needed by recovery, which else removes it
	}
	c.p.l.log.Info("segments were compacted", "partition", c.p.String(), "first offset", w.meta.base, "next offset", w.meta.next,
		"segments", len(old), "bytes before", before, "bytes after", w.meta.size, "records removed", c.f.dropped)
	return nil
}

func (c *cleaning) copy(ctx context.Context, w *segmentWriter, old []*segment) error {
	var out []byte
	for _, s := range old {
		err := s.each(ctx, func(b *record.Batch) (err error) {
			if out, err = c.f.batch(out[:0], b); err != nil {
				return err
			}
			w.changed = w.changed || len(out) != len(b.Raw) || string(out) != string(b.Raw)
			return w.write(out)
		})
		if err != nil {
			return err
		}
	}
	return w.flush()
}

// segmentWriter writes the file of a new segment.
// cleanedChunk is how much of a cleaned segment is written at once, in bytes.
const cleanedChunk = 1 << 20

type segmentWriter struct {
	f       vfs.File
	meta    meta
	buf     []byte
	at      int64 // position of buf[0]
	changed bool  // something differs from what was read
}

func (p *Partition) newWriter(name string, m meta) (*segmentWriter, error) {
	f, err := p.l.sys.FS.Create(name, category)
	if err != nil {
		return nil, err
	}
	return &segmentWriter{f: f, meta: m}, nil
}

// write adds one batch, or nothing if there is none.
func (w *segmentWriter) write(raw []byte) error {
	if len(raw) == 0 {
		return nil
	}
	b, ok, err := record.Parse(raw)
	if err != nil || !ok {
		return errors.Join(ErrDamaged, err)
	}
	w.meta.note(&b, len(raw))
	w.buf = append(w.buf, raw...)
	if len(w.buf) >= cleanedChunk {
		return w.flush()
	}
	return nil
}

func (w *segmentWriter) flush() error {
	_, err := w.f.WriteAt(w.buf, w.at)
	w.at += int64(len(w.buf))
	w.buf = w.buf[:0]
	return err
}

// close syncs the file. Its name is not durable yet.
func (w *segmentWriter) close() error { return errors.Join(w.f.Sync(), w.f.Close()) }
