package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/errs"
)

// record makes the record of line n.
func (p *production) record(line string, n int) (*kgo.Record, error) {
	o := p.o
	r := &kgo.Record{Partition: o.partition}
	switch {
	case o.json:
		if err := readRecord(r, line, n); err != nil {
			return nil, err
		}
		if o.partition >= 0 {
			r.Partition = o.partition
		}
	case o.separator != "":
		key, value, ok := strings.Cut(line, o.separator)
		if !ok {
			return nil, errs.New("INVALID_RECORD", "line %d has no key: %q is not in it", n, o.separator).
				WithHint("write KEY%sVALUE in every line", o.separator)
		}
		r.Key, r.Value = o.orNull(key), o.orNull(value)
	default:
		r.Value = o.orNull(line)
		if o.hasKey {
			r.Key = o.orNull(o.key)
		}
	}
	r.Headers = append(r.Headers, p.headers...)
	return r, nil
}

func (o produceOptions) orNull(s string) []byte {
	if o.null != "" && s == o.null {
		return nil
	}
	return []byte(s)
}

// recordFields are the members of a record in JSON; what says where the record was read from
// is passed over.
var recordFields = []string{"topic", "partition", "offset", "timestamp", "key", "value", "headers"}

// readRecord reads a record as azud consume -o json prints it.
func readRecord(r *kgo.Record, line string, n int) error {
	var in map[string]json.RawMessage
	bad := func(err error, format string, args ...any) error {
		return errs.Wrap(err, "INVALID_RECORD", "line %d: "+format, append([]any{n}, args...)...).
			WithHint(`write {"key":"a","value":{"n":1},"headers":{"h":"x"}}; only value is needed, null makes a tombstone`)
	}
	if err := json.Unmarshal([]byte(line), &in); err != nil {
		return bad(err, "this is no record in JSON")
	}
	if in == nil {
		return bad(nil, "this is no record in JSON but null")
	}
	var err error
	r.Partition = -1
	for name, raw := range in {
		switch name {
		case "key":
			r.Key, err = bytesOf(raw)
		case "value":
			r.Value, err = bytesOf(raw)
		case "headers":
			r.Headers, err = readHeaders(raw)
		case "partition":
			err = json.Unmarshal(raw, &r.Partition)
		case "timestamp":
			var ms *int64
			if err = json.Unmarshal(raw, &ms); err == nil && ms != nil {
				r.Timestamp = time.UnixMilli(*ms)
			}
		case "topic", "offset":
		default:
			if near := errs.Near(name, recordFields); len(near) > 0 {
				return bad(nil, "a record has no %q; did you mean %s?", name, near[0])
			}
			return bad(nil, "a record has no %q", name)
		}
		if err != nil {
			return bad(err, "the %s is none", name)
		}
	}
	if _, ok := in["value"]; !ok {
		return bad(nil, "the record has no value")
	}
	return nil
}

// bytesOf is what a key, a value or a header is in JSON: null is null, a string its text,
// {"base64":"…"} those bytes, other JSON itself.
func bytesOf(raw json.RawMessage) ([]byte, error) {
	if string(raw) == "null" {
		return nil, nil
	}
	switch raw[0] {
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return []byte(s), err
	case '{':
		if b := binaryOf(raw); b != nil {
			return *b, nil
		}
	}
	return raw, nil
}

// binaryOf reads {"base64":"…"}; nil if raw is something else.
func binaryOf(raw []byte) *[]byte {
	var in map[string]json.RawMessage
	if json.Unmarshal(raw, &in) != nil || len(in) != 1 || len(in[base64Field]) == 0 || in[base64Field][0] != '"' {
		return nil
	}
	var b []byte
	if json.Unmarshal(in[base64Field], &b) != nil {
		return nil
	}
	return &b
}

// readHeaders reads an object of headers in its order; a list gives a name several values.
func readHeaders(raw json.RawMessage) (out []kgo.RecordHeader, err error) {
	if string(raw) == "null" {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errs.New("INVALID_RECORD", "headers are an object")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var one json.RawMessage
		if err := d.Decode(&one); err != nil {
			return nil, err
		}
		values := []json.RawMessage{one}
		if one[0] == '[' {
			if err := json.Unmarshal(one, &values); err != nil {
				return nil, err
			}
		}
		for _, v := range values {
			b, err := bytesOf(v)
			if err != nil {
				return nil, err
			}
			out = append(out, kgo.RecordHeader{Key: name.(string), Value: b})
		}
	}
	return out, nil
}
