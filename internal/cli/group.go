package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/azud/azud/internal/errs"
)

func (a *app) groups() *cobra.Command {
	list := a.groupList()
	return group(&cobra.Command{Use: "group", Short: "Look at consumer groups, reset and delete them", Example: list.Example},
		list, a.groupDescribe(), a.groupReset(), a.groupDelete())
}

func (a *app) groupList() *cobra.Command {
	var k kafkaFlags
	c := &cobra.Command{
		Use:     "list",
		Short:   "List consumer groups with their state, members and lag",
		Example: "  azud group list\n  azud group describe informes\n  azud group reset informes --topic sismos --to earliest",
		Args:    exactArgs(),
		RunE: func(c *cobra.Command, _ []string) error {
			adm, done, err := a.admin(c.Context(), k)
			if err != nil {
				return err
			}
			defer done()
			lags, err := adm.Lag(c.Context())
			if err != nil {
				return unavailable(err, "listing groups")
			}
			if len(lags) == 0 {
				fmt.Fprintln(a.sys.Err, "there are no groups yet")
				return nil
			}
			fmt.Fprintf(a.sys.Out, "%-32s %-20s %8s %12s\n", "GROUP", "STATE", "MEMBERS", "LAG")
			for _, g := range lags.Sorted() {
				fmt.Fprintf(a.sys.Out, "%-32s %-20s %8d %12d\n", g.Group, g.State, len(g.Members), g.Lag.Total())
			}
			return nil
		},
	}
	k.add(c)
	return c
}

func (a *app) groupDescribe() *cobra.Command {
	var k kafkaFlags
	c := &cobra.Command{
		Use:     "describe GROUP…",
		Short:   "Show a group's members, and its offset and lag in each partition",
		Example: "  azud group describe informes",
		Args:    someArgs("GROUP"),
		RunE: func(c *cobra.Command, args []string) error {
			adm, done, err := a.admin(c.Context(), k)
			if err != nil {
				return err
			}
			defer done()
			for i, name := range args {
				if i > 0 {
					fmt.Fprintln(a.sys.Out)
				}
				g, err := existingGroup(c.Context(), adm, name)
				if err != nil {
					return err
				}
				a.describeGroup(g)
			}
			return nil
		},
	}
	k.add(c)
	return c
}

// existingGroup is a group with its lag; one that is not there is an error with near names.
func existingGroup(ctx context.Context, adm *kadm.Client, name string) (kadm.DescribedGroupLag, error) {
	groups, err := adm.ListGroups(ctx)
	if err != nil {
		return kadm.DescribedGroupLag{}, unavailable(err, "listing groups")
	}
	if _, ok := groups[name]; !ok {
		e := errs.New("GROUP_ID_NOT_FOUND", "there is no group %s", name)
		if near := errs.Near(name, groups.Groups()); len(near) > 0 {
			return kadm.DescribedGroupLag{}, e.WithHint("did you mean %s?", near[0])
		}
		return kadm.DescribedGroupLag{}, e.WithHint("'azud group list' shows the groups")
	}
	lags, err := adm.Lag(ctx, name)
	g := lags[name]
	if err == nil {
		err = g.Error()
	}
	if err != nil {
		return kadm.DescribedGroupLag{}, unavailable(err, "reading group %s", name)
	}
	return g, nil
}

