package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kerr"

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
			groups, err := a.readGroups(c.Context(), adm)
			if err != nil {
				return err
			}
			if len(groups) == 0 {
				fmt.Fprintln(a.sys.Err, "there are no groups yet")
				return nil
			}
			fmt.Fprintf(a.sys.Out, "%-32s %-20s %8s %12s\n", "GROUP", "STATE", "MEMBERS", "LAG")
			for _, g := range groups {
				fmt.Fprintf(a.sys.Out, "%-32s %-20s %8d %12d\n", g.name, g.state, len(g.members), g.lag())
			}
			return nil
		},
	}
	a.addKafkaFlags(c, &k)
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
			if err := existingGroups(c.Context(), adm, args...); err != nil {
				return err
			}
			groups, err := a.readGroups(c.Context(), adm, args...)
			if err != nil {
				return err
			}
			for i, g := range groups {
				if i > 0 {
					fmt.Fprintln(a.sys.Out)
				}
				a.describeGroup(g)
			}
			return nil
		},
	}
	a.addKafkaFlags(c, &k)
	c.ValidArgsFunction = a.complete(&k, groupNames, true)
	return c
}

func (a *app) describeGroup(g *groupView) {
	fmt.Fprintf(a.sys.Out, "group %s, %s", g.name, g.state)
	if g.assignor != "" {
		fmt.Fprintf(a.sys.Out, ", assignor %s", g.assignor)
	}
	fmt.Fprintf(a.sys.Out, ", %s, lag %d\n", count(len(g.members), "member"), g.lag())
	if len(g.parts) > 0 {
		fmt.Fprintf(a.sys.Out, "\n%-24s %9s %12s %12s %10s  %s\n", "TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "MEMBER")
	}
	for _, p := range g.parts {
		committed, end, lag, member := "-", "-", "-", "-"
		if p.committed >= 0 {
			committed = fmt.Sprint(p.committed)
		}
		if p.end >= 0 {
			end = fmt.Sprint(p.end)
		}
		if p.lag() >= 0 {
			lag = fmt.Sprint(p.lag())
		}
		if p.member != nil {
			member = p.member.String()
		}
		fmt.Fprintf(a.sys.Out, "%-24s %9d %12s %12s %10s  %s\n", p.topic, p.partition, committed, end, lag, member)
	}
	head := "\nmembers without partitions:\n"
	for _, m := range g.members {
		if !m.busy {
			fmt.Fprintf(a.sys.Out, "%s  %s\n", head, m)
			head = ""
		}
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
			if err := existingGroups(c.Context(), adm, args...); err != nil {
				return err
			}
			if err := a.confirm(c.Context(), yes, "delete %s with all offsets", strings.Join(args, ", ")); err != nil {
				return err
			}
			list, err := adm.DeleteGroups(c.Context(), args...)
			if err != nil {
				return unavailable(err, "deleting groups")
			}
			for _, name := range args {
				switch r := list[name]; {
				case r.Err == nil:
					fmt.Fprintf(a.sys.Out, "group %s deleted\n", name)
				case err != nil:
				case errors.Is(r.Err, kerr.NonEmptyGroup):
					err = errs.Wrap(r.Err, "NON_EMPTY_GROUP", "group %s was not deleted: it has members", name).WithHint("stop its consumers first")
				default:
					err = refused(r.Err, "", "group %s was not deleted", name)
				}
			}
			return err
		},
	}
	a.addKafkaFlags(c, &k)
	c.ValidArgsFunction = a.complete(&k, groupNames, true)
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}
