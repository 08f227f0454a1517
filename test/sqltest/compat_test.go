package sqltest

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/azud/azud/internal/fn"
)

// compatPage is what users read about differences from Spark. Its generated parts stand between
// lines <!-- name --> and <!-- end -->; -update writes them.
const compatPage = "../../docs/spark-compatibility.md"

// TestCompatibilityPage holds the page to the reasons in the scripts and the functions that are missing.
func TestCompatibilityPage(t *testing.T) {
	was, err := os.ReadFile(compatPage)
	if err != nil {
		t.Fatal(err)
	}
	page := string(was)
	for name, text := range map[string]string{"differs": differences(t), "missing functions": missingFunctions()} {
		begin := "<!-- " + name + " -->\n"
		head, rest, ok := strings.Cut(page, begin)
		_, tail, closed := strings.Cut(rest, "<!-- end -->")
		if !ok || !closed {
			t.Fatalf("the page has no part %q", name)
		}
		page = head + begin + text + "<!-- end -->" + tail
	}
	if page == string(was) {
		return
	}
	if !*update {
		t.Fatal("docs/spark-compatibility.md is not what the scripts say: run go test ./test/sqltest -run TestCompatibilityPage -update")
	}
	if err := os.WriteFile(compatPage, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
}

// differences lists every reason of a @differs with one statement that shows it.
func differences(t *testing.T) string {
	example, count := map[string]string{}, map[string]int{}
	add := func(reason, sql string) {
		if reason == "" {
			return
		}
		count[reason]++
		sql = strings.Join(strings.Fields(sql), " ")
		if was := example[reason]; was == "" || len(sql) < len(was) {
			example[reason] = sql
		}
	}
	for _, f := range loadAll(t, "*.test") {
		for _, st := range f.Statements {
			add(st.Differs, st.SQL)
		}
		for _, sc := range f.Scenarios {
			add(sc.Differs, sc.Body)
		}
	}
	reasons := make([]string, 0, len(count))
	for r := range count {
		reasons = append(reasons, r)
	}
	slices.SortFunc(reasons, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	var b strings.Builder
	for _, r := range reasons {
		fmt.Fprintf(&b, "- %s%s: `` %s ``\n", strings.ToUpper(r[:1]), r[1:], shortened(example[r]))
	}
	return b.String()
}

func shortened(sql string) string {
	if r := []rune(sql); len(r) > 110 {
		return string(r[:110]) + " …"
	}
	return sql
}

func missingFunctions() string {
	var b strings.Builder
	for _, g := range fn.MissingNames() {
		names := strings.Fields(g.Names)
		fmt.Fprintf(&b, "- `%s`: %s\n", strings.Join(names, "`, `"), g.Reason)
	}
	return b.String()
}
