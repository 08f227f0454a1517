package kafka

import (
	"context"
	"maps"

	"github.com/azud/azud/internal/errs"
)

// starting resolves where reading begins. Spark: startingTimestamp comes before
// startingOffsetsByTimestamp, that before startingOffsets.
func (s *source) starting(ctx context.Context, first, next positions) (positions, error) {
	times, err := s.times("starting", next)
	if err != nil || times != nil {
		return s.since(ctx, times, first, next, err)
	}
	spec := choice{option: "startingOffsets", value: "latest", latest: true, earliest: true}
	if !s.table.Stream {
		spec.value, spec.latest = "earliest", false
	}
	if v, ok := s.table.Options.Lookup("startingOffsets"); ok {
		spec.value = v
	}
	return spec.resolve(first, next)
}

// ending resolves where a batch ends.
func (s *source) ending(ctx context.Context, first, next positions) (positions, error) {
	times, err := s.times("ending", next)
	if err != nil {
		return nil, err
	}
	if times == nil {
		return choice{option: "endingOffsets", value: s.c.Text(s.table.Options, "endingOffsets"), latest: true}.resolve(first, next)
	}
	found, err := s.at.after(ctx, times)
	if err != nil {
		return nil, err
	}
	out := maps.Clone(next)
	for p, at := range found {
		if at >= 0 { // Spark: without such a record up to the end
			out[p] = min(at, next[p])
		}
	}
	return out, nil
}

// since is the offsets of the first records not older than times; err is passed on.
func (s *source) since(ctx context.Context, times, first, next positions, err error) (positions, error) {
	if err != nil {
		return nil, err
	}
	found, err := s.at.after(ctx, times)
	if err != nil {
		return nil, err
	}
	out := positions{}
	for _, p := range next.sorted() {
		at, ok := found[p]
		if (!ok || at < 0) && s.c.Text(s.table.Options, "startingOffsetsByTimestampStrategy") != "latest" {
			return nil, errs.New("INVALID_OFFSETS", "No offset matched from request of topic-partition %s and timestamp %d.", p, times[p]).
				WithHint("no record there is as young; with startingOffsetsByTimestampStrategy 'latest' reading begins at the end")
		}
		if out[p] = next[p]; ok && at >= 0 {
			out[p] = min(max(at, first[p]), next[p])
		}
	}
	return out, nil
}

// times are the times given for each partition, in ms; nil: none are.
func (s *source) times(which string, next positions) (positions, error) {
	out := positions{}
	if _, ok := s.table.Options.Lookup(which + "Timestamp"); ok {
		ms := s.c.Int(s.table.Options, which+"Timestamp")
		if ms < 0 {
			return nil, errs.New("INVALID_OPTION", "%sTimestamp is %d, but must not be negative", which, ms)
		}
		for p := range next {
			out[p] = ms
		}
		return out, nil
	}
	option := which + "OffsetsByTimestamp"
	value, ok := s.table.Options.Lookup(option)
	if !ok {
		return nil, nil
	}
	given, _, err := parsePositions(value)
	if err != nil {
		return nil, err
	}
	for _, p := range given.sorted() {
		if _, there := next[p]; !there {
			return nil, errs.New("KAFKA_TIMESTAMP_OFFSET_DOES_NOT_MATCH_ASSIGNED", "%s names %s, which is not read", option, p)
		}
	}
	for _, p := range next.sorted() {
		ms, there := given[p]
		if !there || ms < 0 {
			return nil, errs.New("KAFKA_TIMESTAMP_OFFSET_DOES_NOT_MATCH_ASSIGNED", "%s %s gives no time for %s", option, value, p).
				WithHint("give every partition a time in ms since 1970")
		}
		out[p] = ms
	}
	return out, nil
}
