package file_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/file"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func open(t *testing.T, env connector.Env, format string, o connector.Options, s types.Schema) connector.BatchSource {
	t.Helper()
	src, err := connectorOf(t, format).Batch(context.Background(), env, connector.Table{Name: "t", Options: o, Columns: s})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func ids(t *testing.T, src connector.BatchSource, sc connector.Scan) (out []string) {
	t.Helper()
	parts, err := src.Parts(context.Background(), sc)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		out = append(out, p.ID)
	}
	return out
}

func long(op connector.PredicateOp, column int, vs ...int64) connector.Predicate {
	p := connector.Predicate{Column: column, Op: op}
	for _, v := range vs {
		p.Values = append(p.Values, vec.ConstOf(types.LongType, v, 1))
	}
	return p
}

// TestSkipsRowGroups: a file of Spark's with many row groups of ascending id.
func TestSkipsRowGroups(t *testing.T) {
	env := connector.Env{Sys: sys.Real(), Report: &reports{}}
	src := open(t, env, "parquet", connector.Options{"path": "testdata/spark/groups"}, nil)
	every := ids(t, src, all(3))
	if len(every) < 3 {
		t.Fatalf("only %d row groups", len(every))
	}
	for _, x := range []struct {
		p    connector.Predicate
		most int
		want int64 // a row that must be there; -1: none
	}{
		{long(connector.Equal, 0, 1), 1, 1}, {long(connector.In, 0, 1, 3999), 2, 3999}, {long(connector.Less, 0, 0), 0, -1},
		{long(connector.LessEqual, 0, 0), 1, 0}, {long(connector.Greater, 0, 3998), 1, 3999}, {long(connector.GreaterEqual, 0, 4000), 0, -1},
		{connector.Predicate{Column: 0, Op: connector.IsNull}, 0, -1}, {connector.Predicate{Column: 2, Op: connector.IsNotNull}, len(every), 7},
	} {
		sc := all(3)
		sc.Filters = []connector.Predicate{x.p}
		got := ids(t, src, sc)
		rows, err := rowsOf(env, src, sc)
		if err != nil {
			t.Fatal(err)
		}
		has := x.want < 0 || slices.ContainsFunc(rows, func(r []*string) bool { return *r[0] == fmt.Sprint(x.want) })
		if len(got) > x.most || !has || x.most == len(every) && len(got) != x.most {
			t.Errorf("%s: %d of %d parts, at most %d wanted; row %d there: %v", x.p.Op, len(got), len(every), x.most, x.want, has)
		}
	}
}

func TestPrunesFolders(t *testing.T) {
	env := connector.Env{Sys: sys.Real(), Report: &reports{}}
	src := open(t, env, "parquet", connector.Options{"path": "testdata/spark/parts_parquet"}, nil)
	s := src.Schema()
	sc := all(len(s))
	sc.Filters = []connector.Predicate{{Column: s.Index("k"), Op: connector.Greater, Values: []vec.Col{vec.ConstOf(types.IntType, int32(1), 1)}},
		{Column: s.Index("s"), Op: connector.IsNull}}
	got := ids(t, src, sc)
	if len(got) != 1 || !strings.Contains(got[0], "k=2/s=__HIVE_DEFAULT_PARTITION__/") || !strings.HasPrefix(got[0], "parts_parquet/") {
		t.Errorf("%v", got)
	}
}

// TestPartsOfLines reads a file that is cut into parts: each line comes once, whatever ends it and wherever the cut is.
func TestPartsOfLines(t *testing.T) {
	for _, sep := range []string{"\n", "\r\n", "\r", "||"} {
		var text strings.Builder
		n := 0
		for text.Len() < 40<<20 {
			fmt.Fprintf(&text, "%d,%s%s", n, strings.Repeat("x", 3000+n%1000), sep)
			n++
		}
		env := memEnv(t, map[string]string{"a.csv": text.String()})
		o := connector.Options{"path": "a.csv"}
		if sep == "||" {
			o["lineSep"] = sep
		}
		src := open(t, env, "csv", o, types.Schema{{Name: "n", Type: types.LongType}, {Name: "x", Type: types.StringType}})
		sc := connector.Scan{Columns: []int{0}, Limit: -1}
		if got := ids(t, src, sc); len(got) < 2 {
			t.Fatalf("%q: parts %v", sep, got)
		}
		parts, err := src.Parts(context.Background(), sc)
		if err != nil {
			t.Fatal(err)
		}
		next := int64(0)
		for _, p := range parts {
			for b, err := range src.Read(context.Background(), p, sc) {
				if err != nil {
					t.Fatal(err)
				}
				for i := range b.N {
					if v := vec.Get[int64](&b.Cols[0], i); b.Cols[0].IsNull(i) || v != next {
						t.Fatalf("%q: row %d is %d in part %s", sep, next, v, p.ID)
					}
					next++
				}
				if want := fmt.Sprintf("a.csv:%d", next); b.Origin(b.N-1) != want {
					t.Fatalf("%q: origin %s, want %s", sep, b.Origin(b.N-1), want)
				}
			}
		}
		if next != int64(n) {
			t.Errorf("%q: %d rows of %d", sep, next, n)
		}
	}
}

