package functions

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/functions.md anew")

// docs/functions.md is made of the table of functions.
func TestReferenceIsCurrent(t *testing.T) {
	name := filepath.Join("..", "..", "docs", "functions.md")
	want := Reference(Registry())
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/functions.md is stale: go generate ./internal/functions")
	}
}

// Every function says what it is and how it is called, and shows an example whose result was
// recorded.
func TestFunctionsAreDescribed(t *testing.T) {
	for _, e := range entries(Registry()) {
		switch {
		case e.usage == "" || e.doc == "" || e.group == "":
			t.Errorf("%s lacks usage, doc or group", e.name)
		case !strings.HasSuffix(e.doc, "."):
			t.Errorf("%s: the doc is no sentence: %s", e.name, e.doc)
		case e.example == "":
			t.Errorf("%s has no example", e.name)
		case e.name != strings.ToLower(e.name):
			t.Errorf("%s is not in lower case", e.name)
		}
	}
}

// The examples of scalar functions are run by the golden script that holds them.
func TestExamplesAreRun(t *testing.T) {
	script, err := os.ReadFile(filepath.Join("..", "..", "test", "sqltest", "fn_examples.test"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Registry().Scalars() {
		if !strings.Contains(string(script), "\n"+f.Example+"\n") {
			t.Errorf("the example of %s is not in fn_examples.test: %s", f.Name, f.Example)
		}
	}
}

// Functions of formats are found by name, like all others.
func TestFormatsFunctionsAreThere(t *testing.T) {
	r := Registry()
	for _, name := range []string{"from_json", "TO_JSON", "get_json_object", "schema_of_json", "json_array_length", "json_object_keys",
		"from_csv", "to_csv", "schema_of_csv", "upper"} {
		if _, ok := r.Scalar(name); !ok {
			t.Errorf("there is no %s", name)
		}
	}
}
