package cli

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"time"
)

// interrupts are the signals that end the process; a statement of the shell takes Ctrl+C for itself.
type interrupts struct {
	mu    sync.Mutex
	taken func() // called for Ctrl+C; nil: it ends the process
}

// again is how long a second signal may follow the first and still mean the same one: some
// programs signal a process and its group.
const again = 300 * time.Millisecond

// context ends with the first signal that nobody takes; a second one ends the process at once.
func (i *interrupts) context(signals []os.Signal) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	came := make(chan os.Signal, 4)
	signal.Notify(came, signals...)
	go func() {
		for {
			select {
			case s := <-came:
				if s == os.Interrupt && i.take() {
					continue
				}
			case <-ctx.Done():
			}
			cancel()
			time.Sleep(again)
			signal.Stop(came)
			return
		}
	}()
	return ctx, func() { signal.Stop(came); cancel() }
}

// take hands one Ctrl+C to who wants it.
func (i *interrupts) take() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.taken != nil {
		i.taken()
	}
	return i.taken != nil
}

// give lets Ctrl+C call f until the function that it returns is called.
func (i *interrupts) give(f func()) (stop func()) {
	if i == nil {
		return func() {}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	before := i.taken
	i.taken = f
	return func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.taken = before
	}
}
