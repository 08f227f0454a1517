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
	locks   *locks // shared by the sinks of one Connector
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
		if err := s.complete(in); err != nil {
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
	if out, err := s.decide(in); err != nil {
		return out, err
	}
	if err := s.finish(in); err != nil {
		return connector.Unknown, err
	}
	return connector.Committed, nil
}

func (w *writer) Abort(context.Context) error { return nil }

// decide gives the text its place at the end of the file, stores the intent and appends. No
// other sink of this process may write to the file meanwhile: it would take the same place.
func (s *sink) decide(in *intent) (connector.Outcome, error) {
	defer s.locks.take(in.File)()
	if in.File != "" {
		size, err := s.size(in.File)
		if err != nil {
			return connector.Aborted, err
		}
		in.Offset = size
	}
	if err := in.store(s.query.Store, true); err != nil {
		return connector.Unknown, err
	}
	return connector.Unknown, s.append(in)
}

// complete carries out an intent that a crash or a failure left undone.
func (s *sink) complete(in *intent) error {
	unlock := s.locks.take(in.File)
	err := s.append(in)
	unlock()
	if err != nil {
		return err
	}
	return s.finish(in)
}

// finish prints the text, which is in the file by now, and notes that all is done.
func (s *sink) finish(in *intent) error {
	if s.console {
		if _, err := io.WriteString(s.env.Sys.Out, in.Text); err != nil {
			s.env.Report.Log("an alert could not be printed: " + err.Error())
		}
	}
	in.Done, in.Text = true, ""
	return in.store(s.query.Store, false)
}

func (s *sink) size(name string) (int64, error) {
	f, err := s.openFile(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, unwritable(err, name)
	}
	return info.Size(), nil
}

func unwritable(err error, file string) error {
	return connector.Passing(errs.Wrap(err, "ALERT_FILE", "writing %s", file).
		WithHint("check that the folder exists, may be written and has room"))
}
