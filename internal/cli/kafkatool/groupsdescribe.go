package kafkatool

import (
	"context"
	"fmt"
	"sort"
	"strconv"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// missing stands in a column for what is not known.
const missing = "-"

type topicPartition struct {
	topic     string
	partition int32
}

func (tp topicPartition) String() string { return fmt.Sprintf("%s-%d", tp.topic, tp.partition) }

// hash is org.apache.kafka.common.TopicPartition.hashCode.
func (tp topicPartition) hash() int32 { return 31*(31+tp.partition) + stringHash(tp.topic) }

func sortPartitions(list []topicPartition) {
	sort.Slice(list, func(i, j int) bool {
		return list[i].topic < list[j].topic || list[i].topic == list[j].topic && list[i].partition < list[j].partition
	})
}

// groupDescription is what the coordinator says of a group.
type groupDescription struct {
	id, state, assignor string
	coordinator         string // "HOST:PORT  (ID)"
	members             []groupMember
	epoch, targetEpoch  *int32 // of groups of the new protocol
}

type groupMember struct {
	id, instance, host, client string
	assigned, target           []topicPartition
	epoch                      *int32
	upgraded                   *bool // it speaks the new protocol
}

// describeGroups asks the coordinators, sorted by group. A group that none of them knows is an error.
func (g *groupTool) describeGroups(ctx context.Context, ids []string) ([]groupDescription, error) {
	var out []groupDescription
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		d, err := g.describeGroup(ctx, id)
		if err != nil {
			return nil, executionError(err)
		}
		out = append(out, d)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].id < out[j].id })
	return out, nil
}

func (g *groupTool) describeGroup(ctx context.Context, id string) (groupDescription, error) {
	d, err := g.describeNew(ctx, id)
	if err != nil && (codeOf(err) == kerr.GroupIDNotFound.Code || codeOf(err) == kerr.UnsupportedVersion.Code || isUnsupported(err)) {
		d, err = g.describeClassic(ctx, id)
	}
	if err != nil {
		return d, err
	}
	c := kadm.NewClient(g.cl).FindGroupCoordinators(ctx, id)[id]
	if c.Err != nil {
		return d, c.Err
	}
	d.coordinator = fmt.Sprintf("%s:%d  (%d)", c.Host, c.Port, c.NodeID)
	return d, nil
}

// describeNew asks for a group of the consumer protocol (KIP-848).
func (g *groupTool) describeNew(ctx context.Context, id string) (groupDescription, error) {
	req := kmsg.NewPtrConsumerGroupDescribeRequest()
	req.Groups = []string{id}
	resp, err := ask[*kmsg.ConsumerGroupDescribeResponse](ctx, g.cl, req)
	if err != nil {
		return groupDescription{}, err
	}
	if len(resp.Groups) != 1 {
		return groupDescription{}, apiError(kerr.GroupIDNotFound.Code, nil)
	}
	rg := resp.Groups[0]
	if err := apiError(rg.ErrorCode, rg.ErrorMessage); err != nil {
		return groupDescription{}, err
	}
	d := groupDescription{id: id, state: rg.State, assignor: rg.AssignorName, epoch: &rg.Epoch, targetEpoch: &rg.AssignmentEpoch}
	for _, m := range rg.Members {
		own := groupMember{id: m.MemberID, host: m.ClientHost, client: m.ClientID, epoch: &m.MemberEpoch,
			assigned: partitionsOf(m.Assignment), target: partitionsOf(m.TargetAssignment)}
		if m.InstanceID != nil {
			own.instance = *m.InstanceID
		}
		if m.MemberType >= 0 {
			upgraded := m.MemberType == 1
			own.upgraded = &upgraded
		}
		d.members = append(d.members, own)
	}
	return d, nil
}

func partitionsOf(a kmsg.Assignment) []topicPartition {
	var out []topicPartition
	for _, t := range a.TopicPartitions {
		for _, p := range t.Partitions {
			out = append(out, topicPartition{t.Topic, p})
		}
	}
	return out
}

func (g *groupTool) describeClassic(ctx context.Context, id string) (groupDescription, error) {
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = []string{id}
	resp, err := ask[*kmsg.DescribeGroupsResponse](ctx, g.cl, req)
	if err != nil {
		return groupDescription{}, err
	}
	if len(resp.Groups) != 1 {
		return groupDescription{}, apiError(kerr.GroupIDNotFound.Code, nil)
	}
	rg := resp.Groups[0]
	if err := apiError(rg.ErrorCode, rg.ErrorMessage); err != nil {
		return groupDescription{}, err
	}
	d := groupDescription{id: id, state: rg.State, assignor: rg.Protocol}
	for _, m := range rg.Members {
		own := groupMember{id: m.MemberID, host: m.ClientHost, client: m.ClientID}
		if m.InstanceID != nil {
			own.instance = *m.InstanceID
		}
		var a kmsg.ConsumerMemberAssignment
		if len(m.MemberAssignment) > 0 && a.ReadFrom(m.MemberAssignment) == nil {
			for _, t := range a.Topics {
				for _, p := range t.Partitions {
					own.assigned = append(own.assigned, topicPartition{t.Topic, p})
				}
			}
		}
		d.members = append(d.members, own)
	}
	return d, nil
}