func (a *app) describeGroup(g kadm.DescribedGroupLag) {
	fmt.Fprintf(a.sys.Out, "group %s, %s", g.Group, g.State)
	if g.Protocol != "" {
		fmt.Fprintf(a.sys.Out, ", assignor %s", g.Protocol)
	}
	fmt.Fprintf(a.sys.Out, ", %d members, lag %d\n\n", len(g.Members), g.Lag.Total())
	lags := g.Lag.Sorted()
	slices.SortFunc(lags, func(x, y kadm.GroupMemberLag) int {
		return cmp.Or(cmp.Compare(x.Topic, y.Topic), cmp.Compare(x.Partition, y.Partition))
	})
	fmt.Fprintf(a.sys.Out, "%-24s %9s %12s %12s %10s  %s\n", "TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "MEMBER")
	for _, l := range lags {
		committed, member := "-", "-"
		if l.Commit.At >= 0 {
			committed = fmt.Sprint(l.Commit.At)
		}
		if l.Member != nil {
			member = fmt.Sprintf("%s %s", l.Member.MemberID, l.Member.ClientHost)
		}
		fmt.Fprintf(a.sys.Out, "%-24s %9d %12s %12d %10d  %s\n", l.Topic, l.Partition, committed, l.End.Offset, l.Lag, member)
	}
}

func (a *app) groupDelete() *cobra.Command {
	var k kafkaFlags
	var yes bool
	c := &cobra.Command{
		Use:     "delete GROUP…",
		Short:   "Delete groups without members, with their offsets",
		Example: "  azud group delete informes --yes",
		Args:    someArgs("GROUP"),
		RunE: func(c *cobra.Command, args []string) error {
			adm, done, err := a.admin(c.Context(), k)
			if err != nil {
				return err
			}
			defer done()
			for _, name := range args {
				if _, err := existingGroup(c.Context(), adm, name); err != nil {
					return err
				}
			}
			if err := a.confirm(yes, "delete the groups %s with their offsets", strings.Join(args, ", ")); err != nil {
				return err
			}
			list, err := adm.DeleteGroups(c.Context(), args...)
			if err != nil {
				return unavailable(err, "deleting groups")
			}
			for _, r := range list.Sorted() {
				if r.Err != nil {
					return refused(r.Err, "", "group %s was not deleted", r.Group)
				}
				fmt.Fprintf(a.sys.Out, "group %s deleted\n", r.Group)
			}
			return nil
		},
	}
	k.add(c)
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}

func (a *app) groupReset() *cobra.Command {
	var k kafkaFlags
	var to string
	var shift int64
	var topics []string
	var partitions []int32
	var yes, dry bool
	c := &cobra.Command{
		Use:     "reset GROUP",
		Short:   "Move a group's offsets; the group must have no members",
		Example: "  azud group reset informes --to earliest --yes\n  azud group reset informes --topic sismos --to 24h\n  azud group reset informes --shift -100 --dry-run",
		Args:    exactArgs("GROUP"),
		RunE: func(c *cobra.Command, args []string) error {
			if (to == "") == (shift == 0) {
				return usage(c, "say where to: either --to or --shift")
			}
			r := reset{group: args[0], topics: topics, partitions: partitions, shift: shift}
			if to != "" {
				at, err := parsePoint(to, a.sys.Clock.Now())
				if err != nil {
					return err
				}
				r.to = &at
			}
			return a.resetGroup(c.Context(), k, r, dry, yes)
		},
	}
	k.add(c)
	f := c.Flags()
	f.StringVar(&to, "to", "", "`PLACE`: earliest, latest, an offset, -N (before the end), a time, an age (24h)")
	f.Int64Var(&shift, "shift", 0, "move by `N` records, back if negative")
	f.StringSliceVarP(&topics, "topic", "t", nil, "only these topics (default: all that the group has offsets of)")
	f.Int32SliceVarP(&partitions, "partition", "p", nil, "only these partitions")
	f.BoolVar(&dry, "dry-run", false, "only show what would be done")
	f.BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}

// reset is a wish to move a group's offsets.
type reset struct {
	group      string
	topics     []string
	partitions []int32
	to         *point // nil: by shift
	shift      int64
}

func (a *app) resetGroup(ctx context.Context, k kafkaFlags, r reset, dry, yes bool) error {
	adm, done, err := a.admin(ctx, k)
	if err != nil {
		return err
	}
	defer done()
	before, err := adm.FetchOffsets(ctx, r.group)
	if err != nil {
		return unavailable(err, "reading the offsets of group %s", r.group)
	}
	after, err := r.plan(ctx, adm, before.Offsets())
	if err != nil {
		return err
	}
	fmt.Fprintf(a.sys.Out, "%-24s %9s %12s %12s\n", "TOPIC", "PARTITION", "FROM", "TO")
	for _, o := range after.Sorted() {
		from := "-"
		if old, ok := before.Lookup(o.Topic, o.Partition); ok && old.At >= 0 {
			from = fmt.Sprint(old.At)
		}
		fmt.Fprintf(a.sys.Out, "%-24s %9d %12s %12d\n", o.Topic, o.Partition, from, o.At)
	}
	if dry {
		return nil
	}
	if err := a.confirm(yes, "move the offsets of group %s", r.group); err != nil {
		return err
	}
	return commitReset(ctx, adm, r.group, after)
}

func commitReset(ctx context.Context, adm *kadm.Client, group string, to kadm.Offsets) error {
	list, err := adm.DescribeGroups(ctx, group)
	if g := list[group]; err == nil && len(g.Members) > 0 {
		return errs.New("NON_EMPTY_GROUP", "group %s has %d members, and they would overwrite its offsets", group, len(g.Members)).
			WithHint("stop its consumers first")
	}
	resp, err := adm.CommitOffsets(ctx, group, to)
	if err == nil {
		err = resp.Error()
	}
	if err != nil {
		return refused(err, "", "the offsets of group %s were not moved", group)
	}
	return nil
}

// plan is where each partition goes.
func (r reset) plan(ctx context.Context, adm *kadm.Client, before kadm.Offsets) (kadm.Offsets, error) {
	topics := r.topics
	if len(topics) == 0 {
		for t := range before {
			topics = append(topics, t)
		}
	}
	if len(topics) == 0 {
		return nil, errs.New("GROUP_ID_NOT_FOUND", "group %s has no offsets", r.group).WithHint("name the topics with --topic")
	}
	if _, err := existing(ctx, adm, topics...); err != nil {
		return nil, err
	}
	after := kadm.Offsets{}
	for _, topic := range topics {
		to, err := r.topic(ctx, adm, topic, before)
		if err != nil {
			return nil, err
		}
		for p, offset := range to {
			after.AddOffset(topic, p, offset, -1)
		}
	}
	return after, nil
}

func (r reset) topic(ctx context.Context, adm *kadm.Client, topic string, before kadm.Offsets) (map[int32]int64, error) {
	if r.to != nil {
		return r.to.offsets(ctx, adm, topic, r.partitions)
	}
	spans, err := spansOf(ctx, adm, topic)
	if err != nil {
		return nil, err
	}
	out := map[int32]int64{}
	for p, s := range spans[topic] {
		old, ok := before.Lookup(topic, p)
		if ok && (len(r.partitions) == 0 || slices.Contains(r.partitions, p)) {
			out[p] = min(max(old.At+r.shift, s.start), s.end)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("the group has no offsets of " + topic + " to shift")
	}
	return out, nil
}
