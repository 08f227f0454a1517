package cli

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/azud/azud/internal/cli/kafkatool"
)

// exitStatus ends the command with the status of another program's convention; all has been
// said.
type exitStatus int

func (e exitStatus) Error() string { return "" }

// toolNamed finds a tool of Kafka by the name that people call it by, with and without .sh, a
// path or .exe.
func toolNamed(name string) (kafkatool.Tool, bool) {
	name = filepath.Base(name)
	for _, ending := range []string{".exe", ".sh", ".bat"} {
		name = strings.TrimSuffix(name, ending)
	}
	for _, t := range kafkatool.Tools() {
		if t.Name == name {
			return t, true
		}
	}
	return kafkatool.Tool{}, false
}

// tools are the commands with the names, options and output of Kafka's own tools.
func (a *app) tools() []*cobra.Command {
	var out []*cobra.Command
	for _, t := range kafkatool.Tools() {
		out = append(out, &cobra.Command{
			Use: t.Name, Aliases: []string{t.Name + ".sh"}, Short: t.Short,
			GroupID: kafkaGroup, DisableFlagParsing: true,
			RunE: func(c *cobra.Command, args []string) error { return a.runTool(c.Context(), t, args) },
		})
	}
	return out
}

func (a *app) runTool(ctx context.Context, t kafkatool.Tool, args []string) error {
	status := t.Run(ctx, kafkatool.Env{
		Sys: a.sys, In: a.in, Out: a.sys.Out, Err: a.sys.Err, Terminal: a.interactive && a.screen,
		Bootstrap: func(ctx context.Context) (string, error) {
			d, err := a.findDaemon(ctx, "", "")
			if err != nil || d == nil {
				return "", err
			}
			return d.kafka, nil
		},
	}, args)
	if status == 0 {
		return nil
	}
	return exitStatus(status)
}
