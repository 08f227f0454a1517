package kafkatool

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	formatterPackage = "org.apache.kafka.tools.consumer."
	defaultFormatter = formatterPackage + "DefaultMessageFormatter"
)

// formatter prints records. Rule: org.apache.kafka.tools.consumer.DefaultMessageFormatter.
type formatter struct {
	silent                                                  bool
	timestamp, partition, offset, delivery, epoch           bool
	headers, key, value                                     bool
	keySeparator, lineSeparator, headersSeparator, nullText string
	keyOf, valueOf, headerOf                                deserializer // nil: the bytes as they are
}

// deserializer makes the text of bytes that a serializer of Kafka made.
type deserializer func([]byte) (string, error)

// formatter makes the one that the options describe.
func (r *run) formatter() (*formatter, error) {
	class, err := r.opts.value("formatter")
	if err != nil {
		return nil, usageError(messageOf(err))
	}
	name, ours := strings.CutPrefix(class, formatterPackage)
	if !ours || name != "DefaultMessageFormatter" && name != "LoggingMessageFormatter" && name != "NoOpMessageFormatter" {
		return nil, usageError(class)
	}
	if r.opts.has("property") && r.opts.has("formatter-property") {
		return nil, usageError("Options --property and --formatter-property cannot be specified together.")
	}
	if r.opts.has("property") {
		r.printf("Option --property is deprecated and will be removed in a future version. Use --formatter-property instead.\n")
		r.opts.values["formatter-property"] = r.opts.values["property"]
	}
	p, err := r.properties("formatter-config")
	if err != nil {
		return nil, usageError(messageOf(err))
	}
	for _, side := range []string{"key", "value"} {
		class, err := r.opts.value(side + "-deserializer")
		if err != nil {
			return nil, usageError(messageOf(err))
		}
		if class != "" {
			p[side+".deserializer"] = class
		}
	}
	for k, v := range keyValues(r.opts.all("formatter-property")) {
		p[k] = v
	}
	f := newFormatter(p)
	f.silent = name == "NoOpMessageFormatter"
	for key, to := range map[string]*deserializer{"key.deserializer": &f.keyOf, "value.deserializer": &f.valueOf, "headers.deserializer": &f.headerOf} {
		class, ok := p[key]
		if !ok {
			continue
		}
		if *to, ok = deserializerOf(class); !ok {
			r.logError(formatterPackage+"DefaultMessageFormatter", "Unable to instantiate a deserializer from "+class,
				&javaError{class: "java.lang.ClassNotFoundException", text: class})
		}
	}
	return f, nil
}

func newFormatter(p Properties) *formatter {
	text := func(key, def string) string {
		if v, ok := p[key]; ok {
			return v
		}
		return def
	}
	return &formatter{
		timestamp: p.boolean("print.timestamp", false), partition: p.boolean("print.partition", false),
		offset: p.boolean("print.offset", false), delivery: p.boolean("print.delivery", false), epoch: p.boolean("print.epoch", false),
		headers: p.boolean("print.headers", false), key: p.boolean("print.key", false), value: p.boolean("print.value", true),
		keySeparator: text("key.separator", "\t"), lineSeparator: text("line.separator", "\n"),
		headersSeparator: text("headers.separator", ","), nullText: text("null.literal", "null"),
	}
}

// write prints a record. A *javaError says that the record cannot be printed, another error that
// nothing can be written any more.
func (f *formatter) write(w *bufio.Writer, rec *kgo.Record) error {
	if f.silent {
		return nil
	}
	fields, err := f.fields(rec)
	for i, field := range fields {
		if i > 0 {
			w.WriteString(f.keySeparator)
		}
		w.WriteString(field)
	}
	if err != nil {
		return err
	}
	if len(fields) > 0 {
		w.WriteString(f.lineSeparator)
	}
	_, err = w.Write(nil) // an error of an earlier write
	return err
}

