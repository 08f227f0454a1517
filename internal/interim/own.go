package interim

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// ownClient asks the broker questions over a connection of its own: what kfake's Go API
// lacks. The zero value dials on first use through front.
type ownClient struct {
	mu   sync.Mutex
	conn net.Conn
}

func (o *ownClient) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.conn != nil {
		o.conn.Close() //nolint:errcheck // nothing in flight matters
	}
}

// request asks the broker over the connection of its own, one request at a time. After
// an error the next request dials anew.
func (f *front) request(req kmsg.Request, resp kmsg.Response) error {
	f.own.mu.Lock()
	defer f.own.mu.Unlock()
	if f.own.conn == nil {
		ours, theirs := net.Pipe()
		if !f.hand(theirs) {
			return net.ErrClosed
		}
		f.own.conn = ours
	}
	sound := false
	defer func() { // a panic too leaves a reply half read
		if !sound {
			f.own.conn.Close() //nolint:errcheck // broken
			f.own.conn = nil
		}
	}()
	err := f.own.ask(req, resp)
	sound = err == nil
	return err
}

// topics lists the names of all topics.
func (f *front) topics() ([]string, error) {
	req := kmsg.NewPtrMetadataRequest()
	req.Version = 9
	req.Topics = nil // all
	resp := req.ResponseKind().(*kmsg.MetadataResponse)
	if err := f.request(req, resp); err != nil {
		return nil, err
	}
	var names []string
	for _, t := range resp.Topics {
		if t.Topic != nil {
			names = append(names, *t.Topic)
		}
	}
	return names, nil
}

// versions succeeds if a Kafka broker answers.
func (o *ownClient) versions() error {
	req := kmsg.NewPtrApiVersionsRequest()
	req.Version = 0
	return o.ask(req, req.ResponseKind())
}

// ask sends a request and reads its reply. The caller holds mu or is alone.
func (o *ownClient) ask(req kmsg.Request, resp kmsg.Response) error {
	const maxReply = 64 << 20
	if _, err := o.conn.Write(kmsg.NewRequestFormatter().AppendRequest(nil, req, 0)); err != nil {
		return err
	}
	var size [4]byte
	if _, err := io.ReadFull(o.conn, size[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n < 4 || n > maxReply {
		return errors.New("no Kafka reply")
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(o.conn, body); err != nil {
		return err
	}
	body = body[4:] // correlation id
	resp.SetVersion(req.GetVersion())
	if resp.IsFlexible() && req.Key() != keyAPIs {
		if len(body) == 0 || body[0] != 0 {
			return errors.New("reply with header tags")
		}
		body = body[1:]
	}
	return resp.ReadFrom(body)
}