func (g *groupTool) describe(ctx context.Context) error {
	ids, err := g.selected(ctx)
	if err != nil {
		return err
	}
	groups, err := g.describeGroups(ctx, ids)
	if err != nil {
		return err
	}
	verbose := g.opts.has("verbose")
	for i := range groups {
		switch d := &groups[i]; {
		case g.opts.has("members"):
			err = g.printMembers(d, verbose)
		case g.opts.has("state"):
			err = g.printState(d, verbose)
		default:
			err = g.printOffsets(ctx, d, verbose)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sayState says what is special about a group's state, and whether there is something to print.
func (g *groupTool) sayState(d *groupDescription, rows int) (bool, error) {
	switch d.state {
	case "Dead":
		g.printError("Consumer group '" + d.id + "' does not exist.")
	case "Empty":
		g.errf("\nConsumer group '%s' has no active members.\n", d.id)
	case "PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling":
		g.errf("\nWarning: Consumer group '%s' is rebalancing.\n", d.id)
	case "Stable":
	default:
		return false, kafkaException("Expected a valid consumer group state, but found '%s'.", orUnknown(d.state))
	}
	return d.state != "Dead" && rows > 0, nil
}

// offsetRow is a line of the table of offsets.
type offsetRow struct {
	tp                     topicPartition
	epoch, offset, end     string
	lag                    string
	consumer, host, client string
}

func (g *groupTool) printOffsets(ctx context.Context, d *groupDescription, verbose bool) error {
	rows, err := g.offsetRows(ctx, d)
	if err != nil {
		return err
	}
	if ok, err := g.sayState(d, len(rows)); !ok {
		return err
	}
	group, topic, consumer, host := max(15, len([]rune(d.id))), 15, 15, 15
	for _, r := range rows {
		topic, consumer, host = max(topic, len(r.tp.topic)), max(consumer, len(r.consumer)), max(host, len(r.host))
	}
	line := func(t, p, epoch, offset, end, lag, c, h, client, id string) {
		g.printf("\n%-*s %-*s %-10s ", group, id, topic, t, p)
		if verbose {
			g.printf("%-15s ", epoch)
		}
		g.printf("%-15s %-15s %-15s %-*s %-*s %s", offset, end, lag, consumer, c, host, h, client)
	}
	line("TOPIC", "PARTITION", "LEADER-EPOCH", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CONSUMER-ID", "HOST", "CLIENT-ID", "GROUP")
	for _, r := range rows {
		line(r.tp.topic, strconv.Itoa(int(r.tp.partition)), r.epoch, r.offset, r.end, r.lag, r.consumer, r.host, r.client, d.id)
	}
	g.printf("\n")
	return nil
}

// offsetRows are the partitions of the members, those with most partitions first, and then those that have
// an offset and no member.
func (g *groupTool) offsetRows(ctx context.Context, d *groupDescription) ([]offsetRow, error) {
	committed, err := g.committed(ctx, d.id)
	if err != nil {
		return nil, err
	}
	ends, err := g.endOffsets(ctx, d, committed)
	if err != nil {
		return nil, err
	}
	members := append([]groupMember(nil), d.members...)
	sort.SliceStable(members, func(i, j int) bool { return len(members[i].assigned) > len(members[j].assigned) })
	var rows []offsetRow
	add := func(list []topicPartition, consumer, host, client string) {
		sortPartitions(list)
		for _, tp := range list {
			r := offsetRow{tp: tp, epoch: missing, offset: missing, end: missing, lag: missing, consumer: consumer, host: host, client: client}
			end, known := ends[tp]
			if known {
				r.end = strconv.FormatInt(end, 10)
			}
			if at, ok := committed[tp]; ok && at.At >= 0 {
				r.offset = strconv.FormatInt(at.At, 10)
				if at.LeaderEpoch >= 0 {
					r.epoch = strconv.Itoa(int(at.LeaderEpoch))
				}
				if known {
					r.lag = strconv.FormatInt(end-at.At, 10)
				}
			}
			rows = append(rows, r)
		}
	}
	held := map[topicPartition]bool{}
	for _, m := range members {
		for _, tp := range m.assigned {
			held[tp] = true
		}
		add(append([]topicPartition(nil), m.assigned...), m.id, m.host, m.client)
	}
	var free []topicPartition
	for tp := range committed {
		if !held[tp] {
			free = append(free, tp)
		}
	}
	add(free, missing, missing, missing)
	return rows, nil
}

// committed are the offsets of a group.
func (g *groupTool) committed(ctx context.Context, id string) (map[topicPartition]kadm.Offset, error) {
	resp, err := kadm.NewClient(g.cl).FetchOffsets(ctx, id)
	if err != nil {
		return nil, executionError(err)
	}
	out := map[topicPartition]kadm.Offset{}
	resp.Each(func(o kadm.OffsetResponse) {
		if o.Err == nil {
			out[topicPartition{o.Topic, o.Partition}] = o.Offset
		}
	})
	return out, nil
}

// endOffsets are the ends of all partitions that a group reads or has offsets of.
func (g *groupTool) endOffsets(ctx context.Context, d *groupDescription, committed map[topicPartition]kadm.Offset) (map[topicPartition]int64, error) {
	wanted := map[topicPartition]bool{}
	for tp := range committed {
		wanted[tp] = true
	}
	for _, m := range d.members {
		for _, tp := range m.assigned {
			wanted[tp] = true
		}
	}
	list := make([]topicPartition, 0, len(wanted))
	for tp := range wanted {
		list = append(list, tp)
	}
	return logOffsets(ctx, g.cl, list, timestampLatest)
}
