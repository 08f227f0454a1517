package exec

import (
	"context"
	"iter"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// spool keeps rows in their order: in memory while the query's budget allows, beyond it in a
// temporary file. Rows are appended, then read any number of times. It belongs to one goroutine,
// but once it has been sealed several may read it.
type spool struct {
	q       *query
	typs    []types.Type
	acc     account
	open    *vec.Builder // rows that are not yet a batch
	pending int          // rows in open
	held    []*vec.Batch // in memory, before or instead of the file's
	size    int64        // of held, bytes
	file    *spillFile
	n       int64
	sealed  bool
}

// A batch of a spool holds so many rows, or about so many bytes.
const (
	spoolRows  = DefaultBatchSize
	spoolBytes = 256 << 10
)

func newSpool(o *BuildOptions, s types.Schema) *spool {
	out := &spool{q: o.q, acc: o.account(), open: vec.NewBuilder(s)}
	for _, f := range s {
		out.typs = append(out.typs, f.Type)
	}
	return out
}

// rows is the number of rows.
func (s *spool) rows() int64 { return s.n }

// spilled reports whether rows were written to disk.
func (s *spool) spilled() bool { return s.file != nil }

// append copies the selected rows of a batch.
func (s *spool) append(b *vec.Batch) error {
	return s.appendRows(b, b.Sel)
}

// appendRows copies some rows of a batch, whose own selection is ignored.
func (s *spool) appendRows(b *vec.Batch, sel []uint32) error {
	for i, c := range s.open.Cols {
		c.AppendRows(&b.Cols[i], b.N, sel)
	}
	s.n += int64(count(b.N, sel))
	if s.pending += count(b.N, sel); s.pending >= spoolRows || s.open.Size() >= spoolBytes {
		return s.cut()
	}
	return nil
}

// direct adds a batch that nobody else keeps to the file, whatever the budget is.
func (s *spool) direct(b *vec.Batch) error {
	if s.file == nil {
		f, err := s.q.spill.newFile()
		if err != nil {
			return err
		}
		s.file = f
	}
	s.n += int64(b.N)
	return s.write(b)
}

// cut makes a batch of the open rows.
func (s *spool) cut() error {
	if s.pending == 0 {
		return nil
	}
	b := s.open.Finish()
	b.N, s.pending = s.pending, 0 // also without columns
	return s.keep(b)
}

func (s *spool) keep(b *vec.Batch) error {
	if s.file != nil {
		return s.write(b)
	}
	s.held = append(s.held, b)
	for i := range b.Cols {
		s.size += int64(colSize(&b.Cols[i]))
	}
	if s.acc.set(s.size) || s.q.spill == nil {
		if !s.acc.fits() {
			return s.q.mem.full("the rows that an operator keeps")
		}
		return nil
	}
	return s.spillHeld()
}

// spillHeld moves the batches in memory to the file.
func (s *spool) spillHeld() error {
	if s.q.spill == nil || len(s.held) == 0 {
		return nil
	}
	if s.file == nil {
		f, err := s.q.spill.newFile()
		if err != nil {
			return err
		}
		s.file = f
	}
	for _, b := range s.held {
		if err := s.write(b); err != nil {
			return err
		}
	}
	s.held, s.size = nil, 0
	s.acc.set(0)
	return nil
}

func (s *spool) write(b *vec.Batch) error {
	before := s.file.bytes
	err := s.file.write(b)
	s.acc.stats.spill(s.file.bytes - before)
	return err
}

// seal ends writing; read does it by itself.
func (s *spool) seal() error {
	if s.sealed {
		return nil
	}
	if err := s.cut(); err != nil {
		return err
	}
	s.sealed, s.open = true, nil
	if s.file != nil {
		return s.file.end()
	}
	return nil
}

// read yields the rows in batches, which stay as they are: they may be kept, not changed.
func (s *spool) read(ctx context.Context) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		if err := s.seal(); err != nil {
			yield(nil, err)
			return
		}
		if s.file != nil {
			s.file.read(s.typs, func(b *vec.Batch, err error) bool {
				if err == nil {
					err = ctx.Err()
				}
				if err != nil {
					b = nil
				}
				return yield(b, err) && err == nil
			})
			return
		}
		for _, b := range s.held {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

// close forgets the rows and removes the file.
func (s *spool) close() error {
	s.held, s.open, s.size = nil, nil, 0
	s.acc.set(0)
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return f.remove()
}
