package alert

import (
	"context"
	"io"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

type sink struct {
	env     connector.Env
	tpl     template
	file    string // absolute; "" none
	console bool
	schema  types.Schema
	query   connector.QueryIdentity
}

// Open finishes an append that a crash cut short.
func (s *sink) Open(_ context.Context, q connector.QueryIdentity, schema types.Schema, _ connector.OutputMode) (connector.EpochMark, error) {
	s.schema, s.query = schema, q
	if err := s.tpl.check(schema); err != nil {
		return connector.EpochMark{}, err
	}
	if s.file != "" { // a file that cannot be written is known before the first alert
		f, err := s.openFile(s.file)
		if err != nil {
			return connector.EpochMark{}, err
		}
		if err := f.Close(); err != nil {
			return connector.EpochMark{}, unwritable(err, s.file)
		}
	}
	in, err := loadIntent(q.Store)
	if err != nil || in == nil {
		return connector.EpochMark{}, err
	}
	if !in.Done {
		if err := s.carryOut(in); err != nil {
			return connector.EpochMark{}, err
		}
	}
	return connector.EpochMark{Checkpoint: q.Checkpoint, Epoch: in.Epoch, Plan: in.Plan}, nil
}

func (s *sink) Begin(_ context.Context, e connector.EpochPlan) (connector.Writer, error) {
	return &writer{sink: s, epoch: e}, nil
}

func (s *sink) Guarantee() connector.Guarantee { return connector.ExactlyOnce }
func (s *sink) Close() error                   { return nil }

type writer struct {
	sink  *sink
	epoch connector.EpochPlan
	text  strings.Builder
}

func (w *writer) Write(_ context.Context, b *vec.Batch) error {
	c := fn.Context{Zone: w.sink.env.Zone, Now: w.epoch.Now}
	for i := range b.Each() {
		w.text.WriteString(w.sink.tpl.render(func(name string) string {
			col := &b.Cols[w.sink.schema.Index(name)]
			return connector.Printable(fn.Text(&c, col, i), false)
		}))
	}
	return nil
}

// Commit stores the intent, which decides, and carries it out.
func (w *writer) Commit(context.Context) (connector.Outcome, error) {
	if w.text.Len() == 0 {
		return connector.Committed, nil
	}
	s := w.sink
	in := &intent{Epoch: w.epoch.Epoch, Plan: w.epoch.Plan, File: s.file, Text: w.text.String()}
	if s.file != "" {
		f, err := s.openFile(s.file)
		if err != nil {
			return connector.Aborted, err
		}
		info, err := f.Stat()
		f.Close()
		if err != nil {
			return connector.Aborted, unwritable(err, s.file)
		}
		in.Offset = info.Size()
	}
	if err := in.store(s.query.Store, true); err != nil {
		return connector.Unknown, err
	}
	if err := s.carryOut(in); err != nil {
		return connector.Unknown, err
	}
	return connector.Committed, nil
}

func (w *writer) Abort(context.Context) error { return nil }

// carryOut appends the text where it belongs, prints it, and notes that it is done.
func (s *sink) carryOut(in *intent) error {
	if in.File != "" {
		if err := s.append(in); err != nil {
			return err
		}
	}
	if s.console {
		if _, err := io.WriteString(s.env.Sys.Out, in.Text); err != nil {
			s.env.Report.Log("an alert could not be printed: " + err.Error())
		}
	}
	in.Done, in.Text = true, ""
	return in.store(s.query.Store, false)
}

func unwritable(err error, file string) error {
	return connector.Passing(errs.Wrap(err, "ALERT_FILE", "writing %s", file).
		WithHint("check that the folder exists, may be written and has room"))
}
