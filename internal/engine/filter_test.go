package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

func TestMessageFilter(t *testing.T) {
	day := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	list := []*kgo.Record{
		{Topic: "t", Partition: 0, Offset: 7, Timestamp: day, Key: []byte("a"), Value: []byte(`{"n":1}`)},
		{Topic: "t", Partition: 1, Offset: 8, Timestamp: day.Add(time.Hour), Value: []byte("dos")},
		{Topic: "t", Partition: 2, Offset: 9, Timestamp: day.Add(2 * time.Hour), Key: []byte{}},
		{Topic: "t", Partition: 2, Offset: 10, Timestamp: day.Add(3 * time.Hour), Key: []byte("\xff"), Value: []byte("\xffx")},
	}
	for _, c := range []struct{ condition, want string }{
		{"true", "7 8 9 10"},
		{"key IS NULL", "8"},
		{"key = ''", "9"},
		{"value IS NULL OR topic != 't'", "9"},
		{"value LIKE '%o%'", "8"},
		{"value LIKE '%x'", "10"},
		{"offset BETWEEN 8 AND 9 AND partition = 2", "9"},
		{"timestamp >= TIMESTAMP '2026-01-31 02:00:00'", "9 10"},
		{"key = 'a' OR value = 'dos'", "7 8"},
		{"key > 'a'", "10"},
	} {
		f, err := NewMessageFilter(t.Context(), sys.Real(), c.condition)
		if err != nil {
			t.Errorf("%s: %v", c.condition, err)
			continue
		}
		for range 2 { // it serves batch after batch
			kept, err := f.Keep(t.Context(), list)
			var got []string
			for _, r := range kept {
				got = append(got, fmt.Sprint(r.Offset))
			}
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("%s: %v, %v", c.condition, got, err)
			}
		}
		if kept, err := f.Keep(t.Context(), nil); err != nil || len(kept) != 0 {
			t.Error(kept, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestMessageFilterErrorsShowThePlace(t *testing.T) {
	for condition, want := range map[string]string{
		"":                        "filter:1:1",
		"value = ":                "filter:1:8",
		"valor = 'a'":             "filter:1:1",
		"value = 'a'\n AND ofset": "filter:2:6",
		"value":                   "filter:1:1",
		"max(offset) = 1":         "filter:1:1",
		"true; SELECT 1":          "filter:1:5",
		"true GROUP BY key":       "filter:1:6",
	} {
		f, err := NewMessageFilter(t.Context(), sys.Real(), condition)
		if err == nil {
			f.Close()
			t.Errorf("%q passes", condition)
		} else if !strings.Contains(errs.Render(err), want) {
			t.Errorf("%q: %s", condition, errs.Render(err))
		}
	}
	f, err := NewMessageFilter(t.Context(), sys.Real(), "CAST(value AS INT) = 1")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Keep(t.Context(), []*kgo.Record{{Value: []byte("no")}}); errs.ClassOf(err) != "CAST_INVALID_INPUT" {
		t.Error(err)
	}
}
