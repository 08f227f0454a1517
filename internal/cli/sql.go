package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/errs"
)

// sqlOptions are the flags of azud sql.
type sqlOptions struct {
	execute, file, output, http, data, database string
	given                                       bool // -e, even an empty one
}

func (a *app) sql() *cobra.Command {
	var o sqlOptions
	c := &cobra.Command{
		Use:   "sql",
		Short: "Query topics and live tables in Spark SQL",
		Long: "Runs Spark SQL over the tables of the running pipelines: topics as batches, live tables as they\n" +
			"are. Without -e and -f it reads statements from standard input, each ended by a semicolon.",
		Example: "  azud sql -e \"SELECT count(*), max(magnitud) FROM sismos\"\n  azud sql -o json -e \"SELECT * FROM estadisticas\"\n  azud sql -f informe.sql -o csv",
		Args:    exactArgs(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := exclusive(c, "execute", "file"); err != nil {
				return err
			}
			o.given = c.Flags().Changed("execute")
			return a.runSQL(c.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVarP(&o.execute, "execute", "e", "", "run this `SQL` and end")
	f.StringVarP(&o.file, "file", "f", "", "run the statements of this `FILE` and end")
	f.StringVarP(&o.output, "output", "o", "table", "table, json (one object a statement) or csv")
	f.StringVar(&o.http, "http", "", "console address, `HOST:PORT`, of the daemon to ask (default: the one of the data directory)")
	f.StringVar(&o.data, "data", "", "data directory (default: the user's data folder of the system)")
	f.StringVar(&o.database, "database", "", "pipeline whose tables bare names mean first")
	oneOf(c, "output", "table", "json", "csv")
	return c
}

// runner runs one script and shows each statement's result; the first error ends it and has
// been shown.
type runner func(ctx context.Context, src *errs.Source) error

func (a *app) runSQL(ctx context.Context, o sqlOptions) error {
	if _, err := engine.Output(o.output); err != nil {
		return err
	}
	run, closeRunner, err := a.sqlRunner(ctx, o)
	if err != nil {
		return err
	}
	defer closeRunner()
	switch {
	case o.given:
		return run(ctx, &errs.Source{Name: "-e", Text: o.execute})
	case o.file != "":
		text, err := os.ReadFile(o.file)
		if err != nil {
			return errs.Wrap(reason(err), "SQL_FILE", "cannot read %s", o.file)
		}
		return run(ctx, &errs.Source{Name: o.file, Text: string(text)})
	case !a.interactive:
		text, err := io.ReadAll(a.in)
		if err != nil {
			return errs.Wrap(err, "SQL_FILE", "cannot read standard input")
		}
		return run(ctx, &errs.Source{Name: "standard input", Text: string(text)})
	}
	return a.shell(ctx, run)
}

// sqlRunner asks the running daemon, or a host of its own over the same data.
func (a *app) sqlRunner(ctx context.Context, o sqlOptions) (runner, func(), error) {
	d, err := a.findDaemon(ctx, o.http, o.data)
	if err != nil {
		return nil, nil, err
	}
	if d != nil {
		return func(ctx context.Context, src *errs.Source) error { return a.askSQL(ctx, d, src, o) }, func() {}, nil
	}
	data, err := a.dataOr(o.data)
	if err != nil {
		return nil, nil, err
	}
	h, err := a.startHost(ctx, hostOptions{listen: onlyHere(), data: data, env: a.sys.Env, logLevel: "warn"})
	if err != nil {
		return nil, nil, err
	}
	show, err := engine.Output(o.output)
	if err != nil {
		return nil, nil, errors.Join(err, h.close())
	}
	run := func(ctx context.Context, src *errs.Source) error {
		for res, err := range h.engine.Query(ctx, src, o.database) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				return a.showResult(engine.ErrorJSON(err), o.output)
			}
			if err := a.showResult(show(res), o.output); err != nil {
				return err
			}
		}
		return nil
	}
	return run, func() { h.close() }, nil
}

// askSQL has a daemon run a script.
func (a *app) askSQL(ctx context.Context, d *daemon, src *errs.Source, o sqlOptions) error {
	body, err := d.request(ctx, "POST", "/api/v1/sql", map[string]string{
		"sql": src.Text, "name": src.Name, "database": o.database, "output": o.output})
	if err != nil {
		return err
	}
	defer body.Close()
	lines := bufio.NewReader(body)
	for {
		line, err := lines.ReadBytes('\n')
		if line = bytes.TrimSuffix(line, []byte{'\n'}); len(line) > 0 {
			if err := a.showResult(line, o.output); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errs.Wrap(err, "DAEMON_UNREACHABLE", "the answer broke off")
		}
	}
}

// showResult prints one line of the API's answer. An error goes to standard error, in JSON
// output also to standard output, and is returned as shown.
func (a *app) showResult(line []byte, output string) error {
	var r struct {
		Text  *string
		Error *struct{ Rendered string }
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return errs.Wrap(err, "DAEMON_REFUSED", "an answer that is not JSON")
	}
	var err error
	switch {
	case r.Error != nil:
		if output == "json" {
			fmt.Fprintf(a.sys.Out, "%s\n", line)
		}
		fmt.Fprintf(a.sys.Err, "%s\n", connector.Printable(r.Error.Rendered, true))
		return silentError{errors.New(r.Error.Rendered)}
	case r.Text != nil:
		_, err = io.WriteString(a.sys.Out, *r.Text)
	default:
		_, err = fmt.Fprintf(a.sys.Out, "%s\n", line)
	}
	return err
}

// shell reads statements from a terminal until the end of input or 'exit'. An error is shown
// and the shell goes on.
func (a *app) shell(ctx context.Context, run runner) error {
	fmt.Fprintln(a.sys.Out, "Azud SQL. End a statement with ;  SHOW TABLES; lists the tables.  exit or Ctrl+D ends.")
	lines := make(chan string)
	go func() { // reading a terminal cannot be interrupted: it ends with the process
		defer close(lines)
		in := bufio.NewScanner(a.in)
		in.Buffer(nil, 1<<20) // what is pasted may be long
		for in.Scan() {
			lines <- in.Text()
		}
	}()
	var text strings.Builder
	for {
		prompt := "azud> "
		if text.Len() > 0 {
			prompt = "    > "
		}
		fmt.Fprint(a.sys.Out, prompt)
		var line string
		var ok bool
		select {
		case line, ok = <-lines:
		case <-ctx.Done():
		}
		word := strings.TrimRight(strings.TrimSpace(line), "; ")
		if !ok || text.Len() == 0 && (word == "exit" || word == "quit") {
			fmt.Fprintln(a.sys.Out)
			return nil
		}
		text.WriteString(line + "\n")
		if !strings.HasSuffix(strings.TrimSpace(line), ";") {
			continue
		}
		var shown silentError
		if err := run(ctx, &errs.Source{Name: "console", Text: text.String()}); err != nil && !errors.As(err, &shown) {
			return err
		}
		text.Reset()
	}
}
