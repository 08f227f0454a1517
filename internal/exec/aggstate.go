package exec

import (
	"fmt"
	"iter"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// This file is the streaming aggregate's Stateful side. A state row is (deleted, the keys,
// each aggregate's partial columns); of a deleted row the partial columns are NULL. It
// lives in shard XXH64(vec.AppendKey(keys)) % Shards.

func (o *streamAggregate) Number() int         { return o.number }
func (o *streamAggregate) Fingerprint() string { return o.print }
func (o *streamAggregate) Rows() int64         { return int64(o.table.live()) }

func (o *streamAggregate) Bytes() int64 {
	n := o.table.bytes() + int64(2*cap(o.meta)+16*cap(o.times))
	for _, c := range o.calls {
		n += c.acc.Bytes()
	}
	return n
}

func (o *streamAggregate) StateSchema() types.Schema {
	s := types.Schema{{Name: "deleted", Type: types.BooleanType}}
	for i, t := range o.keyTypes {
		s = append(s, types.Field{Name: fmt.Sprintf("key%d", i), Type: t, Nullable: true})
	}
	for i, c := range o.calls {
		for j, t := range c.agg.Fn.Partial {
			s = append(s, types.Field{Name: fmt.Sprintf("agg%d_%d", i, j), Type: t, Nullable: true})
		}
	}
	return s
}

func (o *streamAggregate) Load(shard int, rows *vec.Batch) (err error) {
	defer protect(&err)
	if want := len(o.StateSchema()); len(rows.Cols) != want {
		return errs.New("STATE_CORRUPTED", "state of operator %d has %d columns, not %d", o.number, len(rows.Cols), want)
	}
	keys := rows.Cols[1 : 1+len(o.keys)]
	var ids, from []uint32 // groups that get a value, and the row of each
	for i := range rows.Each() {
		key := vec.AppendKey(nil, keys, i)
		if vec.HashKey(key)%Shards != uint64(shard) {
			return errs.New("STATE_CORRUPTED", "state of operator %d: a row of shard %d does not belong there", o.number, shard)
		}
		if vec.Get[bool](&rows.Cols[0], i) {
			o.unload(key)
			continue
		}
		id, added := o.table.add(key)
		if added {
			o.enter(id)
		}
		o.meta[id].saved = true
		ids, from = append(ids, id), append(from, uint32(i))
	}
	o.times, o.loaded = nil, true
	return o.restore(ids, from, rows.Cols[1+len(o.keys):])
}

// schedule enters all groups into the heap, after the state was loaded.
func (o *streamAggregate) schedule() error {
	o.loaded = false
	if o.event < 0 {
		return nil
	}
	ids := o.all()
	keys, err := o.table.columns(o.keyTypes, ids)
	if err != nil {
		return err
	}
	times := eventTime(&keys[o.event])
	for i, id := range ids {
		o.expect(id, &times, i)
	}
	return nil
}

// unload forgets a group that a delta deletes.
func (o *streamAggregate) unload(key []byte) {
	id, ok := o.table.find(key)
	if !ok {
		return
	}
	o.table.remove(id)
	for _, c := range o.calls {
		c.acc.Free([]uint32{id})
	}
}

// restore replaces the aggregates of groups by the partial columns of rows.
func (o *streamAggregate) restore(ids, rows []uint32, partial []vec.Col) error {
	if len(ids) == 0 {
		return nil
	}
	for _, c := range o.calls {
		cols := make([]vec.Col, len(c.agg.Fn.Partial))
		for j := range cols {
			cols[j] = vec.Take(&partial[j], rows)
		}
		partial = partial[len(cols):]
		c.acc.Free(ids)
		if err := c.acc.Merge(ids, cols); err != nil {
			return err
		}
	}
	return nil
}

func (o *streamAggregate) Save() iter.Seq2[Delta, error] {
	return func(yield func(Delta, error) bool) {
		var ids [Shards][]uint32
		var gone [Shards][][]byte
		for _, id := range o.changed {
			ids[o.shardOf(id)] = append(ids[o.shardOf(id)], id)
		}
		for _, g := range o.gone {
			gone[g.shard] = append(gone[g.shard], g.key)
		}
		for shard := range Shards {
			if len(ids[shard])+len(gone[shard]) == 0 {
				continue
			}
			rows, err := o.stateRows(ids[shard], gone[shard])
			if !yield(Delta{Shard: shard, Rows: rows}, err) || err != nil {
				return
			}
		}
	}
}

func (o *streamAggregate) Snapshot(shard int) (*vec.Batch, error) {
	var ids []uint32
	for id := range uint32(o.table.ids()) {
		if o.table.has(id) && o.shardOf(id) == shard {
			ids = append(ids, id)
		}
	}
	return o.stateRows(ids, nil)
}

// stateRows builds the state rows of groups, and of deleted keys.
func (o *streamAggregate) stateRows(ids []uint32, gone [][]byte) (b *vec.Batch, err error) {
	defer protect(&err)
	out := vec.NewBuilder(o.StateSchema())
	keys, err := o.table.columns(o.keyTypes, ids)
	if err != nil {
		return nil, err
	}
	rest := out.Cols[1:]
	for i := range keys {
		rest[i].AppendRows(&keys[i], len(ids), nil)
	}
	for _, key := range gone {
		if err := vec.DecodeKey(key, rest[:len(keys)]); err != nil {
			return nil, err
		}
	}
	rest = rest[len(keys):]
	for _, c := range o.calls {
		partial, err := c.acc.Partial(ids)
		if err != nil {
			return nil, err
		}
		if len(partial) != len(c.agg.Fn.Partial) {
			return nil, internalf("%s keeps %d columns of state, not %d as declared", c.agg.Name, len(partial), len(c.agg.Fn.Partial))
		}
		for j := range partial {
			rest[j].AppendRows(&partial[j], len(ids), nil)
			for range gone {
				rest[j].AppendNull()
			}
		}
		rest = rest[len(partial):]
	}
	for i := range len(ids) + len(gone) {
		vec.Append(out.Cols[0], i >= len(ids))
	}
	return out.Finish(), nil
}
