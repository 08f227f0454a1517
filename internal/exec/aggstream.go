package exec

import (
	"bytes"
	"context"
	"iter"
	"slices"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// streamAggregate keeps its groups between epochs. Event time is the first key under a
// watermark: a timestamp, or a window, whose end counts; without one nothing is late or
// evicted, and neither is a group whose event time is NULL.
//
// Output order does not depend on restarts: update emits groups as they first changed in the
// epoch; append and complete emit them in ascending order of the keys, NULLs first.
// Without keys the one group counts as changed in every epoch, rows or not, as in Spark.
//
// Late rows are counted as Spark's numRowsDroppedByWatermark does, after partial
// aggregation: the distinct late groups of the epoch.
type streamAggregate struct {
	one
	grouping
	number int
	mode   connector.OutputMode
	event  int // the key that is event time, -1 if none
	size   int
	print  string     // the fingerprint
	fn     fn.Context // the accumulators': the current epoch's

	table   *groupTable
	meta    []groupMeta // by group
	times   eventHeap   // of all groups with an event time
	changed []uint32    // groups changed in this epoch, by first change
	loaded  bool        // Load has been called since the last Run: times must be made anew
	gone    []goneKey   // groups that this epoch evicted and an earlier one had saved
	late    *groupTable // this epoch's late groups, nil if none
	groups  []uint32    // scratch: the group of each row
	sel     []uint32    // scratch: the rows that are not late
}

// groupMeta is what is known of a group beside its key and its aggregates.
type groupMeta struct {
	dirty bool // changed in this epoch
	saved bool // in the checkpoint, as of the last epoch
}

type goneKey struct {
	shard int
	key   []byte
}

func newStreamAggregate(n *plan.Aggregate, in node, o *BuildOptions) (node, error) {
	g, err := newGrouping(n, o)
	if err != nil {
		return nil, err
	}
	s := &streamAggregate{one: one{in}, grouping: g, number: n.Stateful, mode: o.Mode, event: eventKey(n.Keys),
		size: o.BatchSize, table: newGroupTable(), sel: []uint32{}}
	if err := s.check(n, o.Source); err != nil {
		return nil, err
	}
	s.print = aggregateFingerprint(n, s.event, o)
	s.reset(&s.fn)
	return s, nil
}

// eventKey is the position of the first key that is event time under a watermark, or -1.
func eventKey(keys []plan.Named) int {
	return slices.IndexFunc(keys, func(k plan.Named) bool {
		t := k.Attr.Type
		isTime := t.Kind == types.Timestamp || t.Kind == types.TimestampNTZ
		isWindow := t.Kind == types.Struct && len(t.Fields) == 2
		return k.Attr.Event != nil && (isTime || isWindow)
	})
}

// check refuses what the analyzer should have: it is the last one who can.
func (o *streamAggregate) check(n *plan.Aggregate, src *errs.Source) error {
	if o.mode == connector.Append && o.event < 0 {
		return errs.New("STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
			"output mode append needs event time under a watermark among the grouping keys").
			WithHint("group by window(...) of a column with WATERMARK ... DELAY OF, or use output mode update or complete").At(src, n.At)
	}
	for _, c := range o.calls {
		if c.agg.Distinct {
			return errs.New("UNSUPPORTED_STREAMING_OPERATOR.DISTINCT_AGGREGATE", "%s(DISTINCT ...) cannot run over a stream", c.agg.Name).
				WithHint("approx_count_distinct can").At(src, c.agg.At)
		}
	}
	return nil
}

func (o *streamAggregate) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		if err := o.begin(e); err != nil {
			yield(nil, err)
			return
		}
		rows := e.Fn // a Context of its own for each epoch: random sequences start anew with it
		for b, err := range o.in.Run(ctx, e) {
			if err == nil {
				err = o.consume(&frame{&rows, b}, e.Late)
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
		if o.late != nil && e.CountLate != nil {
			e.CountLate(o.number, int64(o.late.live()))
		}
		evicted := o.expired(e.Evict)
		for ids := range slices.Chunk(o.output(evicted), o.size) {
			out, err := o.result(o.table, ids)
			if err == nil {
				err = ctx.Err()
			}
			if !yield(out, err) || err != nil {
				return
			}
		}
		o.evict(evicted)
	}
}

// begin closes the previous epoch's account.
func (o *streamAggregate) begin(e *EpochTask) error {
	for _, id := range o.changed {
		o.meta[id] = groupMeta{saved: true}
	}
	o.fn, o.changed, o.gone, o.late = e.Fn, o.changed[:0], nil, nil
	if len(o.keys) == 0 {
		id, added := o.table.add(nil)
		if added {
			o.enter(id)
		}
		o.touch(id)
	}
	if o.loaded {
		return o.schedule()
	}
	return nil
}

func (o *streamAggregate) touch(id uint32) {
	if !o.meta[id].dirty {
		o.meta[id].dirty = true
		o.changed = append(o.changed, id)
	}
}

func (o *streamAggregate) consume(f *frame, late int64) error {
	n, sel := f.b.N, f.b.Sel
	o.groups = zeros(o.groups, n)
	if len(o.keys) > 0 {
		keys, err := evalAll(o.keys, f, sel)
		if err != nil {
			return err
		}
		sel = o.inTime(keys, n, sel, late)
		o.assign(keys, n, sel)
		for i := range vec.Each(n, sel) {
			o.touch(o.groups[i])
		}
	}
	return o.update(f, o.groups, sel)
}

// assign finds the groups of rows, and enters new ones.
func (o *streamAggregate) assign(keys []vec.Col, n int, sel []uint32) {
	var times vec.Col
	if o.event >= 0 {
		times = eventTime(&keys[o.event])
	}
	o.table.assign(keys, n, sel, o.groups, func(id uint32, row int) {
		o.enter(id)
		if o.event >= 0 {
			o.expect(id, &times, row)
		}
	})
}

// enter keeps account of a new group.
func (o *streamAggregate) enter(id uint32) {
	if int(id) == len(o.meta) {
		o.meta = append(o.meta, groupMeta{})
	}
	o.meta[id] = groupMeta{}
}

// expect notes when the watermark will pass a group, whose event time is row i of times.
func (o *streamAggregate) expect(id uint32, times *vec.Col, i int) {
	if !times.IsNull(i) {
		o.times.push(eventEntry{vec.Get[int64](times, i), id})
	}
}

// inTime returns the selected rows that are not late, and takes down the groups of the others.
// Spark: in complete mode nothing is late.
func (o *streamAggregate) inTime(keys []vec.Col, n int, sel []uint32, late int64) []uint32 {
	if o.event < 0 || o.mode == connector.Complete || late == NoWatermark {
		return sel
	}
	times := eventTime(&keys[o.event])
	var dropped []uint32
	o.sel = o.sel[:0]
	for i := range vec.Each(n, sel) {
		if !times.IsNull(i) && vec.Get[int64](&times, i) <= late {
			dropped = append(dropped, uint32(i))
		} else {
			o.sel = append(o.sel, uint32(i))
		}
	}
	if dropped == nil {
		return sel
	}
	if o.late == nil {
		o.late = newGroupTable()
	}
	o.late.assign(keys, n, dropped, o.groups, nil)
	return o.sel
}

// expired takes the groups that the watermark has passed out of the heap.
func (o *streamAggregate) expired(evict int64) []uint32 {
	if o.mode == connector.Complete || evict == NoWatermark {
		return nil
	}
	var out []uint32
	for len(o.times) > 0 && o.times[0].time <= evict {
		out = append(out, o.times.pop().id)
	}
	return out
}

// output is the groups that the mode emits, in order.
func (o *streamAggregate) output(evicted []uint32) []uint32 {
	switch o.mode {
	case connector.Update:
		return o.changed
	case connector.Append:
		return o.byKey(evicted)
	}
	return o.byKey(o.all())
}

// all is the ids of all groups, ascending.
func (o *streamAggregate) all() []uint32 {
	all := make([]uint32, 0, o.table.live())
	for id := range uint32(o.table.ids()) {
		if o.table.has(id) {
			all = append(all, id)
		}
	}
	return all
}

func (o *streamAggregate) byKey(ids []uint32) []uint32 {
	slices.SortFunc(ids, func(a, b uint32) int { return bytes.Compare(o.table.key(a), o.table.key(b)) })
	return ids
}

// evict forgets groups, and remembers for Save which the checkpoint still holds.
func (o *streamAggregate) evict(ids []uint32) {
	if len(ids) == 0 {
		return
	}
	for _, id := range ids {
		if o.meta[id].saved {
			o.gone = append(o.gone, goneKey{o.shardOf(id), bytes.Clone(o.table.key(id))})
		}
		o.table.remove(id)
	}
	for _, c := range o.calls {
		c.acc.Free(ids)
	}
	o.changed = slices.DeleteFunc(o.changed, func(id uint32) bool { return !o.table.has(id) })
}

// shardOf is the shard of a group: XXH64 of its key, modulo Shards.
func (o *streamAggregate) shardOf(id uint32) int { return int(o.table.hash[id] % Shards) }