// fields are the columns of a record. With an error they are those before the one that it is about,
// and an empty one, so that the separator before it is printed as in Kafka.
func (f *formatter) fields(rec *kgo.Record) ([]string, error) {
	var out []string
	if f.timestamp {
		name := "CreateTime"
		switch rec.Attrs.TimestampType() {
		case 1:
			name = "LogAppendTime"
		case -1:
			name = "NoTimestampType"
		}
		out = append(out, fmt.Sprintf("%s:%d", name, rec.Timestamp.UnixMilli()))
	}
	if f.partition {
		out = append(out, fmt.Sprintf("Partition:%d", rec.Partition))
	}
	if f.offset {
		out = append(out, fmt.Sprintf("Offset:%d", rec.Offset))
	}
	if f.delivery {
		out = append(out, "Delivery:NOT_PRESENT")
	}
	if f.epoch {
		out = append(out, "Epoch:NOT_PRESENT") // Kafka's tool does not hand it on either
	}
	if f.headers {
		text, err := f.headersOf(rec.Headers)
		if out = append(out, text); err != nil {
			return out, err
		}
	}
	if f.key {
		text, err := f.text(f.keyOf, rec.Key)
		if out = append(out, text); err != nil {
			return out, err
		}
	}
	if f.value {
		text, err := f.text(f.valueOf, rec.Value)
		if out = append(out, text); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (f *formatter) headersOf(headers []kgo.RecordHeader) (string, error) {
	if len(headers) == 0 {
		return "NO_HEADERS", nil
	}
	var b strings.Builder
	for i, h := range headers {
		if i > 0 {
			b.WriteString(f.headersSeparator)
		}
		b.WriteString(h.Key + ":")
		text, err := f.text(f.headerOf, h.Value)
		b.WriteString(text)
		if err != nil {
			return b.String(), err
		}
	}
	return b.String(), nil
}

// text is a key, value or header. Null is the null literal; Kafka's tool gives the literal's bytes to the
// deserializer, which then fails or makes a number of them.
func (f *formatter) text(d deserializer, b []byte) (string, error) {
	switch {
	case b == nil:
		return f.nullText, nil
	case d == nil:
		return string(b), nil
	}
	return d(b)
}

// deserializerOf finds one by the class that Kafka has for it; ok is false where there is none.
func deserializerOf(class string) (deserializer, bool) {
	name, ok := strings.CutPrefix(class, "org.apache.kafka.common.serialization.")
	if !ok {
		return nil, false
	}
	switch name {
	case "StringDeserializer", "ByteArrayDeserializer", "ByteBufferDeserializer":
		return nil, true // Java's names of the objects would be of no use
	case "BytesDeserializer":
		return printBytes, true
	case "LongDeserializer":
		return fixed(name, 8, func(b []byte) string { return fmt.Sprint(int64(binary.BigEndian.Uint64(b))) }), true
	case "IntegerDeserializer":
		return fixed(name, 4, func(b []byte) string { return fmt.Sprint(int32(binary.BigEndian.Uint32(b))) }), true
	case "ShortDeserializer":
		return fixed(name, 2, func(b []byte) string { return fmt.Sprint(int16(binary.BigEndian.Uint16(b))) }), true
	case "DoubleDeserializer":
		return fixed("Deserializer", 8, func(b []byte) string {
			return formatDouble(math.Float64frombits(binary.BigEndian.Uint64(b)), 64)
		}), true
	case "FloatDeserializer":
		return fixed("Deserializer", 4, func(b []byte) string {
			return formatDouble(float64(math.Float32frombits(binary.BigEndian.Uint32(b))), 32)
		}), true
	case "BooleanDeserializer":
		return fixed(name, 1, func(b []byte) string { return fmt.Sprint(b[0] != 0) }), true
	case "UUIDDeserializer":
		return func(b []byte) (string, error) { return strings.ToLower(string(b)), nil }, true
	}
	return nil, false
}

// fixed is a deserializer of values of size bytes.
func fixed(name string, size int, format func([]byte) string) deserializer {
	return func(b []byte) (string, error) {
		if len(b) != size {
			return "", &javaError{class: errorPackage + "SerializationException",
				text: fmt.Sprintf("Size of data received by %s is not %d", name, size)}
		}
		return format(b), nil
	}
}

// printBytes shows printable ASCII as it is and \xNN for the rest. Rule: org.apache.kafka.common.utils.Bytes.
func printBytes(b []byte) (string, error) {
	var out strings.Builder
	for _, c := range b {
		if c >= ' ' && c <= '~' && c != '\\' {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, `\x%02X`, c)
		}
	}
	return out.String(), nil
}
