package cli

import (
	"io"
	"sync"
)

// terminal lets several flows write to one stream: each Write is whole.
type terminal struct {
	mu sync.Mutex
	w  io.Writer
}

func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.w.Write(p)
}
