package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/web"
)

func (a *app) dashboard() *cobra.Command {
	var out string
	export := &cobra.Command{
		Use:     "export NAME",
		Short:   "Write a page as one self-contained HTML file that asks its source itself",
		Example: "  azud dashboard export sismos\n  azud dashboard export sismos -o mapa.html",
		Args:    exactArgs("NAME"),
		RunE: func(_ *cobra.Command, args []string) error {
			page, err := web.Export(args[0])
			if err != nil {
				return err
			}
			if out == "-" {
				_, err = a.sys.Out.Write(page)
				return err
			}
			if out == "" {
				out = args[0] + ".html"
			}
			if err := os.WriteFile(out, page, 0o644); err != nil {
				return errs.Wrap(reason(err), "EXPORT", "cannot write %s", out)
			}
			fmt.Fprintf(a.sys.Out, "%s: %d KB, opens in any browser\n", out, (len(page)+1023)/1024)
			return nil
		},
	}
	export.Flags().StringVarP(&out, "output", "o", "", "`FILE` to write (default NAME.html; - is standard output)")
	return group(&cobra.Command{Use: "dashboard", Short: "Work with the pipelines' pages", Example: export.Example}, export)
}
