package kafka

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// positions is the next offset to read of each partition; its text is Spark's
// {"topic":{"0":42}}.
type positions map[tp]int64

const (
	latestOffset   = -1
	earliestOffset = -2
)

func (p positions) offset() connector.Offset {
	byTopic := map[string]map[string]int64{}
	for k, v := range p {
		if byTopic[k.topic] == nil {
			byTopic[k.topic] = map[string]int64{}
		}
		byTopic[k.topic][strconv.Itoa(int(k.part))] = v
	}
	out, _ := json.Marshal(byTopic) // maps of numbers always marshal, with sorted keys
	return connector.Offset(out)
}

func parsePositions(s string) (positions, error) {
	p := positions{}
	if s == "" {
		return p, nil
	}
	var byTopic map[string]map[string]int64
	if err := json.Unmarshal([]byte(s), &byTopic); err != nil {
		return nil, errs.Wrap(err, "INVALID_OFFSETS", "offsets %q", s).WithHint(`write them as {"topic":{"0":42,"1":-2}}`)
	}
	for topic, parts := range byTopic {
		for part, off := range parts {
			n, err := strconv.ParseInt(part, 10, 32)
			if err != nil || off < earliestOffset {
				return nil, errs.New("INVALID_OFFSETS", "offsets %q: partition %q, offset %d", s, part, off)
			}
			p[tp{topic, int32(n)}] = off
		}
	}
	return p, nil
}

// sorted lists the partitions by topic and number.
func (p positions) sorted() []tp {
	return slices.SortedFunc(maps.Keys(p), func(a, b tp) int {
		if c := strings.Compare(a.topic, b.topic); c != 0 {
			return c
		}
		return int(a.part - b.part)
	})
}

// choice is the value of startingOffsets or endingOffsets, and what it may be (Spark:
// KafkaSourceProvider refuses a batch that starts at the latest or ends at the earliest).
type choice struct {
	option, value    string
	earliest, latest bool
}

// resolve turns it into positions.
func (c choice) resolve(first, next positions) (positions, error) {
	switch value := strings.ToLower(strings.TrimSpace(c.value)); {
	case value == "earliest" && c.earliest:
		return maps.Clone(first), nil
	case value == "latest" && c.latest:
		return maps.Clone(next), nil
	case value == "earliest" || value == "latest":
		return nil, c.refused(value)
	case !strings.HasPrefix(value, "{"):
		return nil, errs.New("INVALID_OFFSETS", `%s is %q: neither earliest, latest nor offsets such as {"topic":{"0":42}}`, c.option, c.value)
	}
	given, err := parsePositions(c.value)
	if err != nil {
		return nil, err
	}
	for _, k := range given.sorted() {
		if _, ok := next[k]; !ok {
			return nil, errs.New("INVALID_OFFSETS", "%s names %s, which the subscribed topics do not have", c.option, k)
		}
	}
	out := positions{}
	for _, k := range next.sorted() {
		off, ok := given[k]
		if !ok {
			return nil, errs.New("INVALID_OFFSETS", "%s %s names no partition %d of topic %s", c.option, c.value, k.part, k.topic).
				WithHint("give every partition, -2 for earliest and -1 for latest")
		}
		if out[k], err = c.one(k, off, first[k], next[k]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// one resolves the offset given for a partition.
func (c choice) one(k tp, off, first, next int64) (int64, error) {
	switch {
	case off == earliestOffset && c.earliest:
		return first, nil
	case off == latestOffset && c.latest:
		return next, nil
	case off == earliestOffset:
		return 0, c.refused("earliest (-2)")
	case off == latestOffset:
		return 0, c.refused("latest (-1)")
	case off > next:
		return 0, errs.New("INVALID_OFFSETS", "%s gives %s offset %d, but it ends at %d", c.option, k, off, next)
	}
	return off, nil
}

func (c choice) refused(value string) error {
	return errs.New("INVALID_OFFSETS", "%s cannot be %s here", c.option, value).
		WithHint("a batch reads from earliest or given offsets to latest or given offsets; without %s a stream starts at latest and a batch at earliest", c.option)
}

// capped moves from towards to by at most limit records in all, shared in proportion to
// what each partition has waiting (Spark: KafkaMicroBatchStream.rateLimit).
func capped(from, to positions, limit int64) positions {
	var waiting int64
	for k, end := range to {
		waiting += max(0, end-from[k])
	}
	if limit <= 0 || waiting <= limit {
		return to
	}
	out, left := positions{}, limit
	for _, k := range to.sorted() {
		n := max(0, to[k]-from[k])
		take := min(n, max(1, int64(float64(limit)*float64(n)/float64(waiting))), left)
		out[k] = from[k] + take
		left -= take
	}
	return out
}
