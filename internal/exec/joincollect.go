package exec

import (
	"context"
	"iter"
	"sync"

	"github.com/azud/azud/internal/vec"
)

// collected is the built side before there is a table: rows of buildSchema, in memory by part of
// the input, or divided among spools.
type collected struct {
	held  [][]*vec.Batch // of each part, in its order
	acc   []account      // of each worker
	grace *partitions    // nil: all is in held
}

// mostBuilt is what is joined by one table even if there is no budget, in bytes: a column holds less than
// 2 GiB.
const mostBuilt = 1 << 30

// collector reads the built side with several workers.
type collector struct {
	*join
	mu      sync.Mutex
	out     collected
	sorting []sorting
	scratch []keyScratch
	hash    []keyTable
}

func (o *join) collect(ctx context.Context, e *EpochTask) (*collected, error) {
	c := &collector{join: o}
	n := len(o.builders)
	c.sorting, c.scratch = make([]sorting, n), make([]keyScratch, n)
	for range n {
		c.out.acc = append(c.out.acc, o.opts.account())
		c.hash = append(c.hash, newKeyTable(o.shape.keyTypes))
	}
	err := consume(ctx, e, o.build, n, func(_ context.Context, w *worker, i int, rows iter.Seq2[*vec.Batch, error]) error {
		return c.part(e, w, i, rows)
	})
	if err == nil && c.out.grace != nil {
		err = c.divideHeld(0)
		c.out.release() // also what other workers held
	}
	if err != nil {
		c.out.release()
		return nil, err
	}
	return &c.out, nil
}

// release says that what was held is held no more.
func (c *collected) release() {
	c.held = nil
	for i := range c.acc {
		c.acc[i].set(0)
	}
}

// part reads one part.
func (c *collector) part(e *EpochTask, w *worker, i int, in iter.Seq2[*vec.Batch, error]) error {
	rows := vec.NewBuilder(c.shape.buildSchema())
	n := 0
	var size int64 // of what this worker has put into held, in this part
	before := c.out.acc[w.i].n
	cut := func() error {
		if n == 0 {
			return nil
		}
		b := rows.Finish()
		b.N, n = n, 0
		size += batchSize(b)
		if !c.hold(i, b, &c.out.acc[w.i], before+size) {
			size, before = 0, 0
			return c.divideHeld(w.i)
		}
		return nil
	}
	for b, err := range in {
		if err != nil {
			return err
		}
		with, err := c.builders[w.i].withKeys(&frame{&e.Fn, b})
		if err != nil {
			return err
		}
		rows.AppendBatch(with)
		if n += with.Rows(); n >= 1<<16 || rows.Size() > 4<<20 {
			if err := cut(); err != nil {
				return err
			}
		}
	}
	return cut()
}

// hold adds a batch to those in memory; false says that they must be divided.
func (c *collector) hold(i int, b *vec.Batch, a *account, size int64) bool {
	fits := a.set(size)
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.out.held) <= i {
		c.out.held = append(c.out.held, nil)
	}
	c.out.held[i] = append(c.out.held[i], b)
	if c.opts.q.spill == nil {
		return true // index says so if there is too much
	}
	return fits && size < mostBuilt && c.out.grace == nil
}

// divideHeld moves what is in memory to partitions.
func (c *collector) divideHeld(w int) error {
	c.mu.Lock()
	if c.out.grace == nil {
		c.out.grace = c.keep(newPartitions(c.opts, c.shape.buildSchema(), 0))
	}
	held := c.out.held
	c.out.held = nil
	c.mu.Unlock()
	for _, part := range held {
		for _, b := range part {
			if err := c.divide(c.out.grace, w, b); err != nil {
				return err
			}
		}
	}
	c.out.acc[w].set(0)
	return nil
}

// divide puts rows of the built side into partitions. Rows with a NULL key go to all of them if
// they count everywhere.
func (c *collector) divide(p *partitions, w int, b *vec.Batch) error {
	keys := b.Cols[len(c.shape.kept):]
	s := &c.sorting[w]
	rows := c.scratch[w].rows(b.N, nil)
	if !c.shape.divisible() {
		return p.append(0, b, rows)
	}
	if c.shape.threeValued() {
		var buf []uint32
		if sel := c.shape.matchable(keys, b.N, nil, &buf); sel != nil {
			null := without(b.N, nil, sel)
			for i := range p.spool {
				if err := p.append(i, b, null); err != nil {
					return err
				}
			}
			rows = sel
		}
	}
	hashes := s.hashesFor(len(rows))
	c.hash[w].hashes(&c.scratch[w], keys, rows, hashes)
	return p.add(s, b, rows, hashes)
}

// onlyKey reports a condition that is one equality: then a NULL on either side makes it NULL.
func (s *joinShape) onlyKey() bool { return len(s.keyTypes) == 1 && s.rest == nil }

// divisible reports a join that can be run for some of the keys at a time. Otherwise all rows are
// one partition.
func (s *joinShape) divisible() bool {
	return len(s.keyTypes) > 0 && (!s.threeValued() || s.onlyKey())
}

// rows is all of it as one batch, in the order of the parts.
func (c *collected) rows(s *joinShape) *vec.Batch {
	var all []*vec.Batch
	for _, part := range c.held {
		all = append(all, part...)
	}
	if len(all) == 1 {
		return all[0]
	}
	return vec.Concat(s.buildSchema(), all)
}

// bytes is about the memory of the table, without the rows.
func (b *buildSide) bytes() int64 {
	n := int64(4*len(b.first) + 4*len(b.next) + 4*len(b.matched) + 4*len(b.nullRows))
	if b.table != nil {
		n += b.table.bytes()
	}
	return n
}
