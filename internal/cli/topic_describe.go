package cli

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
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
	a.addKafkaFlags(c, &k)
	c.ValidArgsFunction = a.complete(&k, topicNames, true)
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
	if err != nil { // a cluster may not let everybody ask
		sizes = nil
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
			bytes[p] = max(bytes[p], l.Size) // of the replicas, the longest
		}
	})
	fmt.Fprintf(a.sys.Out, "topic %s\nid    %s\n\n", t.Topic, base64.RawURLEncoding.EncodeToString(t.ID[:])) // as Kafka prints it
	fmt.Fprintf(a.sys.Out, "%9s %6s %14s %14s %12s %14s\n", "PARTITION", "LEADER", "FIRST OFFSET", "NEXT OFFSET", "RECORDS", "BYTES")
	for _, p := range slices.Sorted(maps.Keys(t.Partitions)) {
		s, size := spans[p], "-"
		if n, known := bytes[p]; known {
			size = strconv.FormatInt(n, 10)
		}
		fmt.Fprintf(a.sys.Out, "%9d %6d %14d %14d %12d %14s\n", p, t.Partitions[p].Leader, s.start, s.end, s.end-s.start, size)
	}
}

func (a *app) printSettings(r kadm.ResourceConfig, all bool) {
	slices.SortFunc(r.Configs, func(x, y kadm.Config) int { return strings.Compare(x.Key, y.Key) })
	head := "\nsettings:\n"
	for _, c := range r.Configs {
		note := ""
		switch c.Source {
		case kmsg.ConfigSourceDynamicTopicConfig: // the topic's own
		case kmsg.ConfigSourceDefaultConfig:
			note = "  (default)"
		default:
			note = "  (of the broker)"
		}
		if note != "" && !all {
			continue
		}
		fmt.Fprintf(a.sys.Out, "%s  %s=%s%s\n", head, c.Key, c.MaybeValue(), note)
		head = ""
	}
}
