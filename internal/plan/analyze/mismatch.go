package analyze

import (
	"errors"
	"strings"

	"github.com/azud/azud/internal/errs"
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
		op == "+" && (l.Kind == types.Date && r.Kind != types.String || r.Kind == types.Date && l.Kind != types.String),
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

func isStamp(t types.Type) bool { return t.Kind == types.Timestamp || t.Kind == types.TimestampNTZ }
