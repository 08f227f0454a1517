package fn

import (
	"testing"
	"time"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// castTargets are the types that a string can be cast to.
func castTargets() []types.Type {
	return []types.Type{
		types.BooleanType, types.ByteType, types.ShortType, types.IntType, types.LongType, types.FloatType, types.DoubleType,
		types.DecimalType(10, 2), types.DecimalType(38, 0), types.DecimalType(38, 38), types.BinaryType, types.DateType,
		types.TimestampType, types.TimestampNTZType, types.DayTimeType, types.YearMonthType,
		{Kind: types.DayTime, Precision: types.Hour, Scale: types.Minute},
	}
}

// FuzzCastString casts any text to every type and the value on to every other, under both
// modes: nothing may panic, and try_cast must not raise.
func FuzzCastString(f *testing.F) {
	for _, s := range []string{"", "1", "-1.5e10", "2020-01-01 10:00:00.5+01:00", "T10:00", "true", "1 02:03:04.5", "1-2",
		"INTERVAL '1' DAY", "0x1p3", "999999-12-31", "-290308-12-21", "1e999999999", "NaN", "+18:00", "\xff\x00", "9223372036854775807"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ctx := &Context{Zone: time.FixedZone("x", 3600)}
		text := vec.ConstString(types.StringType, s, 1)
		for _, to := range castTargets() {
			col := tryCast(t, ctx, text, to)
			if col.IsNull(0) {
				continue
			}
			_ = Text(ctx, &col, 0)
			_ = AppendJSON(nil, ctx, &col, 0)
			for _, next := range castTargets() {
				if _, err := CastKernel(to, next, true); err == nil {
					tryCast(t, ctx, col, next)
				}
			}
		}
	})
}

func tryCast(t *testing.T, ctx *Context, col vec.Col, to types.Type) vec.Col {
	t.Helper()
	strict, err := CastKernel(col.Type, to, false)
	if err != nil {
		t.Fatal(err)
	}
	strictCol, strictErr := strict(ctx, col, 1, nil)
	loose, err := CastKernel(col.Type, to, true)
	if err != nil {
		t.Fatal(err)
	}
	out, err := loose(ctx, col, 1, nil)
	if err != nil {
		t.Fatalf("try_cast to %s raised %v", to, err)
	}
	if strictErr == nil && Text(ctx, &strictCol, 0) != Text(ctx, &out, 0) {
		t.Fatalf("cast gives %s, try_cast %s", Text(ctx, &strictCol, 0), Text(ctx, &out, 0))
	}
	if strictErr != nil && !out.IsNull(0) {
		t.Fatalf("cast raises %v, try_cast gives %s", strictErr, Text(ctx, &out, 0))
	}
	return out
}

// FuzzDateFormat compiles any pattern; what it prints must be readable again without a panic.
func FuzzDateFormat(f *testing.F) {
	for _, p := range []string{"yyyy-MM-dd HH:mm:ss.SSS", "[yyyy[-MM]]", "'a''b' E D F", "yyMMdd", "h a VV XXX", "G yyyyyy", "''"} {
		f.Add(p, int64(1_600_000_000_000_000), "2020-01-01")
	}
	f.Fuzz(func(t *testing.T, pattern string, us int64, text string) {
		format, err := NewDateFormat(pattern)
		if err != nil {
			return
		}
		us %= 1 << 60
		printed := string(format.Append(nil, us, time.UTC))
		if format.Parseable() == nil {
			format.Parse(printed, time.UTC)
			format.Parse(text, time.UTC)
		}
	})
}

// FuzzPatterns runs the pattern functions over any texts.
func FuzzPatterns(f *testing.F) {
	f.Add("abc", "a%_", "$1")
	f.Add("a,b", ",", "${x}")
	f.Add("%d %s", "%5.2f%,d%n", "\\")
	f.Fuzz(func(t *testing.T, s, pattern, rep string) {
		cols := []vec.Col{strs(s), strs(pattern), strs(rep)}
		for name, n := range map[string]int{"like": 2, "ilike": 2, "rlike": 2, "regexp_replace": 3, "split": 2,
			"regexp_extract_all": 2, "format_string": 3, "translate": 3, "replace": 3, "unhex": 1, "url_decode": 1} {
			_, _ = call(t, name, 1, nil, cols[:n]...)
		}
	})
}
