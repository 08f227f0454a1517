package cli

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
)

// completionTime bounds how long a shell waits for names after a Tab.
const completionTime = 1500 * time.Millisecond

// names lists what a shell may complete.
type names func(ctx context.Context, adm *kadm.Client) []string

func topicNames(ctx context.Context, adm *kadm.Client) []string {
	topics, err := adm.ListTopics(ctx)
	if err != nil {
		return nil
	}
	return topics.Names()
}

func groupNames(ctx context.Context, adm *kadm.Client) []string {
	groups, err := adm.ListGroups(ctx)
	if err != nil {
		return nil
	}
	return groups.Groups()
}

type completer = func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective)

// complete completes names of the Kafka that the flags mean: many says whether more than one
// argument is a name. It starts nothing and says nothing when none answers.
func (a *app) complete(k *kafkaFlags, list names, many bool) completer {
	return func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 && !many {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return beginning(a.known(c.Context(), *k, list), toComplete), cobra.ShellCompDirectiveNoFileComp
	}
}

// known asks the Kafka that runs already for its names.
func (a *app) known(ctx context.Context, k kafkaFlags, list names) []string {
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	props, err := a.clientProperties(k.config)
	if err != nil {
		return nil
	}
	if k.servers = cmp.Or(k.servers, props["bootstrap.servers"]); k.servers == "" {
		d, err := a.findDaemon(ctx, k.http, k.data)
		if err != nil || d == nil {
			return nil
		}
		k.servers = d.kafka
	}
	adm, done, err := a.admin(ctx, k)
	if err != nil {
		return nil
	}
	defer done()
	return list(ctx, adm)
}

// completes lets a flag's value be completed.
func completes(c *cobra.Command, flag string, f completer) {
	c.RegisterFlagCompletionFunc(flag, f) //nolint:errcheck // it fails for a flag that is not there, which the tests would see
}

// oneOf completes a flag's value from a list.
func oneOf(c *cobra.Command, flag string, values ...string) {
	completes(c, flag, func(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return beginning(values, toComplete), cobra.ShellCompDirectiveNoFileComp
	})
}

// beginning are those of the values that begin with a text.
func beginning(values []string, with string) (out []string) {
	for _, v := range values {
		if strings.HasPrefix(v, with) {
			out = append(out, v)
		}
	}
	return out
}

// settingNames completes the name of a topic's setting.
func settingNames(ending string) completer {
	return func(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		out := beginning(topicSettings, toComplete)
		for i := range out {
			out[i] += ending
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// topicSettings are those that people change.
var topicSettings = []string{"cleanup.policy", "compression.type", "delete.retention.ms", "max.compaction.lag.ms", "max.message.bytes",
	"message.timestamp.type", "min.cleanable.dirty.ratio", "min.compaction.lag.ms", "retention.bytes", "retention.ms", "segment.bytes", "segment.ms"}
