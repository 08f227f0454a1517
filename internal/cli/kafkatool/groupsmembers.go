package kafkatool

import (
	"sort"
	"strconv"
	"strings"
)

func (g *groupTool) printState(d *groupDescription, verbose bool) error {
	if ok, err := g.sayState(d, 1); !ok {
		return err
	}
	group, coordinator := max(15, len([]rune(d.id))), max(25, len(d.coordinator))
	line := func(id, c, strategy, state, epoch, target, members string) {
		g.printf("\n%-*s %-*s %-20s %-20s ", group, id, coordinator, c, strategy, state)
		if verbose {
			g.printf("%-15s %-25s ", epoch, target)
		}
		g.printf("%s", members)
	}
	strategy := d.assignor
	if strategy == "" {
		strategy = missing
	}
	line("GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE", "GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH", "#MEMBERS")
	line(d.id, d.coordinator, strategy, d.state, orMissing(d.epoch), orMissing(d.targetEpoch), strconv.Itoa(len(d.members)))
	g.printf("\n")
	return nil
}

func orMissing(n *int32) string {
	if n == nil {
		return missing
	}
	return strconv.Itoa(int(*n))
}

func (g *groupTool) printMembers(d *groupDescription, verbose bool) error {
	if _, err := g.sayState(d, len(d.members)); err != nil {
		return err
	}
	w := struct{ group, consumer, instance, host, client, current, target int }{15, 15, 17, 15, 15, 20, 20}
	var static, old, upgraded bool
	for _, m := range d.members {
		w.group, w.consumer = max(w.group, len([]rune(d.id))), max(w.consumer, len(m.id))
		w.instance, w.host, w.client = max(w.instance, len(m.instance)), max(w.host, len(m.host)), max(w.client, len(m.client))
		w.current, w.target = max(w.current, len(assignmentText(m.assigned))), max(w.target, len(assignmentText(m.target)))
		static = static || m.instance != ""
		if m.upgraded != nil {
			old, upgraded = old || !*m.upgraded, upgraded || *m.upgraded
		}
	}
	line := func(id, consumer, instance, host, client, partitions, epoch, current, targetEpoch, target, up string) {
		g.printf("%-*s %-*s ", w.group, id, w.consumer, consumer)
		if static {
			g.printf("%-*s ", w.instance, instance)
		}
		g.printf("%-*s %-*s %-15s ", w.host, host, w.client, client, partitions)
		if verbose {
			g.printf("%-15s %-*s %-15s %-*s", epoch, w.current, current, targetEpoch, w.target, target)
			if old && upgraded {
				g.printf(" %s", up)
			}
		}
		g.printf("\n")
	}
	g.printf("\n")
	line("GROUP", "CONSUMER-ID", "GROUP-INSTANCE-ID", "HOST", "CLIENT-ID", "#PARTITIONS",
		"CURRENT-EPOCH", "CURRENT-ASSIGNMENT", "TARGET-EPOCH", "TARGET-ASSIGNMENT", "UPGRADED")
	for _, m := range d.members {
		up := missing
		if m.upgraded != nil {
			up = strconv.FormatBool(*m.upgraded)
		}
		line(d.id, m.id, m.instance, m.host, m.client, strconv.Itoa(len(m.assigned)),
			orMissing(m.epoch), assignmentText(m.assigned), orMissing(d.targetEpoch), assignmentText(m.target), up)
	}
	return nil
}

// assignmentText is "topic:0,1;other:2".
func assignmentText(list []topicPartition) string {
	if len(list) == 0 {
		return missing
	}
	byTopic := map[string][]topicPartition{}
	for _, tp := range list {
		byTopic[tp.topic] = append(byTopic[tp.topic], tp)
	}
	var words []string
	for topic, parts := range byTopic {
		sortPartitions(parts)
		ids := make([]int32, len(parts))
		for i, tp := range parts {
			ids[i] = tp.partition
		}
		words = append(words, topic+":"+joinInts(ids, ","))
	}
	sort.Strings(words)
	return strings.Join(words, ";")
}
