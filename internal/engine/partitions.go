package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// showCreate is SHOW CREATE TABLE: a statement that makes the table or view again.
func (s *Session) showCreate(ctx context.Context, at scope, st *sql.Show) (Result, error) {
	t, v, err := s.find(ctx, at, st.Name)
	if err != nil {
		return Result{}, err
	}
	text := ""
	if temp, _ := s.temporary(st.Name.Strings()); temp != nil {
		return Result{}, errs.New("EXPECT_PERMANENT_VIEW_NOT_TEMP", "%s is a temporary view", st.Name).State("42809").At(at.src, st.Name.Span()).
			WithHint("SHOW CREATE TABLE is for tables and views that stay")
	}
	if v != nil {
		text = viewDDL(at.database, v)
	} else {
		text = tableDDL(t)
	}
	return s.rows(notNull("createtab_stmt"), [][]any{{text}}), nil
}

// showPartitions is SHOW PARTITIONS: a=1/b=x for each that holds rows.
func (s *Session) showPartitions(ctx context.Context, at scope, st *sql.Show) (Result, error) {
	t, _, err := s.find(ctx, at, st.Name)
	if err != nil {
		return Result{}, err
	}
	if t == nil || t.stored == nil || len(t.stored.partitions) == 0 {
		return Result{}, errs.New("INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY", "%s has no partitions", st.Name).State("42601").At(at.src, st.Name.Span())
	}
	sel := &sql.Select{At: st.At, Distinct: true, From: []sql.Relation{&sql.TableRef{At: st.At, Name: st.Name}}}
	sel.Where = matching(st.Partition, t)
	q := &sql.Query{At: st.At, Body: sel}
	for _, p := range t.stored.partitions {
		c := &sql.Column{At: st.At, Parts: []sql.Ident{{At: st.At, Name: p}}}
		sel.Items = append(sel.Items, sql.SelectItem{At: st.At, X: c})
		q.Order = append(q.Order, sql.SortItem{At: st.At, X: c})
	}
	r, err := s.query(ctx, at, q)
	if err != nil {
		return Result{}, err
	}
	var rows [][]any
	for i := range r.Rows.Each() {
		var parts []string
		for k, p := range t.stored.partitions {
			text, err := asText(&r.Ctx, &r.Rows.Cols[k], i)
			if err != nil {
				return Result{}, err
			}
			parts = append(parts, fmt.Sprintf("%s=%s", p, text))
		}
		rows = append(rows, []any{strings.Join(parts, "/")})
	}
	return s.rows(notNull("partition"), rows), nil
}

// asText is a value as a folder's name shows it.
func asText(c *fn.Context, col *vec.Col, row int) (string, error) {
	if col.IsNull(row) {
		return "__HIVE_DEFAULT_PARTITION__", nil
	}
	k, err := fn.CastKernel(col.Type, types.StringType, false)
	if err != nil {
		return "", err
	}
	one := vec.Slice(col, row, row+1)
	out, err := k(c, one, 1, nil)
	if err != nil {
		return "", err
	}
	return out.Str(0), nil
}
