package sql

import (
	"os"
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
)

// TestAcceptAsSpark compares what a real Spark 4.2.0's parser said of each statement of
// testdata/accept.txt (recorded by record.py beside it) with what we say. A line may end with
// " ~~> CLASS", our answer ("ok" or a class) where it differs on purpose. Without it both accept,
// or both refuse with the same class; where Spark's class is a legacy number or a Java exception,
// ours is any class of its own.
func TestAcceptAsSpark(t *testing.T) {
	statements, err := acceptLines()
	if err != nil {
		t.Fatal(err)
	}
	spark, err := lines("testdata/accept.spark")
	if err != nil {
		t.Fatal(err)
	}
	if len(statements) != len(spark) {
		t.Fatalf("%d statements, %d answers: record them anew", len(statements), len(spark))
	}
	for i, line := range statements {
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		text, ours, marked := strings.Cut(line, " ~~> ")
		_, err := Parse(source(text))
		got := "ok"
		if err != nil {
			checkPlace(t, text, err)
			got = errs.ClassOf(err)
		} else {
			roundTrip(t, text)
		}
		switch want := spark[i]; {
		case marked && got != ours:
			t.Errorf("line %d: %s\nis %s, marked as %s (Spark: %s)", i+1, text, got, ours, want)
		case marked && got == want:
			t.Errorf("line %d: %s\nneeds no mark any more: both say %s", i+1, text, got)
		case !marked && !agrees(got, want):
			t.Errorf("line %d: %s\nis %s, in Spark %s: %v", i+1, text, got, want, err)
		}
	}
}

// agrees compares our class with Spark's.
func agrees(got, want string) bool {
	unnamed := strings.HasPrefix(want, "_LEGACY_") || !strings.Contains(want, "_") && want != "ok"
	return got == want || unnamed && got != "ok"
}

func acceptLines() ([]string, error) { return lines("testdata/accept.txt") }

func lines(file string) ([]string, error) {
	b, err := os.ReadFile(file)
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n"), err
}
