package types

// MaxPrecision is the largest precision of DECIMAL.
const MaxPrecision = 38

// minAdjustedScale is how much of the scale survives when a result is too wide.
const minAdjustedScale = 6

// DecimalFor is the DECIMAL that holds every value of a numeric type (for FLOAT and
// DOUBLE: the usual approximation). Spark: DecimalType.forType.
func DecimalFor(t Type) Type {
	switch t.Kind {
	case Byte:
		return DecimalType(3, 0)
	case Short:
		return DecimalType(5, 0)
	case Int:
		return DecimalType(10, 0)
	case Long:
		return DecimalType(20, 0)
	case Float:
		return DecimalType(14, 7)
	case Double:
		return DecimalType(30, 15)
	case Decimal:
		return t
	}
	return DecimalType(MaxPrecision, 18)
}

// BoundedDecimal caps precision and scale at 38. Spark: DecimalType.bounded.
func BoundedDecimal(p, s int) Type {
	return DecimalType(min(p, MaxPrecision), min(s, MaxPrecision))
}

// AdjustDecimal fits a result into 38 digits: the integer part is kept, and of the scale
// at least 6 digits (or what it has). Spark: DecimalType.adjustPrecisionScale.
func AdjustDecimal(p, s int) Type {
	if p <= MaxPrecision {
		return DecimalType(p, s)
	}
	return DecimalType(MaxPrecision, max(MaxPrecision-(p-s), min(s, minAdjustedScale)))
}

// WiderDecimal is the DECIMAL that holds both; beyond 38 digits the scale yields.
// Spark: DecimalPrecisionTypeCoercion.widerDecimalType.
func WiderDecimal(a, b Type) Type {
	s := int(max(a.Scale, b.Scale))
	p := int(max(a.Precision-a.Scale, b.Precision-b.Scale)) + s
	if p <= MaxPrecision {
		return DecimalType(p, s)
	}
	return DecimalType(MaxPrecision, max(0, s-(p-MaxPrecision)))
}

// DecimalResult is the type of an arithmetic operation on two DECIMALs; op is one of
// "+", "-", "*", "/", "%" and "div" (whose quotient is then cast to BIGINT).
// Spark: Add, Subtract, Multiply, Divide, Remainder, IntegralDivide.resultDecimalType.
func DecimalResult(op string, a, b Type) Type {
	p1, s1, p2, s2 := int(a.Precision), int(a.Scale), int(b.Precision), int(b.Scale)
	switch op {
	case "*":
		return AdjustDecimal(p1+p2+1, s1+s2)
	case "/":
		s := max(minAdjustedScale, s1+p2+1)
		return AdjustDecimal(p1-s1+s2+s, s)
	case "%", "mod", "pmod":
		s := max(s1, s2)
		return AdjustDecimal(min(p1-s1, p2-s2)+s, s)
	case "div":
		return BoundedDecimal(max(p1-s1+s2, 1), 0)
	}
	s := max(s1, s2)
	return AdjustDecimal(max(p1-s1, p2-s2)+s+1, s)
}
