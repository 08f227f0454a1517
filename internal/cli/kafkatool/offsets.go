package kafkatool

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const aboutOffsets = "An interactive shell for getting topic-partition offsets."

func offsetsOptions() *parser {
	return newParser(
		bootstrapOption("the brokers to connect to (required)"), commandConfigOption,
		option{name: "topic-partitions", arg: required, what: "topic:partitions,...", help: "topics (regular expressions) with a partition, or a range: t:1,t:0-3,t,t:5-,t:-3"},
		option{name: "topic", arg: required, what: "topic", help: "the topics, a regular expression; all without it"},
		option{name: "partitions", arg: required, what: "numbers", help: "the partitions, with commas; all without it"},
		option{name: "time", arg: required, what: "time", def: "latest", help: "ms since 1970, or latest (-1), earliest (-2), max-timestamp (-3), earliest-local (-4), latest-tiered (-5), earliest-pending-upload (-6)"},
		option{name: "exclude-internal-topics", help: "leave out internal topics"},
	)
}

func runOffsets(ctx context.Context, r *run) error {
	err := r.printTopicOffsets(ctx)
	switch err.(type) {
	case nil, usageError, exitError:
		return err
	}
	r.errf("Error occurred: %s\n", messageOf(err))
	return exitError(1)
}

func (r *run) printTopicOffsets(ctx context.Context) error {
	o := r.opts
	if o.err != nil {
		return o.err
	}
	if err := r.helpOrVersion(aboutOffsets); err != nil {
		return err
	}
	if err := r.defaultBootstrap(ctx); err != nil {
		return err
	}
	if err := o.need("bootstrap-server"); err != nil {
		return err
	}
	servers, err := o.value("bootstrap-server")
	if err != nil {
		return err
	}
	if err := checkServers(servers); err != nil {
		return err
	}
	if o.has("topic-partitions") && o.any("topic", "partitions") {
		return runtimeError("--topic-partitions cannot be used with --topic or --partitions")
	}
	at, err := r.offsetTime()
	if err != nil {
		return err
	}
	wanted, err := r.partitionFilter()
	if err != nil {
		return err
	}
	cl, err := r.admin(ctx)
	if err != nil {
		return err
	}
	defer cl.Close()
	parts, err := r.wantedPartitions(ctx, cl, wanted)
	if err != nil {
		return err
	}
	listed, err := listOffsets(ctx, cl, parts, at)
	if err != nil {
		return err
	}
	sort.Slice(listed, func(i, j int) bool { return listed[i].tp.String() < listed[j].tp.String() })
	for _, l := range listed {
		if l.err != nil {
			r.errf("Skip getting offsets for topic-partition %s due to error: %s\n", l.tp, describe(l.err))
		} else if l.offset >= 0 {
			r.printf("%s:%d:%d\n", l.tp.topic, l.tp.partition, l.offset)
		}
	}
	return nil
}

var namedTimes = map[string]int64{"latest": -1, "earliest": -2, "max-timestamp": -3, "earliest-local": -4, "latest-tiered": -5, "earliest-pending-upload": -6}

func (r *run) offsetTime() (int64, error) {
	text, err := r.opts.value("time")
	if err != nil {
		return 0, err
	}
	if at, ok := namedTimes[text]; ok {
		return at, nil
	}
	at, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, runtimeError("Malformed time argument " + text + ". Please use -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / " +
			"-5 or latest-tiered / -6 or earliest-pending-upload, or a specified long format timestamp")
	}
	return at, nil
}

// partitionRule selects partitions: from <= id < to of the topics that the expression matches, among
// ids where there are any.
type partitionRule struct {
	topic    *regexp.Regexp
	from, to int64
	ids      map[int32]bool
}

func (p *partitionRule) allows(tp topicPartition) bool {
	return p.topic.MatchString(tp.topic) && int64(tp.partition) >= p.from && int64(tp.partition) < p.to &&
		(len(p.ids) == 0 || p.ids[tp.partition])
}

