package fn

import (
	"strings"
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

const defaultPattern = "yyyy-MM-dd HH:mm:ss"

func formatFuncs() []Scalar {
	ts, d, l, s := types.TimestampType, types.DateType, types.LongType, types.StringType
	return []Scalar{
		scalar("datetime", "date_format(ts, pattern)", "The timestamp as text in a pattern such as yyyy-MM-dd HH:mm:ss.", byFirst(2, dateFormatOf, is(types.TimestampType), str)),
		scalar("datetime", "to_timestamp(expr[, pattern])", "The timestamp that a text stands for.", direct(bindToTime(ts, false)), "to_timestamp_ltz"),
		scalar("datetime", "try_to_timestamp(expr[, pattern])", "As to_timestamp, NULL if the text does not fit.", direct(bindToTime(ts, true))),
		scalar("datetime", "to_timestamp_ntz(expr[, pattern])", "The local timestamp that a text stands for.", direct(bindToTime(types.TimestampNTZType, false))),
		scalar("datetime", "to_date(expr[, pattern])", "The date that a text stands for.", direct(bindToTime(d, false))),
		scalar("datetime", "try_to_date(expr[, pattern])", "As to_date, NULL if the text does not fit.", direct(bindToTime(d, true))),
		scalar("datetime", "from_unixtime(seconds[, pattern])", "Seconds since the epoch as text.", opt(1, s, fromUnixtime, integer64, str)),
		scalar("datetime", "unix_timestamp([expr[, pattern]])", "Seconds since the epoch, now if nothing is given.", direct(bindUnixTimestamp)),
		scalar("datetime", "to_unix_timestamp(expr[, pattern])", "Seconds since the epoch.", direct(bindUnixTimestamp)),
		scalar("datetime", "date(expr)", "The argument cast to DATE.", direct(castTo(d))),
		scalar("datetime", "timestamp(expr)", "The argument cast to TIMESTAMP.", direct(castTo(ts))),
		scalar("conversion", "string(expr)", "The argument cast to STRING.", direct(castTo(s))),
		scalar("conversion", "int(expr)", "The argument cast to INT.", direct(castTo(types.IntType))),
		scalar("conversion", "bigint(expr)", "The argument cast to BIGINT.", direct(castTo(l))),
		scalar("conversion", "smallint(expr)", "The argument cast to SMALLINT.", direct(castTo(types.ShortType))),
		scalar("conversion", "tinyint(expr)", "The argument cast to TINYINT.", direct(castTo(types.ByteType))),
		scalar("conversion", "double(expr)", "The argument cast to DOUBLE.", direct(castTo(types.DoubleType))),
		scalar("conversion", "float(expr)", "The argument cast to FLOAT.", direct(castTo(types.FloatType))),
		scalar("conversion", "boolean(expr)", "The argument cast to BOOLEAN.", direct(castTo(types.BooleanType))),
		scalar("conversion", "binary(expr)", "The argument cast to BINARY.", direct(castTo(types.BinaryType))),
		scalar("conversion", "decimal(expr)", "The argument cast to DECIMAL(10, 0).", direct(castTo(types.DecimalType(10, 0)))),
	}
}

// castTo is a cast written as a function.
func castTo(t types.Type) func(name string, args []Arg) (Bound, error) {
	return func(name string, args []Arg) (Bound, error) {
		if err := checkArity(name, args, 1, 1); err != nil {
			return Bound{}, err
		}
		k := castOf(args[0].Type, t, false)
		if k == nil {
			return Bound{}, forbidden(args[0].Type, t, false)
		}
		return Bound{Params: []types.Type{args[0].Type}, Result: t, Nullable: args[0].Nullable || args[0].Type.Kind == types.String, Kernel: k}, nil
	}
}

// formatCache keeps the last pattern.
type formatCache struct {
	pattern string
	f       *DateFormat
}

func (c *formatCache) get(pattern string) (*DateFormat, error) {
	if c.f == nil || c.pattern != pattern {
		f, err := NewDateFormat(pattern)
		if err != nil {
			return nil, err
		}
		c.pattern, c.f = strings.Clone(pattern), f
	}
	return c.f, nil
}

func dateFormatOf(t types.Type) (types.Type, Kernel) {
	s, zoned := types.StringType, t.Kind == types.Timestamp
	return s, strict(s, func(c *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		var cache formatCache
		w := strWriter{off: make([]int32, 1, n+1)}
		r := read[int64](&args[0])
		for i := range live(n, sel, valid) {
			f, err := cache.get(args[1].Str(i))
			if err != nil {
				return vec.Col{}, &RowError{Row: i, Err: err}
			}
			w.fill(i)
			w.data = f.Append(w.data, r.at(i), zoneFor(c, zoned))
			w.end()
		}
		return w.col(s, n, valid), nil
	})
}

// bindToTime: without a pattern it is a cast; with one a text is parsed, anything else cast.
func bindToTime(t types.Type, try bool) func(name string, args []Arg) (Bound, error) {
	return func(name string, args []Arg) (Bound, error) {
		if err := checkArity(name, args, 1, 2); err != nil {
			return Bound{}, err
		}
		from := args[0].Type
		if len(args) == 2 && from.Kind == types.String {
			b, err := bindParse(name, t, try, args)
			return b, err
		}
		k := castOf(from, t, try)
		if k == nil {
			return Bound{}, mismatch(name, 0, `"STRING" or "DATE" or "TIMESTAMP"`, from)
		}
		params := []types.Type{from}
		if len(args) == 2 {
			params = append(params, types.StringType)
		}
		return Bound{Params: params, Result: t, Nullable: true, Kernel: first(k)}, nil
	}
}

func bindParse(name string, t types.Type, try bool, args []Arg) (Bound, error) {
	ts, err := resolve(name, args, 2, str, str)
	if err != nil {
		return Bound{}, err
	}
	parse := func(c *Context, s string, f *DateFormat) (int64, error) {
		zone := zoneOf(c)
		if t.Kind == types.TimestampNTZ {
			zone = time.UTC
		}
		us, ok := f.Parse(s, zone)
		if !ok {
			if try {
				return 0, errNull
			}
			return 0, errs.New("CANNOT_PARSE_TIMESTAMP", "the text '%s' does not have the form '%s'", s, f.pattern).State("22007").
				WithHint("use try_to_timestamp to get NULL instead")
		}
		return us, nil
	}
	k := strict(t, func(c *Context, cols []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		var cache formatCache
		row := func(i int) (int64, error) {
			f, err := cache.get(cols[1].Str(i))
			if err == nil {
				err = f.Parseable()
			}
			if err != nil {
				return 0, err
			}
			return parse(c, cols[0].Str(i), f)
		}
		if t.Kind != types.Date {
			return rowLoop(t, n, sel, valid, row)
		}
		return rowLoop(t, n, sel, valid, func(i int) (int32, error) {
			us, err := row(i)
			return int32(floorDiv(us+offsetAt(us, zoneOf(c)), microsPerDay)), err
		})
	})
	return Bound{Params: ts, Result: t, Nullable: true, Kernel: k}, nil
}

func fromUnixtime(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	if len(args) == 1 {
		args = append(args[:1:1], vec.ConstString(types.StringType, defaultPattern, n))
	}
	seconds := sure1(types.TimestampType, secondsToMicros)
	us, err := seconds(c, args[:1], n, sel)
	if err != nil {
		return us, err
	}
	_, k := dateFormatOf(types.TimestampType)
	return k(c, []vec.Col{us, args[1]}, n, sel)
}

func bindUnixTimestamp(name string, args []Arg) (Bound, error) {
	l := types.LongType
	if len(args) == 0 && name == "unix_timestamp" {
		return Bound{Result: l, Volatile: true, Kernel: func(c *Context, _ []vec.Col, n int, _ []uint32) (vec.Col, error) {
			return vec.ConstOf(l, floorDiv(c.Now, microsPerSecond), n), nil
		}}, nil
	}
	if len(args) == 1 && args[0].Type.Kind == types.String {
		pattern := vec.ConstString(types.StringType, defaultPattern, 1)
		b, err := bindUnixTimestamp(name, []Arg{args[0], {Type: types.StringType, Const: &pattern}})
		if err != nil {
			return b, err
		}
		k := b.Kernel
		b.Params = b.Params[:1]
		b.Kernel = func(c *Context, cols []vec.Col, n int, sel []uint32) (vec.Col, error) {
			return k(c, append(cols[:1:1], vec.ConstString(types.StringType, defaultPattern, n)), n, sel)
		}
		return b, nil
	}
	b, err := bindToTime(types.TimestampType, false)(name, args)
	if err != nil {
		return b, err
	}
	k := b.Kernel
	seconds := sure1(l, func(us int64) int64 { return floorDiv(us, microsPerSecond) })
	b.Result = l
	b.Kernel = func(c *Context, cols []vec.Col, n int, sel []uint32) (vec.Col, error) {
		us, err := k(c, cols, n, sel)
		if err != nil {
			return us, err
		}
		return seconds(c, []vec.Col{us}, n, sel)
	}
	return b, nil
}
