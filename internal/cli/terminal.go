package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/sys"
)

// terminal lets several flows write to one stream: each Write is whole. A Write waits for who
// reads, but once the command is ending only for lastMoment: what is not taken by then is
// dropped, with all that follows.
type terminal struct {
	w      io.Writer
	screen bool // w is a terminal: what could steer it is replaced; a file or a pipe gets all as it is
	clock  sys.Clock
	ending <-chan struct{} // closed when the command is to end
	gone   func()          // called when the reader of a pipe has gone

	turn sync.Mutex // held over a write to w, which may never return

	mu     sync.Mutex
	broken error // why nothing is written any more
}

// lastMoment is how long the reader may take, when the command is ending, to make room for one
// more Write.
const lastMoment = 300 * time.Millisecond

// errUnread says that nobody has read what was written before the command had to end.
var errUnread = fmt.Errorf("nobody reads the output: %w", context.Canceled)

// written is what came of one Write.
type written struct {
	n   int
	err error
}

func (t *terminal) Write(p []byte) (int, error) {
	done, own := make(chan written, 1), bytes.Clone(p) // p is the caller's again when this returns
	size := len(p)
	if t.screen {
		own = harmless(own)
	}
	go func() {
		r := t.write(own)
		if r.err == nil {
			r.n = size // as the caller counts
		}
		done <- r
	}()
	select {
	case r := <-done:
		return r.n, r.err
	case <-t.ending:
	}
	if errors.Is(t.trouble(), errUnread) {
		return 0, errUnread
	}
	select {
	case r := <-done:
		return r.n, r.err
	case <-t.clock.After(lastMoment):
		t.fail(errUnread)
		return 0, errUnread
	}
}

// harmless is text without what could steer a terminal; lines and tabs stay.
func harmless(text []byte) []byte {
	cells := strings.Split(string(text), "\t")
	for i, c := range cells {
		cells[i] = connector.Printable(c, true)
	}
	return []byte(strings.Join(cells, "\t"))
}

// write writes in its turn.
func (t *terminal) write(p []byte) written {
	t.turn.Lock()
	defer t.turn.Unlock()
	if err := t.trouble(); err != nil {
		return written{0, err}
	}
	n, err := t.w.Write(p)
	if brokenPipe(err) {
		t.fail(err)
		t.gone()
	}
	return written{n, err}
}

// fail ends all writing; the first reason stands.
func (t *terminal) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.broken == nil {
		t.broken = err
	}
}

func (t *terminal) trouble() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.broken
}

// lookPeriod is how often the reader of a pipe is looked for.
const lookPeriod = 500 * time.Millisecond

// watch notices until ctx ends that the reader of a pipe has gone: who waits for records
// writes nothing and would not.
func (t *terminal) watch(ctx context.Context) {
	f, ok := t.w.(*os.File)
	if !ok {
		return
	}
	if info, err := f.Stat(); err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return
	}
	for t.clock.Sleep(ctx, lookPeriod) == nil {
		if readerGone(f) {
			t.fail(syscall.EPIPE)
			t.gone()
			return
		}
	}
}

// closed reports whether the reader has gone.
func (t *terminal) closed() bool {
	err := t.trouble()
	return err != nil && !errors.Is(err, errUnread)
}

func brokenPipe(err error) bool {
	const errorBrokenPipe, errorNoData = 109, 232 // Windows
	var no syscall.Errno
	switch {
	case err == nil:
		return false
	case errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
		return true
	}
	return runtime.GOOS == "windows" && errors.As(err, &no) && (no == errorBrokenPipe || no == errorNoData)
}
