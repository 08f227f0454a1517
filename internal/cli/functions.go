package cli

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/functions"
	"github.com/azud/azud/internal/plan/analyze"
)

func (a *app) functions() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "functions [NAME|PATTERN]",
		Short: "List the functions of SQL, or describe one",
		Long: "Lists the functions of SQL; a name describes one with an example, a pattern such as 'date*' or a\n" +
			"kind or group such as aggregate or datetime lists those that fit.",
		Example: "  azud functions\n  azud functions date_trunc\n  azud functions 'array_*'\n  azud functions aggregate -o json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if output != "table" && output != "json" && output != "csv" {
				return usage(c, "there is no output %q; choose table, json or csv", output)
			}
			return a.showFunctions(strings.Join(args, ""), output)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return beginning(analyze.FunctionNames(functions.Registry()), toComplete), cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "table", "table, json (an object a function) or csv")
	oneOf(c, "output", "table", "json", "csv")
	return c
}

func (a *app) showFunctions(pattern, output string) error {
	registry := functions.Registry()
	if f, ok := analyze.DescribeFunction(registry, pattern); ok && output == "table" {
		a.describeFunction(f)
		return nil
	}
	list := chosen(analyze.Functions(registry), pattern)
	if len(list) == 0 {
		e := errs.New("UNRESOLVED_ROUTINE", "there is no function %s", pattern).State("42883")
		if near := errs.Near(pattern, analyze.FunctionNames(registry)); len(near) > 0 {
			return e.WithHint("did you mean %s?", strings.Join(near, ", "))
		}
		return e.WithHint("'azud functions' lists all; a pattern such as '*date*' some")
	}
	switch output {
	case "json":
		enc := json.NewEncoder(a.sys.Out)
		enc.SetEscapeHTML(false)
		for _, f := range list {
			if err := enc.Encode(map[string]any{"name": f.Name, "kind": f.Kind, "group": f.Group, "usage": f.Usage, "doc": f.Doc,
				"example": f.Example, "result": f.Result, "aliases": append([]string{}, f.Aliases...)}); err != nil {
				return err
			}
		}
	case "csv":
		w := csv.NewWriter(a.sys.Out)
		w.Write([]string{"name", "kind", "group", "usage", "doc", "example", "result", "aliases"})
		for _, f := range list {
			w.Write([]string{f.Name, f.Kind, f.Group, f.Usage, f.Doc, f.Example, f.Result, strings.Join(f.Aliases, " ")})
		}
		w.Flush()
		return w.Error()
	default:
		var b strings.Builder
		for _, f := range list {
			fmt.Fprintf(&b, "%-24s %-12s %-12s %s\n", f.Name, f.Kind, f.Group, f.Doc)
		}
		fmt.Fprint(a.sys.Out, b.String())
	}
	return nil
}

// chosen are the functions whose name fits, exactly or as a pattern of *, or whose kind or group it is.
func chosen(list []analyze.Function, pattern string) (out []analyze.Function) {
	pattern = strings.ToLower(pattern)
	fits := func(f analyze.Function) bool {
		for _, n := range append([]string{f.Name}, f.Aliases...) {
			if ok, _ := path.Match(pattern, n); ok {
				return true
			}
		}
		return pattern == "" || pattern == f.Kind || pattern == f.Group
	}
	named, exact := analyze.DescribeFunction(functions.Registry(), pattern)
	for _, f := range list {
		if exact && f.Name == named.Name || !exact && fits(f) {
			out = append(out, f)
		}
	}
	return out
}

func (a *app) describeFunction(f analyze.Function) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s, %s)\n\n  %s\n", f.Usage, f.Kind, f.Group, f.Doc)
	if len(f.Aliases) > 0 {
		fmt.Fprintf(&b, "\nalso called %s\n", strings.Join(f.Aliases, ", "))
	}
	if f.Example != "" {
		fmt.Fprintf(&b, "\n  %s\n", strings.ReplaceAll(f.Example, "\n", "\n  "))
		for line := range strings.Lines(f.Result) {
			fmt.Fprintf(&b, "    %s\n", strings.TrimSuffix(line, "\n"))
		}
	}
	fmt.Fprint(a.sys.Out, b.String())
}
