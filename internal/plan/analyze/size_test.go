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
