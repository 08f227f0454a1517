package analyze

import (
	"errors"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
)

// operandMismatch gives the refusal of an operation the class that Spark has for it, which tells
// what its rewriting of dates and intervals made of the operands.
func operandMismatch(err error, op string, l, r types.Type) error {
	var e *errs.Error
	if !errors.As(err, &e) || !strings.HasPrefix(e.Class, "DATATYPE_MISMATCH.") {
		return err
	}
	if why := mismatchOf(op, l, r); why != "" {
		e.Class = "DATATYPE_MISMATCH." + why
	}
	return err
}

// mismatchOf is the class below DATATYPE_MISMATCH; "" leaves it. Spark:
// BinaryArithmeticWithDatetimeResolver, then BinaryOperator.checkInputDataTypes.
func mismatchOf(op string, l, r types.Type) string {
	const unexpected = "UNEXPECTED_INPUT_TYPE"
	lt, rt := isStamp(l), isStamp(r)
	switch {
	case op == "+" && (l.Kind == types.DayTime) != (r.Kind == types.DayTime),
		op == "+" && (l.Kind == types.Date || r.Kind == types.Date),
		op == "-" && r.Kind == types.DayTime && l.Kind != types.DayTime,
		op == "-" && (lt || rt || r.Kind == types.Date || l.Kind == types.Date && r.Kind != types.String),
		op == "*" && (isInterval(l) || isInterval(r)),
		op == "/" && isInterval(l):
		return unexpected
	}
	switch op {
	case "+", "-", "*", "/", "%", "&", "|", "^":
		if l.Equal(r) || l.Kind == types.String && r.IsTime() || r.Kind == types.String && l.IsTime() {
			return "BINARY_OP_WRONG_TYPE"
		}
		if l.Kind != types.String && r.Kind != types.String {
			return "BINARY_OP_DIFF_TYPES"
		}
	}
	return ""
}

// besideVoid gives an operand of type VOID the type that Spark gives it beside the other: an
// interval is added to a time, and numbers and intervals keep to their own.
func besideVoid(op string, l, r val) (val, val) {
	lv, rv := l.x.Type().Kind == types.Null, r.x.Type().Kind == types.Null
	if lv == rv || !strings.Contains("+-*/%", op) {
		return l, r
	}
	if lv {
		l.x = voidBeside(op, l.x, r.x.Type())
	} else {
		r.x = voidBeside(op, r.x, l.x.Type())
	}
	return l, r
}

func voidBeside(op string, x plan.Expr, other types.Type) plan.Expr {
	switch {
	case other.Kind == types.Decimal, other.Kind == types.Date && op == "-", isInterval(other) && (op == "+" || op == "-"):
		return castTo(x, other)
	case op == "+" && other.IsTime():
		return castTo(x, types.DayTimeType)
	}
	return x
}

func isStamp(t types.Type) bool { return t.Kind == types.Timestamp || t.Kind == types.TimestampNTZ }
