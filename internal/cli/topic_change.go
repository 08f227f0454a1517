package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/azud/azud/internal/errs"
)

// someArgs asks for at least one argument.
func someArgs(name string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return nil
		}
		return usage(c, "'%s' takes %s, but got none", c.CommandPath(), name)
	}
}

// settingsOf reads KEY=VALUE arguments.
func settingsOf(list []string) (map[string]*string, error) {
	out := map[string]*string{}
	for _, s := range list {
		key, value, ok := strings.Cut(s, "=")
		if !ok || key == "" {
			return nil, errs.New("INVALID_OPTION", "%q is no setting", s).WithHint("write it as NAME=VALUE, as in retention.ms=3600000")
		}
		out[key] = &value
	}
	return out, nil
}

// confirm asks before something is lost. Without a terminal the flag --yes must say it. The end
// of the input is a no.
func (a *app) confirm(ctx context.Context, yes bool, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	if yes {
		return nil
	}
	if !a.interactive {
		return errs.New("NOT_CONFIRMED", "this would %s", what).WithHint("add --yes if that is meant")
	}
	fmt.Fprintf(a.sys.Err, "This will %s. Go on? [y/N] ", what)
	answer := make(chan string, 1)
	go func() { // a terminal's read cannot be interrupted: the process may end with it waiting
		line, _ := bufio.NewReader(a.in).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes", "s", "si", "sí":
			return nil
		}
		return errs.New("NOT_CONFIRMED", "nothing was changed")
	case <-ctx.Done():
		fmt.Fprintln(a.sys.Err)
		return ctx.Err()
	}
}

func (a *app) topicCreate() *cobra.Command {
	var k kafkaFlags
	var partitions int32
	var replicas int16
	var settings []string
	var ifNot bool
	c := &cobra.Command{
		Use:     "create TOPIC…",
		Short:   "Create topics",
		Example: "  azud topic create lecturas\n  azud topic create estado --partitions 1 --set cleanup.policy=compact",
		Args:    someArgs("TOPIC"),
		RunE: func(c *cobra.Command, args []string) error {
			configs, err := settingsOf(settings)
			if err != nil {
				return err
			}
			if c.Flags().Changed("partitions") && partitions < 1 {
				return usage(c, "a topic has 1 partition or more, not %d", partitions)
			}
			adm, done, err := a.admin(c.Context(), k)
			if err != nil {
				return err
			}
			defer done()
			for _, name := range args {
				resp, err := adm.CreateTopic(c.Context(), partitions, replicas, configs, name)
				switch {
				case errors.Is(err, kerr.TopicAlreadyExists) && ifNot:
					fmt.Fprintf(a.sys.Out, "topic %s is there already\n", name)
					continue
				case err != nil:
					return refused(err, resp.ErrMessage, "topic %s was not created", name)
				}
				fmt.Fprintf(a.sys.Out, "topic %s created with %s\n", name, count(int(resp.NumPartitions), "partition"))
			}
			return nil
		},
	}
	a.addKafkaFlags(c, &k)
	c.ValidArgsFunction = cobra.NoFileCompletions
	f := c.Flags()
	f.Int32VarP(&partitions, "partitions", "p", -1, "partitions (default: the broker's, 3 in Azud)")
	f.Int16Var(&replicas, "replication-factor", -1, "copies, on a cluster (default: the broker's)")
	f.StringArrayVarP(&settings, "set", "c", nil, "setting, `NAME=VALUE`, such as retention.ms=86400000; may be repeated")
	f.BoolVar(&ifNot, "if-not-exists", false, "no error if the topic is there")
	completes(c, "set", settingNames("="))
	return c
}

func (a *app) topicAlter() *cobra.Command {
	var k kafkaFlags
	var partitions int
	var set, unset []string
	c := &cobra.Command{
		Use:     "alter TOPIC…",
		Short:   "Change a topic's settings, or give it more partitions",
		Example: "  azud topic alter lecturas --set retention.ms=3600000\n  azud topic alter lecturas --partitions 6\n  azud topic alter lecturas --unset retention.ms",
		Args:    someArgs("TOPIC"),
		RunE: func(c *cobra.Command, args []string) error {
			if !c.Flags().Changed("partitions") && len(set)+len(unset) == 0 {
				return usage(c, "nothing to change: give --set, --unset or --partitions")
			}
			if c.Flags().Changed("partitions") && partitions < 1 {
				return usage(c, "a topic has 1 partition or more, not %d", partitions)
			}
			return a.alterTopics(c.Context(), k, args, partitions, set, unset)
		},
	}
	a.addKafkaFlags(c, &k)
	c.ValidArgsFunction = a.complete(&k, topicNames, true)
	f := c.Flags()
	f.IntVarP(&partitions, "partitions", "p", 0, "new number of partitions; it can only grow")
	f.StringArrayVarP(&set, "set", "c", nil, "setting, `NAME=VALUE`; may be repeated")
	f.StringArrayVar(&unset, "unset", nil, "`NAME` of a setting that goes back to its default; may be repeated")
	completes(c, "set", settingNames("="))
	completes(c, "unset", settingNames(""))
	return c
}

