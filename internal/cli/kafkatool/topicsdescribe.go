package kafkatool

import (
	"context"
	"encoding/base64"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// topicDescription is what the cluster says of a topic.
type topicDescription struct {
	name       string
	id         [16]byte
	partitions []partitionDescription // sorted
}

type partitionDescription struct {
	id              int32
	leader          int32 // -1 for none
	replicas, isr   []int32
	elr, lastElr    []int32
	elrKnown        bool // the broker tells which replicas are eligible leaders
	adding, leaving []int32
	moving          bool // a reassignment is in progress
}

// replicationFactor does not count replicas that are only being added.
func (p *partitionDescription) replicationFactor() int {
	if !p.moving {
		return len(p.replicas)
	}
	return len(p.replicas) - len(p.adding)
}

const defaultPageSize = 2000 // partitions in a DescribeTopicPartitions response

// describeTopics asks for topics by name, in pages of limit partitions (0: the default). Brokers
// that do not know DescribeTopicPartitions are asked for metadata.
func describeTopics(ctx context.Context, cl *kgo.Client, names []string, limit int32) ([]topicDescription, error) {
	if len(names) == 0 {
		return nil, nil
	}
	out, err := describePages(ctx, cl, names, limit)
	if codeOf(err) == kerr.UnsupportedVersion.Code || err != nil && isUnsupported(err) {
		return describeFromMetadata(ctx, cl, names)
	}
	return out, err
}

// isUnsupported says that the client refused to send a request that the broker does not know.
func isUnsupported(err error) bool {
	return strings.Contains(err.Error(), "broker is too old") || strings.Contains(err.Error(), "unsupported")
}

func describePages(ctx context.Context, cl *kgo.Client, names []string, limit int32) ([]topicDescription, error) {
	if limit <= 0 {
		limit = defaultPageSize
	}
	names = append([]string(nil), names...)
	sort.Strings(names) // the broker's order, which the cursor needs
	req := kmsg.NewPtrDescribeTopicPartitionsRequest()
	req.ResponsePartitionLimit = limit
	for _, n := range names {
		t := kmsg.NewDescribeTopicPartitionsRequestTopic()
		t.Topic = n
		req.Topics = append(req.Topics, t)
	}
	var out []topicDescription
	for {
		resp, err := ask[*kmsg.DescribeTopicPartitionsResponse](ctx, cl, req)
		if err != nil {
			return nil, err
		}
		for _, t := range resp.Topics {
			if err := apiError(t.ErrorCode, nil); err != nil {
				return nil, err
			}
			if n := len(out); n == 0 || out[n-1].name != *t.Topic {
				out = append(out, topicDescription{name: *t.Topic, id: t.TopicID})
			}
			d := &out[len(out)-1]
			for _, p := range t.Partitions {
				d.partitions = append(d.partitions, partitionDescription{id: p.Partition, leader: p.LeaderID, replicas: p.Replicas,
					isr: p.ISR, elr: p.EligibleLeaderReplicas, lastElr: p.LastKnownELR, elrKnown: true})
			}
		}
		if resp.NextCursor == nil {
			return out, nil
		}
		c := kmsg.NewDescribeTopicPartitionsRequestCursor()
		c.Topic, c.Partition = resp.NextCursor.Topic, resp.NextCursor.Partition
		req.Cursor = &c
		for len(req.Topics) > 0 && req.Topics[0].Topic < c.Topic {
			req.Topics = req.Topics[1:]
		}
	}
}

func describeFromMetadata(ctx context.Context, cl *kgo.Client, names []string) ([]topicDescription, error) {
	resp, err := metadata(ctx, cl)
	if err != nil {
		return nil, err
	}
	known := map[string]topicDescription{}
	for _, t := range resp.Topics {
		if t.Topic == nil {
			continue
		}
		d := topicDescription{name: *t.Topic, id: t.TopicID}
		for _, p := range t.Partitions {
			d.partitions = append(d.partitions, partitionDescription{id: p.Partition, leader: p.Leader, replicas: p.Replicas, isr: p.ISR})
		}
		sort.Slice(d.partitions, func(i, j int) bool { return d.partitions[i].id < d.partitions[j].id })
		known[d.name] = d
	}
	var out []topicDescription
	for _, n := range names {
		d, ok := known[n]
		if !ok {
			return nil, apiError(kerr.UnknownTopicOrPartition.Code, nil)
		}
		out = append(out, d)
	}
	return out, nil
}

func (t *topicTool) describe(ctx context.Context) error {
	names, err := t.described(ctx)
	if err != nil {
		return err
	}
	limit, _, err := t.opts.integer("partition-size-limit-per-response", 32)
	if err != nil {
		return err
	}
	topics, err := describeTopics(ctx, t.cl, names, int32(limit))
	if err != nil {
		return err
	}
	topics = describedOrder(topics)
	configs, err := topicConfigsOf(ctx, t.cl, names)
	if err != nil {
		return err
	}
	resp, err := metadata(ctx, t.cl)
	if err != nil {
		return err
	}
	alive := map[int32]bool{}
	for _, b := range resp.Brokers {
		alive[b.NodeID] = true
	}
	if err := addReassignments(ctx, t.cl, topics); err != nil {
		return err
	}
	for i := range topics {
		t.printTopic(&topics[i], configs[topics[i].name], alive)
	}
	return nil
}

// describedOrder is the order of Kafka's tool, whose client hands the topics through three hash maps.
func describedOrder(topics []topicDescription) []topicDescription {
	hash := func(d topicDescription) int32 { return stringHash(d.name) }
	n := len(topics)
	return hashOrder(hashOrder(hashOrder(topics, n, hash), n*4/3+1, hash), n, hash)
}

// described returns the topics that --topic or --topic-id selects.
func (t *topicTool) described(ctx context.Context) ([]string, error) {
	text, err := t.opts.value("topic-id")
	if err != nil {
		return nil, err
	}
	id, err := parseTopicID(text)
	if err != nil {
		return nil, err
	}
	if id == ([16]byte{}) {
		return t.existing(ctx)
	}
	resp, err := metadata(ctx, t.cl)
	if err != nil {
		return nil, err
	}
	for _, rt := range resp.Topics {
		if rt.TopicID == id && rt.Topic != nil && !(rt.IsInternal && t.opts.has("exclude-internal")) {
			return []string{*rt.Topic}, nil
		}
	}
	if t.opts.has("if-exists") {
		return nil, nil
	}
	return nil, illegalArgument(fmt.Sprintf("TopicId '%s' does not exist as expected", text))
}

func parseTopicID(text string) (id [16]byte, err error) {
	if text == "" {
		return id, nil
	}
	if len(text) > 24 {
		return id, illegalArgument(fmt.Sprintf("Input string with prefix `%s` is too long to be decoded as a base64 UUID", text[:24]))
	}
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(b) != 16 {
		return id, illegalArgument(fmt.Sprintf("Input string `%s` decoded as %d bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID", text, len(b)))
	}
	copy(id[:], b)
	return id, nil
}

// topicConfigsOf describes the configs of topics, in the broker's order.
func topicConfigsOf(ctx context.Context, cl *kgo.Client, names []string) (map[string][]kmsg.DescribeConfigsResponseResourceConfig, error) {
	req := kmsg.NewPtrDescribeConfigsRequest()
	for _, n := range names {
		res := kmsg.NewDescribeConfigsRequestResource()
		res.ResourceType, res.ResourceName = kmsg.ConfigResourceTypeTopic, n
		req.Resources = append(req.Resources, res)
	}
	out := map[string][]kmsg.DescribeConfigsResponseResourceConfig{}
	if len(names) == 0 {
		return out, nil
	}
	resp, err := ask[*kmsg.DescribeConfigsResponse](ctx, cl, req)
	if err != nil {
		return nil, err
	}
	for _, res := range resp.Resources {
		if err := apiError(res.ErrorCode, res.ErrorMessage); err != nil {
			return nil, err
		}
		out[res.ResourceName] = hashOrder(res.Configs, defaultCapacity,
			func(c kmsg.DescribeConfigsResponseResourceConfig) int32 { return stringHash(c.Name) })
	}
	return out, nil
}

// addReassignments notes which partitions are being moved. A broker that does not tell has none to tell.
func addReassignments(ctx context.Context, cl *kgo.Client, topics []topicDescription) error {
	req := kmsg.NewPtrListPartitionReassignmentsRequest()
	req.TimeoutMillis = int32(patience.Milliseconds())
	for _, d := range topics {
		t := kmsg.NewListPartitionReassignmentsRequestTopic()
		t.Topic = d.name
		for _, p := range d.partitions {
			t.Partitions = append(t.Partitions, p.id)
		}
		req.Topics = append(req.Topics, t)
	}
	if len(req.Topics) == 0 {
		return nil
	}
	resp, err := ask[*kmsg.ListPartitionReassignmentsResponse](ctx, cl, req)
	if err != nil {
		if isUnsupported(err) {
			return nil
		}
		return err
	}
	for _, rt := range resp.Topics {
		for _, rp := range rt.Partitions {
			for i := range topics {
				for j := range topics[i].partitions {
					if p := &topics[i].partitions[j]; topics[i].name == rt.Topic && p.id == rp.Partition {
						p.adding, p.leaving, p.moving = rp.AddingReplicas, rp.RemovingReplicas, true
					}
				}
			}
		}
	}
	return nil
}

func (t *topicTool) printTopic(d *topicDescription, configs []kmsg.DescribeConfigsResponseResourceConfig, alive map[int32]bool) {
	minISR := 1
	var own []string
	for _, c := range configs {
		value := "null"
		if c.Value != nil {
			value = *c.Value
		}
		if c.Source != kmsg.ConfigSourceDefaultConfig {
			own = append(own, c.Name+"="+value)
		}
		if n, err := strconv.Atoi(value); err == nil && c.Name == "min.insync.replicas" {
			minISR = n
		}
	}
	if !t.opts.any(topicReports...) && (len(own) > 0 || !t.opts.has("topics-with-overrides")) {
		t.printf("Topic: %s", d.name)
		if d.id != ([16]byte{}) {
			t.printf("\tTopicId: %s", base64.RawURLEncoding.EncodeToString(d.id[:]))
		}
		factor := 0
		if len(d.partitions) > 0 {
			factor = d.partitions[0].replicationFactor()
		}
		t.printf("\tPartitionCount: %d\tReplicationFactor: %d\tConfigs: %s\n", len(d.partitions), factor, strings.Join(own, ","))
	}
	if t.opts.has("topics-with-overrides") {
		return
	}
	for i := range d.partitions {
		if p := &d.partitions[i]; t.reported(p, minISR, alive) {
			t.printPartition(d.name, p)
		}
	}
}

// reported says whether a partition is among those that the options ask for.
func (t *topicTool) reported(p *partitionDescription, minISR int, alive map[int32]bool) bool {
	o := t.opts
	return !o.any(topicReports...) ||
		o.has("under-replicated-partitions") && p.replicationFactor() > len(p.isr) ||
		o.has("unavailable-partitions") && (p.leader < 0 || !alive[p.leader]) ||
		o.has("under-min-isr-partitions") && (p.leader < 0 || len(p.isr) < minISR) ||
		o.has("at-min-isr-partitions") && len(p.isr) == minISR
}

func (t *topicTool) printPartition(topic string, p *partitionDescription) {
	leader := "none"
	if p.leader >= 0 {
		leader = strconv.Itoa(int(p.leader))
	}
	t.printf("\tTopic: %s\tPartition: %d\tLeader: %s\tReplicas: %s\tIsr: %s", topic, p.id, leader, joinInts(p.replicas, ","), joinInts(p.isr, ","))
	if p.moving {
		t.printf("\tAdding Replicas: %s\tRemoving Replicas: %s", joinInts(p.adding, ","), joinInts(p.leaving, ","))
	}
	elr, last := "N/A", "N/A"
	if p.elrKnown {
		elr, last = joinInts(p.elr, ","), joinInts(p.lastElr, ",")
	}
	t.printf("\tElr: %s\tLastKnownElr: %s\n", elr, last)
}
