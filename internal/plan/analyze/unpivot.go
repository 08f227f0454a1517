package analyze

import (
	"context"
	"strings"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// unpivot analyzes an UNPIVOT: each row becomes one for each of its column lists. Spark:
// UnpivotTransformer.
func (a *analyzer) unpivot(ctx context.Context, r *sql.UnpivotRef, env *ctes) (plan.Node, *scope, error) {
	n, in, err := a.relation(ctx, r.Rel, env)
	if err != nil {
		return nil, nil, err
	}
	lists, err := a.unpivoted(in, r)
	if err != nil {
		return nil, nil, err
	}
	ts, err := a.unpivotTypes(r, lists)
	if err != nil {
		return nil, nil, err
	}
	used := map[plan.ID]bool{}
	for _, l := range lists {
		for _, v := range l {
			plan.Refs(v.x, used)
		}
	}
	e, sc := &plan.Expand{Child: n}, &scope{}
	var keep []plan.Expr
	for _, c := range in.visible() {
		if !used[c.attr.ID] {
			keep = append(keep, &plan.Ref{Attr: c.attr})
			e.Attrs = append(e.Attrs, c.attr)
			sc.add(c.attr, c.qual...)
		}
	}
	name := a.newAttr(r.Name.Name, types.StringType, false)
	e.Attrs = append(e.Attrs, name)
	sc.add(name)
	var values []plan.Attr
	for i, id := range r.Values {
		values = append(values, a.newAttr(id.Name, ts[i], true))
		sc.add(values[i])
	}
	e.Attrs = append(e.Attrs, values...)
	for i, l := range lists {
		row := append(keep[:len(keep):len(keep)], &plan.Lit{Value: vec.ConstString(types.StringType, unpivotName(&r.Columns[i], l), 1)})
		for j, v := range l {
			row = append(row, castTo(v.x, ts[j]))
		}
		e.Rows = append(e.Rows, row)
	}
	if r.IncludeNulls {
		return e, sc, nil
	}
	cond, err := a.anyValue(r, values)
	return &plan.Filter{Child: e, Cond: cond}, sc, err
}

// unpivoted resolves the columns.
func (a *analyzer) unpivoted(in *scope, r *sql.UnpivotRef) ([][]val, error) {
	out := make([][]val, len(r.Columns))
	for i := range r.Columns {
		c := &r.Columns[i]
		if len(c.Columns) != len(r.Values) {
			return nil, a.fail(c.Span(), "UNPIVOT_VALUE_SIZE_MISMATCH", "428C4", "%d columns cannot give %d values", len(c.Columns), len(r.Values))
		}
		for _, name := range c.Columns {
			v, err := a.expr(&exprScope{in: in}, &sql.Column{At: name.At, Parts: name.Parts})
			if err != nil {
				return nil, err
			}
			if _, ok := v.x.(*plan.Ref); !ok {
				return nil, a.fail(name.Span(), "UNPIVOT_REQUIRES_ATTRIBUTES", "42K0A", "UNPIVOT takes columns, but \"%s\" is computed", v.name).
					WithHint("compute it in a subquery first")
			}
			out[i] = append(out[i], v)
		}
	}
	return out, nil
}

// unpivotTypes is the types of the values: common ones, but no text is made of other types.
func (a *analyzer) unpivotTypes(r *sql.UnpivotRef, lists [][]val) ([]types.Type, error) {
	ts := make([]types.Type, len(r.Values))
	for j := range ts {
		t := types.NullType
		for i, l := range lists {
			x := l[j].x.Type()
			common, ok := widest(t, x)
			if mixed := (t.Kind == types.String) != (x.Kind == types.String); !ok || mixed && t.Kind != types.Null && x.Kind != types.Null {
				return nil, a.fail(r.Columns[i].Columns[j].Span(), "UNPIVOT_VALUE_DATA_TYPE_MISMATCH", "42K09",
					"the columns of the value `%s` must have one type, but \"%s\" is %s beside %s", r.Values[j].Name, l[j].name, x.SQL(), t.SQL()).
					WithHint("cast them to one type in a subquery")
			}
			t = common
		}
		ts[j] = t
	}
	return ts, nil
}

// widest is Spark's widening without regard to precision: INT and FLOAT give FLOAT.
func widest(a, b types.Type) (types.Type, bool) {
	if a.Kind == types.Float && b.IsIntegral() || b.Kind == types.Float && a.IsIntegral() {
		return types.FloatType, true
	}
	return types.Common(a, b)
}

func unpivotName(c *sql.UnpivotColumns, list []val) string {
	if c.Alias.Name != "" {
		return c.Alias.Name
	}
	names := make([]string, len(list))
	for i, v := range list {
		names[i] = v.name
	}
	return strings.Join(names, "_")
}

// anyValue keeps the rows with a value that is not NULL.
func (a *analyzer) anyValue(r *sql.UnpivotRef, values []plan.Attr) (plan.Expr, error) {
	var cond plan.Expr
	for _, v := range values {
		has, err := a.op("isnotnull", r.Span(), v.Name, val{&plan.Ref{Attr: v, At: r.Span()}, v.Name})
		if err != nil {
			return nil, err
		}
		if cond == nil {
			cond = has.x
		} else {
			cond = &plan.Logic{Or: true, L: cond, R: has.x, At: r.Span()}
		}
	}
	return cond, nil
}
