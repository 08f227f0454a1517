package kafkatool

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

const topicExists = 36 // Kafka's error code TOPIC_ALREADY_EXISTS

func (t *topicTool) create(ctx context.Context) error {
	topic, err := t.newTopic()
	if err != nil {
		return err
	}
	if strings.ContainsAny(topic.Topic, "._") {
		t.printf("WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. To avoid issues it is best to use either, but not both.\n")
	}
	if err := t.checkNumbers(); err != nil {
		return err
	}
	req := kmsg.NewPtrCreateTopicsRequest()
	req.TimeoutMillis = int32(patience.Milliseconds())
	req.Topics = append(req.Topics, topic)
	resp, err := ask[*kmsg.CreateTopicsResponse](ctx, t.cl, req)
	if err != nil {
		return err
	}
	for _, rt := range resp.Topics {
		err := apiError(rt.ErrorCode, rt.ErrorMessage)
		if codeOf(err) == topicExists && t.opts.has("if-not-exists") {
			return nil
		}
		if err != nil {
			return err
		}
	}
	t.printf("Created topic %s.\n", topic.Topic)
	return nil
}

// newTopic is the topic that the options describe.
func (t *topicTool) newTopic() (kmsg.CreateTopicsRequestTopic, error) {
	topic := kmsg.NewCreateTopicsRequestTopic()
	name, err := t.opts.value("topic")
	if err != nil {
		return topic, err
	}
	partitions, given, err := t.opts.integer("partitions", 32)
	if err != nil {
		return topic, err
	}
	factor, replicated, err := t.opts.integer("replication-factor", 32)
	if err != nil {
		return topic, err
	}
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, -1, -1
	if given {
		topic.NumPartitions = int32(partitions)
	}
	if replicated {
		topic.ReplicationFactor = int16(factor)
	}
	assignment, err := t.assignment()
	if err != nil {
		return topic, err
	}
	for p, brokers := range assignment {
		a := kmsg.NewCreateTopicsRequestTopicReplicaAssignment()
		a.Partition, a.Replicas = int32(p), brokers
		topic.ReplicaAssignment = append(topic.ReplicaAssignment, a)
	}
	topic.Configs, err = topicConfigs(t.opts.all("config"))
	return topic, err
}

func (t *topicTool) checkNumbers() error {
	if f, ok, _ := t.opts.integer("replication-factor", 32); ok && (f < 1 || f > 32767) {
		return illegalArgument("The replication factor must be between 1 and 32767 inclusive")
	}
	if p, ok, _ := t.opts.integer("partitions", 32); ok && p < 1 {
		return illegalArgument("The partitions must be greater than 0")
	}
	return nil
}

var aroundEquals = regexp.MustCompile(`\s*=\s*`)

// topicConfigs reads --config name=value options. Kafka's tool checks names and numbers before it asks
// the broker, with the same messages as the broker's; here the broker alone checks, except
// for what it would say differently.
func topicConfigs(args []string) ([]kmsg.CreateTopicsRequestTopicConfig, error) {
	var out []kmsg.CreateTopicsRequestTopicConfig
	for _, a := range args {
		pair := aroundEquals.Split(a, -1)
		for len(pair) > 0 && pair[len(pair)-1] == "" {
			pair = pair[:len(pair)-1] // as Java's split leaves empty ends out
		}
		if len(pair) != 2 {
			return nil, illegalArgument(`requirement failed: Invalid topic config: all configs to be added must be in the format "key=val".`)
		}
		c := kmsg.NewCreateTopicsRequestTopicConfig()
		c.Name, c.Value = strings.TrimSpace(pair[0]), kmsg.StringPtr(strings.TrimSpace(pair[1]))
		if err := checkConfigType(c.Name, *c.Value); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// Types of the numeric topic configs (Kafka: LogConfig).
var numericConfigs = map[string]string{
	"compression.gzip.level": "INT", "compression.lz4.level": "INT", "compression.zstd.level": "INT",
	"delete.retention.ms": "LONG", "file.delete.delay.ms": "LONG", "flush.messages": "LONG", "flush.ms": "LONG",
	"index.interval.bytes": "INT", "local.retention.bytes": "LONG", "local.retention.ms": "LONG",
	"max.compaction.lag.ms": "LONG", "max.message.bytes": "INT", "message.timestamp.after.max.ms": "LONG",
	"message.timestamp.before.max.ms": "LONG", "min.compaction.lag.ms": "LONG", "min.insync.replicas": "INT",
	"retention.bytes": "LONG", "retention.ms": "LONG", "segment.bytes": "INT", "segment.index.bytes": "INT",
	"segment.jitter.ms": "LONG", "segment.ms": "LONG",
}

func checkConfigType(name, value string) error {
	bits := map[string]int{"INT": 32, "LONG": 64}
	typ, ok := numericConfigs[name]
	if !ok {
		return nil
	}
	if _, err := strconv.ParseInt(value, 10, bits[typ]); err != nil {
		return configError(name, value, fmt.Sprintf("Not a number of type %s", typ))
	}
	return nil
}
