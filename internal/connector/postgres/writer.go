package postgres

import (
	"context"
	"io"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/vec"
)

// pushBytes is how much goes to the server at once.
const pushBytes = 64 << 10

// writer copies rows into a table. The copy reads from a pipe in a goroutine of its own.
type writer struct {
	sink *sink
	enc  encoder
	then string // what follows the copy, within the transaction
	buf  []byte
	pipe *io.PipeWriter
	done chan error // gets the copy's end
	over bool
}

func (w *writer) start(ctx context.Context, sql string) {
	r, p := io.Pipe()
	w.pipe, w.done = p, make(chan error, 1)
	s := w.sink
	go func() {
		err := connector.Guard(s.env.Report, "writing to "+s.rel.shown(), func() error {
			_, err := s.conn.CopyFrom(ctx, r, sql)
			if err != nil {
				return s.at.failed(ctx, err, "writing "+s.rel.shown())
			}
			return nil
		})
		r.CloseWithError(errCopy{err}) // whoever writes learns why
		w.done <- err
	}()
}

// errCopy is what Write finds when the copy has ended.
type errCopy struct{ cause error }

func (e errCopy) Error() string { return "the copy has ended" }

func (w *writer) Write(_ context.Context, b *vec.Batch) error {
	for i := range b.Each() {
		w.buf = w.enc.row(w.buf, b, i)
		if len(w.buf) >= pushBytes {
			if err := w.push(); err != nil {
				return err
			}
		}
	}
	return nil
}

// push gives the server what there is.
func (w *writer) push() error {
	_, err := w.pipe.Write(w.buf)
	w.buf = w.buf[:0]
	if e, ok := err.(errCopy); ok && e.cause != nil { //nolint:errorlint // the pipe gives it as it is
		return e.cause
	}
	return err
}

// Commit ends the copy and the transaction; a failure rolls all back.
func (w *writer) Commit(ctx context.Context) error {
	err := w.push()
	if err == nil {
		w.pipe.Close() //nolint:errcheck // never fails
		err = <-w.done
		w.over = true
	}
	s := w.sink
	if err == nil && w.then != "" {
		err = s.at.run(ctx, s.conn, "writing "+s.rel.shown(), w.then)
	}
	if err == nil {
		err = s.at.run(ctx, s.conn, "committing the rows of "+s.rel.shown(), "COMMIT")
	}
	if err != nil {
		w.Abort(context.WithoutCancel(ctx)) //nolint:errcheck // the first failure counts
		return err
	}
	return s.Close()
}

// Abort rolls back by ending the session: the server does it also where it is not told.
func (w *writer) Abort(context.Context) error {
	if !w.over {
		w.pipe.CloseWithError(errAborted) //nolint:errcheck // never fails
		<-w.done
		w.over = true
	}
	return w.sink.Close()
}
