package postgres

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// param is a parameter of a statement.
type param struct {
	value  []byte
	oid    uint32
	format int16 // 1: binary
}

// statement is SQL as it grows, with its parameters.
type statement struct {
	sql    strings.Builder
	params []param
}

// value adds a parameter and is its name in the SQL.
func (s *statement) value(p param) string {
	s.params = append(s.params, p)
	return "$" + strconv.Itoa(len(s.params))
}

// maxParams is the most values of an IN that go to the server; the protocol takes 65535 in all.
const maxParams = 1000

// condition is a filter as SQL that every row satisfies which passes the filter; "" if there is
// none. Rows that do not pass may satisfy it: the filter is applied once more.
func (s *statement) condition(c *column, f connector.Predicate, zone *time.Location) string {
	if f.Op == connector.IsNull || f.Op == connector.IsNotNull {
		return quote(c.name) + " " + string(f.Op)
	}
	if len(f.Values) == 0 || len(s.params)+len(f.Values) > maxParams {
		return ""
	}
	if !c.exact {
		if c.typ.Kind != types.String || f.Op != connector.Equal && f.Op != connector.In {
			return ""
		}
	}
	switch c.typ.Kind {
	case types.String: // collations have their own order
		if f.Op != connector.Equal && f.Op != connector.In {
			return ""
		}
	case types.Timestamp:
		if c.local && zone != time.UTC {
			return s.around(c, f, zone)
		}
	}
	names := make([]string, len(f.Values))
	for i := range f.Values {
		p, ok := paramOf(c, &f.Values[i])
		if !ok {
			return ""
		}
		names[i] = s.value(p)
	}
	left := quote(c.name)
	if !c.exact {
		left = c.selected()
	}
	if f.Op == connector.In {
		return left + " IN (" + strings.Join(names, ", ") + ")"
	}
	return left + " " + string(f.Op) + " " + names[0]
}

// around compares local times, which are not in the order of instants where clocks are changed,
// with a day to spare.
func (s *statement) around(c *column, f connector.Predicate, zone *time.Location) string {
	if f.Op == connector.In {
		return ""
	}
	at := toLocal(vec.Get[int64](&f.Values[0], 0), zone)
	const day = 86400e6
	bound := func(op string, us int64) string {
		return quote(c.name) + " " + op + " " + s.value(timeParam(oidTimestamp, us))
	}
	var out []string
	if f.Op != connector.Less && f.Op != connector.LessEqual {
		out = append(out, bound(">=", at-day))
	}
	if f.Op != connector.Greater && f.Op != connector.GreaterEqual {
		out = append(out, bound("<=", at+day))
	}
	return strings.Join(out, " AND ")
}

func textParam(oid uint32, v string) param { return param{value: []byte(v), oid: oid} }

func timeParam(oid uint32, us int64) param {
	return param{be.AppendUint64(nil, uint64(us-epochMicros)), oid, 1}
}

// paramOf is a value of the column's type as a parameter.
func paramOf(c *column, v *vec.Col) (param, bool) {
	switch c.typ.Kind {
	case types.Boolean:
		return textParam(oidBool, strconv.FormatBool(vec.Get[bool](v, 0))), true
	case types.Short:
		return textParam(oidInt2, strconv.Itoa(int(vec.Get[int16](v, 0)))), true
	case types.Int:
		return textParam(oidInt4, strconv.Itoa(int(vec.Get[int32](v, 0)))), true
	case types.Long:
		return textParam(oidInt8, strconv.FormatInt(vec.Get[int64](v, 0), 10)), true
	case types.Float:
		return param{be.AppendUint32(nil, math.Float32bits(vec.Get[float32](v, 0))), oidFloat4, 1}, true
	case types.Double:
		return param{be.AppendUint64(nil, math.Float64bits(vec.Get[float64](v, 0))), oidFloat8, 1}, true
	case types.Decimal:
		return textParam(oidNumeric, fn.Text(&fn.Context{}, v, 0)), true
	case types.String:
		s := v.Str(0)
		oid := uint32(oidText)
		if c.oid == oidBpchar { // else trailing spaces would count
			oid = oidBpchar
		}
		return textParam(oid, s), !strings.Contains(s, "\x00")
	case types.Binary:
		return param{append([]byte{}, v.Bytes(0)...), oidBytea, 1}, true
	case types.Date:
		return param{be.AppendUint32(nil, uint32(vec.Get[int32](v, 0)-epochDays)), oidDate, 1}, true
	case types.Timestamp:
		oid := uint32(oidTimestamptz)
		if c.local {
			oid = oidTimestamp
		}
		return timeParam(oid, vec.Get[int64](v, 0)), true
	case types.TimestampNTZ:
		return timeParam(oidTimestamp, vec.Get[int64](v, 0)), true
	}
	return param{}, false
}

// rangeOf is the condition of a part: bounds of a column, or pages of a table. The first part has
// the NULLs, too. Spark: JDBCRelation.columnPartition.
func (s *statement) rangeOf(p piece) string {
	if p.column == "" {
		return ""
	}
	left := quote(p.column)
	if p.pages {
		left = "ctid"
	}
	var out []string
	if p.lo != nil {
		out = append(out, left+" >= "+s.value(*p.lo))
	}
	if p.hi != nil {
		out = append(out, left+" < "+s.value(*p.hi))
	}
	if p.lo == nil && !p.pages && p.hi != nil {
		return fmt.Sprintf("(%s OR %s IS NULL)", out[0], left)
	}
	return strings.Join(out, " AND ")
}
