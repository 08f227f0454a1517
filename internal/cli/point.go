package cli

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/azud/azud/internal/errs"
)

// point is a place in a topic, as people name it on the command line.
type point struct {
	kind pointKind
	n    int64     // offset; for fromEnd the records before the end
	time time.Time // for atTime
}

type pointKind int

const (
	earliest pointKind = iota
	latest
	atOffset
	fromEnd
	atTime
)

// parsePoint reads earliest, latest, an offset, -N (N records before the end), a time as in
// RFC 3339 (with or without a zone, or a day alone; UTC if it has none), or an age such as
// 10m, 24h or 7d.
func parsePoint(s string, now time.Time) (point, error) {
	switch strings.ToLower(s) {
	case "earliest", "beginning", "first":
		return point{kind: earliest}, nil
	case "latest", "end", "now":
		return point{kind: latest}, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n < 0 || strings.HasPrefix(s, "-") {
			return point{kind: fromEnd, n: -n}, nil
		}
		return point{kind: atOffset, n: n}, nil
	}
	if d, ok := parseAge(s); ok {
		return point{kind: atTime, time: now.Add(-d)}, nil
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil {
			return point{kind: atTime, time: t}, nil
		}
	}
	return point{}, errs.New("INVALID_OPTION", "%q is no place in a topic", s).
		WithHint("write earliest, latest, an offset (1200), -10 for the last 10 records, a time (2026-01-31T10:00:00Z) or an age (10m, 24h, 7d)")
}

// parseAge reads a duration as Go writes it, or a number of days.
func parseAge(s string) (time.Duration, bool) {
	if n, err := strconv.ParseUint(strings.TrimSuffix(s, "d"), 10, 16); err == nil && strings.HasSuffix(s, "d") {
		return time.Duration(n) * 24 * time.Hour, true
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0
}

// offsets resolves the point in a topic's partitions, within what they hold; nil means all of
// them. After the last record is the end.
func (p point) offsets(ctx context.Context, adm *kadm.Client, topic string, partitions []int32) (map[int32]int64, error) {
	spans, err := spansOf(ctx, adm, topic)
	if err != nil {
		return nil, err
	}
	all := spans[topic]
	if len(partitions) == 0 {
		for part := range all {
			partitions = append(partitions, part)
		}
	}
	var byTime kadm.ListedOffsets
	if p.kind == atTime {
		byTime, err = adm.ListOffsetsAfterMilli(ctx, p.time.UnixMilli(), topic)
		if err == nil {
			err = byTime.Error()
		}
		if err != nil {
			return nil, unavailable(err, "looking for a time in %s", topic)
		}
	}
	out := map[int32]int64{}
	for _, part := range partitions {
		s, ok := all[part]
		if !ok {
			return nil, errs.New("UNKNOWN_TOPIC_OR_PARTITION", "topic %s has no partition %d", topic, part).
				WithHint("it has %s, numbered from 0", count(len(all), "partition"))
		}
		switch p.kind {
		case earliest:
			out[part] = s.start
		case latest:
			out[part] = s.end
		case atOffset:
			out[part] = min(max(p.n, s.start), s.end)
		case fromEnd:
			out[part] = max(s.start, s.end-p.n)
		case atTime:
			found, _ := byTime.Lookup(topic, part)
			out[part] = min(max(found.Offset, s.start), s.end)
		}
	}
	return out, nil
}
