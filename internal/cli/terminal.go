package cli

import (
	"errors"
	"io"
	"runtime"
	"sync"
	"syscall"
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
