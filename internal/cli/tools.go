package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/azud/azud/internal/cli/kafkatool"
	"github.com/azud/azud/internal/errs"
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

// toolCommands are the commands with the names, options and output of Kafka's own tools.
func (a *app) toolCommands() []*cobra.Command {
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

// tools puts the names of Kafka's tools into a folder.
func (a *app) tools() *cobra.Command {
	install := &cobra.Command{
		Use:     "install DIR",
		Short:   "Link the names of Kafka's tools to this program, with and without .sh",
		Example: "  azud tools install ~/.local/bin",
		Args:    exactArgs("DIR"),
		RunE:    func(_ *cobra.Command, args []string) error { return a.installTools(args[0]) },
	}
	return group(&cobra.Command{Use: "tools", Short: "Call Kafka's tools by their own names", Example: install.Example}, install)
}

// installTools makes the links; what is there and not such a link stays.
func (a *app) installTools(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return errs.Wrap(err, "TOOLS", "this program's file is not known")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return errs.Wrap(reason(err), "TOOLS", "the folder %s cannot be made", dir)
	}
	made := 0
	for _, t := range kafkatool.Tools() {
		for _, ending := range []string{"", ".sh"} {
			name := filepath.Join(dir, t.Name+ending)
			if there, err := os.Readlink(name); err == nil && there == self {
				continue
			}
			if _, err := os.Lstat(name); err == nil {
				return errs.New("TOOLS", "%s is there already, and is no link to %s", name, self).WithHint("remove it, or choose another folder")
			}
			if err := os.Symlink(self, name); err != nil {
				return errs.Wrap(reason(err), "TOOLS", "%s cannot be made", name)
			}
			made++
		}
	}
	fmt.Fprintf(a.sys.Out, "%s made in %s\n", count(made, "link"), dir)
	return nil
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
