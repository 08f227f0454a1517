package types

import "strings"

// Common is the least common type of two types, to which CASE, COALESCE, UNION, IN and
// comparisons cast both sides under ANSI; false if there is none.
// Spark: AnsiTypeCoercion.findWiderTypeForTwo.
func Common(a, b Type) (Type, bool) {
	switch {
	case a.Kind == Null:
		return b, true
	case b.Kind == Null:
		return a, true
	case a.IsNumeric() && b.IsNumeric():
		return commonNumeric(a, b), true
	case a.IsTime() && b.IsTime():
		return commonTime(a, b), true
	case a.Kind == String || b.Kind == String:
		return commonString(a, b)
	case a.Kind != b.Kind:
		return Type{}, false
	}
	switch a.Kind {
	case DayTime, YearMonth:
		a.Precision, a.Scale = min(a.Precision, b.Precision), max(a.Scale, b.Scale)
		return a, true
	case Array, Map, Struct:
		return commonNested(a, b)
	}
	return a, true
}

// commonNumeric widens to the later kind; FLOAT with an integer is DOUBLE, and so is
// DECIMAL with FLOAT or DOUBLE.
func commonNumeric(a, b Type) Type {
	if a.Kind != Decimal && b.Kind != Decimal {
		if a.Kind == b.Kind {
			return a
		}
		if k := max(a.Kind, b.Kind); k != Float {
			return Type{Kind: k}
		}
		return DoubleType
	}
	if a.Kind == Float || a.Kind == Double || b.Kind == Float || b.Kind == Double {
		return DoubleType
	}
	return WiderDecimal(DecimalFor(a), DecimalFor(b))
}

func commonTime(a, b Type) Type {
	switch {
	case a.Kind == b.Kind:
		return a
	case a.Kind == Timestamp || b.Kind == Timestamp:
		return TimestampType
	}
	return TimestampNTZType
}

// commonString: a string meets an integer as BIGINT, a fraction as DOUBLE, any other
// atomic type as that type, except intervals. Spark: AnsiTypeCoercion.findWiderTypeForString.
func commonString(a, b Type) (Type, bool) {
	if a.Kind != String {
		a, b = b, a
	}
	switch {
	case b.IsIntegral():
		return LongType, true
	case b.IsFractional():
		return DoubleType, true
	case b.Kind == DayTime || b.Kind == YearMonth || b.IsNested():
		return Type{}, false
	}
	return b, true
}

func commonNested(a, b Type) (Type, bool) {
	switch a.Kind {
	case Array:
		e, ok := Common(*a.Elem, *b.Elem)
		return ArrayOf(e, a.HasNull || b.HasNull), ok
	case Map:
		k, ok1 := Common(*a.Key, *b.Key)
		v, ok2 := Common(*a.Elem, *b.Elem)
		return MapOf(k, v, a.HasNull || b.HasNull), ok1 && ok2
	}
	if len(a.Fields) != len(b.Fields) {
		return Type{}, false
	}
	out := make([]Field, len(a.Fields))
	for i, f := range a.Fields {
		g := b.Fields[i]
		t, ok := Common(f.Type, g.Type)
		if !ok || !strings.EqualFold(f.Name, g.Name) {
			return Type{}, false
		}
		out[i] = Field{Name: f.Name, Type: t, Nullable: f.Nullable || g.Nullable}
	}
	return StructOf(out...), true
}

// CanUpCast reports whether every value of from has an equal value in to, so that the
// cast cannot fail or lose anything. Spark: UpCastRule.canUpCast.
func CanUpCast(from, to Type) bool {
	switch {
	case from.Equal(to), from.Kind == Null:
		return true
	case from.IsNumeric() && to.IsNumeric():
		return numericUpCast(from, to)
	case from.IsTime() && to.IsTime():
		return to.Kind != Date
	case to.Kind == String:
		return !from.IsNested() && from.Kind != Binary
	case from.Kind != to.Kind:
		return false
	}
	switch from.Kind {
	case DayTime, YearMonth:
		return true
	}
	return nestedOK(from, to, CanUpCast)
}

func numericUpCast(from, to Type) bool {
	switch {
	case to.Kind == Decimal && (from.IsIntegral() || from.Kind == Decimal):
		d := DecimalFor(from)
		return to.Precision-to.Scale >= d.Precision-d.Scale && to.Scale >= d.Scale
	case to.Kind == Decimal:
		return false
	case from.Kind == Decimal:
		// Spark: a decimal without a scale fits an integer type that is wider.
		return to.IsIntegral() && from.Scale == 0 && from.Precision < DecimalFor(to).Precision
	}
	return from.Kind <= to.Kind
}

// CanANSIStore reports whether INSERT may put from into a column of type to (the cast may
// still fail for a value). Spark: Cast.canANSIStoreAssign.
func CanANSIStore(from, to Type) bool {
	switch {
	case from.Equal(to), from.Kind == Null:
		return true
	case from.IsNumeric() && to.IsNumeric(), from.IsTime() && to.IsTime():
		return true
	case to.Kind == String:
		return !from.IsNested()
	case from.Kind != to.Kind:
		return false
	}
	switch from.Kind {
	case DayTime, YearMonth:
		return true
	}
	return nestedOK(from, to, CanANSIStore)
}

// nestedOK applies a rule to the parts of two nested types of one kind.
func nestedOK(from, to Type, rule func(a, b Type) bool) bool {
	switch from.Kind {
	case Array:
		return (to.HasNull || !from.HasNull) && rule(*from.Elem, *to.Elem)
	case Map:
		return (to.HasNull || !from.HasNull) && rule(*from.Key, *to.Key) && rule(*from.Elem, *to.Elem)
	case Struct:
		if len(from.Fields) != len(to.Fields) {
			return false
		}
		for i, f := range from.Fields {
			g := to.Fields[i]
			if f.Nullable && !g.Nullable || !rule(f.Type, g.Type) {
				return false
			}
		}
		return true
	}
	return false
}
