package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func (a *app) topicDescribe() *cobra.Command {
	var k kafkaFlags
	var all bool
	c := &cobra.Command{
		Use:     "describe TOPIC…",
		Short:   "Show a topic's partitions, offsets and settings",
		Example: "  azud topic describe sismos\n  azud topic describe sismos --all-settings",
		Args:    someArgs("TOPIC"),
		RunE:    func(c *cobra.Command, args []string) error { return a.describeTopics(c.Context(), k, args, all) },
	}
	k.add(c)
	c.Flags().BoolVar(&all, "all-settings", false, "settings that have their default value too")
	return c
}

func (a *app) describeTopics(ctx context.Context, k kafkaFlags, names []string, all bool) error {
	adm, done, err := a.admin(ctx, k)
	if err != nil {
		return err
	}
	defer done()
	topics, err := existing(ctx, adm, names...)
	if err != nil {
		return err
	}
	spans, err := spansOf(ctx, adm, names...)
	if err != nil {
		return err
	}
	sizes, err := adm.DescribeAllLogDirs(ctx, nil)
	if err != nil {
		sizes = nil // a cluster may not let everybody ask
	}
	configs, err := adm.DescribeTopicConfigs(ctx, names...)
	if err != nil {
		return unavailable(err, "reading the settings of %s", strings.Join(names, ", "))
	}
	for i, name := range names {
		if i > 0 {
			fmt.Fprintln(a.sys.Out)
		}
		a.describeTopic(topics[name], spans[name], sizes)
		settings, err := configs.On(name, nil)
		if err != nil {
			return unavailable(err, "reading the settings of %s", name)
		}
		a.printSettings(settings, all)
	}
	return nil
}

func (a *app) describeTopic(t kadm.TopicDetail, spans map[int32]span, sizes kadm.DescribedAllLogDirs) {
	bytes := map[int32]int64{}
	sizes.Each(func(d kadm.DescribedLogDir) {
		for p, l := range d.Topics[t.Topic] {
			bytes[p] = max(bytes[p], l.Size)
		}
	})
	fmt.Fprintf(a.sys.Out, "topic %s\nid    %s\n\n", t.Topic, t.ID)
	fmt.Fprintf(a.sys.Out, "%9s %6s %14s %14s %12s %14s\n", "PARTITION", "LEADER", "FIRST OFFSET", "NEXT OFFSET", "RECORDS", "BYTES")
	for _, p := range slices.Sorted(maps.Keys(t.Partitions)) {
		s := spans[p]
		fmt.Fprintf(a.sys.Out, "%9d %6d %14d %14d %12d %14d\n", p, t.Partitions[p].Leader, s.start, s.end, s.end-s.start, bytes[p])
	}
}

func (a *app) printSettings(r kadm.ResourceConfig, all bool) {
	slices.SortFunc(r.Configs, func(x, y kadm.Config) int { return strings.Compare(x.Key, y.Key) })
	head := "\nsettings:\n"
	for _, c := range r.Configs {
		own := c.Source == kmsg.ConfigSourceDynamicTopicConfig
		if !own && !all {
			continue
		}
		fmt.Fprint(a.sys.Out, head)
		head = ""
		note := ""
		if !own {
			note = "  (default)"
		}
		fmt.Fprintf(a.sys.Out, "  %s=%s%s\n", c.Key, c.MaybeValue(), note)
	}
}
