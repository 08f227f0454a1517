package cli

import (
	"testing"
	"time"
)

func TestParsePoint(t *testing.T) {
	now := time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)
	at := func(s string) point {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return point{kind: atTime, time: v}
	}
	for text, want := range map[string]point{
		"earliest": {kind: earliest}, "BEGINNING": {kind: earliest}, "first": {kind: earliest},
		"latest": {kind: latest}, "end": {kind: latest}, "now": {kind: latest},
		"0": {kind: atOffset}, "1200": {kind: atOffset, n: 1200},
		"-10": {kind: fromEnd, n: 10}, "-0": {kind: fromEnd},
		"10m": at("2026-02-01T11:50:00Z"), "0s": at("2026-02-01T12:00:00Z"), "7d": at("2026-01-25T12:00:00Z"), "1h30m": at("2026-02-01T10:30:00Z"),
		"2026-01-31": at("2026-01-31T00:00:00Z"), "2026-01-31 10:00": at("2026-01-31T10:00:00Z"), "2026-01-31T10:00:01": at("2026-01-31T10:00:01Z"),
		"2026-01-31T10:00:00.5-05:00": at("2026-01-31T15:00:00.5Z"),
	} {
		got, err := parsePoint(text, now)
		if err != nil || got.kind != want.kind || got.n != want.n || !got.time.Equal(want.time) {
			t.Errorf("%q is %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "ayer", "-10m", "d", "-1d", "1.5d", "2026-13-01", "10:00", "+", "99999999999999999999"} {
		if got, err := parsePoint(text, now); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}
