package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"
)

// base64Field is the one member of the object that stands for bytes that are no text.
const base64Field = "base64"

// appendRecord appends one record as azud consume prints it, with its line feed.
func appendRecord(out []byte, r *kgo.Record, o consumeOptions) []byte {
	if o.output == "json" {
		return append(appendRecordJSON(out, r), '\n')
	}
	if o.times {
		out = append(r.Timestamp.UTC().AppendFormat(out, "2006-01-02T15:04:05.000Z"), '\t')
	}
	if o.offsets {
		out = fmt.Appendf(out, "%d:%d\t", r.Partition, r.Offset)
	}
	if o.headers {
		for i, h := range r.Headers {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(append(append(out, h.Key...), '='), textOrNull(h.Value)...)
		}
		out = append(out, '\t')
	}
	if o.keys {
		out = append(append(out, textOrNull(r.Key)...), '\t')
	}
	return append(append(out, textOrNull(r.Value)...), '\n')
}

func textOrNull(b []byte) []byte {
	if b == nil {
		return []byte("null")
	}
	return b
}

// appendRecordJSON appends an object from which azud produce --json makes the same record.
func appendRecordJSON(out []byte, r *kgo.Record) []byte {
	out = append(out, `{"topic":`...)
	out = appendText(out, []byte(r.Topic))
	out = append(out, `,"partition":`...)
	out = strconv.AppendInt(out, int64(r.Partition), 10)
	out = append(out, `,"offset":`...)
	out = strconv.AppendInt(out, r.Offset, 10)
	out = append(out, `,"timestamp":`...)
	out = strconv.AppendInt(out, r.Timestamp.UnixMilli(), 10)
	out = append(out, `,"key":`...)
	out = appendText(out, r.Key)
	out = append(out, `,"value":`...)
	out = appendValue(out, r.Value)
	out = append(out, `,"headers":`...)
	return append(appendHeaders(out, r.Headers), '}')
}

// appendValue appends a value: JSON as it is, other than strings, which would be taken for
// text; on one line.
func appendValue(out, b []byte) []byte {
	if len(b) == 0 || !embeds(b) {
		return appendText(out, b)
	}
	for _, c := range b {
		if c == '\n' || c == '\r' { // between tokens, where a space is as good
			c = ' '
		}
		out = append(out, c)
	}
	return out
}

// embeds reports JSON that azud produce --json gives back as these bytes.
func embeds(b []byte) bool {
	first, last := b[0], b[len(b)-1]
	switch {
	case first == '{' && last == '}', first == '[' && last == ']':
	case first == '-', first >= '0' && first <= '9', first == 't', first == 'f':
		if last <= ' ' {
			return false
		}
	default:
		return false
	}
	return json.Valid(b) && utf8.Valid(b) && binaryOf(b) == nil
}

// appendText appends bytes as a string, as {"base64":"…"} if they are no text, as null if
// there are none.
func appendText(out, b []byte) []byte {
	var v any
	switch {
	case b == nil:
	case utf8.Valid(b):
		v = string(b)
	default:
		v = map[string][]byte{base64Field: b}
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // of no text, bytes or null
		return append(out, "null"...)
	}
	return append(out, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...)
}

// appendHeaders appends an object in the order of the headers; a name with several values has
// a list of them.
func appendHeaders(out []byte, list []kgo.RecordHeader) []byte {
	out = append(out, '{')
	first := true
	for i, h := range list {
		values := valuesOf(h.Key, list, i)
		if len(values) == 0 {
			continue
		}
		if !first {
			out = append(out, ',')
		}
		first = false
		out = append(appendText(out, bytes.ToValidUTF8([]byte(h.Key), []byte("\uFFFD"))), ':')
		if len(values) == 1 {
			out = appendText(out, values[0])
			continue
		}
		for j, v := range values {
			out = append(out, "[,"[min(j, 1)])
			out = appendText(out, v)
		}
		out = append(out, ']')
	}
	return append(out, '}')
}

// valuesOf are the values of a name, at its first place i; at others there are none.
func valuesOf(name string, list []kgo.RecordHeader, i int) (out [][]byte) {
	for j, h := range list {
		if h.Key != name {
			continue
		}
		if j < i {
			return nil
		}
		out = append(out, h.Value)
	}
	return out
}
