package exec

import (
	"encoding/json"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
)

// aggregatePrint is the fingerprint of a streaming aggregate. Expressions are in it by the
// names of columns: over another column, a state of the same types would mean nothing.
type aggregatePrint struct {
	Kind    string     `json:"kind"`
	Version int        `json:"version"` // of the row format and of vec's key encoding
	Mode    string     `json:"mode"`
	Shards  int        `json:"shards"`
	Zone    string     `json:"zone"`
	Event   int        `json:"event"` // position of the event-time key, -1 if none
	Keys    []string   `json:"keys"`  // types
	KeysOf  []string   `json:"keysOf"`
	Window  []int64    `json:"window,omitempty"` // duration, slide, offset of a window key, microseconds
	Aggs    []aggPrint `json:"aggs"`
}

type aggPrint struct {
	Name    string   `json:"name"`
	Of      string   `json:"of"` // the call with its arguments and FILTER
	Params  []string `json:"params"`
	Partial []string `json:"partial"`
	Version int      `json:"version"`
}

func aggregateFingerprint(n *plan.Aggregate, event int, o *BuildOptions) string {
	p := aggregatePrint{Kind: "aggregate", Version: 1, Mode: string(o.Mode), Shards: Shards, Zone: o.Zone, Event: event}
	for _, k := range n.Keys {
		p.Keys = append(p.Keys, k.Expr.Type().String())
		p.KeysOf = append(p.KeysOf, plan.Text(k.Expr))
		if ref, ok := k.Expr.(*plan.Ref); ok && p.Window == nil {
			p.Window = windowOf(n.Child, ref.Attr.ID)
		}
	}
	for _, a := range n.Aggs {
		agg := a.Expr.(*plan.Agg)
		p.Aggs = append(p.Aggs, aggPrint{agg.Name, plan.Text(agg), typeNames(agg.Fn.Params), typeNames(agg.Fn.Partial), agg.Fn.Version})
	}
	out, _ := json.Marshal(p) // strings and numbers cannot fail
	return string(out)
}

func typeNames(list []types.Type) []string {
	out := []string{}
	for _, t := range list {
		out = append(out, t.String())
	}
	return out
}

// windowOf finds the TimeWindow below n that makes an attribute.
func windowOf(n plan.Node, id plan.ID) (out []int64) {
	plan.Walk(n, func(n plan.Node) bool {
		switch w := n.(type) {
		case *plan.TimeWindow:
			if w.Out.ID == id {
				out = []int64{w.Duration, w.Slide, w.StartOffset}
			}
		case *plan.Project: // renaming
			for _, c := range w.Cols {
				if ref, ok := c.Expr.(*plan.Ref); ok && c.Attr.ID == id {
					id = ref.Attr.ID
				}
			}
		}
		return out == nil
	})
	return out
}
