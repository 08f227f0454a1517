package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"
)

// printRecord prints one record as azud consume does.
func (a *app) printRecord(r *kgo.Record, o consumeOptions) error {
	if o.output == "json" {
		line, err := recordJSON(r)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.sys.Out, "%s\n", line)
		return err
	}
	var b strings.Builder
	if o.times {
		fmt.Fprintf(&b, "%s\t", r.Timestamp.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	if o.offsets {
		fmt.Fprintf(&b, "%d:%d\t", r.Partition, r.Offset)
	}
	if o.headers {
		for i, h := range r.Headers {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%s=%s", h.Key, h.Value)
		}
		b.WriteByte('\t')
	}
	if o.keys {
		fmt.Fprintf(&b, "%s\t", textOrNull(r.Key))
	}
	fmt.Fprintf(&b, "%s\n", textOrNull(r.Value))
	_, err := fmt.Fprint(a.sys.Out, b.String())
	return err
}

func textOrNull(b []byte) string {
	if b == nil {
		return "null"
	}
	return string(b)
}

func recordJSON(r *kgo.Record) ([]byte, error) {
	headers := map[string]any{}
	for _, h := range r.Headers {
		headers[h.Key] = jsonValue(h.Value)
	}
	return json.Marshal(map[string]any{
		"topic": r.Topic, "partition": r.Partition, "offset": r.Offset, "timestamp": r.Timestamp.UnixMilli(),
		"key": textOrNil(r.Key), "value": jsonValue(r.Value), "headers": headers})
}

func textOrNil(b []byte) any {
	if b == nil {
		return nil
	}
	return string(b)
}

// jsonValue is JSON as it is, other text as a string, bytes in base64.
func jsonValue(b []byte) any {
	switch {
	case b == nil:
		return nil
	case json.Valid(b):
		return json.RawMessage(b)
	case utf8.Valid(b):
		return string(b)
	}
	return b
}
