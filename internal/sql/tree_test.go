package sql

import (
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// one parses a text of one statement.
func one[T Statement](t *testing.T, text string) T {
	t.Helper()
	stmts, err := Parse(source(text))
	if err != nil {
		t.Fatal(errs.Render(err))
	}
	s, ok := stmts[0].(T)
	if !ok || len(stmts) != 1 {
		t.Fatalf("%s: %d statements, the first is a %T", text, len(stmts), stmts[0])
	}
	return s
}

// pipe is the Select of the last operator of a chain, and what was before it.
func pipe(t *testing.T, b Body) (s *Select, before Body) {
	t.Helper()
	if q, ok := b.(*Query); ok {
		b = q.Body
	}
	s, ok := b.(*Select)
	if !ok || s.Pipe == PipeNone || s.Pipe == PipeFrom {
		t.Fatalf("%T is no pipe operator", b)
	}
	in, ok := leftmost(s.From[0]).(*SubqueryRef)
	if !ok || in.Open == (s.Pipe == PipeAs) {
		t.Fatalf("the input of %s is %+v", s.Pipe, in)
	}
	return s, in.Query.Body
}

func leftmost(r Relation) Relation {
	switch x := r.(type) {
	case *Join:
		return leftmost(x.L)
	case *PivotRef:
		return leftmost(x.Rel)
	case *UnpivotRef:
		return leftmost(x.Rel)
	}
	return r
}

// TestPipes walks down a chain that has each operator once.
func TestPipes(t *testing.T) {
	q := one[*QueryStmt](t, "FROM t AS x |> WHERE x.a > 1 |> EXTEND a + 1 AS b |> SET a = 2, b = a |> DROP c |> SELECT a, b |> AS y"+
		" |> JOIN u USING (a) |> TABLESAMPLE (10 PERCENT) |> AGGREGATE sum(b) AS s GROUP BY a AS k |> PIVOT (max(s) FOR k IN (1)) AS p |> ORDER BY ALL |> LIMIT 5 OFFSET 1").Query
	want := []PipeOp{PipeOrganize, PipeOrganize, PipePivot, PipeAggregate, PipeSample, PipeJoin, PipeAs, PipeSelect, PipeDrop, PipeSet, PipeSet, PipeExtend, PipeWhere}
	if q.Limit == nil || q.Offset == nil {
		t.Error("LIMIT and OFFSET are lost")
	}
	var b Body = q
	for _, op := range want {
		s, before := pipe(t, b)
		if s.Pipe != op {
			t.Fatalf("%s, want %s", s.Pipe, op)
		}
		switch op {
		case PipeAggregate:
			if len(s.Items) != 1 || s.GroupBy.Items[0].Alias.Name != "k" {
				t.Errorf("AGGREGATE: %+v", s)
			}
		case PipeSet:
			if r := s.Items[0].X.(*Star).Replace; r.Name.Name != "a" && r.Name.Name != "b" {
				t.Errorf("SET: %+v", r)
			}
		case PipeExtend:
			if len(s.Items) != 2 || !isStar(s.Items[0].X) {
				t.Errorf("EXTEND: %+v", s.Items)
			}
		}
		b = before
	}
	if s := b.(*Select); s.Pipe != PipeFrom || s.From[0].(*TableRef).Alias.Name.Name != "x" {
		t.Errorf("the chain begins with %+v", s)
	}
}

// TestPipeOrder fixes what a pipe operator takes as its input among set operations.
func TestPipeOrder(t *testing.T) {
	for _, c := range [][2]string{
		{"SELECT 1 UNION SELECT 2 |> WHERE true", "SELECT 1 UNION SELECT 2 |> WHERE TRUE"},
		{"SELECT 1 UNION (SELECT 2 |> WHERE true)", "SELECT 1 UNION (SELECT 2 |> WHERE TRUE)"},
		{"FROM t |> UNION SELECT 1 INTERSECT SELECT 2", "(FROM t UNION SELECT 1) INTERSECT SELECT 2"},
		{"SELECT 1 UNION SELECT 2 |> INTERSECT SELECT 3", "(SELECT 1 UNION SELECT 2) INTERSECT SELECT 3"},
		{"FROM t | WHERE a | SELECT b | c | LIMIT 1", "FROM t |> WHERE a |> SELECT b | c |> LIMIT 1"},
		{"SELECT a | b FROM t GROUP BY ALL |> LIMIT ALL", "SELECT a | b FROM t GROUP BY ALL |> LIMIT ALL"},
		{"FROM t |> ORDER BY a ORDER BY b", "(FROM t |> ORDER BY a) ORDER BY b"},
		{"SELECT a FROM t ORDER BY a UNION SELECT 1", ""},
		{"FROM t SELECT a WHERE b SELECT c LIMIT 1", "SELECT a FROM t WHERE b UNION ALL (SELECT c FROM t LIMIT 1)"},
		{"FROM t INSERT OVERWRITE u SELECT a", "INSERT OVERWRITE u SELECT a FROM t"},
		{"SELECT * FROM a, b, LATERAL f(x) PIVOT (sum(c) FOR d IN (1)) JOIN e", "SELECT * FROM a JOIN b JOIN LATERAL f(x) PIVOT (sum(c) FOR d IN (1)) JOIN e"},
	} {
		stmts, err := Parse(source(c[0]))
		got := ""
		if err == nil {
			got = Print(stmts[0])
		}
		if got != c[1] {
			t.Errorf("%s\nprints as %s\nwant      %s (%v)", c[0], got, c[1], err)
		}
	}
}

// TestParameters puts values where :name and ? stand.
func TestParameters(t *testing.T) {
	named := map[string]Expr{"a": &NumberLit{Text: "7", Type: types.IntType}, "t": &StringLit{Value: "s.tab"}, "p": &StringLit{Value: "x*"}}
	for _, c := range [][2]string{
		{"SELECT :a + 1 FROM IDENTIFIER(:t) LIMIT :a", "SELECT 7 + 1 FROM s.tab LIMIT 7"},
		{"SELECT IDENTIFIER(:t || '.c') FROM t", "SELECT s.tab.c FROM t"},
		{"SHOW TABLES LIKE :p", "SHOW TABLES LIKE 'x*'"},
		{"SELECT * FROM t TABLESAMPLE (:a PERCENT)", "SELECT * FROM t TABLESAMPLE (7 PERCENT)"},
		{"SELECT :A", "UNBOUND_SQL_PARAMETER"}, {"SELECT :nope", "UNBOUND_SQL_PARAMETER"}, {"SELECT ?", "UNBOUND_SQL_PARAMETER"},
	} {
		stmts, err := ParseOptions(source(c[0]), Options{Named: named})
		got := errs.ClassOf(orNil(err))
		if err == nil {
			got = Print(stmts[0])
		} else {
			checkPlace(t, c[0], err)
		}
		if got != c[1] {
			t.Errorf("%s\nis   %s\nwant %s (%v)", c[0], got, c[1], err)
		}
	}
	stmts, err := ParseOptions(source("SELECT ?, ? - ?"), Options{Positional: []Expr{named["a"], named["t"], &NullLit{}}})
	if err != nil || Print(stmts[0]) != "SELECT 7, 's.tab' - NULL" {
		t.Errorf("by position: %v", err)
	} else if pos := stmts[0].(*QueryStmt).Query.Body.(*Select).Items[0].X.Span(); pos.Start != 7 || pos.End != 8 {
		t.Errorf("the value stands at %v", pos)
	}
	if _, err := ParseOptions(source("SELECT ?, ?"), Options{Positional: []Expr{named["a"]}}); errs.ClassOf(err) != "UNBOUND_SQL_PARAMETER" {
		t.Errorf("too few values: %v", err)
	}
}

// TestNames reads IDENTIFIER and dotted names.
func TestNames(t *testing.T) {
	n, err := ParseName(source("a.`b c`.d"))
	if err != nil || n.String() != "a.`b c`.d" {
		t.Errorf("%v %v", n, err)
	}
	if _, err := ParseName(source("a b")); err == nil {
		t.Error("a b is no name")
	}
	s := one[*QueryStmt](t, "SELECT IDENTIFIER('a.b').c, IDENTIFIER(x || 'y'), IDENTIFIER(f)(1) FROM IDENTIFIER(concat('t', 'u'))").Query.Body.(*Select)
	if c, ok := s.Items[0].X.(*Column); !ok || len(c.Parts) != 3 {
		t.Errorf("a.b.c is %s", Print(s.Items[0].X))
	}
	if _, ok := s.Items[1].X.(*DynColumn); !ok {
		t.Errorf("%T is no DynColumn", s.Items[1].X)
	}
	if c, ok := s.Items[2].X.(*Call); !ok || c.Name.Expr == nil {
		t.Errorf("%T has no Name.Expr", s.Items[2].X)
	}
	if ref := s.From[0].(*TableRef); ref.Name.Expr == nil || len(ref.Name.Parts) != 0 {
		t.Errorf("the table is %+v", ref.Name)
	}
}

// TestDefinitions looks at parts of statements that printing alone would not tell apart.
func TestDefinitions(t *testing.T) {
	c := one[*CreateTable](t, "CREATE TABLE t (a VARCHAR(10) DEFAULT  'x' || 'y', b CHAR(3)) USING csv PARTITIONED BY (p INT, q STRING)")
	if len(c.Columns) != 4 || len(c.PartitionBy) != 2 || c.Columns[0].Length != 10 || c.Columns[0].Char || !c.Columns[1].Char || c.Columns[0].DefaultText != "'x' || 'y'" {
		t.Errorf("table: %+v", c)
	}
	i := one[*Insert](t, "INSERT OVERWRITE t PARTITION (p = 1, q = NULL) IF NOT EXISTS SELECT 1")
	if !i.IfNotExists || len(i.Partition) != 2 || i.Partition[1].X == nil {
		t.Errorf("insert: %+v", i)
	}
	if r := one[*Insert](t, "INSERT INTO t REPLACE WHERE a > 1 SELECT 1"); r.ReplaceWhere == nil || r.Overwrite {
		t.Errorf("replace: %+v", r)
	}
	for text, want := range map[string]string{"INTERVAL 5 HOURS": "+05:00", "INTERVAL '-05:30' HOUR TO MINUTE": "-05:30", "INTERVAL 0 HOURS": "Z", "'America/Lima'": "America/Lima"} {
		if s := one[*Set](t, "SET TIME ZONE "+text); s.Value != want || s.Key != "spark.sql.session.timeZone" {
			t.Errorf("SET TIME ZONE %s is %q, want %q", text, s.Value, want)
		}
	}
	d := one[*Declare](t, "DECLARE OR REPLACE x, y INT DEFAULT 1 + 1")
	if !d.OrReplace || len(d.Names) != 2 || d.Type.Kind != types.Int || d.DefaultText != "1 + 1" {
		t.Errorf("declare: %+v", d)
	}
	v := one[*SetVariable](t, "SET VAR (a, b) = (SELECT 1, 2)")
	if len(v.Targets) != 2 || v.Query == nil || v.Values != nil {
		t.Errorf("set: %+v", v)
	}
	e := one[*ExecuteImmediate](t, "EXECUTE IMMEDIATE 'SELECT :x' INTO a USING (5 AS x, b)")
	if len(e.Into) != 1 || len(e.Using) != 2 || e.Using[0].Alias[0].Name != "x" {
		t.Errorf("execute: %+v", e)
	}
	u := one[*QueryStmt](t, "SELECT * FROM t UNPIVOT INCLUDE NULLS ((v, w) FOR n IN ((a, b) AS x, (c, d)))").Query.Body.(*Select).From[0].(*UnpivotRef)
	if !u.IncludeNulls || !u.Multi || len(u.Values) != 2 || len(u.Columns) != 2 || u.Columns[0].Alias.Name != "x" {
		t.Errorf("unpivot: %+v", u)
	}
}

func isStar(x Expr) bool {
	s, ok := x.(*Star)
	return ok && len(s.Qualifier) == 0 && len(s.Except) == 0
}
