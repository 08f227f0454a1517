package kafkatool

import (
	"context"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// plan are the new offsets of a group.
type plan map[topicPartition]int64

func (g *groupTool) reset(ctx context.Context) error {
	ids, err := g.selected(ctx)
	if err != nil {
		return err
	}
	ids = hashOrder(unique(ids), defaultCapacity, stringHash)
	plans := map[string]plan{}
	for _, id := range ids {
		d, err := g.describeGroup(ctx, id)
		if err != nil && codeOf(err) != kerr.GroupIDNotFound.Code {
			return executionError(err)
		}
		if err == nil && d.state != "Empty" && d.state != "Dead" {
			g.printError(fmt.Sprintf("Assignments can only be reset if the group '%s' is inactive, but the current state is %s.", id, d.state))
			plans[id] = plan{}
			continue
		}
		if plans[id], err = g.resetGroup(ctx, id); err != nil {
			return err
		}
	}
	if g.opts.has("export") {
		g.exportPlans(ids, plans)
	} else {
		g.printPlans(ids, plans)
	}
	return nil
}

// resetGroup finds the new offsets of a group and, with --execute, sets them.
func (g *groupTool) resetGroup(ctx context.Context, id string) (plan, error) {
	parts, err := g.resetScope(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := g.checkPartitions(ctx, parts); err != nil {
		return nil, err
	}
	p, err := g.newOffsets(ctx, id, parts)
	if err != nil || !g.opts.has("execute") || len(p) == 0 {
		return p, err
	}
	offsets := kadm.Offsets{}
	for tp, at := range p {
		offsets.Add(kadm.Offset{Topic: tp.topic, Partition: tp.partition, At: at, LeaderEpoch: -1})
	}
	resp, err := kadm.NewClient(g.cl).CommitOffsets(ctx, id, offsets)
	if err == nil {
		err = resp.Error()
	}
	return p, err
}

// resetScope are the partitions that --all-topics and --topic select; none with --from-file.
func (g *groupTool) resetScope(ctx context.Context, id string) ([]topicPartition, error) {
	var out []topicPartition
	switch {
	case g.opts.has("all-topics"):
		committed, err := g.committed(ctx, id)
		for tp := range committed {
			out = append(out, tp)
		}
		sortPartitions(out)
		return out, err
	case g.opts.has("topic"):
		for _, arg := range g.opts.all("topic") {
			list, err := partitionsOfArgument(ctx, g, arg)
			if err != nil {
				return nil, err
			}
			out = append(out, list...)
		}
		return out, nil
	case g.opts.has("from-file"):
		return nil, nil
	}
	return nil, usageError("One of the reset scopes should be defined: --all-topics, --topic.")
}

// partitionsOfArgument reads "topic" (all its partitions) or "topic:0,1".
func partitionsOfArgument(ctx context.Context, g *groupTool, arg string) ([]topicPartition, error) {
	topic, list, some := strings.Cut(arg, ":")
	var out []topicPartition
	if !some {
		topics, err := describeTopics(ctx, g.cl, []string{topic}, 0)
		if err != nil {
			return nil, err
		}
		for _, p := range topics[0].partitions {
			out = append(out, topicPartition{topic, p.id})
		}
		return out, nil
	}
	if list == "" || strings.Contains(list, ":") {
		return nil, illegalArgument("Invalid topic arg '" + arg + "', expected topic name and partitions")
	}
	for _, p := range strings.Split(list, ",") {
		n, err := strconv.ParseInt(p, 10, 32)
		if err != nil {
			return nil, illegalArgument("Invalid partition '" + p + "' specified in topic arg '" + arg + "''")
		}
		out = append(out, topicPartition{topic, int32(n)})
	}
	return out, nil
}

// checkPartitions fails where a partition does not exist or has no leader.
func (g *groupTool) checkPartitions(ctx context.Context, parts []topicPartition) error {
	var topics []string
	for _, tp := range parts {
		topics = append(topics, tp.topic)
	}
	found, err := describeTopics(ctx, g.cl, unique(topics), 0)
	if err != nil {
		return err
	}
	leaders := map[topicPartition]int32{}
	for _, d := range found {
		for _, p := range d.partitions {
			leaders[topicPartition{d.name, p.id}] = p.leader
		}
	}
	var absent, leaderless []string
	for _, tp := range parts {
		if leader, ok := leaders[tp]; !ok {
			absent = append(absent, tp.String())
		} else if leader < 0 {
			leaderless = append(leaderless, tp.String())
		}
	}
	switch {
	case len(absent) > 0:
		return &javaError{class: errorPackage + "UnknownTopicOrPartitionException", text: fmt.Sprintf("The partitions \"%s\" do not exist", strings.Join(absent, ","))}
	case len(leaderless) > 0:
		return &javaError{class: errorPackage + "LeaderNotAvailableException", text: fmt.Sprintf("The partitions \"%s\" have no leader", strings.Join(leaderless, ","))}
	}
	return nil
}

func (g *groupTool) newOffsets(ctx context.Context, id string, parts []topicPartition) (plan, error) {
	switch o := g.opts; {
	case o.has("to-offset"):
		at, _, err := o.integer("to-offset", 64)
		if err != nil {
			return nil, err
		}
		p := plan{}
		for _, tp := range parts {
			p[tp] = at
		}
		return g.inRange(ctx, p)
	case o.has("to-earliest"):
		return logOffsets(ctx, g.cl, parts, timestampEarliest)
	case o.has("to-latest"):
		return logOffsets(ctx, g.cl, parts, timestampLatest)
	case o.has("shift-by"):
		return g.shifted(ctx, id, parts)
	case o.has("to-datetime"):
		return g.atDatetime(ctx, parts)
	case o.has("by-duration"):
		text, err := o.value("by-duration")
		if err != nil {
			return nil, err
		}
		d, err := parseDuration(text)
		if err != nil {
			return nil, err
		}
		return g.atTime(ctx, parts, g.env.Sys.Clock.Now().Add(-d).UnixMilli())
	case o.has("from-file"):
		return g.fromFile(ctx, id)
	case o.has("to-current"):
		return g.current(ctx, id, parts)
	}
	return nil, usageError("Option '[reset-offsets]' requires one of the following scenarios: [[" + strings.Join(resetScenarios, "], [") + "]]")
}

// inRange moves offsets that are outside of the log to its start or end, with a warning.
func (g *groupTool) inRange(ctx context.Context, p plan) (plan, error) {
	var parts []topicPartition
	for tp := range p {
		parts = append(parts, tp)
	}
	sortPartitions(parts)
	starts, err := logOffsets(ctx, g.cl, parts, timestampEarliest)
	if err != nil {
		return nil, err
	}
	ends, err := logOffsets(ctx, g.cl, parts, timestampLatest)
	if err != nil {
		return nil, err
	}
	for _, tp := range parts {
		at, start, end := p[tp], starts[tp], ends[tp]
		switch {
		case at > end:
			g.warnRange(tp, at, "higher than latest", end)
			p[tp] = end
		case at < start:
			g.warnRange(tp, at, "lower than earliest", start)
			p[tp] = start
		}
	}
	return p, nil
}

func (g *groupTool) warnRange(tp topicPartition, at int64, what string, used int64) {
	g.log("WARN", "org.apache.kafka.tools.OffsetsUtils",
		fmt.Sprintf("New offset (%d) is %s offset for topic partition %s. Value will be set to %d", at, what, tp, used))
}

func (g *groupTool) shifted(ctx context.Context, id string, parts []topicPartition) (plan, error) {
	by, _, err := g.opts.integer("shift-by", 64)
	if err != nil {
		return nil, err
	}
	committed, err := g.committed(ctx, id)
	if err != nil {
		return nil, err
	}
	p := plan{}
	for _, tp := range parts {
		at, ok := committed[tp]
		if !ok || at.At < 0 {
			return nil, illegalArgument(fmt.Sprintf("Cannot shift offset for partition %s since there is no current committed offset", tp))
		}
		p[tp] = at.At + by
	}
	return g.inRange(ctx, p)
}

func (g *groupTool) current(ctx context.Context, id string, parts []topicPartition) (plan, error) {
	committed, err := g.committed(ctx, id)
	if err != nil {
		return nil, err
	}
	p := plan{}
	var without []topicPartition
	for _, tp := range parts {
		if at, ok := committed[tp]; ok && at.At >= 0 {
			p[tp] = at.At
		} else {
			without = append(without, tp)
		}
	}
	ends, err := logOffsets(ctx, g.cl, without, timestampLatest)
	for tp, end := range ends {
		p[tp] = end
	}
	return p, err
}

func (g *groupTool) atDatetime(ctx context.Context, parts []topicPartition) (plan, error) {
	text, err := g.opts.value("to-datetime")
	if err != nil {
		return nil, err
	}
	t, err := parseDatetime(text)
	if err != nil {
		return nil, &javaError{class: "java.lang.RuntimeException", text: describe(err)}
	}
	return g.atTime(ctx, parts, t.UnixMilli())
}

// atTime finds the first records at or after a time, in ms; the end where there is none.
func (g *groupTool) atTime(ctx context.Context, parts []topicPartition, ms int64) (plan, error) {
	found, err := logOffsets(ctx, g.cl, parts, ms)
	if err != nil {
		return nil, err
	}
	var later []topicPartition
	for _, tp := range parts {
		if found[tp] < 0 {
			g.printf("\nWarn: Partition %d from topic %s is empty. Falling back to latest known offset.\n", tp.partition, tp.topic)
			later = append(later, tp)
		}
	}
	ends, err := logOffsets(ctx, g.cl, later, timestampLatest)
	for tp, end := range ends {
		found[tp] = end
	}
	return found, err
}

// fromFile reads the new offsets of a group from a CSV file.
func (g *groupTool) fromFile(ctx context.Context, id string) (plan, error) {
	name, err := g.opts.value("from-file")
	if err != nil {
		return nil, err
	}
	text, err := g.readFile(name)
	if err != nil {
		return nil, err
	}
	rd := csv.NewReader(strings.NewReader(text))
	rd.FieldsPerRecord = -1
	rows, err := rd.ReadAll()
	if err != nil {
		return nil, runtimeError(err.Error())
	}
	p := plan{}
	for i, row := range rows {
		if len(row) == 3 && len(g.opts.all("group")) == 1 {
			row = append([]string{id}, row...)
		}
		if len(row) != 4 {
			return nil, runtimeError(fmt.Sprintf("%s: line %d has %d fields; topic,partition,offset or group,topic,partition,offset is expected", name, i+1, len(row)))
		}
		part, err1 := strconv.ParseInt(strings.TrimSpace(row[2]), 10, 32)
		at, err2 := strconv.ParseInt(strings.TrimSpace(row[3]), 10, 64)
		if err1 != nil || err2 != nil {
			return nil, runtimeError(fmt.Sprintf("%s: line %d: partition and offset must be numbers", name, i+1))
		}
		if row[0] == id {
			p[topicPartition{row[1], int32(part)}] = at
		}
	}
	if len(p) == 0 {
		g.printError("No reset plan for group " + id + " found")
		return p, nil
	}
	return g.inRange(ctx, p)
}

// ordered are the partitions of a plan in the order in which Kafka's tool prints them.
func (p plan) ordered() []topicPartition {
	list := make([]topicPartition, 0, len(p))
	for tp := range p {
		list = append(list, tp)
	}
	sortPartitions(list)
	return hashOrder(list, defaultCapacity, topicPartition.hash)
}

func (g *groupTool) printPlans(ids []string, plans map[string]plan) {
	group, topic := 15, 15
	for _, id := range ids {
		group = max(group, len([]rune(id)))
		for tp := range plans[id] {
			topic = max(topic, len(tp.topic))
		}
	}
	if len(ids) > 0 {
		g.printf("\n%-*s %-*s %-10s %s", group, "GROUP", topic, "TOPIC", "PARTITION", "NEW-OFFSET")
	}
	for _, id := range ids {
		for _, tp := range plans[id].ordered() {
			g.printf("\n%-*s %-*s %-10d %d", group, id, topic, tp.topic, tp.partition, plans[id][tp])
		}
	}
	g.printf("\n")
}

func (g *groupTool) exportPlans(ids []string, plans map[string]plan) {
	w := csv.NewWriter(g.out)
	single := len(g.opts.all("group")) == 1
	for _, id := range ids {
		for _, tp := range plans[id].ordered() {
			row := []string{id, tp.topic, strconv.Itoa(int(tp.partition)), strconv.FormatInt(plans[id][tp], 10)}
			if single {
				row = row[1:]
			}
			w.Write(row) // an error stays in the writer underneath, and ends the run
		}
	}
	w.Flush()
	g.printf("\n")
}
