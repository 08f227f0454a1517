package plan

import (
	"fmt"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Eval computes an expression for which IsConst holds; the result has one row. An error is
// what a row's evaluation would raise. It is for literals and folding: operators evaluate
// batches (exec).
func Eval(c *fn.Context, e Expr) (vec.Col, error) {
	switch e := e.(type) {
	case *Lit:
		return e.Value, nil
	case *Call:
		return evalCall(c, e)
	case *Cast:
		return evalCast(c, e)
	case *Logic:
		return evalLogic(c, e)
	case *Case:
		return evalCase(c, e)
	case *Coalesce:
		return evalCoalesce(c, e)
	case *In:
		return evalIn(c, e)
	case *Field:
		x, err := Eval(c, e.X)
		if err != nil || e.X.Type().Kind != types.Struct {
			return vec.Col{}, orNotConst(err, e)
		}
		return x.Field(e.Index), nil
	}
	return vec.Col{}, orNotConst(nil, e)
}

func orNotConst(err error, e Expr) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("%s is not a constant", String(e))
}

func evalArgs(c *fn.Context, list []Expr) ([]vec.Col, error) {
	out := make([]vec.Col, len(list))
	for i, e := range list {
		v, err := Eval(c, e)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func evalCall(c *fn.Context, e *Call) (vec.Col, error) {
	args, err := evalArgs(c, e.Args)
	if err != nil {
		return vec.Col{}, err
	}
	return e.Fn.Kernel(c, args, 1, nil)
}

func evalCast(c *fn.Context, e *Cast) (vec.Col, error) {
	x, err := Eval(c, e.X)
	if err != nil {
		return vec.Col{}, err
	}
	k, err := fn.CastKernel(e.X.Type(), e.To, e.Try)
	if err != nil {
		return vec.Col{}, err
	}
	return k(c, x, 1, nil)
}

// truth is the value of a boolean column of one row, and whether it is NULL.
func truth(v *vec.Col) (val, null bool) {
	if v.IsNull(0) {
		return false, true
	}
	return vec.Get[bool](v, 0), false
}

func evalLogic(c *fn.Context, e *Logic) (vec.Col, error) {
	l, err := Eval(c, e.L)
	if err != nil {
		return l, err
	}
	lv, lnull := truth(&l)
	if !lnull && lv == e.Or {
		return l, nil
	}
	r, err := Eval(c, e.R)
	if err != nil {
		return r, err
	}
	if rv, rnull := truth(&r); !rnull && rv == e.Or {
		return r, nil
	} else if rnull || lnull {
		return vec.NullCol(types.BooleanType, 1), nil
	}
	return vec.ConstOf(types.BooleanType, !e.Or, 1), nil
}

func evalCase(c *fn.Context, e *Case) (vec.Col, error) {
	for i, w := range e.When {
		v, err := Eval(c, w)
		if err != nil {
			return v, err
		}
		if yes, null := truth(&v); yes && !null {
			return Eval(c, e.Then[i])
		}
	}
	if e.Else == nil {
		return vec.NullCol(e.Type(), 1), nil
	}
	return Eval(c, e.Else)
}

func evalCoalesce(c *fn.Context, e *Coalesce) (vec.Col, error) {
	for _, a := range e.Args {
		v, err := Eval(c, a)
		if err != nil || !v.IsNull(0) {
			return v, err
		}
	}
	return vec.NullCol(e.Type(), 1), nil
}

func evalIn(c *fn.Context, e *In) (vec.Col, error) {
	x, err := Eval(c, e.X)
	if err != nil {
		return x, err
	}
	if x.IsNull(0) {
		return vec.NullCol(types.BooleanType, 1), nil
	}
	compare := fn.CompareFunc(x.Type)
	null := false
	for _, it := range e.List {
		v, err := Eval(c, it)
		switch {
		case err != nil:
			return v, err
		case v.IsNull(0):
			null = true
		case compare(&x, 0, &v, 0) == 0:
			return vec.ConstOf(types.BooleanType, true, 1), nil
		}
	}
	if null {
		return vec.NullCol(types.BooleanType, 1), nil
	}
	return vec.ConstOf(types.BooleanType, false, 1), nil
}

// Fold replaces the constant parts of an expression by their values. What fails to
// evaluate stays, to raise its error at run time as in Spark.
func Fold(c *fn.Context, e Expr) Expr {
	return RewriteUp(e, func(e Expr) Expr { return FoldNode(c, e) })
}

// FoldNode is Fold for an expression whose children are folded already.
func FoldNode(c *fn.Context, e Expr) Expr {
	if !Foldable(e) {
		return e
	}
	v, err := Eval(c, e)
	if err != nil {
		return e
	}
	v.Type = e.Type() // nested nullability as declared
	return &Lit{Value: v, At: e.Span()}
}

// Foldable reports an operation over literals alone that gives the same value each time.
func Foldable(e Expr) bool {
	switch e := e.(type) {
	case *Ref, *Lit, *Agg, *Outer, *Subquery, *Lambda, *Higher, *WindowCall:
		return false
	case *Call:
		if e.Fn.Volatile {
			return false
		}
	}
	for _, c := range e.Children() {
		if _, ok := c.(*Lit); !ok {
			return false
		}
	}
	return true
}
