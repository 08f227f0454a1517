package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/errs"
)

// sqlOptions are the flags of azud sql.
type sqlOptions struct {
	scripts                      []script
	defines                      []string // name=value
	output, http, data, database string
	memory                       string
	workers                      int
	keepGoing                    bool
	values                       map[string]string // of defines
}

// script is a -e or -f, in the order of the command line.
type script struct {
	file bool
	text string // SQL, or the name of a file
}

// scriptFlag collects -e and -f into one list.
type scriptFlag struct {
	list *[]script
	file bool
}

func (f scriptFlag) String() string { return "" }
func (f scriptFlag) Type() string   { return "string" }
func (f scriptFlag) Set(v string) error {
	*f.list = append(*f.list, script{f.file, v})
	return nil
}

func (a *app) sql() *cobra.Command {
	var o sqlOptions
	c := &cobra.Command{
		Use:   "sql",
		Short: "Query topics, files and live tables in Spark SQL",
		Long: "Runs Spark SQL over topics, files, tables and live tables. All statements of one call share a\n" +
			"session: temporary views, variables and settings last. Without -e and -f it reads statements from\n" +
			"standard input, each ended by a semicolon; on a terminal with line editing, history, completion with\n" +
			"Tab, and Ctrl+C to cancel a statement (\\? says more). The first error ends a script with status 1.",
		Example: "  azud sql -e \"SELECT count(*), max(magnitud) FROM sismos\"\n  azud sql -o json -e \"SELECT * FROM estadisticas\"\n" +
			"  azud sql -D dia=2024-01-15 -D tabla=ventas -f informe.sql -o csv    # WHERE fecha = :dia … FROM ${tabla}\n" +
			"  azud sql -e 'SELECT * FROM parquet.`/datos/ventas`' -o markdown",
		Args: exactArgs(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.check(c); err != nil {
				return err
			}
			return a.runSQL(c.Context(), o)
		},
	}
	f := c.Flags()
	f.VarP(scriptFlag{&o.scripts, false}, "execute", "e", "run this `SQL` and end; with -f and more of them, in their order")
	f.VarP(scriptFlag{&o.scripts, true}, "file", "f", "run the statements of this `FILE` and end")
	f.StringVarP(&o.output, "output", "o", "table", "table, json (one object a statement), csv or markdown")
	f.StringArrayVarP(&o.defines, "define", "D", nil, "`NAME=VALUE` for ${NAME} in the text, and for :NAME as a number, boolean or string;\nwith one of them ${…} may also name environment variables")
	f.BoolVar(&o.keepGoing, "keep-going", false, "go on after an error; the status is 1 nevertheless")
	f.StringVar(&o.memory, "memory", "", "`SIZE` that a query may hold before it spills to disk, as 512m or 4g\n(default: the daemon's, else AZUD_MEMORY, else a quarter of the machine's)")
	f.IntVar(&o.workers, "workers", 0, "threads of a query, `N` (default: one a processor)")
	f.StringVar(&o.http, "http", "", "console address, `HOST:PORT`, of the daemon to ask (default: the one of the data directory)")
	f.StringVar(&o.data, "data", "", "data directory (default: the user's data folder of the system)")
	f.StringVar(&o.database, "database", "", "pipeline or schema whose tables bare names mean first")
	oneOf(c, "output", "table", "json", "csv", "markdown")
	return c
}

var defineName = regexp.MustCompile(`^[\pL_][\pL\pN_.]*$`)

// check looks at the flags that need it.
func (o *sqlOptions) check(c *cobra.Command) error {
	o.values = map[string]string{}
	for _, d := range o.defines {
		name, value, ok := strings.Cut(d, "=")
		if !ok || !defineName.MatchString(name) {
			return usage(c, "-D %s is not NAME=VALUE", d)
		}
		o.values[name] = value
	}
	if o.workers < 0 {
		return usage(c, "--workers %d is not a number of threads", o.workers)
	}
	if _, err := engine.Output(o.output); err != nil {
		return err
	}
	_, err := memorySize(o.memory)
	return err
}

