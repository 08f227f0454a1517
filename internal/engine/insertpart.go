package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/sql"
)

// withPartition puts the constant values of PARTITION (…) at the end of the query's columns.
func (s *Session) withPartition(at scope, t *Table, st *sql.Insert) (*sql.Insert, error) {
	if t.stored == nil || len(t.stored.partitions) == 0 {
		return nil, errs.New("INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY", "%s has no partitions", t.Name()).State("42601").
			At(at.src, st.Partition[0].Span()).WithHint("leave PARTITION (…) out")
	}
	d := *st
	d.Partition, d.Columns = nil, nil
	outer := &sql.Select{At: st.At, From: []sql.Relation{&sql.SubqueryRef{At: sql.At{Pos: st.Query.Span()}, Query: st.Query}}}
	outer.Items = []sql.SelectItem{{At: st.At, X: &sql.Star{At: st.At}}}
	given := map[string]bool{}
	for _, p := range st.Partition {
		if !slices.ContainsFunc(t.stored.partitions, func(c string) bool { return strings.EqualFold(c, p.Name.Name) }) {
			return nil, errs.New("PARTITIONS_NOT_FOUND", "%s is not a partition column of %s", p.Name.Name, t.Name()).State("428FT").At(at.src, p.Span()).
				WithHint("its partition columns are %s", strings.Join(t.stored.partitions, ", "))
		}
		if p.X != nil {
			given[strings.ToLower(p.Name.Name)] = true
			column := t.Schema()[t.Schema().Index(p.Name.Name)]
			outer.Items = append(outer.Items, sql.SelectItem{At: p.At, X: &sql.Cast{At: p.At, X: p.X, Type: column.Type}, Alias: []sql.Ident{p.Name}})
		}
	}
	if !st.ByName { // the order in which values stand: the query's columns, then the constants
		for _, c := range t.Schema() {
			if !given[strings.ToLower(c.Name)] {
				d.Columns = append(d.Columns, sql.Ident{At: st.At, Name: c.Name})
			}
		}
		for _, p := range st.Partition {
			if p.X != nil {
				d.Columns = append(d.Columns, p.Name)
			}
		}
	}
	d.Query = &sql.Query{At: sql.At{Pos: st.Query.Span()}, Body: outer}
	return &d, nil
}

// keepOthers makes of an INSERT OVERWRITE of some partitions one of the whole table, of the new
// rows and of those of the other partitions, so that it stays one atomic write. static are the
// constants of PARTITION (…); dynamic (spark.sql.sources.partitionOverwriteMode) keeps every
// partition that the new rows do not go into.
func (s *Session) keepOthers(ctx context.Context, at scope, t *Table, st *sql.Insert, static []sql.PartitionValue, dynamic bool) (*sql.Insert, error) {
	names := make([]string, 0, len(t.Schema()))
	for _, c := range st.Columns {
		names = append(names, c.Name)
	}
	switch {
	case st.ByName:
		n, err := analyze.Query(ctx, st.Query, s.e.env(ctx, at, false))
		if err != nil {
			return nil, err
		}
		names = plan.SchemaOf(n).Names()
	case len(names) == 0:
		names = t.Schema().Names()
	}
	here := sql.At{Pos: st.Query.Span()}
	ident := func(name string) sql.Ident { return sql.Ident{At: here, Name: name} }
	column := func(parts ...string) sql.Expr {
		c := &sql.Column{At: here}
		for _, p := range parts {
			c.Parts = append(c.Parts, ident(p))
		}
		return c
	}
	fresh := func() *sql.SubqueryRef {
		alias := &sql.TableAlias{At: here, Name: ident("_new")}
		for _, n := range names {
			alias.Columns = append(alias.Columns, ident(n))
		}
		return &sql.SubqueryRef{At: here, Query: st.Query, Alias: alias}
	}
	same := func(name string, x sql.Expr) sql.Expr {
		return &sql.Binary{At: here, Op: sql.OpNullEq, L: column("_old", name), R: x}
	}
	var match sql.Expr
	and := func(x sql.Expr) {
		if match != nil {
			x = &sql.Binary{At: here, Op: sql.OpAnd, L: match, R: x}
		}
		match = x
	}
	for _, p := range static {
		if p.X != nil {
			and(same(p.Name.Name, &sql.Cast{At: here, X: p.X, Type: t.Schema()[t.Schema().Index(p.Name.Name)].Type}))
		}
	}
	if dynamic {
		for _, p := range t.stored.partitions {
			and(same(p, column("_new", p)))
		}
		match = &sql.Exists{At: here, Query: &sql.Query{At: here, Body: &sql.Select{At: here, Where: match, From: []sql.Relation{fresh()},
			Items: []sql.SelectItem{{At: here, X: column("_new", t.stored.partitions[0])}}}}}
	}
	old := &sql.Select{At: here, Where: &sql.Unary{At: here, Op: sql.OpNot, X: match},
		From: []sql.Relation{&sql.TableRef{At: here, Name: sql.Name{At: here, Parts: []sql.Ident{ident(t.database), ident(t.name)}}, Alias: &sql.TableAlias{At: here, Name: ident("_old")}}}}
	for _, n := range names {
		old.Items = append(old.Items, sql.SelectItem{At: here, X: column("_old", n)})
	}
	d := *st
	d.Columns, d.ByName = nil, false
	for _, n := range names {
		d.Columns = append(d.Columns, ident(n))
	}
	d.Query = &sql.Query{At: here, Body: &sql.SetOp{At: here, Op: "UNION", All: true, R: old,
		L: &sql.Select{At: here, Items: []sql.SelectItem{{At: here, X: &sql.Star{At: here}}}, From: []sql.Relation{fresh()}}}}
	return &d, nil
}

