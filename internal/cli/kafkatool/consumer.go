package kafkatool

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const consumerLogger = "org.apache.kafka.tools.consumer.ConsoleConsumer"

func consumerOptions() *parser {
	format := "how records are printed: print.timestamp, print.partition, print.offset, print.delivery, print.epoch, print.headers, print.key, " +
		"print.value (true or false), key.separator, line.separator, headers.separator, null.literal, key.deserializer, value.deserializer, headers.deserializer"
	return newParser(
		option{name: "topic", arg: required, what: "topic", help: "the topic to read"},
		option{name: "include", arg: required, what: "regular expression", help: "the topics to read, instead of --topic"},
		option{name: "partition", arg: required, typ: "Integer", what: "partition", help: "read this partition only, from its end unless --offset says otherwise"},
		option{name: "offset", arg: required, what: "offset", def: "latest", help: "with --partition: the offset to start from, or earliest, or latest"},
		option{name: "command-property", arg: required, what: "key=value", help: "a property of the consumer"},
		option{name: "consumer-property", arg: required, what: "key=value", help: "the old name of --command-property"},
		option{name: "command-config", arg: required, what: "file", help: "properties of the consumer; --command-property counts more"},
		option{name: "consumer.config", arg: required, what: "file", help: "the old name of --command-config"},
		option{name: "formatter", arg: required, what: "class", def: defaultFormatter, help: "DefaultMessageFormatter, LoggingMessageFormatter or NoOpMessageFormatter of org.apache.kafka.tools.consumer"},
		option{name: "formatter-property", arg: required, what: "key=value", help: format},
		option{name: "property", arg: required, what: "key=value", help: "the old name of --formatter-property"},
		option{name: "formatter-config", arg: required, what: "file", help: "properties of the formatter; --formatter-property counts more"},
		option{name: "from-beginning", help: "where the group has no offset: start with the oldest record, not after the newest"},
		option{name: "max-messages", arg: required, typ: "Integer", what: "number", help: "end after so many records"},
		option{name: "timeout-ms", arg: required, typ: "Long", what: "ms", help: "end when no record comes for so long"},
		option{name: "skip-message-on-error", help: "go on after a record that cannot be printed"},
		bootstrapOption("the brokers to connect to (required)"),
		option{name: "key-deserializer", arg: required, what: "class", help: "of org.apache.kafka.common.serialization, for keys"},
		option{name: "value-deserializer", arg: required, what: "class", help: "of org.apache.kafka.common.serialization, for values"},
		option{name: "enable-systest-events", help: "print shutdown_complete at the end"},
		option{name: "isolation-level", arg: required, def: "read_uncommitted", help: "read_committed leaves out records of transactions that are not committed"},
		option{name: "group", arg: required, what: "group", help: "the consumer group, which keeps offsets"},
	)
}

// consumerPlan is what the options ask for.
type consumerPlan struct {
	props        Properties
	topic        string // "" with include
	include      string
	partition    int32 // -1 for all
	offset       kgo.Offset
	group        string // "" for none
	formatter    *formatter
	max          int64 // -1 for no end
	timeout      time.Duration
	hasTimeout   bool
	skipOnError  bool
	reportsEvent bool
}

// uncaught reports an exception that Kafka's tool does not catch.
func (r *run) uncaught(err error) error {
	r.errf("Exception in thread \"main\" %s\n", describe(err))
	return exitError(1)
}

func runConsumer(ctx context.Context, r *run) error {
	plan, err := r.planConsumer(ctx)
	if err != nil {
		return err
	}
	if plan.max, err = r.maxMessages(); err == nil {
		err = r.consume(ctx, plan)
	} else {
		r.errf("Processed a total of 0 messages\n")
	}
	if _, exit := err.(exitError); exit || err == nil {
		if plan.reportsEvent {
			r.printf("shutdown_complete\n")
		}
		return err
	}
	r.logError(consumerLogger, "Unknown error when running consumer: ", err)
	return exitError(1)
}

func (r *run) maxMessages() (int64, error) {
	n, ok, err := r.opts.integer("max-messages", 32)
	if !ok {
		n = -1
	}
	return n, err
}

func (r *run) planConsumer(ctx context.Context) (*consumerPlan, error) {
	o := r.opts
	if o.err != nil {
		return nil, usageError(messageOf(o.err))
	}
	if err := r.helpOrVersion("This tool helps to read data from Kafka topics and outputs it to standard output."); err != nil {
		return nil, err
	}
	if o.count("topic", "include") != 1 {
		return nil, usageError("Exactly one of the following arguments is required: [topic], [include]")
	}
	p := &consumerPlan{partition: -1, skipOnError: o.has("skip-message-on-error"), reportsEvent: o.has("enable-systest-events")}
	if err := r.planPartition(p); err != nil {
		return nil, err
	}
	if err := r.defaultBootstrap(ctx); err != nil {
		return nil, err
	}
	if err := o.need("bootstrap-server"); err != nil {
		return nil, err
	}
	if err := r.planProperties(p); err != nil {
		return nil, err
	}
	offset, err := r.startOffset()
	if err != nil {
		return nil, err
	}
	p.offset = offset
	ms, ok, err := o.integer("timeout-ms", 64)
	if err != nil {
		return nil, r.uncaught(err)
	}
	p.timeout, p.hasTimeout = time.Duration(ms)*time.Millisecond, ok && ms >= 0
	if p.topic, err = o.value("topic"); err == nil {
		p.include, err = o.value("include")
	}
	if err != nil {
		return nil, r.uncaught(err)
	}
	p.formatter, err = r.formatter()
	return p, err
}