func TestOriginsAndRejects(t *testing.T) {
	env := memEnv(t, map[string]string{"d/a.csv": "n\n1\n\nx\n3\n", "j/a.json": "{\"n\":1}\n\n{\"n\":\"x\"}\n", "t/a.txt": "a\nb\n"})
	n := types.Schema{{Name: "n", Type: types.IntType, Nullable: true}}
	for _, x := range []struct {
		format string
		o      connector.Options
		s      types.Schema
		want   []string
		bad    string
	}{
		{"csv", connector.Options{"path": "d", "header": "true"}, n, []string{"d/a.csv:2", "d/a.csv:4", "d/a.csv:5"}, "d/a.csv:4: "},
		{"json", connector.Options{"path": "j"}, n, []string{"j/a.json:1", "j/a.json:3"}, "j/a.json:3: "},
		{"text", connector.Options{"path": "t"}, nil, []string{"t/a.txt:1", "t/a.txt:2"}, ""},
	} {
		src := open(t, env, x.format, x.o, x.s)
		parts, err := src.Parts(context.Background(), all(1))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range parts {
			for b, err := range src.Read(context.Background(), p, all(1)) {
				if err != nil {
					t.Fatal(err)
				}
				for i := range b.Each() {
					got = append(got, b.Origin(i))
				}
			}
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("%s: origins %v", x.format, got)
		}
		r := env.Report.(*reports)
		if x.bad != "" && (len(r.rejected) != 1 || !strings.HasPrefix(r.rejected[0], x.bad)) {
			t.Errorf("%s: rejected %v", x.format, r.rejected)
		}
		r.rejected = nil
	}
}

// TestNoColumns counts rows without reading a column.
func TestNoColumns(t *testing.T) {
	env := memEnv(t, map[string]string{"a.csv": "1,2\n3,4\n", "a.json": "{}\n{}\n", "a.txt": "x\ny\n"})
	for _, format := range []string{"csv", "json", "text"} {
		src := open(t, env, format, connector.Options{"path": "a." + strings.Replace(format, "text", "txt", 1)}, nil)
		rows, err := rowsOf(env, src, connector.Scan{Limit: -1})
		if err != nil || len(rows) != 2 {
			t.Errorf("%s: %d rows, %v", format, len(rows), err)
		}
	}
	real := connector.Env{Sys: sys.Real(), Report: &reports{}}
	src := open(t, real, "parquet", connector.Options{"path": "testdata/spark/all"}, nil)
	if rows, err := rowsOf(real, src, connector.Scan{Limit: -1}); err != nil || len(rows) != 5 {
		t.Errorf("parquet: %d rows, %v", len(rows), err)
	}
	if rows, err := rowsOf(real, src, connector.Scan{Columns: []int{0}, Limit: 0}); err != nil || len(rows) > 5 {
		t.Errorf("limit: %d rows, %v", len(rows), err)
	}
}

func TestNearNames(t *testing.T) {
	env := memEnv(t, map[string]string{"ventas.csv": "1\n"})
	_, err := connectorOf(t, "csv").Infer(context.Background(), env, connector.Table{Options: connector.Options{"path": "vntas.csv"}})
	if errs.ClassOf(err) != "PATH_NOT_FOUND" || !strings.Contains(errs.Render(err), "did you mean ventas.csv?") {
		t.Error(errs.Render(err))
	}
}

func TestOverlaps(t *testing.T) {
	env := memEnv(t, nil)
	table := func(path string) connector.Table { return connector.Table{Options: connector.Options{"path": path}} }
	for _, x := range []struct {
		a, b string
		want bool
	}{
		{"a", "/t/a", true}, {"a/b", "a", true}, {"a", "a/b=1/", true}, {"a", "ab", false}, {"a/*.csv", "a/", true}, {"b/x*", "a", false}, {"file:/t/a", "a", true},
	} {
		if got := file.Overlaps(env, table(x.a), table(x.b)); got != x.want {
			t.Errorf("%s and %s: %v", x.a, x.b, got)
		}
	}
}
