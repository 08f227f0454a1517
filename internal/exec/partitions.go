package exec

import (
	"errors"
	"sync"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// fanOut is into how many partitions rows are divided at once; partitions that are still too
// large are divided again, maxLevel times at most, each time by other bits of the hash.
const (
	fanBits  = 4
	fanOut   = 1 << fanBits
	maxLevel = 5
)

// partitionOf is the partition of a hash at a level, from 0.
func partitionOf(h uint64, level int) int { return int(h>>(64-fanBits*(level+1))) & (fanOut - 1) }

// partitions divides rows among spools by the hash of a key. Several goroutines may add rows.
type partitions struct {
	level int
	mu    [fanOut]sync.Mutex
	spool [fanOut]*spool
}

func newPartitions(o *BuildOptions, s types.Schema, level int) *partitions {
	p := &partitions{level: level}
	for i := range p.spool {
		p.spool[i] = newSpool(o, s)
	}
	return p
}

// sorting is scratch memory of one goroutine that adds rows.
type sorting struct {
	rows   [fanOut][]uint32
	hashes []uint64
}

// add divides rows of a batch: hashes[k] is that of rows[k].
func (p *partitions) add(s *sorting, b *vec.Batch, rows []uint32, hashes []uint64) error {
	for i := range s.rows {
		s.rows[i] = s.rows[i][:0]
	}
	for k, r := range rows {
		i := partitionOf(hashes[k], p.level)
		s.rows[i] = append(s.rows[i], r)
	}
	for i, part := range s.rows {
		if len(part) == 0 {
			continue
		}
		if err := p.append(i, b, part); err != nil {
			return err
		}
	}
	return nil
}

// append adds rows to one partition.
func (p *partitions) append(i int, b *vec.Batch, rows []uint32) error {
	p.mu[i].Lock()
	defer p.mu[i].Unlock()
	return p.spool[i].appendRows(b, rows)
}

// hashesFor is memory for n hashes.
func (s *sorting) hashesFor(n int) []uint64 {
	if cap(s.hashes) < n {
		s.hashes = make([]uint64, n)
	}
	return s.hashes[:n]
}

func (p *partitions) close() error {
	if p == nil {
		return nil
	}
	var all []error
	for _, s := range p.spool {
		all = append(all, s.close())
	}
	return errors.Join(all...)
}
