package exec

import (
	"context"
	"errors"
	"iter"

	"github.com/azud/azud/internal/vec"
)

// lastResort is what one group, or groups that the hash does not tell apart, may hold whatever the
// budget, in bytes.
const lastResort = 64 << 10

// aggMerge puts the groups of one partition together.
type aggMerge struct {
	*aggregate
	e     *EpochTask
	yield func(*vec.Batch, error) bool
	over  bool
}

// merged is the result of partition i.
func (o *aggregate) merged(ctx context.Context, e *EpochTask, p *aggParts, i int) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		m := aggMerge{aggregate: o, e: e, yield: yield}
		if err := m.partition(ctx, p, i); err != nil {
			yield(nil, err)
		}
	}
}

// partition puts together and frees one partition, or divides it again if it does not fit.
func (m *aggMerge) partition(ctx context.Context, p *aggParts, i int) error {
	defer p.closeOne(i)
	if p.main.spool[i].rows() == 0 {
		return nil
	}
	a, err := newAggregator(m.aggregate)
	if err != nil {
		return err
	}
	a.begin(m.e)
	defer a.forget()
	fits, err := m.groups(ctx, a, p, i)
	if err != nil {
		return err
	}
	if !fits {
		a.forget()
		return m.again(ctx, p, i)
	}
	if err := m.rows(ctx, a, p, i); err != nil {
		return err
	}
	m.over = !a.results(ctx, func(b *vec.Batch, err error) bool { return m.yield(b, err) })
	return nil
}

func (p *aggParts) closeOne(i int) {
	p.main.spool[i].close() // what stays is removed with the query
	for _, r := range p.rows {
		if r != nil {
			r.spool[i].close()
		}
	}
}

// groups merges the partial results; false if they should be divided.
func (m *aggMerge) groups(ctx context.Context, a *aggregator, p *aggParts, i int) (fits bool, err error) {
	for b, err := range p.main.spool[i].read(ctx) {
		if err != nil {
			return false, err
		}
		if err := a.absorb(mainRows, b.Cols[:len(a.keyTypes)], b.Cols[len(a.keyTypes):]); err != nil {
			return false, err
		}
		if a.acc.set(a.bytes()) {
			continue
		}
		if a.table.ids() > 1 && p.main.level+1 < maxLevel {
			return false, nil
		}
		if a.acc.n > lastResort {
			return false, m.opts.q.mem.full("the state of one group of an aggregate")
		}
	}
	return true, nil
}

// again divides a partition by other bits of the hash.
func (m *aggMerge) again(ctx context.Context, p *aggParts, i int) error {
	next := m.newParts(p.main.level + 1)
	m.mu.Lock()
	m.open = append(m.open, next)
	m.mu.Unlock()
	defer next.close()
	hash := newKeyTable(m.staff[0].keyTypes)
	var scratch keyScratch
	var sorting sorting
	for kind := mainRows; kind < len(p.rows); kind++ {
		from := p.of(kind)
		if from == nil {
			continue
		}
		for b, err := range from.spool[i].read(ctx) {
			if err != nil {
				return err
			}
			rows := scratch.rows(b.N, nil)
			hashes := sorting.hashesFor(b.N)
			hash.hashes(&scratch, b.Cols[:len(m.staff[0].keyTypes)], rows, hashes)
			if err := next.of(kind).add(&sorting, b, rows, hashes); err != nil {
				return err
			}
		}
		if err := from.spool[i].close(); err != nil {
			return err
		}
	}
	for k := range fanOut {
		if err := m.partition(ctx, next, k); err != nil || m.over {
			return err
		}
	}
	return nil
}

// rows gives the calls that keep rows theirs.
func (m *aggMerge) rows(ctx context.Context, a *aggregator, p *aggParts, i int) error {
	for kind, c := range a.calls {
		if p.rows[kind] == nil {
			continue
		}
		var err error
		if c.kept != nil {
			err = m.ordered(ctx, a, c, p.rows[kind].spool[i])
		} else {
			err = m.distinct(ctx, a, c, p.rows[kind].spool[i], 0)
		}
		if err != nil {
			return c.at.wrap(err)
		}
	}
	return nil
}

// ordered sorts the rows by group and order keys.
func (m *aggMerge) ordered(ctx context.Context, a *aggregator, c *aggCall, from *spool) error {
	s := c.newSorter(m.opts)
	defer s.close()
	for b, err := range from.read(ctx) {
		if err != nil {
			return err
		}
		if err := c.take(a.assign(b.Cols[:len(a.keyTypes)], b.N, nil), b.Cols[len(a.keyTypes):], nil); err != nil {
			return err
		}
		if err := s.fill(ctx, c.kept.Finish()); err != nil {
			return err
		}
		if !a.acc.set(a.bytes()) && c.seen != nil && a.acc.n > lastResort {
			return m.opts.q.mem.full("the distinct values of an ordered aggregate")
		}
	}
	return c.feed(ctx, s)
}

// distinct adds rows that are new to their group. If a set of them does not fit, the rows are
// divided by their own hash first: then each piece has a set of its own.
func (m *aggMerge) distinct(ctx context.Context, a *aggregator, c *aggCall, from *spool, level int) error {
	c.reseen()
	k := len(a.keyTypes)
	if from.spilled() && level < maxLevel && from.rows() > spoolRows {
		return m.divideRows(ctx, a, c, from, level)
	}
	for b, err := range from.read(ctx) {
		if err != nil {
			return err
		}
		if err := c.take(a.assign(b.Cols[:k], b.N, nil), b.Cols[k:], nil); err != nil {
			return err
		}
		a.acc.set(a.bytes())
	}
	c.reseen()
	a.acc.set(a.bytes())
	return nil
}

// reseen forgets the rows seen.
func (a *aggCall) reseen() {
	a.seen = newKeyTable(append(groupType(), a.argTypes()...))
	a.scratch.pack.forget()
}

func (m *aggMerge) divideRows(ctx context.Context, a *aggregator, c *aggCall, from *spool, level int) (err error) {
	k := len(a.keyTypes)
	p := newPartitions(m.opts, append(schemaOf(a.keyTypes), c.rowSchema()...), level)
	defer func() { err = errors.Join(err, p.close()) }()
	hash := newKeyTable(append(groupType(), c.argTypes()...))
	var scratch keyScratch
	var sorting sorting
	for b, err := range from.read(ctx) {
		if err != nil {
			return err
		}
		rows, hashes := scratch.rows(b.N, nil), sorting.hashesFor(b.N)
		groups := a.assign(b.Cols[:k], b.N, nil)
		hash.hashes(&scratch, append([]vec.Col{*groupCol(groups)}, b.Cols[k:]...), rows, hashes)
		if err := p.add(&sorting, b, rows, hashes); err != nil {
			return err
		}
	}
	for _, s := range p.spool {
		if err := m.distinct(ctx, a, c, s, level+1); err != nil {
			return err
		}
	}
	return nil
}
