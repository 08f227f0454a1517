package engine

import (
	"context"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// variable is a session variable: DECLARE x INT DEFAULT 5. Values have one row.
type variable struct {
	name           string
	value, initial vec.Col
}

// variableName is the last part of a variable's name; session and system.session may precede it.
func variableName(at scope, n sql.Name) (string, error) {
	p := n.Strings()
	if len(p) > 0 && strings.EqualFold(p[0], "system") {
		p = p[1:]
	}
	if len(p) == 2 && strings.EqualFold(p[0], "session") {
		p = p[1:]
	}
	if len(p) != 1 {
		return "", errs.New("UNRESOLVED_VARIABLE", "%s is not a name of a session variable", n).State("42883").At(at.src, n.Span()).
			WithHint("write a name alone, or session.name")
	}
	return p[0], nil
}

// variables runs DECLARE, SET VAR and DROP TEMPORARY VARIABLE.
func (s *Session) variables(ctx context.Context, at scope, st sql.Statement) error {
	switch st := st.(type) {
	case *sql.Declare:
		return s.declareVariables(ctx, at, st)
	case *sql.DropVariable:
		return s.dropVariable(at, st)
	case *sql.SetVariable:
		return s.setVariables(ctx, at, st)
	}
	return errs.New("INTERNAL_ERROR", "%T is about no variable", st)
}

func (s *Session) declareVariables(ctx context.Context, at scope, st *sql.Declare) error {
	value := vec.NullCol(types.StringType, 1)
	if st.Type != nil {
		value = vec.NullCol(*st.Type, 1)
	}
	if st.Default != nil {
		if q := subquery(st.Default); q != nil {
			return errs.New("INVALID_DEFAULT_VALUE.SUBQUERY_EXPRESSION", "the default of a variable cannot be a query").State("42623").At(at.src, q.Span()).
				WithHint("declare it without, and write SET VAR %s = (SELECT …)", st.Names[0])
		}
		var err error
		if value, err = s.constant(ctx, at, st.Default, st.Type); err != nil {
			return err
		}
	}
	for _, n := range st.Names {
		name, err := variableName(at, n)
		if err != nil {
			return err
		}
		s.mu.Lock()
		_, there := s.vars[strings.ToLower(name)]
		if !there || st.OrReplace {
			s.vars[strings.ToLower(name)] = &variable{name, value, value}
		}
		s.mu.Unlock()
		if there && !st.OrReplace {
			return errs.New("VARIABLE_ALREADY_EXISTS", "the variable %s exists already", name).State("42723").At(at.src, n.Span()).
				WithHint("write DECLARE OR REPLACE, or SET VAR %s = …", name)
		}
	}
	return nil
}

func (s *Session) dropVariable(at scope, st *sql.DropVariable) error {
	name, err := variableName(at, st.Name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.vars[strings.ToLower(name)]; !there && !st.IfExists {
		return s.noVariable(at, st.Name, "VARIABLE_NOT_FOUND")
	}
	delete(s.vars, strings.ToLower(name))
	return nil
}

// noVariable is the error of a variable that is not declared. s.mu is held.
func (s *Session) noVariable(at scope, n sql.Name, class string) error {
	var names []string
	for _, v := range s.vars {
		names = append(names, v.name)
	}
	e := errs.New(class, "there is no variable %s", n).State("42883").At(at.src, n.Span())
	if near := errs.Near(n.Last().Name, names); len(near) > 0 {
		return e.WithHint("did you mean %s?", strings.Join(near, ", "))
	}
	return e.WithHint("declare it: DECLARE %s INT DEFAULT 0", n)
}

// setVariables computes all values before it changes any variable.
func (s *Session) setVariables(ctx context.Context, at scope, st *sql.SetVariable) error {
	targets := make([]*variable, len(st.Targets))
	for i, n := range st.Targets {
		name, err := variableName(at, n)
		if err != nil {
			return err
		}
		s.mu.Lock()
		targets[i] = s.vars[strings.ToLower(name)]
		if targets[i] == nil {
			err = s.noVariable(at, n, "UNRESOLVED_VARIABLE")
		}
		s.mu.Unlock()
		if err != nil {
			return err
		}
		for _, earlier := range targets[:i] {
			if earlier == targets[i] {
				return errs.New("DUPLICATE_ASSIGNMENTS", "the variable %s is set twice", name).State("42701").At(at.src, n.Span())
			}
		}
	}
	values, err := s.assigned(ctx, at, st, targets)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, v := range targets {
		v.value = values[i]
	}
	return nil
}

func (s *Session) assigned(ctx context.Context, at scope, st *sql.SetVariable, targets []*variable) ([]vec.Col, error) {
	values := make([]vec.Col, len(targets))
	if st.Query == nil {
		for i, x := range st.Values {
			if c, ok := x.(*sql.Column); ok && len(c.Parts) == 1 && strings.EqualFold(c.Parts[0].Name, "default") {
				values[i] = targets[i].initial
				continue
			}
			var err error
			if values[i], err = s.constant(ctx, at, x, &targets[i].value.Type); err != nil {
				return nil, err
			}
		}
		return values, nil
	}
	r, err := s.query(ctx, at, st.Query)
	switch {
	case err != nil:
		return nil, err
	case len(r.Schema) != len(targets):
		return nil, errs.New("ASSIGNMENT_ARITY_MISMATCH", "%d variables are set by %d columns", len(targets), len(r.Schema)).
			State("42802").At(at.src, st.Query.Span())
	case r.Rows.N > 1:
		return nil, errs.New("ROW_SUBQUERY_TOO_MANY_ROWS", "the query gives %d rows, and variables have one value", r.Rows.N).
			State("21000").At(at.src, st.Query.Span())
	}
	for i, v := range targets {
		one := vec.NullCol(r.Schema[i].Type, 1)
		if r.Rows.N == 1 {
			one = r.Rows.Cols[i]
		}
		x := &plan.Lit{Value: one, At: st.Query.Span()}
		if values[i], err = analyze.Assign(&r.Ctx, x, v.value.Type, v.name); err != nil {
			return nil, at.at(err, st.Query.Span())
		}
	}
	return values, nil
}

// constant computes an expression without columns by a query of its own, so that it may hold
// subqueries; to, if not nil, is the type that the value is stored as.
func (s *Session) constant(ctx context.Context, at scope, x sql.Expr, to *types.Type) (vec.Col, error) {
	q := &sql.Query{At: sql.At{Pos: x.Span()}, Body: &sql.Select{At: sql.At{Pos: x.Span()},
		Items: []sql.SelectItem{{At: sql.At{Pos: x.Span()}, X: x}}}}
	r, err := s.query(ctx, at, q)
	if err != nil {
		return vec.Col{}, err
	}
	v := r.Rows.Cols[0]
	if to == nil {
		return v, nil
	}
	out, err := analyze.Assign(&r.Ctx, &plan.Lit{Value: v, At: x.Span()}, *to, "the variable")
	return out, at.at(err, x.Span())
}

// subquery finds a query in the expression of a default.
func subquery(x sql.Expr) sql.Node {
	switch x := x.(type) {
	case *sql.Subquery:
		return x
	case *sql.Binary:
		if q := subquery(x.L); q != nil {
			return q
		}
		return subquery(x.R)
	}
	return nil
}
