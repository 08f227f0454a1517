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

// identities are the topic ids that positions belong to: one that was deleted and made anew
// under its name has another. Brokers before 2.8 have none.
type identities map[string]string

// idsKey holds them in an offset's text; no topic can be called so.
const idsKey = "$topics"

// offset is the text of positions in topics with these ids.
func (p positions) offset(ids identities) connector.Offset {
	all := map[string]any{}
	for k, v := range p {
		parts, ok := all[k.topic].(map[string]int64)
		if !ok {
			parts = map[string]int64{}
			all[k.topic] = parts
		}
		parts[strconv.Itoa(int(k.part))] = v
	}
	if len(ids) > 0 {
		all[idsKey] = ids
	}
	out, _ := json.Marshal(all) // maps of numbers and strings always marshal, with sorted keys
	return connector.Offset(out)
}

// parsePositions reads the text of offset, or what people write: that has no ids.
func parsePositions(s string) (positions, identities, error) {
	p, ids := positions{}, identities{}
	if s == "" {
		return p, ids, nil
	}
	bad := func(err error) error {
		return errs.Wrap(err, "INVALID_OFFSETS", "offsets %q", s).WithHint(`write them as {"topic":{"0":42,"1":-2}}`)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(s), &all); err != nil {
		return nil, nil, bad(err)
	}
	for topic, raw := range all {
		if topic == idsKey {
			if err := json.Unmarshal(raw, &ids); err != nil {
				return nil, nil, bad(err)
			}
			continue
		}
		var parts map[string]int64
		if err := json.Unmarshal(raw, &parts); err != nil {
			return nil, nil, bad(err)
		}
		for part, off := range parts {
			n, err := strconv.ParseInt(part, 10, 32)
			if err != nil || off < earliestOffset {
				return nil, nil, errs.New("INVALID_OFFSETS", "offsets %q: partition %q, offset %d", s, part, off)
			}
			p[tp{topic, int32(n)}] = off
		}
	}
	return p, ids, nil
}

// anew reports whether a topic is another one than the positions were taken in.
func (before identities) anew(now identities, topic string) bool {
	return before[topic] != "" && now[topic] != "" && before[topic] != now[topic]
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
	given, _, err := parsePositions(c.value)
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
