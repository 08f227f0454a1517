package kafka

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

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

// bounds asks for the first and the next readable (committed) offset of every partition.
func bounds(ctx context.Context, cl *kgo.Client, names []string) (first, next positions, err error) {
	adm := kadm.NewClient(cl)
	starts, err := adm.ListStartOffsets(ctx, names...)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return nil, nil, unavailable(err, "reading the first offsets of %s", strings.Join(names, ", "))
	}
	first = collect(starts)
	if next, err = ends(ctx, cl, names); err != nil {
		return nil, nil, err
	}
	return first, next, nil
}

// ends is the last stable offset of every partition.
func ends(ctx context.Context, cl *kgo.Client, names []string) (positions, error) {
	list, err := kadm.NewClient(cl).ListCommittedOffsets(ctx, names...)
	if err == nil {
		err = list.Error()
	}
	if err != nil {
		return nil, unavailable(err, "reading the last offsets of %s", strings.Join(names, ", "))
	}
	return collect(list), nil
}

func collect(list kadm.ListedOffsets) positions {
	p := positions{}
	list.Each(func(o kadm.ListedOffset) { p[tp{o.Topic, o.Partition}] = o.Offset })
	return p
}

// resolve turns startingOffsets or endingOffsets into positions.
func resolve(spec string, first, next positions) (positions, error) {
	switch strings.ToLower(spec) {
	case "earliest":
		return maps.Clone(first), nil
	case "latest":
		return maps.Clone(next), nil
	}
	given, err := parsePositions(spec)
	if err != nil {
		return nil, err
	}
	out := positions{}
	for k := range next {
		off, ok := given[k]
		switch {
		case !ok:
			return nil, errs.New("INVALID_OFFSETS", "offsets %s name no partition %d of topic %s", spec, k.part, k.topic).
				WithHint("give every partition, -2 for earliest and -1 for latest")
		case off == earliestOffset:
			off = first[k]
		case off == latestOffset:
			off = next[k]
		}
		out[k] = off
	}
	return out, nil
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
		take := min(n, max(1, n*limit/waiting), left)
		out[k] = from[k] + take
		left -= take
	}
	return out
}
