package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/azud/azud/internal/sys"
)

// terminal lets several flows write to one stream: each Write is whole. When the reader of a
// pipe has gone, gone is called, once.
type terminal struct {
	w    io.Writer
	gone func()

	mu     sync.Mutex
	broken error
}

func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.broken != nil {
		return 0, t.broken
	}
	n, err := t.w.Write(p)
	if brokenPipe(err) {
		t.broken = err
		t.gone()
	}
	return n, err
}

// lookPeriod is how often the reader of a pipe is looked for.
const lookPeriod = 500 * time.Millisecond

// watch notices until ctx ends that the reader of a pipe has gone: who waits for records
// writes nothing and would not.
func (t *terminal) watch(ctx context.Context, clock sys.Clock) {
	f, ok := t.w.(*os.File)
	if !ok {
		return
	}
	if info, err := f.Stat(); err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return
	}
	for clock.Sleep(ctx, lookPeriod) == nil {
		if readerGone(f) {
			t.mu.Lock()
			t.broken = syscall.EPIPE
			t.mu.Unlock()
			t.gone()
			return
		}
	}
}

// closed reports whether the reader has gone.
func (t *terminal) closed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.broken != nil
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
