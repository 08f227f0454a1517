package broker

import (
	"net"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func (q *queue) init() {
	q.space = sync.NewCond(&q.mu)
	q.wake = make(chan struct{}, 1)
}

// push adds a call, waiting for room; false if the connection has ended.
func (q *queue) push(c *call) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n == maxInFlight && !q.closed {
		q.space.Wait()
	}
	if q.closed {
		return false
	}
	q.calls[(q.first+q.n)%maxInFlight] = c
	q.n++
	return true
}

// pending reports whether a request waits for its answer.
func (q *queue) pending() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n > 0
}

// close ends the queue and returns the calls that nobody will send.
func (q *queue) close() []*call {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.space.Broadcast()
	var left []*call
	for ; q.n > 0; q.n-- {
		left = append(left, q.calls[q.first])
		q.calls[q.first] = nil
		q.first = (q.first + 1) % maxInFlight
	}
	return left
}

// ready are the first calls, as far as they are answered, appended to dst; q.mu is held.
func (q *queue) ready(dst []*call) []*call {
	for q.n > 0 {
		c := q.calls[q.first]
		if !c.wire.ready || c.wire.inline {
			break
		}
		q.calls[q.first] = nil
		q.first = (q.first + 1) % maxInFlight
		q.n--
		dst = append(dst, c)
	}
	return dst
}

// finish marks a call as answered and wakes the writer if it is the next to send. While its
// handler runs, the reader will send it.
func (c *conn) finish(done *call, r kmsg.Response) {
	q := &c.out
	q.mu.Lock()
	done.wire.resp, done.wire.ready = r, true
	wake := !done.wire.inline && !q.writing && q.n > 0 && q.calls[q.first] == done
	q.mu.Unlock()
	if wake {
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
}

// flush marks the end of just's handler and sends what is ready, unless the other goroutine
// of the connection does so already. The error ends the connection.
func (c *conn) flush(just *call) error {
	q := &c.out
	q.mu.Lock()
	defer q.mu.Unlock()
	if just != nil {
		just.wire.inline = false
	}
	if q.writing {
		return nil
	}
	var room [maxInFlight]*call
	for !q.closed {
		batch := q.ready(room[:0])
		if len(batch) == 0 {
			return nil
		}
		q.space.Signal()
		q.writing = true
		q.mu.Unlock()
		err := c.send(batch)
		q.mu.Lock()
		q.writing = false
		if err != nil {
			return err
		}
		q.keep(batch)
	}
	return net.ErrClosed
}

// writer sends the answers that become ready after their handler returned.
func (c *conn) writer() {
	for {
		select {
		case <-c.out.wake:
		case <-c.life.Done():
			return
		}
		if err := c.flush(nil); err != nil {
			c.explain(tooSlow(err, "its answers were not read"))
			c.stop()
			c.raw.Close() //nolint:errcheck // the reader ends by it
			return
		}
	}
}
