package analyze

import (
	"slices"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
)

// pipeItems makes the select list of the pipe operator AGGREGATE: what it groups by, then what it
// computes. Its ordinals are columns of the input.
func (b *selecting) pipeItems() error {
	if b.sel.Pipe != sql.PipeAggregate || b.sel.GroupBy == nil {
		return nil
	}
	d, g := *b.sel, *b.sel.GroupBy
	d.Items, g.Items = nil, slices.Clone(g.Items)
	for i := range g.Items {
		it := &g.Items[i]
		if it.Kind != sql.GroupExpr || it.X == nil {
			continue
		}
		if n, ok := ordinalOf(it.X); ok {
			cols := b.in.visible()
			if n < 1 || n > len(cols) {
				return b.a.fail(it.X.Span(), "GROUP_BY_POS_OUT_OF_RANGE", "42805",
					"GROUP BY position %d is no column of the input (it has 1 to %d)", n, len(cols))
			}
			it.X = columnNamed(cols[n-1], it.X)
		}
		s := sql.SelectItem{At: it.At, X: it.X}
		if it.Alias.Name != "" {
			s.Alias = []sql.Ident{it.Alias}
		}
		d.Items = append(d.Items, s)
	}
	d.Items = append(d.Items, b.sel.Items...)
	d.GroupBy = &g
	b.sel = &d
	return nil
}

// columnNamed is a column's full name as written at a place.
func columnNamed(c column, at sql.Node) *sql.Column {
	out := &sql.Column{At: sql.At{Pos: at.Span()}}
	for _, name := range append(slices.Clone(c.qual), c.attr.Name) {
		out.Parts = append(out.Parts, sql.Ident{At: out.At, Name: name})
	}
	return out
}

// pipeRefused checks where the pipe operators take aggregates.
func (b *selecting) pipeRefused() error {
	groups := 0
	switch b.sel.Pipe {
	case sql.PipeExtend, sql.PipeSet:
		for _, it := range b.items {
			if g := firstAgg(it.v.x); g != nil {
				return b.a.fail(g.At, "PIPE_OPERATOR_CONTAINS_AGGREGATE_FUNCTION", "0A000",
					"|> %s cannot contain the aggregate function %s", b.sel.Pipe, g.Name).WithHint("write |> AGGREGATE")
			}
		}
		return nil
	case sql.PipeAggregate:
		if b.sel.GroupBy != nil {
			groups = len(b.sel.GroupBy.Items)
		}
	default:
		return nil
	}
	for _, it := range b.items[min(groups, len(b.items)):] {
		if o := firstOver(it.v.x); o != nil {
			return b.a.fail(o.At, "UNSUPPORTED_FEATURE.PIPE_OPERATOR_AGGREGATE_UNSUPPORTED_CASE", "0A000", "|> AGGREGATE cannot contain a window function").
				WithHint("add it with |> EXTEND behind")
		}
		if firstAgg(it.v.x) == nil {
			return b.a.fail(it.e.Span(), "PIPE_OPERATOR_AGGREGATE_EXPRESSION_CONTAINS_NO_AGGREGATE_FUNCTION", "0A000",
				"\"%s\" in |> AGGREGATE has no aggregate function", it.name).WithHint("put it behind GROUP BY")
		}
	}
	return nil
}

// outColumn is a column of a SELECT as the next pipe operator sees it: one that is merely passed
// on keeps its table.
func (b *selecting) outColumn(it *item) column {
	c := column{attr: it.attr}
	if b.sel.Pipe == sql.PipeNone || it.alias != "" {
		return c
	}
	r, ok := it.v.x.(*plan.Ref)
	if !ok || !equalFold(r.Attr.Name, it.name) {
		return c
	}
	for _, in := range b.in.cols {
		if in.attr.ID == r.Attr.ID && equalFold(in.attr.Name, it.name) {
			c.qual = in.qual
		}
	}
	return c
}
