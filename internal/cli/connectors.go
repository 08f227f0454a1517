package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/memory"
	"github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/errs"
)

func (a *app) connectors() *cobra.Command {
	return &cobra.Command{
		Use:     "connectors [NAME]",
		Short:   "List the connectors, or the options of one",
		Example: "  azud connectors\n  azud connectors kafka",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			list := engine.Connectors(memory.NewHub(), nil, version)
			if len(args) == 0 {
				for _, c := range list {
					fmt.Fprintf(a.sys.Out, "%-10s %-13s %s\n", c.Name, ends(c), c.Doc)
				}
				return nil
			}
			var names []string
			for _, c := range list {
				if strings.EqualFold(c.Name, args[0]) {
					a.describeConnector(c)
					return nil
				}
				names = append(names, c.Name)
			}
			return errs.New("DATA_SOURCE_NOT_FOUND", "there is no connector %q", args[0]).WithHint("there are %s", strings.Join(names, ", "))
		},
	}
}

// ends says what a connector is for: of flows, of batch queries, or of both.
func ends(c *connector.Connector) string {
	var out []string
	for _, end := range []struct {
		name         string
		flows, batch bool
	}{{"source", c.Source != nil, c.Batch != nil}, {"sink", c.Sink != nil, c.Save != nil}} {
		switch {
		case end.flows:
			out = append(out, end.name)
		case end.batch:
			out = append(out, "batch "+end.name)
		}
	}
	return strings.Join(out, ", ")
}

func (a *app) describeConnector(c *connector.Connector) {
	fmt.Fprintf(a.sys.Out, "%s (%s): %s\n\n", c.Name, ends(c), c.Doc)
	for _, o := range append(append([]connector.Option{}, c.Options...), connector.Common...) {
		name := o.Name
		if o.Prefix {
			name += "*"
		}
		extra := string(o.Kind)
		if len(o.Values) > 0 {
			extra = strings.Join(o.Values, "|")
		}
		if o.Required {
			extra += ", required"
		} else if o.Default != "" {
			extra += ", default " + o.Default
		}
		fmt.Fprintf(a.sys.Out, "  %-24s %s (%s)\n", name, o.Doc, extra)
	}
}
