package broker

import (
	"fmt"
	"time"
)

const (
	// mostReplies is what all answers together may take, in bytes: between maxReplies and
	// this, a fetch gets one batch.
	mostReplies = 2 * maxReplies
	// stallTime is how long a client may take for 1 MiB while others wait for its room.
	stallTime = 2 * time.Second
)

// forced is what a fetch may read beyond its room, because the first batch is always whole:
// max.message.bytes by default.
const forced = 1 << 20

// admit reserves what a whole batch may take beyond the fetch's room. It reports false where
// answers that nobody reads have taken all there is; then it cuts off clients that have not
// moved for a while: they must neither fill the memory nor keep others waiting.
func (f *fetching) admit() bool {
	if f.room >= forced || f.bytes > 0 {
		return true
	}
	for {
		now := f.b.replying.Load()
		if now+forced > mostReplies {
			f.b.cutStalled()
			return false
		}
		if f.b.replying.CompareAndSwap(now, now+forced) {
			f.reply.held += forced
			return true
		}
	}
}

func (b *Broker) cutStalled() {
	late := b.cfg.Sys.Clock.Now().Add(-stallTime).UnixNano()
	var stalled []*conn
	b.mu.Lock()
	for c := range b.conns {
		if since := c.sending.Load(); since != 0 && since < late {
			stalled = append(stalled, c)
		}
	}
	b.mu.Unlock()
	for _, c := range stalled {
		b.say(refusedSlow, fmt.Sprintf("%s: its answers were not read within %v, and others need the room; connection closed", c.raw.RemoteAddr(), stallTime), "listener", c.ln.Name)
		c.raw.Close() //nolint:errcheck // its own goroutines end by it
	}
}
