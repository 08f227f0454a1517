package sql

import (
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
)

// FuzzParse feeds any bytes: never a panic, always a place within the text, and what parses
// survives printing.
func FuzzParse(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	for _, s := range []string{"", ";", "\x00", "\xff\xfe", "'", "`", "/*", "/*+", "SELECT '\\", "SELECT \"\\u12", "((((", "SELECT 1e", "r'", "SELECT X'", "SET a=$", "SET ==", "-- x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Parse(&errs.Source{Name: "fuzz", Text: text})
		if err != nil {
			checkPlace(t, text, err)
			return
		}
		roundTrip(t, text)
	})
}

// checkPlace wants an *errs.Error with a class and a span within the text.
func checkPlace(t *testing.T, text string, err error) {
	t.Helper()
	e, ok := err.(*errs.Error)
	if !ok || e.Class == "" || e.SQLState == "" || e.Source == nil {
		t.Fatalf("%q: error without class, state or place: %v", text, err)
	}
	if e.Span.Start < 0 || e.Span.Start > e.Span.End || e.Span.End > len(text) {
		t.Fatalf("%q: span %v is outside the text", text, e.Span)
	}
	_ = errs.Render(err)
}

// TestDeep: depth and length are bounded, whatever is nested.
func TestDeep(t *testing.T) {
	const n = 60_000
	for _, text := range []string{
		"SELECT " + strings.Repeat("(", n), "SELECT " + strings.Repeat("- ", n) + "1", "SELECT " + strings.Repeat("NOT ", n) + "a",
		"SELECT " + strings.Repeat("f(", n), "SELECT " + strings.Repeat("CASE WHEN ", n), "SELECT * FROM " + strings.Repeat("(", n),
		"SELECT 1" + strings.Repeat("+1", n), "SELECT a" + strings.Repeat("[1]", n), "SELECT 1" + strings.Repeat(" UNION SELECT 1", n),
		"SELECT * FROM a" + strings.Repeat(" JOIN a", n), strings.Repeat("EXPLAIN ", n) + "SELECT 1", strings.Repeat("(", n) + "SELECT 1",
		"SELECT CAST(a AS " + strings.Repeat("ARRAY<", n), "SELECT " + strings.Repeat("x -> ", n) + "x", "SELECT " + strings.Repeat("(SELECT ", n),
		"SELECT a" + strings.Repeat(" IN (a", n), "SELECT ~" + strings.Repeat("(", 300) + "1" + strings.Repeat(")", n),
		"SELECT 1 GROUP BY " + strings.Repeat("GROUPING SETS (", n), "SELECT " + strings.Repeat("trim(", n), strings.Repeat("WITH a AS (", n),
		"SELECT " + strings.Repeat("a AND ", n) + "a", "SELECT " + strings.Repeat("dateadd(day, 1, ", 2000),
		"SELECT " + strings.Repeat("transform(", n), "FROM t" + strings.Repeat(" |> WHERE a", n), "FROM t" + strings.Repeat(" |> UNION SELECT 1", n),
		"FROM t |> SET a = 1" + strings.Repeat(", a = 1", n), "SELECT * FROM t" + strings.Repeat(" PIVOT (sum(a) FOR b IN (1))", n), "SELECT IDENTIFIER" + strings.Repeat("(IDENTIFIER", n),
		"SELECT * FROM " + strings.Repeat("(FROM ", n), "SELECT * FROM t PIVOT (" + strings.Repeat("f(", n), "EXECUTE IMMEDIATE " + strings.Repeat("(", n), "CACHE TABLE t AS " + strings.Repeat("(", n),
		"FROM t" + strings.Repeat(" SELECT a", n), "SELECT " + strings.Repeat("a -> ", n) + "b", "SELECT " + strings.Repeat("EXISTS(SELECT ", n), "SELECT count(*) OVER (ORDER BY " + strings.Repeat("count(*) OVER (ORDER BY ", n),
	} {
		_, err := Parse(&errs.Source{Name: "deep", Text: text})
		if err == nil {
			t.Errorf("%.40q… was accepted", text)
			continue
		}
		checkPlace(t, text, err)
	}
}