// settings are those of the session that the flags mean.
func (o *sqlOptions) settings() map[string]string {
	out := map[string]string{}
	if o.memory != "" {
		out["azud.sql.memory"] = o.memory
	}
	if o.workers > 0 {
		out["azud.sql.workers"] = strconv.Itoa(o.workers)
	}
	return out
}

var settingName = regexp.MustCompile(`\$\{([^}:]+)`)

// valuesOf are the values that a text may refer to: those of -D, and of the environment what it names.
func (a *app) valuesOf(text string, o *sqlOptions) map[string]string {
	if len(o.values) == 0 {
		return nil
	}
	values := maps.Clone(o.values)
	for _, m := range settingName.FindAllStringSubmatch(text, -1) {
		if _, ours := values[m[1]]; ours {
			continue
		}
		if v, ok := a.sys.Env(m[1]); ok {
			values[m[1]] = v
		}
	}
	return values
}

// answer is what came of one statement.
type answer struct {
	json []byte // a line, where the output is json
	text string
	rows int
	err  *sqlError
}

// sqlError is an error as the API tells it.
type sqlError struct {
	Class    string `json:"class"`
	SQLState string `json:"sqlState"`
	Message  string `json:"message"`
	Rendered string `json:"rendered,omitempty"` // with its place and remedy, for a terminal
}

// question is a script to be run.
type question struct {
	src       *errs.Source
	output    string
	keepGoing bool
	values    map[string]string
	read      *atomic.Int64 // is told how many rows have been read; nil: nobody asks
}

// asker runs scripts, all in one session.
type asker interface {
	// ask gives each statement's answer to each; an error of a statement is an answer.
	ask(ctx context.Context, q question, each func(answer) error) error
	close()
}

func (a *app) runSQL(ctx context.Context, o sqlOptions) error {
	var sources []*errs.Source
	for _, s := range o.scripts {
		if !s.file {
			sources = append(sources, &errs.Source{Name: "-e", Text: s.text})
			continue
		}
		text, err := os.ReadFile(s.text)
		if err != nil {
			return errs.Wrap(reason(err), "SQL_FILE", "cannot read %s", s.text)
		}
		sources = append(sources, &errs.Source{Name: s.text, Text: string(text)})
	}
	k, err := a.openAsker(ctx, &o)
	if err != nil {
		return err
	}
	defer k.close()
	if len(o.scripts) == 0 && a.interactive {
		return a.shell(ctx, k, &o)
	}
	if len(o.scripts) == 0 {
		text, err := io.ReadAll(a.in)
		if err != nil {
			return errs.Wrap(err, "SQL_FILE", "cannot read standard input")
		}
		sources = append(sources, &errs.Source{Name: "standard input", Text: string(text)})
	}
	var failed error
	for _, src := range sources {
		err := k.ask(ctx, question{src: src, output: o.output, keepGoing: o.keepGoing, values: a.valuesOf(src.Text, &o)}, func(ans answer) error {
			err := a.show(ans, o.output)
			var shown silentError
			if errors.As(err, &shown) && o.keepGoing {
				failed, err = err, nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return failed
}

// show prints an answer. An error goes to standard error, in JSON output also to standard output, and
// is returned as shown.
func (a *app) show(ans answer, output string) error {
	if ans.err == nil {
		if output == "json" {
			_, err := fmt.Fprintf(a.sys.Out, "%s\n", ans.json)
			return err
		}
		_, err := io.WriteString(a.sys.Out, ans.text)
		return err
	}
	if output == "json" {
		fmt.Fprintf(a.sys.Out, "%s\n", errorLine(ans.err))
	}
	fmt.Fprintf(a.sys.Err, "%s\n", connector.Printable(ans.err.Rendered, true))
	return silentError{errors.New(ans.err.Rendered)}
}

// memorySize reads a size such as 512m; 0 if there is none.
func memorySize(v string) (int64, error) {
	if v == "" {
		return 0, nil
	}
	n, err := engine.ParseBytes(v)
	if err == nil && n < 1<<20 {
		err = errs.New("INVALID_OPTION", "%q is less than a mebibyte", v)
	}
	if err != nil {
		return 0, errs.New("INVALID_OPTION", "the memory cannot be %q", v).WithHint("write a size of at least 1m, for example 512m or 4g")
	}
	return n, nil
}
