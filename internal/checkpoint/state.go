package checkpoint

import (
	"iter"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// State is the stored state of one stateful operator. It belongs to the query's goroutine.
type State struct {
	s     *Store
	op    int
	codec *vec.IPC
	sizes map[int]size // by shard, of what is stored
}

// size measures a shard on disk, to decide when a snapshot pays.
type size struct {
	snapshot, deltas int // bytes
	count            int // deltas
}

const (
	deltaBytes = 32 << 10 // deltas below this never ask for a snapshot by size
	deltaCount = 64       // more than this always do: each is read at start
)

// State gives access to the state of operator op, whose rows have the schema given.
func (s *Store) State(op int, schema types.Schema) (*State, error) {
	codec, err := vec.NewIPC(schema)
	if err != nil {
		return nil, err
	}
	return &State{s: s, op: op, codec: codec, sizes: map[int]size{}}, nil
}

// Rows is a part of a shard's state.
type Rows struct {
	Shard int
	Batch *vec.Batch
}

// Load yields the stored state, shard by shard: the snapshot, then the changes in the order
// they were made. The receiver owns the batches.
func (st *State) Load() iter.Seq2[Rows, error] {
	return func(yield func(Rows, error) bool) {
		clear(st.sizes)
		prefix := operatorPrefix(st.op)
		stopped := false
		err := st.s.scan(prefix, after(prefix), func(key, value []byte) (bool, error) {
			shard, _, kind, err := parseStateKey(key)
			if err != nil {
				return false, err
			}
			b, err := st.codec.Decode(value)
			if err != nil {
				return false, errs.Wrap(err, "CHECKPOINT_CORRUPT", "the state of operator %d, shard %d cannot be read", st.op, shard)
			}
			st.sizes[shard] = st.sizes[shard].add(kind, len(value))
			stopped = !yield(Rows{Shard: shard, Batch: b}, nil)
			return !stopped, nil
		})
		if err != nil && !stopped {
			yield(Rows{}, err)
		}
	}
}

func (z size) add(kind byte, n int) size {
	if kind == kindSnapshot {
		return size{snapshot: n}
	}
	return size{snapshot: z.snapshot, deltas: z.deltas + n, count: z.count + 1}
}

// WantsSnapshot says that a shard's changes have outgrown its snapshot, so that the next
// epoch that changes it should call Snapshot instead of Delta.
func (st *State) WantsSnapshot(shard int) bool {
	z := st.sizes[shard]
	return z.count >= deltaCount || z.deltas > max(z.snapshot, deltaBytes)
}

// Delta adds a shard's changed rows to the epoch; at most one a shard.
func (e *Epoch) Delta(st *State, shard int, rows *vec.Batch) error {
	return e.put(st, shard, kindDelta, rows)
}

// Snapshot replaces all that is stored of a shard by rows; none or nil empties it.
func (e *Epoch) Snapshot(st *State, shard int, rows *vec.Batch) error {
	return e.put(st, shard, kindSnapshot, rows)
}

func (e *Epoch) put(st *State, shard int, kind byte, rows *vec.Batch) error {
	var msg []byte
	if rows != nil && rows.Rows() > 0 {
		var err error
		if msg, err = st.codec.Encode(rows); err != nil {
			return err
		}
	}
	if kind == kindDelta && msg == nil {
		return nil
	}
	err := e.s.guard(true, func() error {
		if kind == kindSnapshot {
			if err := e.b.DeleteRange(stateKey(st.op, shard, 0, 0), stateKey(st.op, shard, e.n+1, 0), nil); err != nil {
				return err
			}
		}
		if msg == nil {
			return nil
		}
		return e.b.Set(stateKey(st.op, shard, e.n, kind), msg, nil)
	})
	if err != nil {
		return err
	}
	if e.sizes[st] == nil {
		e.sizes[st] = map[int]size{}
	}
	e.sizes[st][shard] = st.sizes[shard].add(kind, len(msg))
	return nil
}
