package console

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Connector is the registry's entry.
func Connector() *connector.Connector {
	c := &connector.Connector{
		Name: "console",
		Doc:  "Prints each epoch as a table, in Spark's form.",
		Options: []connector.Option{
			{Name: "numRows", Kind: connector.Number, Default: "20", Doc: "most rows to print of an epoch"},
			{Name: "truncate", Kind: connector.Bool, Default: "true", Doc: "cut cells after 20 characters"},
			{Name: "skipEmpty", Kind: connector.Bool, Default: "false", Doc: "print nothing for an epoch without rows, where Spark prints an empty table"},
		},
	}
	c.Sink = func(_ context.Context, env connector.Env, t connector.Table) (connector.Sink, error) {
		rows := c.Int(t.Options, "numRows")
		if rows < 0 {
			return nil, errs.New("INVALID_OPTION", "table %s: numRows is %d", t.Name, rows)
		}
		width := 0
		if c.Bool(t.Options, "truncate") {
			width = 20
		}
		return &sink{env: env, rows: int(rows), width: width, skipEmpty: c.Bool(t.Options, "skipEmpty")}, nil
	}
	return c
}

type sink struct {
	env         connector.Env
	rows, width int
	skipEmpty   bool
	schema      types.Schema
}

func (s *sink) Open(_ context.Context, _ connector.QueryIdentity, schema types.Schema, _ connector.OutputMode) (connector.EpochMark, error) {
	s.schema = schema
	return connector.EpochMark{}, nil
}

func (s *sink) Begin(_ context.Context, e connector.EpochPlan) (connector.Writer, error) {
	return &writer{sink: s, epoch: e, out: vec.NewBuilder(s.schema)}, nil
}

func (s *sink) Guarantee() connector.Guarantee { return connector.AtLeastOnce }
func (s *sink) Close() error                   { return nil }

// writer keeps the rows that will be printed, and one more to know that there are others.
type writer struct {
	sink  *sink
	epoch connector.EpochPlan
	out   *vec.Builder
	kept  int
}

func (w *writer) Write(_ context.Context, b *vec.Batch) error {
	for i := range b.Each() {
		if w.kept > w.sink.rows {
			break
		}
		w.out.AppendRow(b, i)
		w.kept++
	}
	return nil
}

var rule = strings.Repeat("-", 43)

// Commit prints in one write, so that tables of different flows do not mix.
func (w *writer) Commit(context.Context) (connector.Outcome, error) {
	if w.kept == 0 && w.sink.skipEmpty {
		return connector.Committed, nil
	}
	rows := w.out.Finish()
	rows.N = w.kept
	c := fn.Context{Zone: w.sink.env.Zone, Now: w.epoch.Now}
	table := fn.ShowString(&c, w.sink.schema, rows, w.sink.rows, w.sink.width)
	text := fmt.Sprintf("%s\nBatch: %d\n%s\n%s\n", rule, w.epoch.Epoch, rule, connector.Printable(table, true))
	if _, err := io.WriteString(w.sink.env.Sys.Out, text); err != nil {
		return connector.Unknown, errs.Wrap(err, "CONSOLE_WRITE", "printing epoch %d", w.epoch.Epoch)
	}
	return connector.Committed, nil
}

func (w *writer) Abort(context.Context) error { return nil }
