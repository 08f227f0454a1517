package exec

import (
	"context"
	"iter"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// timeWindow adds the window that a row falls into; sliding windows give a row once for each
// of them, the latest window first. Microseconds. Rows whose time is NULL are dropped.
// Spark: ResolveTimeWindows.
type timeWindow struct {
	one
	time                   evaluator
	duration, slide, shift int64
	typ                    types.Type
	step                   int      // input rows at a time, so that many windows a row stay bounded
	rows                   []uint32 // of a sliding window: the input row of each output row
	sel                    []uint32
	start                  []int64
}

func newTimeWindow(n *plan.TimeWindow, in node, o *BuildOptions) (node, error) {
	if n.Slide <= 0 || n.Duration < n.Slide {
		return nil, internalf("window of %d µs that slides by %d µs", n.Duration, n.Slide)
	}
	c := compiler{in: n.Child.Output(), src: o.Source}
	time, err := c.compile(n.Time)
	perRow := (n.Duration + n.Slide - 1) / n.Slide
	return &timeWindow{one: one{in}, time: time, duration: n.Duration, slide: n.Slide, shift: n.StartOffset,
		typ: n.Out.Type, step: int(max(1, int64(o.BatchSize)/perRow))}, err
}

func (o *timeWindow) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		for b, err := range o.in.Run(ctx, e) {
			if err != nil {
				yield(nil, err)
				return
			}
			more := yieldCut(ctx, b, o.step, func(part *vec.Batch, err error) bool {
				if err == nil {
					part, err = o.assign(&frame{&e.Fn, part})
				}
				if err == nil && part.Rows() == 0 {
					return true
				}
				return yield(part, err) && err == nil
			})
			if !more {
				return
			}
		}
	}
}

// assign adds the windows to a batch.
func (o *timeWindow) assign(f *frame) (*vec.Batch, error) {
	times, err := o.time.eval(f, f.b.Sel)
	if err != nil {
		return nil, err
	}
	if o.slide == o.duration {
		return o.tumbling(f.b, &times), nil
	}
	return o.sliding(f.b, &times), nil
}

// last is the start of the latest window that holds t.
func (o *timeWindow) last(t int64) int64 {
	m := (t - o.shift) % o.slide
	if m < 0 {
		m += o.slide
	}
	return t - m
}

// tumbling keeps the columns and adds one.
func (o *timeWindow) tumbling(b *vec.Batch, times *vec.Col) *vec.Batch {
	start := make([]int64, b.N)
	sel := b.Sel
	if times.MayNull() {
		o.sel = notNull(times, b, o.sel[:0])
		sel = o.sel
	}
	if times.Enc == vec.Flat && sel == nil {
		for i, t := range vec.Values[int64](times)[:b.N] {
			start[i] = o.last(t)
		}
	} else {
		for i := range vec.Each(b.N, sel) {
			start[i] = o.last(vec.Get[int64](times, i))
		}
	}
	return &vec.Batch{N: b.N, Sel: sel, Cols: append(b.Cols[:len(b.Cols):len(b.Cols)], o.windows(start))}
}

// notNull appends the selected rows where c is not NULL; the result is never nil.
func notNull(c *vec.Col, b *vec.Batch, out []uint32) []uint32 {
	if out == nil {
		out = []uint32{}
	}
	for i := range b.Each() {
		if !c.IsNull(i) {
			out = append(out, uint32(i))
		}
	}
	return out
}

// sliding copies each row once for each of its windows.
func (o *timeWindow) sliding(b *vec.Batch, times *vec.Col) *vec.Batch {
	o.rows, o.start = o.rows[:0], o.start[:0]
	for i := range b.Each() {
		if times.IsNull(i) {
			continue
		}
		t := vec.Get[int64](times, i)
		for s := o.last(t); s > t-o.duration; s -= o.slide {
			o.rows, o.start = append(o.rows, uint32(i)), append(o.start, s)
		}
	}
	out := &vec.Batch{N: len(o.rows)}
	for c := range b.Cols {
		out.Cols = append(out.Cols, vec.Take(&b.Cols[c], o.rows))
	}
	out.Cols = append(out.Cols, o.windows(append([]int64(nil), o.start...)))
	return out
}

// windows makes the struct<start,end> column; it takes ownership of start.
func (o *timeWindow) windows(start []int64) vec.Col {
	end := make([]int64, len(start))
	for i, s := range start {
		end[i] = s + o.duration
	}
	f := o.typ.Fields
	return vec.Col{Type: o.typ, Len: len(start), Kids: []vec.Col{
		vec.FlatOf(f[0].Type, start, nil), vec.FlatOf(f[1].Type, end, nil),
	}}
}
