package analyze

import (
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Target is where INSERT puts rows.
type Target struct {
	Name    string       // for messages
	Schema  types.Schema // the declared columns; empty if there are none
	ByName  bool         // BY NAME
	Columns []string     // INSERT INTO t (a, b): the columns that the query's stand for, in order
	Source  *errs.Source // the statement's text
	At      errs.Span    // the place of the target's name
}

// Insert fits a query's columns to a target's: by name or by position, with the casts that
// store assignment allows; a column that BY NAME does not give is NULL. A target without
// declared columns takes the query as it is. Spark: PreprocessTableInsertion,
// TableOutputResolver, storeAssignmentPolicy ANSI.
func Insert(t Target, q plan.Node) (plan.Node, error) {
	if len(t.Schema) == 0 {
		return q, nil
	}
	i := &inserting{t: t, query: q, next: plan.MaxID(q)}
	var from []*plan.Attr
	var err error
	switch {
	case len(t.Columns) > 0:
		from, err = i.byList()
	case t.ByName:
		from, err = i.byName(q.Output())
	default:
		from, err = i.byPosition()
	}
	if err != nil {
		return nil, err
	}
	return i.project(from)
}

type inserting struct {
	t     Target
	query plan.Node
	next  plan.ID
}

func (i *inserting) fail(class, state, format string, args ...any) *errs.Error {
	e := errs.New(class, format, args...).State(state)
	if i.t.Source != nil {
		e.At(i.t.Source, i.t.At)
	}
	return e
}

// arity is the error of a wrong number of columns.
func (i *inserting) arity(why string, given int) error {
	return i.fail("INSERT_COLUMN_ARITY_MISMATCH."+why, "21S01", "`%s` has %d columns (%s), but the query has %d (%s)",
		i.t.Name, len(i.t.Schema), strings.Join(i.t.Schema.Names(), ", "), given, strings.Join(plan.SchemaOf(i.query).Names(), ", "))
}

func (i *inserting) byPosition() ([]*plan.Attr, error) {
	out := i.query.Output()
	switch {
	case len(out) < len(i.t.Schema):
		return nil, i.arity("NOT_ENOUGH_DATA_COLUMNS", len(out))
	case len(out) > len(i.t.Schema):
		return nil, i.arity("TOO_MANY_DATA_COLUMNS", len(out))
	}
	from := make([]*plan.Attr, len(out))
	for k := range out {
		from[k] = &out[k]
	}
	return from, nil
}

// byList gives the query's columns the names of the list.
func (i *inserting) byList() ([]*plan.Attr, error) {
	out := append([]plan.Attr{}, i.query.Output()...)
	for _, c := range i.t.Columns {
		if i.t.Schema.Index(c) < 0 {
			e := i.fail("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", "`%s` has no column `%s`", i.t.Name, c)
			if near := errs.Near(c, i.t.Schema.Names()); len(near) > 0 {
				return nil, e.WithHint("did you mean %s?", strings.Join(near, ", "))
			}
			return nil, e.WithHint("its columns are %s", strings.Join(i.t.Schema.Names(), ", "))
		}
	}
	switch {
	case len(out) < len(i.t.Columns):
		return nil, i.arity("NOT_ENOUGH_DATA_COLUMNS", len(out))
	case len(out) > len(i.t.Columns):
		return nil, i.arity("TOO_MANY_DATA_COLUMNS", len(out))
	}
	for k := range out {
		out[k].Name = i.t.Columns[k]
	}
	return i.byName(out)
}

// byName finds the query's column for each of the target's, nil if there is none.
func (i *inserting) byName(out []plan.Attr) ([]*plan.Attr, error) {
	from := make([]*plan.Attr, len(i.t.Schema))
	var extra []string
	for k := range out {
		at := i.t.Schema.Index(out[k].Name)
		switch {
		case at < 0:
			extra = append(extra, out[k].Name)
		case from[at] != nil:
			return nil, i.fail("INCOMPATIBLE_DATA_FOR_TABLE.AMBIGUOUS_COLUMN_NAME", "KD000",
				"the query has two columns `%s` for `%s`", out[k].Name, i.t.Name).WithHint("name each column once, with AS")
		default:
			from[at] = &out[k]
		}
	}
	if len(extra) > 0 {
		return nil, i.extra(extra, len(out))
	}
	for k, f := range i.t.Schema {
		if from[k] == nil && !f.Nullable {
			return nil, i.fail("INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_FIND_DATA", "KD000",
				"the query gives nothing for the column `%s` of `%s`, which is NOT NULL", f.Name, i.t.Name).
				WithHint("add a column AS %s", f.Name)
		}
	}
	return from, nil
}

func (i *inserting) extra(extra []string, given int) error {
	if given > len(i.t.Schema) {
		return i.arity("TOO_MANY_DATA_COLUMNS", given)
	}
	e := i.fail("INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS", "KD000", "`%s` has no column `%s`",
		i.t.Name, strings.Join(extra, "`, `"))
	if near := errs.Near(extra[0], i.t.Schema.Names()); len(near) > 0 {
		return e.WithHint("did you mean AS %s?", near[0])
	}
	return e.WithHint("its columns are %s", strings.Join(i.t.Schema.Names(), ", "))
}

// project makes the target's columns of the query's.
func (i *inserting) project(from []*plan.Attr) (plan.Node, error) {
	p := &plan.Project{Child: i.query}
	out := i.query.Output()
	same := len(from) == len(out)
	for k, f := range i.t.Schema {
		c, err := i.column(f, from[k])
		if err != nil {
			return nil, err
		}
		same = same && out[k].ID == c.Attr.ID && out[k].Name == c.Attr.Name
		p.Cols = append(p.Cols, c)
	}
	if same {
		return i.query, nil
	}
	return p, nil
}

// own is the attribute under its name in the query, which a column list may have replaced.
func (i *inserting) own(a plan.Attr) plan.Attr {
	if found, ok := plan.Find(i.query.Output(), a.ID); ok {
		return found
	}
	return a
}

func (i *inserting) column(f types.Field, a *plan.Attr) (plan.Named, error) {
	if a == nil {
		i.next++
		return plan.Named{Attr: plan.Attr{ID: i.next, Name: f.Name, Type: f.Type, Nullable: true},
			Expr: &plan.Lit{Value: vec.NullCol(f.Type, 1), At: i.t.At}}, nil
	}
	if !types.CanANSIStore(a.Type, f.Type) {
		return plan.Named{}, i.fail("INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST", "KD000",
			"the column `%s` of `%s` is %s, and the query's %s cannot be stored in it", f.Name, i.t.Name, f.Type.SQL(), a.Type.SQL()).
			WithHint("convert it: CAST(... AS %s) AS %s", f.Type.SQL(), f.Name)
	}
	x := castTo(&plan.Ref{Attr: i.own(*a), At: i.t.At}, f.Type)
	attr := *a
	attr.Name, attr.Qualifier = f.Name, ""
	if _, ok := x.(*plan.Ref); !ok {
		i.next++
		attr = plan.Attr{ID: i.next, Name: f.Name, Type: f.Type, Nullable: x.Nullable()}
	}
	return plan.Named{Attr: attr, Expr: x}, nil
}

// Assign is a constant as a variable of a type takes it: by a cast, as Spark does. Its errors have
// no place.
func Assign(c *fn.Context, x plan.Expr, to types.Type, what string) (vec.Col, error) {
	if _, err := fn.CastKernel(x.Type(), to, false); err != nil {
		return vec.Col{}, errs.New("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", "%s is %s, and a value of %s cannot be stored in it", what, to.SQL(), x.Type().SQL()).
			State("42K09").WithHint("convert it: CAST(... AS %s)", to.SQL())
	}
	return plan.Eval(c, castTo(x, to))
}
