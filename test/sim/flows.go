package sim

import (
	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
)

type table struct{}

func (table) Name() string         { return "entrada" }
func (table) Schema() types.Schema { return inputSchema }

// flow is a plan with the mode that it runs in.
type flow struct {
	name string
	plan plan.Node
	mode connector.OutputMode
}

func scan(columns ...int) *plan.Scan {
	s := &plan.Scan{Table: table{}, Stream: true, Columns: columns}
	for _, c := range columns {
		f := inputSchema[c]
		s.Attrs = append(s.Attrs, plan.Attr{ID: plan.ID(c + 1), Name: f.Name, Type: f.Type})
	}
	return s
}

func count(id plan.ID) (plan.Named, error) {
	f, _ := fn.LookupAggregate("count")
	bound, err := f.Bind(nil)
	return plan.Named{Attr: plan.Attr{ID: id, Name: "n", Type: bound.Result}, Expr: &plan.Agg{Name: "count", Fn: bound}}, err
}

// flows are a copy of the input, a running count by key, and a count by key and window.
func flows() ([]flow, error) {
	n, err := count(50)
	if err != nil {
		return nil, err
	}
	counting := scan(1)
	k := counting.Attrs[0]
	byKey := &plan.Aggregate{Child: counting, Keys: []plan.Named{{Attr: k, Expr: &plan.Ref{Attr: k}}}, Aggs: []plan.Named{n}}

	in := scan(1, 2)
	t := in.Attrs[1]
	t.Event = &plan.EventTime{Delay: 5_000_000}
	wm := &plan.Watermark{Child: in, Attr: t.ID, Delay: 5_000_000, Attrs: []plan.Attr{in.Attrs[0], t}}
	window := plan.Attr{ID: 20, Name: "window", Event: t.Event, Type: types.StructOf(
		types.Field{Name: "start", Type: types.TimestampType}, types.Field{Name: "end", Type: types.TimestampType})}
	tumbling := &plan.TimeWindow{Child: wm, Time: &plan.Ref{Attr: t}, Duration: 10_000_000, Slide: 10_000_000, Out: window}
	byWindow := &plan.Aggregate{Child: tumbling, Aggs: []plan.Named{n}, Keys: []plan.Named{
		{Attr: window, Expr: &plan.Ref{Attr: window}}, {Attr: k, Expr: &plan.Ref{Attr: in.Attrs[0]}}}}
	return []flow{
		{"copy", scan(0, 1), connector.Append},
		{"count", byKey, connector.Update},
		{"windows", byWindow, connector.Append},
	}, nil
}
