package broker

import (
	"fmt"
	"reflect"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// decode reads the body of a call's request; what that takes is charged like the frame. Byte
// slices alias the body; strings only those of Produce, whose handler ends with the call.
func (c *conn) decode(call *call, body []byte) error {
	if p, ok := call.req.(*kmsg.ProduceRequest); ok {
		err := readProduce(p, body)
		if id := p.TransactionID; err == nil && id != nil { // topics have legal names, or do not exist
			*id = legibleText(*id)
		}
		return err
	}
	cost, garbled, err := c.b.schemas[call.wire.key].walk(body, call.version())
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
	if err := call.req.ReadFrom(body); err != nil {
		return err
	}
	if garbled {
		legible(reflect.ValueOf(call.req).Elem())
	}
	return nil
}

// unreadable stands for each byte of a text that is not UTF-8, as in Kafka: names of clients
// and groups go into metrics, JSON and logs, which must be.
const unreadable = "\uFFFD"

func legibleText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// legible makes all strings of a decoded request UTF-8.
func legible(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(legibleText(v.String()))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			legible(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			legible(v.Field(i))
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			legible(v.Index(i))
		}
	}
}