// dynamicOverwrite reports the session's partitionOverwriteMode.
func (s *Session) dynamicOverwrite() bool {
	v, _ := s.get(keyPartitions)
	return strings.EqualFold(v, "dynamic")
}

// arity checks the number of a query's columns beside the constants of PARTITION (…), whose columns
// it must not give.
func (s *Session) arity(ctx context.Context, at scope, t *Table, st *sql.Insert, static []sql.PartitionValue) error {
	constants := 0
	for _, p := range static {
		if p.X != nil {
			constants++
		}
	}
	if constants == 0 || st.ByName {
		return nil
	}
	n, err := analyze.Query(ctx, st.Query, s.e.env(ctx, at, false))
	if err != nil {
		return err
	}
	if got, want := len(n.Output())-constants, len(t.Schema())-constants; got != want {
		return errs.New("INSERT_PARTITION_COLUMN_ARITY_MISMATCH", "beside PARTITION (…) %s has %d columns, but the query has %d", t.Name(), want, got).
			State("21S01").At(at.src, st.Table.Span())
	}
	return nil
}

// matching is the condition that rows are of the partitions that constants name.
func matching(static []sql.PartitionValue, t *Table) sql.Expr {
	var all sql.Expr
	for _, p := range static {
		i := t.Schema().Index(p.Name.Name)
		if p.X == nil || i < 0 {
			continue
		}
		var x sql.Expr = &sql.Binary{At: p.At, Op: sql.OpNullEq, L: &sql.Column{At: p.At, Parts: []sql.Ident{p.Name}},
			R: &sql.Cast{At: p.At, X: p.X, Type: t.Schema()[i].Type}}
		if all != nil {
			x = &sql.Binary{At: p.At, Op: sql.OpAnd, L: all, R: x}
		}
		all = x
	}
	return all
}

// dropPartitions removes the rows of partitions, by writing the others anew.
func (s *Session) dropPartitions(ctx context.Context, at scope, st *sql.AlterTable, t *Table) error {
	for _, p := range st.Partitions {
		cond := matching(p.Values, t)
		if cond == nil {
			return errs.New("PARTITIONS_NOT_FOUND", "%s has no such partition", t.Name()).State("428FT").At(at.src, p.Span())
		}
		q := &sql.Query{At: p.At, Body: &sql.Select{At: p.At, Where: &sql.Unary{At: p.At, Op: sql.OpNot, X: cond},
			From: []sql.Relation{&sql.TableRef{At: p.At, Name: st.Name}}, Items: []sql.SelectItem{{At: p.At, X: &sql.Star{At: p.At}}}}}
		n, err := analyze.Query(ctx, q, s.e.env(ctx, at, false))
		if err != nil {
			return err
		}
		if err := s.write(ctx, at, t, n, connector.SaveOverwrite); err != nil {
			return at.at(err, st.Span())
		}
	}
	return nil
}
