package kafka

import (
	"context"
	"sync"
)

// pending counts the requests that have not been answered.
type pending struct {
	mu   sync.Mutex
	n    int
	none chan struct{} // closed when n is 0 again
}

func (p *pending) add() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n++; p.n == 1 {
		p.none = make(chan struct{})
	}
}

func (p *pending) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n--; p.n == 0 {
		close(p.none)
	}
}

// wait returns when all that were added are done, or ctx's error if that ends first.
func (p *pending) wait(ctx context.Context) error {
	p.mu.Lock()
	n, none := p.n, p.none
	p.mu.Unlock()
	if n == 0 {
		return nil
	}
	select {
	case <-none:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
