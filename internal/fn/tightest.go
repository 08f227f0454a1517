package fn

import (
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// tightest is the common type of two types that needs neither a string to be read nor a decimal
// to be widened: what array functions bring their arguments to.
// Spark: AnsiTypeCoercion.findTightestCommonType.
func tightest(a, b types.Type) (types.Type, bool) {
	switch {
	case a.Kind == types.Null:
		return b, true
	case b.Kind == types.Null:
		return a, true
	case a.Kind != b.Kind && (a.Kind == types.Decimal || b.Kind == types.Decimal):
		if a.Kind != types.Decimal {
			a, b = b, a
		}
		return a, b.IsIntegral() && types.CanUpCast(b, a)
	case a.Kind == types.Decimal:
		return a, a.Equal(b)
	case a.Kind == types.Float && b.IsIntegral(), b.Kind == types.Float && a.IsIntegral():
		return types.FloatType, true
	case a.Kind != b.Kind && (a.Kind == types.String || b.Kind == types.String):
		return a, false
	case a.Kind == types.Array && b.Kind == types.Array:
		elem, ok := tightest(*a.Elem, *b.Elem)
		return types.ArrayOf(elem, a.HasNull || b.HasNull), ok
	case a.Kind == types.Map && b.Kind == types.Map:
		k, ok1 := tightest(*a.Key, *b.Key)
		v, ok2 := tightest(*a.Elem, *b.Elem)
		return types.MapOf(k, v, a.HasNull || b.HasNull), ok1 && ok2
	}
	if a.Kind != types.Struct || b.Kind != types.Struct || len(a.Fields) != len(b.Fields) {
		return types.Common(a, b)
	}
	return tightestStruct(a, b)
}

func tightestStruct(a, b types.Type) (types.Type, bool) {
	fields := make([]types.Field, len(a.Fields))
	for i, f := range a.Fields {
		g := b.Fields[i]
		t, ok := tightest(f.Type, g.Type)
		if !ok || !strings.EqualFold(f.Name, g.Name) {
			return a, false
		}
		fields[i] = types.Field{Name: f.Name, Type: t, Nullable: f.Nullable || g.Nullable}
	}
	return types.StructOf(fields...), true
}

// widest is the common type of two types, decimals widened but no string read.
// Spark: AnsiTypeCoercion.findWiderTypeWithoutStringPromotionForTwo.
func widest(a, b types.Type) (types.Type, bool) {
	if (a.Kind == types.String) != (b.Kind == types.String) && a.Kind != types.Null && b.Kind != types.Null {
		return a, false
	}
	return types.Common(a, b)
}

// nullType is the error of a NULL without a type where one is needed.
func nullType(name string) error {
	return errs.New("DATATYPE_MISMATCH.NULL_TYPE", "%s cannot be used with NULLs of no type", name).State("42K09").
		WithHint("cast NULL to the type that is meant")
}

// exact requires one of the types as they are; only NULL is cast, to the first.
// Spark: ExpectsInputTypes, of functions that do no implicit casts.
func exact(list ...types.Type) param {
	p := is(list...)
	return func(a Arg) (types.Type, string) {
		if a.Type.Kind == types.Null {
			return list[0], ""
		}
		for _, t := range list {
			if a.Type.Equal(t) {
				return t, ""
			}
		}
		_, required := p(Arg{Type: types.ArrayOf(types.NullType, true)})
		return types.Type{}, required
	}
}
