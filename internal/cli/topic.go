package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) topic() *cobra.Command {
	list := a.topicList()
	return group(&cobra.Command{Use: "topic", Short: "Look at topics and change them", Example: list.Example},
		list, a.topicDescribe(), a.topicCreate(), a.topicAlter(), a.topicDelete(), a.topicPurge())
}

func (a *app) topicList() *cobra.Command {
	var k kafkaFlags
	var all bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List topics with their partitions and records",
		Example: "  azud topic list\n  azud topic list --bootstrap-server kafka1:9092",
		Args:    exactArgs(),
		RunE:    func(c *cobra.Command, _ []string) error { return a.listTopics(c.Context(), k, all) },
	}
	a.addKafkaFlags(c, &k)
	c.Flags().BoolVar(&all, "all", false, "internal topics too")
	return c
}

func (a *app) listTopics(ctx context.Context, k kafkaFlags, all bool) error {
	adm, done, err := a.admin(ctx, k)
	if err != nil {
		return err
	}
	defer done()
	topics, err := adm.ListTopicsWithInternal(ctx)
	if err != nil {
		return unavailable(err, "listing topics")
	}
	var names []string
	for _, t := range topics.Sorted() {
		if all || !t.IsInternal && !strings.HasPrefix(t.Topic, "__") {
			names = append(names, t.Topic)
		}
	}
	if len(names) == 0 {
		fmt.Fprintln(a.sys.Err, "there are no topics yet")
		return nil
	}
	spans, err := spansOf(ctx, adm, names...)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.sys.Out, "%-32s %10s %12s\n", "TOPIC", "PARTITIONS", "RECORDS")
	for _, name := range names {
		var records int64
		for _, s := range spans[name] {
			records += s.end - s.start
		}
		fmt.Fprintf(a.sys.Out, "%-32s %10d %12d\n", name, len(topics[name].Partitions), records)
	}
	return nil
}
