package broker

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// decode reads the body of a call's request; what that takes is charged like the frame. Byte
// slices alias the body; strings only those of Produce, whose handler ends with the call.
func (c *conn) decode(call *call, body []byte) error {
	if p, ok := call.req.(*kmsg.ProduceRequest); ok {
		return readProduce(p, body)
	}
	cost, err := c.b.schemas[call.wire.key].walk(body, call.version())
	if err != nil {
		return err
	}
	if cost > inFlight {
		return fmt.Errorf("the request would take %d bytes", cost)
	}
	if cost > uncharged {
		call.wire.charged = true
		if err := c.charge(&call.wire.lease, len(body)+cost); err != nil {
			return err
		}
	}
	return call.req.ReadFrom(body)
}