func (r *run) partitionFilter() ([]partitionRule, error) {
	if list, err := r.opts.value("topic-partitions"); err != nil || list != "" {
		return partitionRules(list, err)
	}
	topic, err := r.opts.value("topic")
	if err != nil {
		return nil, err
	}
	if topic == "" {
		topic = ".*"
	}
	rule := partitionRule{to: math.MaxInt32, ids: map[int32]bool{}}
	if rule.topic, err = topicPattern(topic); err != nil {
		return nil, err
	}
	list, err := r.opts.value("partitions")
	if err != nil || list == "" {
		return []partitionRule{rule}, err
	}
	for _, word := range strings.Split(list, ",") {
		n, err := strconv.ParseInt(word, 10, 32)
		if err != nil {
			return nil, runtimeError("--partitions expects a comma separated list of numeric partition ids, but received: " + list)
		}
		rule.ids[int32(n)] = true
	}
	return []partitionRule{rule}, nil
}

var ruleForm = regexp.MustCompile(`^([^:,]*)(?::(?:([0-9]*)|(?:([0-9]*)-([0-9]*))))?$`)

func partitionRules(list string, err error) ([]partitionRule, error) {
	if err != nil {
		return nil, err
	}
	var out []partitionRule
	for _, word := range strings.Split(list, ",") {
		m := ruleForm.FindStringSubmatch(word)
		if m == nil {
			return nil, runtimeError("Invalid rule specification: " + word)
		}
		topic := m[1]
		if topic == "" {
			topic = ".*"
		}
		rule := partitionRule{to: math.MaxInt32}
		if rule.topic, err = topicPattern(topic); err != nil {
			return nil, err
		}
		if m[2] != "" {
			rule.from, _ = strconv.ParseInt(m[2], 10, 64)
			rule.to = rule.from + 1
		} else {
			rule.from, _ = strconv.ParseInt(m[3], 10, 64)
			if m[4] != "" {
				rule.to, _ = strconv.ParseInt(m[4], 10, 64)
			}
		}
		out = append(out, rule)
	}
	return out, nil
}

func (r *run) wantedPartitions(ctx context.Context, cl *kgo.Client, rules []partitionRule) ([]topicPartition, error) {
	resp, err := metadata(ctx, cl)
	if err != nil {
		return nil, err
	}
	var out []topicPartition
	for _, t := range resp.Topics {
		if t.Topic == nil || t.IsInternal && r.opts.has("exclude-internal-topics") {
			continue
		}
		for _, p := range t.Partitions {
			tp := topicPartition{*t.Topic, p.Partition}
			for i := range rules {
				if rules[i].allows(tp) {
					out = append(out, tp)
					break
				}
			}
		}
	}
	if len(out) == 0 {
		return nil, runtimeError("Could not match any topic-partitions with the specified filters")
	}
	return out, nil
}

// listedOffset is a partition's answer; offset -1 means that there is no such record.
type listedOffset struct {
	tp     topicPartition
	offset int64
	err    error
}

// listOffsets asks the leaders for offsets at a time: ms, or one of the negative numbers with a meaning.
func listOffsets(ctx context.Context, cl *kgo.Client, parts []topicPartition, at int64) ([]listedOffset, error) {
	if len(parts) == 0 {
		return nil, nil
	}
	parts = append([]topicPartition(nil), parts...)
	sortPartitions(parts)
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID = -1
	for _, tp := range parts {
		if n := len(req.Topics); n == 0 || req.Topics[n-1].Topic != tp.topic {
			t := kmsg.NewListOffsetsRequestTopic()
			t.Topic = tp.topic
			req.Topics = append(req.Topics, t)
		}
		p := kmsg.NewListOffsetsRequestTopicPartition()
		p.Partition, p.CurrentLeaderEpoch, p.Timestamp = tp.partition, -1, at
		t := &req.Topics[len(req.Topics)-1]
		t.Partitions = append(t.Partitions, p)
	}
	resp, err := ask[*kmsg.ListOffsetsResponse](ctx, cl, req)
	if err != nil {
		return nil, err
	}
	var out []listedOffset
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			out = append(out, listedOffset{topicPartition{t.Topic, p.Partition}, p.Offset, apiError(p.ErrorCode, nil)})
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no partition was answered for")
	}
	return out, nil
}

// Timestamps of ListOffsets with a meaning of their own.
const (
	timestampLatest   = -1
	timestampEarliest = -2
)

// logOffsets asks for the offsets of partitions at a time; -1 where there is none so late.
func logOffsets(ctx context.Context, cl *kgo.Client, parts []topicPartition, ms int64) (plan, error) {
	p := plan{}
	listed, err := listOffsets(ctx, cl, parts, ms)
	if err != nil {
		return nil, err
	}
	for _, l := range listed {
		if l.err != nil {
			return nil, executionError(l.err)
		}
		p[l.tp] = l.offset
	}
	return p, nil
}
