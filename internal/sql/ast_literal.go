package sql

import "github.com/azud/azud/internal/types"

// NullLit is NULL.
type NullLit struct{ At }

// BoolLit is TRUE or FALSE.
type BoolLit struct {
	At
	Value bool
}

// StringLit is a string with its escapes resolved and adjacent parts joined.
type StringLit struct {
	At
	Value string
}

// BinaryLit is X'1F'.
type BinaryLit struct {
	At
	Value []byte
}

// NumberLit is a number. Text is the value without suffix, perhaps with a leading '-':
// an integer literal fits its Type; a decimal's Type has the precision and scale of its
// digits; DOUBLE and FLOAT parse with strconv.ParseFloat.
type NumberLit struct {
	At
	Text string
	Type types.Type
}

// TypedLit is DATE '…', TIMESTAMP '…' (with TIMESTAMP_LTZ) or TIMESTAMP_NTZ '…'. Type is the
// type that the keyword names; the text is not yet checked, because a timestamp's meaning
// depends on the session's zone. (Spark: TIMESTAMP '…' without zone is TIMESTAMP unless
// spark.sql.timestampType says otherwise.)
type TypedLit struct {
	At
	Type  types.Type
	Value string
}

// IntervalLit is any INTERVAL literal. Type says which units it has (types.DayTime with
// Micros, types.YearMonth with Months) and which of them were written.
type IntervalLit struct {
	At
	Type   types.Type
	Months int32
	Micros int64
}

// Param is a parameter: :name, or ? with Name "" and its 0-based Index.
type Param struct {
	At
	Name  string
	Index int
}

func (*NullLit) expr()     {}
func (*BoolLit) expr()     {}
func (*StringLit) expr()   {}
func (*BinaryLit) expr()   {}
func (*NumberLit) expr()   {}
func (*TypedLit) expr()    {}
func (*IntervalLit) expr() {}
func (*Param) expr()       {}
