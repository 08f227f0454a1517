package kafkatool

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func (g *groupTool) delete(ctx context.Context) error {
	ids, err := g.selected(ctx)
	if err != nil {
		return err
	}
	failed := map[string]error{}
	var done, bad []string
	for _, id := range hashOrder(unique(ids), defaultCapacity, stringHash) {
		req := kmsg.NewPtrDeleteGroupsRequest()
		req.Groups = []string{id}
		resp, err := ask[*kmsg.DeleteGroupsResponse](ctx, g.cl, req)
		if err == nil && len(resp.Groups) == 1 {
			err = apiError(resp.Groups[0].ErrorCode, nil)
		}
		if err != nil {
			failed[id], bad = err, append(bad, id)
		} else {
			done = append(done, id)
		}
	}
	names := "'" + strings.Join(done, "', '") + "'"
	if len(bad) == 0 {
		if len(done) == 0 {
			names = ""
		}
		g.printf("Deletion of requested consumer groups (%s) was successful.\n", names)
		return nil
	}
	g.printError("Deletion of some consumer groups failed:")
	for _, id := range bad {
		g.printf("* Group '%s' could not be deleted due to: %s\n", id, describe(failed[id]))
	}
	if len(done) > 0 {
		g.printf("\nThese consumer groups were deleted successfully: %s\n", names)
	}
	return nil
}

func unique(list []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func (g *groupTool) deleteOffsets(ctx context.Context) error {
	id, err := g.opts.value("group")
	if err != nil {
		return err
	}
	results := map[topicPartition]error{} // nil: deleted
	var wanted []topicPartition
	for _, arg := range g.opts.all("topic") {
		list, err := partitionsOfArgument(ctx, g, arg)
		if code := codeOf(err); code != 0 {
			results[topicPartition{arg, -1}] = err
			continue
		}
		if err != nil {
			return err
		}
		wanted = append(wanted, list...)
	}
	top, err := g.askDeletion(ctx, id, wanted, results)
	if err != nil {
		return err
	}
	switch codeOf(top) {
	case 0:
		g.printf("Request succeeded for deleting offsets from group %s.\n", id)
	case kerr.InvalidGroupID.Code, kerr.GroupIDNotFound.Code, kerr.GroupAuthorizationFailed.Code, kerr.NonEmptyGroup.Code:
		g.printError(messageOf(top))
	case kerr.GroupSubscribedToTopic.Code, kerr.TopicAuthorizationFailed.Code, kerr.UnknownTopicOrPartition.Code:
		g.printError("Encountered some partition-level error, see the follow-up details.")
	default:
		g.printError("Encountered some unknown error: " + describe(top))
	}
	g.printDeletions(results)
	return nil
}

// askDeletion deletes offsets, notes the outcome of each, and returns the error that counts for all of them.
func (g *groupTool) askDeletion(ctx context.Context, id string, wanted []topicPartition, results map[topicPartition]error) (top, err error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	sortPartitions(wanted)
	req := kmsg.NewPtrOffsetDeleteRequest()
	req.Group = id
	for _, tp := range wanted {
		if n := len(req.Topics); n == 0 || req.Topics[n-1].Topic != tp.topic {
			t := kmsg.NewOffsetDeleteRequestTopic()
			t.Topic = tp.topic
			req.Topics = append(req.Topics, t)
		}
		p := kmsg.NewOffsetDeleteRequestTopicPartition()
		p.Partition = tp.partition
		t := &req.Topics[len(req.Topics)-1]
		t.Partitions = append(t.Partitions, p)
	}
	resp, err := ask[*kmsg.OffsetDeleteResponse](ctx, g.cl, req)
	if err != nil {
		return nil, err
	}
	if top = apiError(resp.ErrorCode, nil); top != nil {
		for _, tp := range wanted {
			results[tp] = top
		}
		return top, nil
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			err := apiError(p.ErrorCode, nil)
			results[topicPartition{t.Topic, p.Partition}] = err
			if err != nil {
				top = err
			}
		}
	}
	return top, nil
}

func (g *groupTool) printDeletions(results map[topicPartition]error) {
	width := 15
	var list []topicPartition
	for tp := range results {
		list = append(list, tp)
		width = max(width, len(tp.topic))
	}
	key := func(tp topicPartition) string { return fmt.Sprint(tp.topic, tp.partition) }
	sort.Slice(list, func(i, j int) bool { return key(list[i]) < key(list[j]) })
	line := func(topic, partition, status string) { g.printf("\n%-*s %-10s %-15s", width, topic, partition, status) }
	line("TOPIC", "PARTITION", "STATUS")
	for _, tp := range list {
		partition, status := missing, "Successful"
		if tp.partition >= 0 {
			partition = fmt.Sprint(tp.partition)
		}
		if results[tp] != nil {
			status = "Error: " + describe(results[tp])
		}
		line(tp.topic, partition, status)
	}
	g.printf("\n")
}
