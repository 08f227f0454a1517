package analyze

import (
	"context"
	"strings"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// from analyzes the FROM clause; without one there is one row without columns.
func (a *analyzer) from(ctx context.Context, list []sql.Relation, env *ctes) (plan.Node, *scope, error) {
	switch len(list) {
	case 0:
		return &plan.Values{Rows: &vec.Batch{N: 1}}, &scope{}, nil
	case 1:
		return a.relation(ctx, list[0], env)
	}
	return a.comma(ctx, list, env)
}

func (a *analyzer) relation(ctx context.Context, r sql.Relation, env *ctes) (plan.Node, *scope, error) {
	switch r := r.(type) {
	case *sql.TableRef:
		return a.tableRef(ctx, r, env)
	case *sql.SubqueryRef:
		n, sc, err := a.query(ctx, r.Query, env)
		if err == nil && !r.Open {
			sc = sc.requalified("", nil)
		}
		return a.dressedSample(n, sc, err, r.Sample, r.Alias, r.Watermark)
	case *sql.ValuesRef:
		return a.values(r.Values)
	case *sql.ParenRef:
		n, sc, err := a.relation(ctx, r.Rel, env)
		return a.dressedSample(n, sc, err, r.Sample, r.Alias, r.Watermark)
	case *sql.FuncRef:
		n, sc, err := a.tableFunction(r)
		if err == nil && r.Alias != nil && len(r.Alias.Columns) > 0 && len(r.Alias.Columns) != len(sc.cols) {
			err = a.fail(r.Alias.Span(), "NUM_TABLE_VALUE_ALIASES_MISMATCH", "42826",
				"%d columns are named, but `%s` makes %d", len(r.Alias.Columns), r.Name.String(), len(sc.cols))
		}
		return a.dressed(n, sc, err, r.Alias, r.Watermark)
	case *sql.Join:
		return a.join(ctx, r, env)
	}
	switch r := r.(type) {
	case *sql.PivotRef:
		n, sc, err := a.pivot(ctx, r, env)
		return a.dressed(n, sc, err, r.Alias, nil)
	case *sql.UnpivotRef:
		n, sc, err := a.unpivot(ctx, r, env)
		return a.dressed(n, sc, err, r.Alias, nil)
	}
	return nil, nil, a.unsupported(r.Span(), "this relation")
}

// dressedSample is dressed for what may have a TABLESAMPLE.
func (a *analyzer) dressedSample(n plan.Node, sc *scope, err error, s *sql.Sample, alias *sql.TableAlias, w *sql.Watermark) (plan.Node, *scope, error) {
	if err == nil {
		n, err = a.sampled(n, s)
	}
	return a.dressed(n, sc, err, alias, w)
}

// dressed gives a relation its alias and then its watermark (Spark: a column that WATERMARK
// computes is not under the alias).
func (a *analyzer) dressed(n plan.Node, sc *scope, err error, alias *sql.TableAlias, w *sql.Watermark) (plan.Node, *scope, error) {
	if err != nil {
		return nil, nil, err
	}
	if alias != nil {
		if sc, err = a.renamed(sc, alias.Name.Name, alias.Columns, alias.Span()); err != nil {
			return nil, nil, err
		}
	}
	if w != nil {
		return a.watermark(n, sc, w)
	}
	return n, sc, nil
}

func (a *analyzer) tableRef(ctx context.Context, t *sql.TableRef, env *ctes) (plan.Node, *scope, error) {
	full, err := a.nameOf(t.Name)
	if err != nil {
		return nil, nil, err
	}
	if t.Name.Expr != nil {
		d := *t
		d.Name = full
		t = &d
	}
	name := full.Strings()
	if len(name) == 1 {
		if c := env.find(name[0]); c != nil {
			if t.Stream {
				return nil, nil, a.unsupported(t.Span(), "STREAM over a name of WITH").WithHint("write STREAM inside the WITH query")
			}
			n, sc, err := a.cte(ctx, c, t.Name.Span())
			return a.dressedSample(n, sc, err, t.Sample, t.Alias, t.Watermark)
		}
	}
	if t.Stream && !a.env.AllowStream {
		return nil, nil, a.unsupported(t.Span(), "a streaming read here").
			WithHint("leave out STREAM to read the rows that are there now, or write a CREATE FLOW")
	}
	n, sc, err := a.named(ctx, t, name)
	return a.dressedSample(n, sc, err, t.Sample, t.Alias, t.Watermark)
}

// named reads a view or a table.
func (a *analyzer) named(ctx context.Context, t *sql.TableRef, name []string) (plan.Node, *scope, error) {
	if a.env.View != nil {
		if v, ok := a.env.View(name); ok {
			return a.view(ctx, t, v)
		}
	}
	table, err := a.table(ctx, name, t)
	if err != nil {
		return nil, nil, err
	}
	s := &plan.Scan{Table: table, Stream: t.Stream, At: t.Span()}
	if t.Stream {
		s.Source = a.sources
		a.sources++
	}
	for i, f := range table.Schema() {
		s.Columns = append(s.Columns, i)
		s.Attrs = append(s.Attrs, a.newAttr(f.Name, f.Type, f.Nullable))
	}
	sc := scopeOf(s.Attrs, name...)
	for i, c := range sc.cols {
		s.Attrs[i] = c.attr
	}
	return s, sc, nil
}

// withOptions is a table that can be read with options of its own: FROM t WITH ('a' = 'b').
type withOptions interface {
	WithOptions(options map[string]string) (plan.Table, error)
}

// table finds a table of the catalog, or a file: parquet.`path`.
func (a *analyzer) table(ctx context.Context, name []string, t *sql.TableRef) (plan.Table, error) {
	at := t.Name.Span()
	table, err := a.env.Resolve(name, at)
	if err != nil && len(name) == 2 && a.env.File != nil {
		file, ok, ferr := a.env.File(ctx, strings.ToLower(name[0]), name[1], at)
		if ferr != nil {
			return nil, a.place(ferr, at)
		}
		if ok {
			table, err = file, nil
		}
	}
	if err != nil {
		return nil, a.place(err, at)
	}
	if len(t.Options) == 0 {
		return table, nil
	}
	w, ok := table.(withOptions)
	if !ok {
		return nil, a.unsupported(t.Options[0].Span(), "WITH (options) after the name of this table").
			WithHint("set the option in the table's OPTIONS")
	}
	options := map[string]string{}
	for _, o := range t.Options {
		options[o.Key] = o.Value
	}
	if table, err = w.WithOptions(options); err != nil {
		return nil, a.place(err, t.Options[0].Span())
	}
	return table, nil
}

// view analyzes a view's query in its own text; STREAM over it needs a streaming query.
func (a *analyzer) view(ctx context.Context, t *sql.TableRef, v *View) (plan.Node, *scope, error) {
	full := strings.ToLower(t.Name.String())
	for _, outer := range a.views {
		if outer == full {
			return nil, nil, a.fail(t.Name.Span(), "RECURSIVE_VIEW", "42K0H", "the view `%s` reads itself", t.Name.String())
		}
	}
	src, around := a.src, a.around
	a.src, a.views, a.around = v.Source, append(a.views, full), nil
	n, sc, err := a.query(ctx, v.Query, nil)
	a.src, a.views, a.around = src, a.views[:len(a.views)-1], around
	if err != nil {
		return nil, nil, err
	}
	n = plan.Respan(n, t.Name.Span())
	if t.Stream && !plan.IsStreaming(n) {
		return nil, nil, a.unsupported(t.Span(), "STREAM over a view that reads no stream").
			WithHint("write FROM STREAM in the view's query")
	}
	if len(v.Columns) == len(sc.cols) {
		return n, sc.requalified(t.Name.Last().Name, v.Columns), nil
	}
	return n, sc.requalified(t.Name.Last().Name, nil), nil
}

// microsOfMonth is what Spark takes for a month in a delay: 31 days.
const microsOfMonth = 31 * 24 * 3600 * 1_000_000

// watermark analyzes WATERMARK; a computed time becomes the relation's first column. In a
// batch it has no further effect (Spark: EliminateEventTimeWatermark).
func (a *analyzer) watermark(n plan.Node, sc *scope, w *sql.Watermark) (plan.Node, *scope, error) {
	delay := w.Delay.Micros + int64(w.Delay.Months)*microsOfMonth
	if delay < 0 {
		return nil, nil, a.fail(w.Delay.Span(), "INVALID_WATERMARK_DELAY", "42K0E", "the delay of a watermark must not be negative")
	}
	v, err := a.expr(&exprScope{in: sc}, w.X)
	if err != nil {
		return nil, nil, err
	}
	ref, plain := v.x.(*plan.Ref)
	name := w.Name.Name
	if name == "" {
		name = ownName(w.X)
	}
	switch {
	case plain && w.Name.Name == "":
	case name == "":
		return nil, nil, a.fail(w.X.Span(), "REQUIRES_EXPLICIT_NAME_IN_WATERMARK_CLAUSE", "42000",
			"WATERMARK over an expression needs a name for the new column").WithHint("write WATERMARK %s AS ts DELAY OF ...", v.name)
	default:
		n, sc, ref = a.prepend(n, sc, name, v)
	}
	if !plan.IsStreaming(n) {
		return n, sc, nil
	}
	if ref.Type().Kind != types.Timestamp {
		return nil, nil, a.fail(w.X.Span(), "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE", "42K09",
			"the event time `%s` must be a TIMESTAMP, but it is %s", name, ref.Type().SQL()).
			WithHint("convert it: WATERMARK to_timestamp(%s) AS ts DELAY OF ...", name)
	}
	return a.mark(n, sc, ref.Attr.ID, delay)
}

// prepend computes a new first column, which belongs to no table.
func (a *analyzer) prepend(n plan.Node, sc *scope, name string, v val) (plan.Node, *scope, *plan.Ref) {
	out := a.newAttr(name, v.x.Type(), v.x.Nullable())
	p := &plan.Project{Child: n, Cols: []plan.Named{{Attr: out, Expr: v.x}}}
	next := scopeOf([]plan.Attr{out})
	for _, c := range n.Output() {
		p.Cols = append(p.Cols, plan.Named{Attr: c, Expr: &plan.Ref{Attr: c}})
	}
	next.cols = append(next.cols, sc.cols...)
	return p, next, &plan.Ref{Attr: out}
}

// mark makes the Watermark node. Other columns lose an event time that they had (Spark:
// EventTimeWatermark.output).
func (a *analyzer) mark(n plan.Node, sc *scope, id plan.ID, delay int64) (plan.Node, *scope, error) {
	w := &plan.Watermark{Child: n, Number: a.watermarks, Attr: id, Delay: delay}
	a.watermarks++
	event := func(c plan.Attr) plan.Attr {
		c.Event = nil
		if c.ID == id {
			c.Event = &plan.EventTime{Node: w.Number, Delay: delay}
		}
		return c
	}
	for _, c := range n.Output() {
		w.Attrs = append(w.Attrs, event(c))
	}
	next := &scope{}
	for _, c := range sc.cols {
		c.attr = event(c.attr)
		next.cols = append(next.cols, c)
	}
	return w, next, nil
}
