package errs

import (
	"errors"
	"testing"
)

func TestRenderShowsPlaceAndRemedyOfTheCause(t *testing.T) {
	src := &Source{Name: "f.sql", Text: "SELECT 1,\n\tañb + x\n"}
	inner := New("INNER", "no x").At(src, Span{18, 19}).WithHint("write y")
	want := "[OUTER] while planning: [INNER] no x (f.sql:2:8)\n" +
		" --> f.sql:2:8\n  |\n2 | \tañb + x\n  | \t      ^\nhint: write y"
	if got := Render(Wrap(inner, "OUTER", "while planning")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := Render(errors.New("plain")); got != "plain" {
		t.Errorf("got %q", got)
	}
	if ClassOf(Wrap(inner, "OUTER", "x")) != "OUTER" || ClassOf(errors.New("x")) != "" {
		t.Error("ClassOf does not give the outermost class")
	}
}

func TestNear(t *testing.T) {
	for _, c := range []struct {
		name string
		from []string
		want string
	}{
		{"kafak", []string{"kafka", "http", "alert"}, "kafka"},
		{"magnitu", []string{"id", "magnitud", "lugar"}, "magnitud"},
		{"UPER", []string{"upper", "lower"}, "upper"},
		{"zz", []string{"id", "n", "ts"}, ""},
		{"zebra", []string{"id", "lugar"}, ""},
	} {
		got := ""
		if near := Near(c.name, c.from); len(near) > 0 {
			got = near[0]
		}
		if got != c.want {
			t.Errorf("%s gave %q, want %q", c.name, got, c.want)
		}
	}
}
