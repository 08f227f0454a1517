package analyze

import (
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// extractField is the function behind a field of EXTRACT. Spark: DatePart.parseExtractField.
func extractField(field string) string {
	switch strings.ToUpper(field) {
	case "YEAR", "Y", "YEARS", "YR", "YRS":
		return "year"
	case "QUARTER", "QTR":
		return "quarter"
	case "MONTH", "MON", "MONS", "MONTHS":
		return "month"
	case "WEEK", "W", "WEEKS":
		return "weekofyear"
	case "DAY", "D", "DAYS":
		return "dayofmonth"
	case "DAYOFWEEK", "DOW":
		return "dayofweek"
	case "DOY":
		return "dayofyear"
	case "HOUR", "H", "HOURS", "HR", "HRS":
		return "hour"
	case "MINUTE", "M", "MIN", "MINS", "MINUTES":
		return "minute"
	case "SECOND", "S", "SEC", "SECONDS", "SECS":
		return "second"
	}
	return ""
}

// extract is EXTRACT(field FROM x), date_part('field', x) and datepart: the field's own
// function.
func (a *analyzer) extract(s *exprScope, e *sql.Call, name string) (val, error) {
	args, err := a.fixedArgs(s, e, name, 2)
	if err != nil {
		return val{}, err
	}
	field, ok := constString(args[0])
	if !ok {
		return val{}, a.fail(e.Args[0].Span(), "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "42K09", "the field must be a constant string")
	}
	display := name + "(" + names(args) + ")"
	if e.Form == sql.FormExtract {
		display = "extract(" + field + " FROM " + args[1].name + ")"
	}
	f := extractField(field)
	if f == "" || args[1].x.Type().Kind == types.DayTime || args[1].x.Type().Kind == types.YearMonth {
		return val{}, a.noField(field, args[1], e.Args[0].Span())
	}
	if f == "second" {
		return a.extractSecond(e, args[1], display)
	}
	return a.op(f, e.Span(), display, args[1])
}

func (a *analyzer) noField(field string, x val, at errs.Span) error {
	return a.fail(at, "INVALID_EXTRACT_FIELD", "42601", "cannot extract `%s` from \"%s\"", field, x.name).
		WithHint("the fields are YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFWEEK, DOY, HOUR, MINUTE and SECOND")
}

// extractSecond has the fraction too: DECIMAL(8, 6).
func (a *analyzer) extractSecond(e *sql.Call, x val, display string) (val, error) {
	if _, ok := a.env.scalar("extract_second"); ok {
		return a.op("extract_second", e.Span(), display, x)
	}
	return val{}, a.unsupported(e.Span(), "EXTRACT(SECOND ...)").WithHint("second(x) gives the whole second")
}

// constString is the value of a string literal.
func constString(v val) (string, bool) {
	l, ok := v.x.(*plan.Lit)
	if !ok || l.Value.Type.Kind != types.String || l.Value.IsNull(0) {
		return "", false
	}
	return strings.Clone(l.Value.Str(0)), true
}

// trim is TRIM([BOTH | LEADING | TRAILING] [chars] FROM x).
func (a *analyzer) trim(s *exprScope, e *sql.Trim) (val, error) {
	x, err := a.expr(s, e.X)
	if err != nil {
		return x, err
	}
	f := map[string]string{"LEADING": "ltrim", "TRAILING": "rtrim"}[e.Side]
	if f == "" {
		f = "trim"
	}
	if e.Chars == nil {
		return a.op(f, e.Span(), f+"("+x.name+")", x)
	}
	c, err := a.expr(s, e.Chars)
	if err != nil {
		return c, err
	}
	side := e.Side
	if side == "" {
		side = "BOTH"
	}
	if f == "trim" {
		f = "btrim"
	}
	return a.op(f+"_chars", e.Span(), "TRIM("+side+" "+c.name+" FROM "+x.name+")", x, c)
}

// callName is how Spark shows a call: lower case with all arguments, except for functions
// whose expressions print themselves otherwise or have default arguments. Spark: prettyName.
func callName(name string, form sql.Form, args []val) string {
	list := names(args)
	switch name {
	case "isnull":
		return "(" + list + " IS NULL)"
	case "isnotnull":
		return "(" + list + " IS NOT NULL)"
	case "ceil", "floor", "sqrt", "power":
		return strings.ToUpper(name) + "(" + list + ")"
	case "round", "bround":
		if len(args) == 1 {
			list += ", 0"
		}
	case "substr", "substring":
		if len(args) == 2 {
			list += ", 2147483647"
		}
	case "split":
		if len(args) == 2 {
			list += ", -1"
		}
	case "regexp_replace":
		if len(args) == 3 {
			list += ", 1"
		}
	case "position", "locate":
		if len(args) == 2 {
			list += ", 1"
		}
		if form == sql.FormPosition {
			name = "locate"
		}
	case "unix_timestamp", "from_unixtime":
		if len(args) == 1 {
			list += ", yyyy-MM-dd HH:mm:ss"
		}
	}
	return name + "(" + list + ")"
}