func (r *run) planPartition(p *consumerPlan) error {
	o := r.opts
	n, ok, err := o.integer("partition", 32)
	if err != nil {
		return r.uncaught(err)
	}
	if !ok {
		if o.has("offset") {
			return usageError("The partition is required when offset is specified.")
		}
		return nil
	}
	p.partition = int32(n)
	if !o.has("topic") {
		return usageError("The topic is required when partition is specified.")
	}
	if o.has("from-beginning") && o.has("offset") {
		return usageError("Options from-beginning and offset cannot be specified together.")
	}
	return nil
}

// planProperties merges file and properties, finds the group and says where a group without an offset starts.
func (r *run) planProperties(p *consumerPlan) error {
	o := r.opts
	for _, pair := range [][2]string{{"consumer-property", "command-property"}, {"consumer.config", "command-config"}} {
		if o.has(pair[0]) && o.has(pair[1]) {
			return usageError(fmt.Sprintf("Options --%s and --%s cannot be specified together.", pair[0], pair[1]))
		}
	}
	for _, pair := range [][2]string{{"consumer-property", "command-property"}, {"consumer.config", "command-config"}} {
		if o.has(pair[0]) {
			r.printf("Option --%s is deprecated and will be removed in a future version. Use --%s instead.\n", pair[0], pair[1])
			o.values[pair[1]] = o.values[pair[0]]
		}
	}
	file, err := r.properties("command-config")
	if err != nil {
		return r.uncaught(err)
	}
	own := keyValues(o.all("command-property"))
	if p.group, err = r.group(file, own, p.partition >= 0); err != nil {
		return err
	}
	p.props = file
	for k, v := range own {
		p.props[k] = v
	}
	reset, given := p.props["auto.offset.reset"]
	if given && o.has("from-beginning") && reset != "earliest" {
		r.errf("Can't simultaneously specify --from-beginning and 'auto.offset.reset=%s', please remove one option\n", reset)
		return exitError(1)
	}
	if !given {
		p.props["auto.offset.reset"] = map[bool]string{true: "earliest", false: "latest"}[o.has("from-beginning")]
	}
	for _, m := range [][2]string{{"bootstrap.servers", "bootstrap-server"}, {"isolation.level", "isolation-level"}} {
		v, err := o.value(m[1])
		if err != nil {
			return r.uncaught(err)
		}
		if _, given := p.props[m[0]]; o.has(m[1]) || !given {
			p.props[m[0]] = v
		}
	}
	if p.props["client.id"] == "" {
		p.props["client.id"] = "console-consumer"
	}
	return nil
}

// group is the one group that file, properties and --group name.
func (r *run) group(file, own Properties, partition bool) (string, error) {
	given := map[string]bool{}
	if r.opts.has("group") {
		g, err := r.opts.value("group")
		if err != nil {
			return "", r.uncaught(err)
		}
		given[g] = true
	}
	for _, p := range []Properties{file, own} {
		if g, ok := p["group.id"]; ok {
			given[g] = true
		}
	}
	var names []string
	for g := range given {
		names = append(names, "'"+g+"'")
	}
	sort.Strings(names)
	switch {
	case len(names) > 1:
		return "", usageError("The group ids provided in different places (directly using '--group', via '--consumer-property', or via '--consumer.config') do not match. " +
			"Detected group ids: " + strings.Join(names, ", "))
	case len(names) == 0:
		return "", nil
	case partition:
		return "", usageError("Options group and partition cannot be specified together.")
	}
	return strings.Trim(names[0], "'"), nil
}

// startOffset is where --partition starts.
func (r *run) startOffset() (kgo.Offset, error) {
	text, err := r.opts.value("offset")
	if err != nil {
		return kgo.Offset{}, r.uncaught(err)
	}
	switch {
	case !r.opts.has("offset") && r.opts.has("from-beginning") || strings.EqualFold(text, "earliest"):
		return kgo.NewOffset().AtStart(), nil
	case strings.EqualFold(text, "latest"):
		return kgo.NewOffset().AtEnd(), nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return kgo.Offset{}, usageError("The provided offset value '" + text + "' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.")
	}
	return kgo.NewOffset().At(n), nil
}

// consume prints records until the plan, the input or ctx ends.
func (r *run) consume(ctx context.Context, plan *consumerPlan) error {
	c, err := r.startConsumer(ctx, plan)
	if err != nil {
		r.errf("Processed a total of 0 messages\n")
		return err
	}
	count, err := r.printRecords(ctx, plan, c)
	r.out.Flush()
	c.stop(ctx)
	r.errf("Processed a total of %d messages\n", count)
	return err
}

func (r *run) printRecords(ctx context.Context, plan *consumerPlan, c *consumer) (count int64, err error) {
	for plan.max < 0 || count < plan.max {
		rec, err := c.receive(ctx)
		if err != nil {
			if _, exit := err.(exitError); exit {
				return count, err
			}
			r.logError(consumerLogger, "Error processing message, terminating consumer process: ", err)
			return count, nil
		}
		count++
		if err := plan.formatter.write(r.out, rec); err != nil {
			if _, broken := err.(*javaError); !broken {
				r.errf("Unable to write to standard out, closing consumer.\n")
				return count, nil
			}
			if !plan.skipOnError {
				return count, err
			}
			r.logError(consumerLogger, "Error processing message, skipping this message: ", err)
		}
	}
	return count, nil
}
