package kafkatool

import (
	"context"
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const topicLogger = "org.apache.kafka.tools.TopicCommand"

var topicActions = []string{"alter", "create", "delete", "describe", "list"}

var topicReports = []string{"under-replicated-partitions", "under-min-isr-partitions", "at-min-isr-partitions", "unavailable-partitions"}

const useConfigs = " (To alter topic configurations, the kafka-configs tool can be used.)"

func topicsOptions() *parser {
	return newParser(
		bootstrapOption("the broker to connect to (required)"), commandConfigOption,
		option{name: "list", help: "list the topics"},
		option{name: "create", help: "create a topic"},
		option{name: "delete", help: "delete topics"},
		option{name: "alter", help: "give topics more partitions"},
		option{name: "describe", help: "show topics with their partitions"},
		option{name: "topic", arg: required, what: "topic", help: "the topic; with --list, --describe, --alter and --delete also a regular expression, or several with commas"},
		option{name: "topic-id", arg: required, what: "topic id", help: "with --describe: the id of the topic"},
		option{name: "config", arg: required, what: "name=value", help: "with --create: a config of the new topic; may be given more than once"},
		option{name: "delete-config", arg: required, what: "name", help: "without effect since Kafka 4.0"},
		option{name: "partitions", arg: required, typ: "Integer", what: "number", help: "how many partitions the topic gets; keys of existing records stay where they are"},
		option{name: "replication-factor", arg: required, typ: "Integer", what: "number", help: "with --create: how many brokers hold each partition"},
		option{name: "replica-assignment", arg: required, what: "brokers", help: "brokers of each partition: b:b,b:b, one group a partition"},
		option{name: "under-replicated-partitions", help: "with --describe: only partitions with too few replicas in sync"},
		option{name: "unavailable-partitions", help: "with --describe: only partitions without a living leader"},
		option{name: "under-min-isr-partitions", help: "with --describe: only partitions with fewer replicas in sync than min.insync.replicas"},
		option{name: "at-min-isr-partitions", help: "with --describe: only partitions with exactly min.insync.replicas in sync"},
		option{name: "topics-with-overrides", help: "with --describe: only topics that have configs of their own, without partitions"},
		option{name: "if-exists", help: "do nothing where the topic does not exist"},
		option{name: "if-not-exists", help: "with --create: do nothing where the topic exists"},
		option{name: "exclude-internal", help: "leave out internal topics"},
		option{name: "partition-size-limit-per-response", arg: required, typ: "Integer", what: "number", help: "with --describe: at most this many partitions in one response"},
	)
}

func bootstrapOption(help string) option {
	return option{name: "bootstrap-server", arg: required, what: "HOST:PORT,...", help: help}
}

var commandConfigOption = option{name: "command-config", arg: required, what: "file", help: "properties of the client: security.protocol, sasl.*, ssl.*, ..."}

// topicTool is a run of kafka-topics that is connected.
type topicTool struct {
	*run
	cl *kgo.Client
}

func runTopics(ctx context.Context, r *run) error {
	if err := checkTopics(ctx, r); err != nil {
		return r.topicsFailEarly(err)
	}
	cl, err := r.admin(ctx)
	if err != nil {
		return r.topicsFailed(err)
	}
	defer cl.Close()
	t := &topicTool{r, cl}
	switch o := r.opts; {
	case o.has("create"):
		err = t.create(ctx)
	case o.has("alter"):
		err = t.alter(ctx)
	case o.has("list"):
		err = t.list(ctx)
	case o.has("describe"):
		err = t.describe(ctx)
	default:
		err = t.delete(ctx)
	}
	return r.topicsFailed(err)
}

func (r *run) topicsFailed(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(exitError); ok {
		return e
	}
	r.printf("Error while executing topic command : %s\n", messageOf(err))
	r.log("ERROR", topicLogger, describe(err)+"\n")
	return exitError(1)
}

// topicsFailEarly reports what is wrong with the options as Kafka does: usage, or message and class.
func (r *run) topicsFailEarly(err error) error {
	j, ok := err.(*javaError)
	if !ok {
		return err
	}
	r.errf("%s\n%s\n\n", j.text, describe(j))
	return exitError(1)
}

func checkTopics(ctx context.Context, r *run) error {
	o := r.opts
	if o.err != nil {
		return o.err
	}
	if len(o.args) == 0 {
		return usageError("Create, delete, describe, or change a topic.")
	}
	if err := r.helpOrVersion("This tool helps to create, delete, describe, or change a topic."); err != nil {
		return err
	}
	if o.count(topicActions...) != 1 {
		return usageError("Command must include exactly one action: --list, --describe, --create, --alter or --delete")
	}
	if o.has("delete-config") {
		r.errf("delete-config option is no longer supported and deprecated since version 4.0. The config will be fully removed in future releases.\n")
	}
	if err := r.defaultBootstrap(ctx); err != nil {
		return err
	}
	if !o.has("bootstrap-server") {
		return illegalArgument("--bootstrap-server must be specified")
	}
	return firstError(r.checkTopicsRequired(), checkTopicsConflicts(o))
}

func (r *run) checkTopicsRequired() error {
	o := r.opts
	if o.has("describe") && o.has("if-exists") {
		if !o.any("topic", "topic-id") {
			return usageError("--topic or --topic-id is required to describe a topic")
		}
		if o.has("topic") && o.has("topic-id") {
			r.printf("Only topic id will be used when both --topic and --topic-id are specified and topicId is not Uuid.ZERO_UUID\n")
		}
	}
	if !o.any("list", "describe") {
		if err := o.need("topic"); err != nil {
			return err
		}
	}
	if !o.has("alter") {
		return nil
	}
	if o.has("config") {
		return usageError(`Option combination "[[bootstrap-server], [config]]" can't be used with option "[alter]"` + useConfigs)
	}
	return o.need("partitions")
}

func checkTopicsConflicts(o *options) error {
	only := func(name string, actions ...string) error {
		return o.conflict(name, without(topicActions, actions...)...)
	}
	errs := []error{
		only("config", "alter", "create"),
		only("partitions", "alter", "create"),
		only("replication-factor", "create"),
		only("replica-assignment", "alter", "create"),
	}
	if o.has("create") {
		errs = append(errs, o.conflict("replica-assignment", "partitions", "replication-factor"))
	}
	for _, report := range topicReports {
		errs = append(errs, o.conflict(report, append(without(topicActions, "describe"), "topics-with-overrides")...))
	}
	errs = append(errs,
		o.conflict("topics-with-overrides", append(without(topicActions, "describe"), topicReports...)...),
		only("if-exists", "alter", "delete", "describe"),
		only("if-not-exists", "create"),
		only("exclude-internal", "list", "describe"))
	return firstError(errs...)
}

// names returns the topics that --topic selects, all without it, sorted.
func (t *topicTool) names(ctx context.Context) ([]string, error) {
	list, err := listTopics(ctx, t.cl, !t.opts.has("exclude-internal"))
	if err != nil || !t.opts.has("topic") {
		return list, err
	}
	expr, err := t.opts.value("topic")
	if err != nil {
		return nil, err
	}
	re, err := topicPattern(expr)
	if err != nil {
		return nil, err
	}
	return matching(list, re), nil
}

func matching(list []string, re *regexp.Regexp) []string {
	var out []string
	for _, name := range list {
		if re.MatchString(name) {
			out = append(out, name)
		}
	}
	return out
}

// existing is names, and fails where --topic selects none although it should.
func (t *topicTool) existing(ctx context.Context) ([]string, error) {
	list, err := t.names(ctx)
	if err != nil {
		return nil, err
	}
	topic, err := t.opts.value("topic")
	if err == nil && topic != "" && len(list) == 0 && !t.opts.has("if-exists") {
		err = illegalArgument(fmt.Sprintf("Topic '%s' does not exist as expected", topic))
	}
	return list, err
}

func (t *topicTool) list(ctx context.Context) error {
	list, err := t.names(ctx)
	if err == nil {
		t.printf("%s\n", strings.Join(list, "\n"))
	}
	return err
}

func (t *topicTool) alter(ctx context.Context) error {
	partitions, _, err := t.opts.integer("partitions", 32)
	if err != nil {
		return err
	}
	assignment, err := t.assignment()
	if err != nil {
		return err
	}
	topics, err := t.existing(ctx)
	if err != nil || len(topics) == 0 {
		return err
	}
	have, err := describeTopics(ctx, t.cl, topics, 0)
	if err != nil {
		return err
	}
	req := kmsg.NewPtrCreatePartitionsRequest()
	req.TimeoutMillis = int32(patience.Milliseconds())
	for _, d := range have {
		rt := kmsg.NewCreatePartitionsRequestTopic()
		rt.Topic, rt.Count = d.name, int32(partitions)
		for _, replicas := range assignment[min(len(d.partitions), len(assignment)):] {
			a := kmsg.NewCreatePartitionsRequestTopicAssignment()
			a.Replicas = replicas
			rt.Assignment = append(rt.Assignment, a)
		}
		req.Topics = append(req.Topics, rt)
	}
	resp, err := ask[*kmsg.CreatePartitionsResponse](ctx, t.cl, req)
	if err != nil {
		return err
	}
	for _, rt := range resp.Topics {
		if err := apiError(rt.ErrorCode, rt.ErrorMessage); err != nil {
			return err
		}
	}
	return nil
}

func (t *topicTool) delete(ctx context.Context) error {
	topics, err := t.existing(ctx)
	if err != nil || len(topics) == 0 {
		return err
	}
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.TimeoutMillis = int32(patience.Milliseconds())
	req.TopicNames = topics
	for _, name := range topics {
		rt := kmsg.NewDeleteTopicsRequestTopic()
		rt.Topic = kmsg.StringPtr(name)
		req.Topics = append(req.Topics, rt)
	}
	resp, err := ask[*kmsg.DeleteTopicsResponse](ctx, t.cl, req)
	if err != nil {
		return err
	}
	for _, rt := range resp.Topics {
		if err := apiError(rt.ErrorCode, rt.ErrorMessage); err != nil {
			return err
		}
	}
	return nil
}

// assignment reads --replica-assignment: the brokers of each partition.
func (t *topicTool) assignment() ([][]int32, error) {
	text, err := t.opts.value("replica-assignment")
	if err != nil || text == "" {
		return nil, err
	}
	var out [][]int32
	for i, part := range strings.Split(text, ",") {
		var brokers []int32
		var repeated []string
		for _, b := range strings.Split(part, ":") {
			n, err := strconv.ParseInt(strings.TrimSpace(b), 10, 32)
			if err != nil {
				return nil, &javaError{class: "java.lang.NumberFormatException", text: fmt.Sprintf("For input string: %q", strings.TrimSpace(b))}
			}
			for _, other := range brokers {
				if other == int32(n) {
					repeated = append(repeated, strconv.Itoa(int(n)))
				}
			}
			brokers = append(brokers, int32(n))
		}
		if len(repeated) > 0 {
			return nil, &javaError{class: "org.apache.kafka.tools.AdminCommandFailedException",
				text: "Partition replica lists may not contain duplicate entries: " + strings.Join(repeated, ",")}
		}
		out = append(out, brokers)
		if len(brokers) != len(out[0]) {
			return nil, &javaError{class: "org.apache.kafka.tools.AdminOperationException",
				text: fmt.Sprintf("Partition %d has different replication factor: [%s]", i, joinInts(brokers, ", "))}
		}
	}
	return out, nil
}

func joinInts(list []int32, sep string) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(int(n))
	}
	return strings.Join(words, sep)
}

// listTopics returns the names of the cluster's topics, sorted.
func listTopics(ctx context.Context, cl *kgo.Client, internal bool) ([]string, error) {
	resp, err := metadata(ctx, cl)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, t := range resp.Topics {
		if t.Topic != nil && (internal || !t.IsInternal) {
			out = append(out, *t.Topic)
		}
	}
	sort.Strings(out)
	return out, nil
}

// metadata describes the cluster and all its topics.
func metadata(ctx context.Context, cl *kgo.Client) (*kmsg.MetadataResponse, error) {
	req := kmsg.NewPtrMetadataRequest()
	req.AllowAutoTopicCreation = false
	return ask[*kmsg.MetadataResponse](ctx, cl, req)
}
