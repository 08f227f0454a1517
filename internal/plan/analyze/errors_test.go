package analyze

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

var update = flag.Bool("update", false, "rewrite the messages in testdata")

// TestMessages compares what a person sees of each mistake with testdata. A line "@append: …"
// is also checked as a stream, "@insert …: …" is inserted into destino.
func TestMessages(t *testing.T) {
	const file = "testdata/messages.txt"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, block := range strings.Split(string(data), "\n\n") {
		line, _, _ := strings.Cut(strings.TrimSpace(block), "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			out.WriteString(strings.TrimSpace(block) + "\n\n")
			continue
		}
		got := line + "\n" + message(t, line)
		if got != strings.TrimSpace(block) && !*update {
			t.Errorf("got\n%s\n--- want\n%s", got, block)
		}
		out.WriteString(got + "\n\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.TrimRight(out.String(), "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func message(t *testing.T, line string) string {
	kind, query := "", line
	if rest, ok := strings.CutPrefix(line, "@"); ok {
		kind, query, _ = strings.Cut(rest, ": ")
	}
	n, err := analyzed(t, query)
	src := &errs.Source{Name: "q.sql", Text: query}
	if err == nil {
		if how, ok := strings.CutPrefix(kind, "insert"); ok {
			target := destino(t, src)
			how = strings.TrimSpace(how)
			target.ByName = how == "byname"
			if how != "" && !target.ByName {
				target.Columns = strings.Split(how, ",")
			}
			_, err = Insert(target, n)
		} else if kind != "" {
			err = CheckStreaming(n, connector.OutputMode(kind), src)
		}
	}
	if err == nil {
		return "no error: " + answer(n, nil)
	}
	return strings.TrimRight(errs.Render(err), "\n")
}

// destino is the table that Spark's INSERT answers were recorded with.
func destino(t *testing.T, src *errs.Source) Target {
	t.Helper()
	schema, err := sql.ParseSchema("id STRING, magnitud DOUBLE, n INT, ts TIMESTAMP")
	if err != nil {
		t.Fatal(err)
	}
	return Target{Name: "destino", Schema: schema, Source: src, At: errs.Span{Start: 0, End: 6}}
}

// TestInsert: the classes are what Spark 4.2.0 answers for the same INSERT into a table
// (id STRING, magnitud DOUBLE, n INT, ts TIMESTAMP).
func TestInsert(t *testing.T) {
	byName := func(t *Target) { t.ByName = true }
	byPosition := func(*Target) {}
	columns := func(names ...string) func(*Target) { return func(t *Target) { t.Columns = names } }
	for _, c := range []struct {
		how   func(*Target)
		query string
		want  string // the class, or the Project on top
	}{
		{byName, "SELECT id, magnitud FROM sismos", "Project [id#1, magnitud#2, NULL AS n#9, NULL AS ts#10]"},
		{byName, "SELECT id, magnitud, 1 AS n, timestamp AS ts, 5 AS extra FROM sismos", "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS"},
		{byName, "SELECT id, magnitud AS mag FROM sismos", "INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS"},
		{byName, "SELECT id, magnitud, 'x' AS n, timestamp AS ts FROM sismos", "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST"},
		{byName, "SELECT id, id, magnitud FROM sismos", "INCOMPATIBLE_DATA_FOR_TABLE.AMBIGUOUS_COLUMN_NAME"},
		{byName, "SELECT timestamp AS TS, 1 AS n, id, magnitud FROM sismos", "Project [id#1, magnitud#2, n#9, TS#7 AS ts#7]"},
		{byPosition, "SELECT id, magnitud FROM sismos", "INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS"},
		{byPosition, "SELECT id, magnitud, 1, timestamp, 5 FROM sismos", "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS"},
		{byPosition, "SELECT id, magnitud, 'x', timestamp FROM sismos", "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST"},
		{byPosition, "SELECT timestamp, magnitud, tsunami, timestamp FROM sismos", "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST"},
		{byPosition, "SELECT id, magnitud, magnitud, timestamp FROM sismos",
			"Project [id#1, magnitud#2, CAST(magnitud#9 AS int) AS n#10, timestamp#7 AS ts#7]"},
		{byPosition, "SELECT 1, 2, 3, DATE '2024-01-01'",
			"Project [CAST(1#1 AS string) AS id#5, CAST(2#2 AS double) AS magnitud#6, 3#3 AS n#3, CAST(DATE '2024-01-01'#4 AS timestamp) AS ts#7]"},
		{columns("id", "n"), "SELECT id, 1 FROM sismos", "Project [id#1, NULL AS magnitud#10, 1#9 AS n#9, NULL AS ts#11]"},
		{columns("id", "zz"), "SELECT id, 1 FROM sismos", "UNRESOLVED_COLUMN.WITH_SUGGESTION"},
	} {
		n, err := analyzed(t, c.query)
		if err != nil {
			t.Fatal(err)
		}
		target := destino(t, nil)
		c.how(&target)
		n, err = Insert(target, n)
		got := errs.ClassOf(err)
		if err == nil {
			got, _, _ = strings.Cut(explained(n), "\n")
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.query, got, c.want)
		}
	}
}

func TestInsertWithoutColumns(t *testing.T) {
	n, err := analyzed(t, "SELECT id FROM sismos")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := Insert(Target{Name: "consola", ByName: true}, n); err != nil || out != n {
		t.Errorf("got %v, %v; the query should pass unchanged", out, err)
	}
	notNull := Target{Name: "t", ByName: true, Schema: types.Schema{{Name: "id", Type: types.StringType, Nullable: true},
		{Name: "n", Type: types.IntType}}}
	if _, err := Insert(notNull, n); errs.ClassOf(err) != "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_FIND_DATA" {
		t.Errorf("a missing NOT NULL column: %v", err)
	}
}
