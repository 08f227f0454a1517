package plan

import (
	"bytes"
	"slices"

	"github.com/azud/azud/internal/vec"
)

// Equal reports whether two expressions always give the same value: places in the text are
// ignored, and a volatile call equals nothing (Spark: semanticEquals).
func Equal(a, b Expr) bool {
	return same(a, b) && !IsVolatile(a)
}

func same(a, b Expr) bool {
	if !sameNode(a, b) {
		return false
	}
	if l, ok := a.(*Lambda); ok {
		return sameBody(l, b.(*Lambda))
	}
	x, y := a.Children(), b.Children()
	if len(x) != len(y) {
		return false
	}
	if commutes(a) && same(x[0], y[1]) && same(x[1], y[0]) {
		return true
	}
	for i := range x {
		if !same(x[i], y[i]) {
			return false
		}
	}
	return true
}

// commutes reports operations whose operands may change places (Spark: canonicalized).
func commutes(e Expr) bool {
	switch e := e.(type) {
	case *Logic:
		return true
	case *Call:
		switch e.Name {
		case "+", "*", "=", "<=>", "&", "|", "^":
			return len(e.Args) == 2
		}
	}
	return false
}

// sameNode compares two expressions without their children.
func sameNode(a, b Expr) bool {
	switch a := a.(type) {
	case *Ref:
		b, ok := b.(*Ref)
		return ok && a.Attr.ID == b.Attr.ID
	case *Lit:
		b, ok := b.(*Lit)
		return ok && sameLit(&a.Value, &b.Value)
	case *Call:
		b, ok := b.(*Call)
		return ok && a.Name == b.Name && a.Fn.Result.Equal(b.Fn.Result)
	case *Cast:
		b, ok := b.(*Cast)
		return ok && a.Try == b.Try && a.To.Equal(b.To)
	case *Logic:
		b, ok := b.(*Logic)
		return ok && a.Or == b.Or
	case *Case:
		b, ok := b.(*Case)
		return ok && len(a.When) == len(b.When)
	case *Coalesce:
		_, ok := b.(*Coalesce)
		return ok
	case *In:
		_, ok := b.(*In)
		return ok
	case *Field:
		b, ok := b.(*Field)
		return ok && a.Index == b.Index
	case *Agg:
		b, ok := b.(*Agg)
		return ok && a.Name == b.Name && a.Distinct == b.Distinct && len(a.Args) == len(b.Args) &&
			(a.Filter == nil) == (b.Filter == nil) && sameOrders(a.Order, b.Order) && a.Fn.Result.Equal(b.Fn.Result)
	}
	return sameMore(a, b)
}

// sameMore is sameNode for the expressions of batch queries. A subquery equals only itself.
func sameMore(a, b Expr) bool {
	switch a := a.(type) {
	case *Outer:
		b, ok := b.(*Outer)
		return ok && a.Attr.ID == b.Attr.ID
	case *Subquery:
		return a == b
	case *Higher:
		b, ok := b.(*Higher)
		return ok && a.Name == b.Name && a.Fn.Result.Equal(b.Fn.Result)
	case *Lambda:
		b, ok := b.(*Lambda)
		return ok && sameParams(a.Params, b.Params)
	case *WindowCall:
		b, ok := b.(*WindowCall)
		return ok && a.Name == b.Name && (a.Agg == nil) == (b.Agg == nil) && a.IgnoreNulls == b.IgnoreNulls && sameFrame(a.Frame, b.Frame)
	}
	return false
}

func sameOrders(a, b []Order) bool {
	return slices.EqualFunc(a, b, func(a, b Order) bool { return a.Desc == b.Desc && a.NullsFirst == b.NullsFirst })
}

// sameParams compares the types of lambdas' parameters.
func sameParams(a, b []Attr) bool {
	return slices.EqualFunc(a, b, func(a, b Attr) bool { return a.Type.Equal(b.Type) })
}

// sameBody compares what lambdas of the same parameters compute: their ids differ.
func sameBody(a, b *Lambda) bool {
	as := map[ID]Expr{}
	for i, p := range b.Params {
		as[p.ID] = &Ref{Attr: a.Params[i]}
	}
	return same(a.Body, Substitute(b.Body, as))
}

func sameFrame(a, b Frame) bool {
	return a.Range == b.Range && a.Lo.Kind == b.Lo.Kind && a.Lo.Rows == b.Lo.Rows && a.Hi.Kind == b.Hi.Kind && a.Hi.Rows == b.Hi.Rows
}

// sameLit compares one-row columns by type and stored value.
func sameLit(a, b *vec.Col) bool {
	if !a.Type.Equal(b.Type) || a.IsNull(0) != b.IsNull(0) {
		return false
	}
	return a.IsNull(0) || sameValue(a, b)
}

func sameValue(a, b *vec.Col) bool {
	x, y := vec.Slice(a, 0, 1), vec.Slice(b, 0, 1)
	return sameStored(&x, &y)
}

// sameStored compares flat columns of the same rows bit by bit.
func sameStored(a, b *vec.Col) bool {
	if a.Len != b.Len || !bytes.Equal(a.Data, b.Data) || len(a.Off) != len(b.Off) || len(a.Kids) != len(b.Kids) {
		return false
	}
	for i := range a.Len {
		if a.IsNull(i) != b.IsNull(i) {
			return false
		}
	}
	for i := range a.Off {
		if a.Off[i] != b.Off[i] {
			return false
		}
	}
	for i := range a.Kids {
		if !sameStored(&a.Kids[i], &b.Kids[i]) {
			return false
		}
	}
	return true
}