func (a *app) alterTopics(ctx context.Context, k kafkaFlags, names []string, partitions int, set, unset []string) error {
	values, err := settingsOf(set)
	if err != nil {
		return err
	}
	var changes []kadm.AlterConfig
	for _, key := range slices.Sorted(maps.Keys(values)) {
		changes = append(changes, kadm.AlterConfig{Op: kadm.SetConfig, Name: key, Value: values[key]})
	}
	for _, key := range unset {
		if _, both := values[key]; both {
			return errs.New("INVALID_OPTION", "%s is both set and unset", key)
		}
		changes = append(changes, kadm.AlterConfig{Op: kadm.DeleteConfig, Name: key})
	}
	adm, done, err := a.admin(ctx, k)
	if err != nil {
		return err
	}
	defer done()
	if _, err := existing(ctx, adm, names...); err != nil {
		return err
	}
	if partitions > 0 {
		list, err := adm.UpdatePartitions(ctx, partitions, names...)
		if err != nil {
			return unavailable(err, "adding partitions")
		}
		for _, r := range list.Sorted() {
			if r.Err != nil {
				return refused(r.Err, r.ErrMessage, "topic %s did not get %s", r.Topic, count(partitions, "partition"))
			}
		}
	}
	if len(changes) > 0 {
		list, err := adm.AlterTopicConfigs(ctx, changes, names...)
		if err != nil {
			return unavailable(err, "changing settings")
		}
		for _, r := range list {
			if r.Err != nil {
				return refused(r.Err, r.ErrMessage, "the settings of topic %s were not changed", r.Name)
			}
		}
	}
	fmt.Fprintf(a.sys.Out, "changed %s\n", strings.Join(names, ", "))
	return nil
}

func (a *app) topicDelete() *cobra.Command {
	var k kafkaFlags
	var yes bool
	c := &cobra.Command{
		Use:     "delete TOPIC…",
		Short:   "Delete topics with all their records",
		Example: "  azud topic delete lecturas --yes",
		Args:    someArgs("TOPIC"),
		RunE: func(c *cobra.Command, args []string) error {
			adm, done, err := a.admin(c.Context(), k)
			if err != nil {
				return err
			}
			defer done()
			if _, err := existing(c.Context(), adm, args...); err != nil {
				return err
			}
			if err := a.confirm(c.Context(), yes, "delete %s with all records", strings.Join(args, ", ")); err != nil {
				return err
			}
			list, err := adm.DeleteTopics(c.Context(), args...)
			if err != nil {
				return unavailable(err, "deleting topics")
			}
			for _, name := range args {
				switch r := list[name]; {
				case r.Err == nil:
					fmt.Fprintf(a.sys.Out, "topic %s deleted\n", name)
				case err == nil:
					err = refused(r.Err, r.ErrMessage, "topic %s was not deleted", name)
				}
			}
			return err
		},
	}
	a.addKafkaFlags(c, &k)
	c.ValidArgsFunction = a.complete(&k, topicNames, true)
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}

func (a *app) topicPurge() *cobra.Command {
	var k kafkaFlags
	var yes bool
	var partitions []int32
	var before string
	c := &cobra.Command{
		Use:     "purge TOPIC",
		Short:   "Delete a topic's records, all or the older ones; the topic stays",
		Example: "  azud topic purge lecturas --yes\n  azud topic purge lecturas --before 24h --yes",
		Args:    exactArgs("TOPIC"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.purgeTopic(c.Context(), k, args[0], partitions, before, yes)
		},
	}
	a.addKafkaFlags(c, &k)
	c.ValidArgsFunction = a.complete(&k, topicNames, false)
	f := c.Flags()
	f.Int32SliceVarP(&partitions, "partition", "p", nil, "only these partitions, `N,…`")
	f.StringVar(&before, "before", "", "only records before `PLACE`: an offset, -N (before the end), a time, an age (24h, 7d)")
	f.BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}

func (a *app) purgeTopic(ctx context.Context, k kafkaFlags, name string, partitions []int32, before string, yes bool) error {
	adm, done, err := a.admin(ctx, k)
	if err != nil {
		return err
	}
	defer done()
	if _, err := existing(ctx, adm, name); err != nil {
		return err
	}
	if before == "" {
		before = "latest"
	}
	at, err := parsePoint(before, a.sys.Clock.Now())
	if err != nil {
		return err
	}
	to, err := at.offsets(ctx, adm, name, partitions)
	if err != nil {
		return err
	}
	spans, err := spansOf(ctx, adm, name)
	if err != nil {
		return err
	}
	var n int64
	req := kadm.Offsets{}
	for p, offset := range to {
		if gone := min(offset, spans[name][p].end) - spans[name][p].start; gone > 0 {
			n += gone
			req.AddOffset(name, p, offset, -1)
		}
	}
	if n == 0 {
		fmt.Fprintf(a.sys.Out, "topic %s: nothing to purge\n", name)
		return nil
	}
	if err := a.confirm(ctx, yes, "delete %s of topic %s", count(n, "record"), name); err != nil {
		return err
	}
	list, err := adm.DeleteRecords(ctx, req)
	if err != nil {
		return unavailable(err, "deleting records")
	}
	if err := list.Error(); err != nil {
		return refused(err, "", "topic %s was not purged", name)
	}
	fmt.Fprintf(a.sys.Out, "topic %s: %s deleted\n", name, count(n, "record"))
	return nil
}
