package broker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	maxRequest = 100 << 20 // bytes of a produce request (Kafka: socket.request.max.bytes)
	maxOther   = 8 << 20   // bytes of any other request
	// maxUnknown is for clients that have not said who they are (Kafka: sasl.server.max.receive.size).
	maxUnknown = 512 << 10
	// headSize is what is looked at before anything is allocated: length, key, version.
	headSize = 8
	// minFrame holds a key, a version, a correlation id and a client id.
	minFrame = 10

	keyProduce     = int16(kmsg.Produce)
	keyFetch       = int16(kmsg.Fetch)
	keyAPIVersions = int16(kmsg.ApiVersions)
	keySASL        = int16(kmsg.SASLAuthenticate)
)

// head is the beginning of a frame.
type head struct {
	size         int // bytes after the length
	key, version int16
}

// Kinds of refusals: one of each is logged a second.
const (
	refusedHTTP = iota
	refusedTLS
	refusedPlain
	refusedKey
	refusedVersion
	refusedSize
	refusedBody
	refusedLogin
	refusedCount
	refusedPanic
	refusedSlow
	refusals
)

// refusal is why a connection is closed.
type refusal struct {
	kind int
	text string
}

func (r *refusal) Error() string { return r.text }

func refuse(kind int, format string, args ...any) *refusal {
	return &refusal{kind, fmt.Sprintf(format, args...)}
}

// checkHead says what h, the first 8 bytes of a frame, begins; limit is the most bytes that
// the connection may send, 0 for what the API may have.
func (b *Broker) checkHead(h []byte, limit int) (head, *refusal) {
	n := binary.BigEndian.Uint32(h)
	key, version := int16(binary.BigEndian.Uint16(h[4:])), int16(binary.BigEndian.Uint16(h[6:]))
	a, known := b.apis[key]
	most := maxOther
	if key == keyProduce {
		most = maxRequest
	}
	if limit > 0 {
		most = min(most, limit)
	}
	switch {
	case isHTTP(h):
		return head{}, refuse(refusedHTTP, "an HTTP request came to the Kafka port%s", b.console())
	case h[0] == 0x16 && h[1] == 3:
		return head{}, refuse(refusedTLS, "a TLS handshake came to a listener that speaks plaintext; use a listener of SSL or SASL_SSL, or security.protocol=PLAINTEXT%s", b.console())
	case !known:
		return head{}, refuse(refusedKey, "a request with the key %d (%s), which is not served", key, nameOf(key))
	case (version < a.min || version > a.max || (key == keyProduce && version < minProduce)) && key != keyAPIVersions:
		return head{}, refuse(refusedVersion, "%s version %d is not served (%d to %d are)", nameOf(key), version, max(a.min, lowest(key)), a.max)
	case n < minFrame || n > uint32(most):
		return head{}, refuse(refusedSize, "a %s request of %d bytes (10 to %d are taken)", nameOf(key), n, most)
	}
	return head{int(n), key, version}, nil
}

// lowest is the first version served where an earlier one is only shown.
func lowest(key int16) int16 {
	if key == keyProduce {
		return minProduce
	}
	return 0
}

func nameOf(key int16) string {
	if s := kmsg.NameForKey(key); s != "" {
		return s
	}
	return "unknown"
}

// console tells where a browser should go.
func (b *Broker) console() string {
	if b.cfg.Console == "" {
		return ""
	}
	return "; the console is at " + b.cfg.Console
}

func isHTTP(h []byte) bool {
	for _, m := range []string{"GET ", "HEAD", "POST", "PUT ", "DELE", "OPTI", "PATC", "CONN", "PRI "} {
		if string(h[:4]) == m {
			return true
		}
	}
	return false
}

// requestHead is what stands before a request's body.
type requestHead struct {
	head
	correlation int32
	client      string
	body        []byte
}

var errShort = errors.New("the request ends before its header does")

// parseHead reads what stands between a frame's first 8 bytes and its body. Versions of
// ApiVersions that are not known have a header that begins alike. last is the client id of the
// connection's last request, which is most likely this one's, too.
func parseHead(h head, frame []byte, flexible bool, last string) (requestHead, error) {
	r := kbin.Reader{Src: frame}
	out := requestHead{head: h, correlation: r.Int32()}
	if n := int(r.Int16()); n > 0 {
		if id := r.Span(n); string(id) == last {
			out.client = last
		} else {
			out.client = legibleText(string(id))
		}
	}
	if !r.Ok() {
		return out, errShort
	}
	if flexible {
		if err := skipTags(&r); err != nil {
			return out, err
		}
	}
	out.body = r.Src
	return out, nil
}

// skipTags passes tagged fields. A tag takes two bytes at least, so that a huge number of
// them ends at once.
func skipTags(r *kbin.Reader) error {
	n := r.Uvarint()
	if int64(n)*2 > int64(len(r.Src)) {
		return errShort
	}
	for ; n > 0 && r.Ok(); n-- {
		r.Uvarint()
		r.Span(int(r.Uvarint()))
	}
	if !r.Ok() {
		return errShort
	}
	return nil
}

// budget bounds the bytes of requests in flight in all connections. One frame may exceed it
// at a time, so that those that wait for each other always end.
type budget struct {
	mu     sync.Mutex
	cond   *sync.Cond
	limit  int
	used   int
	over   *lease
	closed bool
}

// lease is what one frame holds of a budget.
type lease struct {
	n int
}

func newBudget(limit int) *budget {
	b := &budget{limit: limit}
	b.cond = sync.NewCond(&b.mu)
	return b
}

// grow adds n bytes to l, waiting for room; false when the budget is closed.
func (b *budget) grow(l *lease, n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.closed && b.used+n > b.limit && b.over != l {
		if b.over == nil {
			b.over = l
			break
		}
		b.cond.Wait()
	}
	if b.closed {
		return false
	}
	b.used += n
	l.n += n
	return true
}

// release gives all of l back; a second time changes nothing.
func (b *budget) release(l *lease) {
	b.mu.Lock()
	if l.n == 0 {
		b.mu.Unlock()
		return
	}
	b.used -= l.n
	l.n = 0
	if b.over == l {
		b.over = nil
	}
	b.mu.Unlock()
	b.cond.Broadcast()
}

// close wakes all who wait.
func (b *budget) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.cond.Broadcast()
}
