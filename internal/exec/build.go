package exec

import (
	"cmp"
	"runtime"
	"slices"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
)

// DefaultBatchSize is the number of rows that operators aim at.
const DefaultBatchSize = 4096

// BuildOptions says how a plan is run.
type BuildOptions struct {
	BatchSize int  // rows; 0 means DefaultBatchSize. Bigger batches of a source are cut
	Streaming bool // nodes that have a Stateful number keep state between epochs
	// Mode is the flow's output mode; it must be the one of every EpochTask. Ignored in a batch.
	Mode   connector.OutputMode
	Zone   string       // name of the session time zone, for fingerprints
	Source *errs.Source // the text that the plan's spans index; nil: errors have no place

	// Workers is how many goroutines run one pipeline of a batch query; 0: as many as there are
	// CPUs, 1: all is done by the caller's. A streaming plan has one.
	Workers int
	Memory  int64    // bytes that a batch query may hold, approximately; 0: no bound
	Spill   *Spill   // where it puts what is beyond; nil: it fails instead
	Stats   *Profile // collects what each node does; nil: nobody asks

	q        *query
	rounds   map[int]*roundRows // of the recursive queries around the node being built, by number
	stats    *NodeStats         // of the node being built
	minShare int64              // of tests: see memory.share
}

// query is what the operators of one plan share.
type query struct {
	mem   memory
	spill *spillDir // nil: no place to spill to
}

// account opens an account for the node being built.
func (o *BuildOptions) account() account { return account{m: &o.q.mem, stats: o.stats} }

// Build makes the operators of a plan. It is the one switch from plan nodes to operators.
func Build(n plan.Node, opts BuildOptions) (Operator, error) {
	if opts.BatchSize <= 0 {
		opts.BatchSize = DefaultBatchSize
	}
	opts.share()
	op, err := build(n, &opts)
	if err != nil {
		return nil, err
	}
	return &root{in: op, schema: plan.SchemaOf(n), o: &opts}, nil
}

// share fills in what the operators share.
func (o *BuildOptions) share() {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Streaming {
		o.Workers, o.Memory = 1, 0
	}
	o.q = &query{}
	if o.Memory > 0 {
		o.q.mem.bound(o.Memory)
		if o.minShare > 0 {
			o.q.mem.share = o.minShare
		}
	}
	if o.Spill != nil {
		o.q.spill = &spillDir{at: *o.Spill}
	}
}

// node is an operator of a tree.
type node interface {
	Operator
	inputs() []node
}

func build(n plan.Node, o *BuildOptions) (node, error) {
	op, err := operator(n, o)
	if err != nil || o.Stats == nil {
		return op, err
	}
	return &measured{node: op, stats: o.Stats.at(n)}, nil
}

// operator makes the operator of a node and of those below it.
func operator(n plan.Node, o *BuildOptions) (node, error) {
	children := n.Children()
	if j, ok := n.(*plan.Join); ok && j.Lateral {
		children = children[:1] // the right side is built for each row
	}
	if r, ok := n.(*plan.Recursive); ok {
		o = o.within(r)
	}
	in := make([]node, len(children))
	for i, c := range children {
		var err error
		if in[i], err = build(c, o); err != nil {
			return nil, err
		}
	}
	own := *o // what the operators keep
	own.stats, o = o.Stats.at(n), &own
	switch n := n.(type) {
	case *plan.Scan:
		return &scan{node: n, size: o.BatchSize}, nil
	case *plan.Values:
		return &values{rows: n.Rows, size: o.BatchSize}, nil
	case *plan.Filter:
		return o.eachRow(n, in[0], func(in node) (node, error) { return newFilter(n, in, o) })
	case *plan.Project:
		return o.eachRow(n, in[0], func(in node) (node, error) { return newProject(n, in, o) })
	case *plan.Watermark:
		return newWatermark(n, in[0])
	case *plan.TimeWindow:
		return newTimeWindow(n, in[0], o)
	case *plan.Aggregate:
		if o.Streaming && n.Stateful >= 0 {
			return newStreamAggregate(n, in[0], o)
		}
		return newAggregate(n, in[0], o)
	case *plan.Sort:
		return newSort(n, in[0], o)
	case *plan.Limit:
		if o.Streaming && n.Stateful >= 0 && o.Mode == connector.Append {
			return newStreamLimit(n, in[0]), nil
		}
		return &limit{one: one{in[0]}, count: n.Count, skip: max(0, n.Offset), drain: o.Streaming}, nil
	case *plan.Union:
		return &union{in: in}, nil
	case *plan.Join:
		if n.Lateral {
			return o.eachRow(n, in[0], func(in node) (node, error) { return newLateral(n, in, o) })
		}
		return newJoin(n, in[0], in[1], o)
	case *plan.Window:
		return newWindow(n, in[0], o)
	case *plan.Generate:
		return o.eachRow(n, in[0], func(in node) (node, error) { return newGenerate(n, in, o) })
	case *plan.Expand:
		return o.eachRow(n, in[0], func(in node) (node, error) { return newExpand(n, in, o) })
	case *plan.Range:
		return newNumbers(n, o)
	case *plan.Sample:
		return newSample(n, in[0]), nil
	case *plan.Recursive:
		return newRecursive(n, in[0], in[1], o), nil
	case *plan.RecursiveRef:
		return newLastRound(n, o)
	}
	return nil, internalf("no operator for %T", n)
}

// StatefulOps lists the stateful operators of a tree that Build made, by number.
func StatefulOps(op Operator) []Stateful {
	var out []Stateful
	if r, ok := op.(*root); ok {
		collectStateful(r.in, &out)
	}
	slices.SortFunc(out, func(a, b Stateful) int { return cmp.Compare(a.Number(), b.Number()) })
	return out
}

func collectStateful(n node, out *[]Stateful) {
	if m, ok := n.(*measured); ok {
		n = m.node
	}
	if s, ok := n.(Stateful); ok {
		*out = append(*out, s)
	}
	for _, c := range n.inputs() {
		collectStateful(c, out)
	}
}

// one is embedded by operators with one input.
type one struct{ in node }

func (o one) inputs() []node { return []node{o.in} }

// Close closes the input.
func (o one) Close() error { return o.in.Close() }
