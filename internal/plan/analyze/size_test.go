package analyze

import (
	"fmt"
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
)

// TestLargeExpressions: long chains stay cheap, and chains of aliases that double are refused.
func TestLargeExpressions(t *testing.T) {
	if _, err := analyzed(t, "SELECT 1"+strings.Repeat(" + 1", 400)+", magnitud"+strings.Repeat(" + magnitud", 400)+" FROM sismos"); err != nil {
		t.Error(err)
	}
	doubling := "SELECT magnitud AS a0"
	for i := range 40 {
		doubling += fmt.Sprintf(", a%d + a%d AS a%d", i, i, i+1)
	}
	if _, err := analyzed(t, doubling+" FROM sismos"); errs.ClassOf(err) != "UNSUPPORTED_FEATURE" {
		t.Errorf("got %v", err)
	}
}

// TestDoublingNames: a chain of names of WITH, or of views, that each read the one before twice
// is analyzed while it is small, and refused before it takes the memory.
func TestDoublingNames(t *testing.T) {
	chain := func(n int) string {
		text := "WITH a0(i) AS (SELECT 1)"
		for i := range n {
			text += fmt.Sprintf(", a%d(i) AS (SELECT i FROM a%d UNION ALL SELECT i FROM a%d)", i+1, i, i)
		}
		return fmt.Sprintf("%s SELECT i FROM a%d", text, n)
	}
	if _, err := analyzed(t, chain(8)); err != nil {
		t.Error(err)
	}
	if _, err := analyzed(t, chain(40)); errs.ClassOf(err) != "QUERY_TOO_COMPLEX" {
		t.Errorf("got %v", err)
	}
	unread := strings.TrimSuffix(chain(40), "SELECT i FROM a40") + "SELECT 1"
	if _, err := analyzed(t, unread); errs.ClassOf(err) != "QUERY_TOO_COMPLEX" {
		t.Errorf("a chain that nothing reads: got %v", err)
	}
	views := map[string]string{"v0": "SELECT id FROM sismos"}
	for i := range 40 {
		views[fmt.Sprintf("v%d", i+1)] = fmt.Sprintf("SELECT id FROM v%d UNION ALL SELECT id FROM v%d", i, i)
	}
	if _, err := withViews(t, "SELECT id FROM v40", views, false); errs.ClassOf(err) != "QUERY_TOO_COMPLEX" {
		t.Errorf("views: got %v", err)
	}
	if _, err := withViews(t, "SELECT id FROM v6", views, false); err != nil {
		t.Error(err)
	}
}
