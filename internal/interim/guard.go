package interim

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	maxRequest = 100 << 20 // bytes of a produce request (Kafka: socket.request.max.bytes)
	maxOther   = 16 << 20  // bytes of any other request
	// frameTime is how long a begun frame, or a reply, may take.
	frameTime   = 30 * time.Second
	keyMetadata = 3
	keyAPIs     = 18 // ApiVersions: a newer version than known is answered, not refused
)

// guard knows which frames kfake can take: it allocates whatever length it reads, and
// an unknown request key ends the process.
type guard struct {
	cfg  Config
	maxv []int16 // by request key: the newest version offered, -1 for none
	// wanted hears of the topics that a request for metadata may create.
	wanted func(topics []string)

	mu   sync.Mutex
	last time.Time // of the last line said
}

func newGuard(cfg Config) *guard {
	g := &guard{cfg: cfg}
	known := versions()
	for key := int16(0); key <= kmsg.MaxKey; key++ {
		v, ok := known.LookupMaxKeyVersion(key)
		if r := kmsg.RequestForKey(key); r == nil || !ok {
			v = -1
		}
		g.maxv = append(g.maxv, v)
	}
	return g
}

// check says why a frame's first 8 bytes cannot begin a Kafka request, "" if they can.
func (g *guard) check(h []byte) string {
	n := binary.BigEndian.Uint32(h)
	key, version := int16(binary.BigEndian.Uint16(h[4:])), int16(binary.BigEndian.Uint16(h[6:]))
	switch {
	case isHTTP(h):
		return "an HTTP request came to the Kafka port" + g.console()
	case h[0] == 0x16 && h[1] == 3:
		return "a TLS handshake came to the Kafka port, which speaks plain text" + g.console()
	case key < 0 || int(key) >= len(g.maxv) || g.maxv[key] < 0:
		return fmt.Sprintf("a request with the key %d, which is not offered", key)
	case version < 0 || (version > g.maxv[key] && key != keyAPIs):
		return fmt.Sprintf("%s has no version %d", kmsg.NameForKey(key), version)
	case n < 8 || n > maxRequest || (key != 0 && n > maxOther):
		return fmt.Sprintf("a %s request of %d bytes", kmsg.NameForKey(key), n)
	}
	return ""
}

func (g *guard) console() string {
	if g.cfg.Console == "" {
		return ""
	}
	return "; the console is at " + g.cfg.Console
}

func isHTTP(h []byte) bool {
	for _, m := range []string{"GET ", "HEAD", "POST", "PUT ", "DELE", "OPTI", "PATC", "CONN", "PRI "} {
		if string(h[:4]) == m {
			return true
		}
	}
	return false
}

// say logs, at most a line a second: a port scan must not fill the log.
func (g *guard) say(line string) {
	g.mu.Lock()
	now := g.cfg.Sys.Clock.Now()
	quiet := now.Sub(g.last) < time.Second
	if !quiet {
		g.last = now
	}
	g.mu.Unlock()
	if !quiet {
		g.cfg.Log(line)
	}
}

// guarded is a connection whose Read yields only frames that check allows. Reads come
// from one goroutine at a time, and so do writes.
type guarded struct {
	net.Conn
	g       *guard
	release func()
	once    sync.Once

	head []byte // of the current frame, not yet given out
	buf  [8]byte
	left int // bytes of the current frame still to come from the connection
}

func (g *guard) wrap(c net.Conn, release func()) *guarded {
	return &guarded{Conn: c, g: g, release: release}
}

func (c *guarded) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(c.head) == 0 && c.left == 0 {
		if err := c.begin(); err != nil {
			return 0, err
		}
	}
	if len(c.head) > 0 {
		n := copy(p, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// begin reads and checks the first 8 bytes of a frame. A client may be silent before
// them for as long as it likes, and then has frameTime for the whole.
func (c *guarded) begin() error {
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	for have := 0; have < len(c.buf); {
		n, err := c.Conn.Read(c.buf[have:])
		if err != nil {
			return err
		}
		if have == 0 {
			if err := c.SetReadDeadline(c.g.cfg.Sys.Clock.Now().Add(frameTime)); err != nil {
				return err
			}
		}
		have += n
	}
	if why := c.g.check(c.buf[:]); why != "" {
		c.g.say(fmt.Sprintf("broker: %s: %s; connection closed", c.RemoteAddr(), why))
		if isHTTP(c.buf[:]) {
			c.answerHTTP()
		}
		c.Close() //nolint:errcheck // refused
		return net.ErrClosed
	}
	c.head = c.buf[:]
	c.left = int(binary.BigEndian.Uint32(c.buf[:])) + 4 - len(c.buf)
	if key := binary.BigEndian.Uint16(c.buf[4:]); key == keyMetadata {
		return c.metadata()
	}
	return nil
}

// metadata reads the whole of a Metadata request, to see which topics it wants.
func (c *guarded) metadata() error {
	frame := append(make([]byte, 0, 8+c.left), c.head...)
	frame = frame[:8+c.left]
	if _, err := io.ReadFull(c.Conn, frame[8:]); err != nil {
		return err
	}
	c.head, c.left = frame, 0
	if names := wantedTopics(frame[4:]); len(names) > 0 && c.g.wanted != nil {
		c.g.wanted(names)
	}
	return nil
}

// wantedTopics are the topics that a Metadata request allows to be created.
func wantedTopics(request []byte) []string {
	const alwaysBefore = 4 // older versions cannot forbid it
	r := kbin.Reader{Src: request}
	r.Int16() // key
	version := r.Int16()
	r.Int32()          // correlation id
	r.NullableString() // client id
	req := kmsg.NewPtrMetadataRequest()
	req.SetVersion(version)
	if req.IsFlexible() {
		kmsg.SkipTags(&r)
	}
	if req.ReadFrom(r.Src) != nil || (version >= alwaysBefore && !req.AllowAutoTopicCreation) {
		return nil
	}
	var names []string
	for _, t := range req.Topics {
		if t.Topic != nil && *t.Topic != "" {
			names = append(names, *t.Topic)
		}
	}
	return names
}

// answerHTTP tells a browser where to go.
func (c *guarded) answerHTTP() {
	text := "This is Azud's Kafka port" + c.g.console() + ".\n"
	reply := fmt.Sprintf("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"+
		"Content-Length: %d\r\nConnection: close\r\n\r\n%s", len(text), text)
	c.Write([]byte(strings.ToValidUTF8(reply, ""))) //nolint:errcheck // best effort to a stranger
}

func (c *guarded) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(c.g.cfg.Sys.Clock.Now().Add(frameTime)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

func (c *guarded) Close() error {
	c.once.Do(c.release)
	return c.Conn.Close()
}
