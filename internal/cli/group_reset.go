package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/azud/azud/internal/errs"
)

func (a *app) groupReset() *cobra.Command {
	var k kafkaFlags
	var to string
	var shift int64
	var topics []string
	var partitions []int32
	var yes, dry bool
	c := &cobra.Command{
		Use:     "reset GROUP",
		Short:   "Move a group's offsets; its consumers must be stopped",
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
	a.addKafkaFlags(c, &k)
	c.ValidArgsFunction = a.complete(&k, groupNames, false)
	f := c.Flags()
	f.StringVar(&to, "to", "", "`PLACE`: earliest, latest, an offset, -N (before the end), a time, an age (24h, 7d)")
	f.Int64Var(&shift, "shift", 0, "move by `N` records, back if negative")
	f.StringSliceVarP(&topics, "topic", "t", nil, "only these topics, `NAME,…` (default: all that the group has offsets of)")
	completes(c, "topic", a.complete(&k, topicNames, true))
	oneOf(c, "to", "earliest", "latest")
	f.Int32SliceVarP(&partitions, "partition", "p", nil, "only these partitions, `N,…`")
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
	before, err := a.committedOf(ctx, adm, r.group)
	if err != nil {
		return err
	}
	after, err := r.plan(ctx, adm, before.Offsets())
	if err != nil {
		return err
	}
	if err := a.withoutMembers(ctx, adm, r.group); err != nil && !dry {
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
		fmt.Fprintln(a.sys.Err, "nothing was changed (--dry-run)")
		return nil
	}
	if err := a.confirm(ctx, yes, "move the offsets of group %s", r.group); err != nil {
		return err
	}
	return commitReset(ctx, adm, r.group, after)
}

// withoutMembers refuses a group that consumers are in: they would overwrite its offsets.
func (a *app) withoutMembers(ctx context.Context, adm *kadm.Client, group string) error {
	list, err := a.readGroups(ctx, adm, group)
	if err != nil {
		return err
	}
	if n := len(list[0].members); n > 0 {
		return occupied(nil, group, count(n, "member"))
	}
	return nil
}

func occupied(cause error, group, members string) error {
	return errs.Wrap(cause, "NON_EMPTY_GROUP", "group %s has %s, and they would overwrite its offsets", group, members).
		WithHint("stop its consumers first")
}

func commitReset(ctx context.Context, adm *kadm.Client, group string, to kadm.Offsets) error {
	resp, err := adm.CommitOffsets(ctx, group, to)
	if err == nil {
		err = resp.Error()
	}
	switch {
	case errors.Is(err, kerr.UnknownMemberID), errors.Is(err, kerr.RebalanceInProgress): // somebody came meanwhile
		return occupied(err, group, "members")
	case err != nil:
		return refused(err, "", "the offsets of group %s were not moved", group)
	}
	return nil
}

// plan is where each partition goes.
func (r reset) plan(ctx context.Context, adm *kadm.Client, before kadm.Offsets) (kadm.Offsets, error) {
	topics := slices.Compact(slices.Sorted(slices.Values(r.topics)))
	if len(topics) == 0 {
		topics = slices.Sorted(maps.Keys(before))
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

// topic is where the partitions of one topic go.
func (r reset) topic(ctx context.Context, adm *kadm.Client, topic string, before kadm.Offsets) (map[int32]int64, error) {
	if r.to != nil {
		return r.to.offsets(ctx, adm, topic, r.partitions)
	}
	spans, err := spansOf(ctx, adm, topic)
	if err != nil {
		return nil, err
	}
	partitions := r.partitions
	if len(partitions) == 0 {
		partitions = slices.Sorted(maps.Keys(before[topic]))
	}
	out := map[int32]int64{}
	for _, p := range partitions {
		old, ok := before.Lookup(topic, p)
		if !ok {
			return nil, errs.New("OFFSET_NOT_FOUND", "group %s has no offset of %s[%d] to shift", r.group, topic, p).
				WithHint("give it one with --to")
		}
		s := spans[topic][p]
		out[p] = min(max(old.At+r.shift, s.start), s.end)
	}
	if len(out) == 0 {
		return nil, errs.New("OFFSET_NOT_FOUND", "group %s has no offsets of %s to shift", r.group, topic).WithHint("give it some with --to")
	}
	return out, nil
}
