package kafkatool

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// lineReader makes records of lines: [headers DELIMITER] [key SEPARATOR] value, what is in brackets only
// where asked for. Rule: org.apache.kafka.tools.LineMessageReader.
type lineReader struct {
	in           *bufio.Reader
	topic        string
	parseKey     bool
	parseHeaders bool
	ignoreErrors bool
	keySep       string
	headersEnd   string         // between the headers and what follows
	headerSep    *regexp.Regexp // between headers
	headerKeySep string
	nullMarker   *string // text that stands for null; nil where none does
	line         int
}

func kafkaException(format string, args ...any) error {
	return &javaError{class: "org.apache.kafka.common.KafkaException", text: fmt.Sprintf(format, args...)}
}

// lineReader makes the reader that the options describe.
func (r *run) lineReader() (*lineReader, error) {
	class, err := r.opts.value("line-reader")
	if err != nil {
		return nil, err
	}
	if class != lineReaderClass {
		return nil, &javaError{class: "java.lang.ClassNotFoundException", text: class}
	}
	p, err := r.properties("reader-config")
	if err != nil {
		return nil, err
	}
	topic, err := r.opts.value("topic")
	if err != nil {
		return nil, err
	}
	p["topic"] = topic
	for k, v := range keyValues(r.opts.all("reader-property")) {
		p[k] = v
	}
	return newLineReader(r.env.In, p)
}

func newLineReader(in io.Reader, p Properties) (*lineReader, error) {
	text := func(key, def string) string {
		if v, ok := p[key]; ok {
			return v
		}
		return def
	}
	separator := text("headers.separator", ",")
	l := &lineReader{
		in: bufio.NewReader(in), topic: p["topic"],
		parseKey: p.boolean("parse.key", false), parseHeaders: p.boolean("parse.headers", false), ignoreErrors: p.boolean("ignore.error", false),
		keySep: text("key.separator", "\t"), headersEnd: text("headers.delimiter", "\t"), headerKeySep: text("headers.key.separator", ":"),
	}
	if m, ok := p["null.marker"]; ok {
		l.nullMarker = &m
	}
	for _, pair := range []struct{ a, b, first, second string }{
		{l.headersEnd, separator, "headers.delimiter", "headers.separator"},
		{l.headersEnd, l.headerKeySep, "headers.delimiter", "headers.key.separator"},
		{separator, l.headerKeySep, "headers.separator", "headers.key.separator"},
	} {
		if pair.a == pair.b {
			return nil, kafkaException("%s and %s may not be equal", pair.first, pair.second)
		}
	}
	for _, other := range [][2]string{
		{l.keySep, "key.separator"}, {separator, "headers.separator"}, {l.headersEnd, "headers.delimiter"}, {l.headerKeySep, "headers.key.separator"},
	} {
		if l.isNull(other[0]) {
			return nil, kafkaException("null.marker and %s may not be equal", other[1])
		}
	}
	var err error
	if l.headerSep, err = regexp.Compile(separator); err != nil { // a regular expression, in Kafka too
		return nil, &javaError{class: "java.util.regex.PatternSyntaxException", text: err.Error()}
	}
	return l, nil
}

func (l *lineReader) isNull(s string) bool { return l.nullMarker != nil && s == *l.nullMarker }

// bytes is the text, nil where it is the null marker.
func (l *lineReader) bytes(s string) []byte {
	if l.isNull(s) {
		return nil
	}
	return []byte(s)
}

// lineRecord is what a line was read as.
type lineRecord struct {
	rec *kgo.Record
	err error
}

// records yields the records of all lines and, last, the error that ended them, io.EOF at the end of the
// input. The goroutine ends then, or when ctx is done; a read that the input blocks ends with the process.
func (l *lineReader) records(ctx context.Context) <-chan lineRecord {
	out := make(chan lineRecord)
	go func() {
		for {
			rec, err := l.next()
			select {
			case out <- lineRecord{rec, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return out
}

// next returns the record of the next line, io.EOF after the last one.
func (l *lineReader) next() (*kgo.Record, error) {
	l.line++
	line, err := readLine(l.in)
	if err != nil {
		return nil, err
	}
	rec := &kgo.Record{Topic: l.topic}
	rest := line
	headers, haveHeaders, rest, err := l.cut(l.parseHeaders, line, rest, l.headersEnd, "headers delimiter")
	if err != nil {
		return nil, err
	}
	key, haveKey, rest, err := l.cut(l.parseKey, line, rest, l.keySep, "key separator")
	if err != nil {
		return nil, err
	}
	rec.Value = l.bytes(rest)
	if haveKey {
		rec.Key = l.bytes(key)
	}
	if haveHeaders && !l.isNull(headers) {
		rec.Headers, err = l.headers(headers)
	}
	return rec, err
}

// cut takes what stands before the separator off the rest of a line.
func (l *lineReader) cut(enabled bool, line, rest, sep, name string) (part string, found bool, after string, err error) {
	if !enabled {
		return "", false, rest, nil
	}
	part, after, found = strings.Cut(rest, sep)
	if found {
		return part, true, after, nil
	}
	if !l.ignoreErrors {
		err = kafkaException("No %s found on line number %d: '%s'", name, l.line, line)
	}
	return "", false, rest, err
}

func (l *lineReader) headers(text string) ([]kgo.RecordHeader, error) {
	var out []kgo.RecordHeader
	pairs := l.headerSep.Split(text, -1)
	for len(pairs) > 1 && pairs[len(pairs)-1] == "" {
		pairs = pairs[:len(pairs)-1] // as Java's split leaves empty ends out
	}
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, l.headerKeySep)
		switch {
		case ok && l.isNull(key):
			return nil, kafkaException("Header keys should not be equal to the null marker '%s' as they can't be null", *l.nullMarker)
		case ok:
			out = append(out, kgo.RecordHeader{Key: key, Value: l.bytes(value)})
		case l.ignoreErrors:
			out = append(out, kgo.RecordHeader{Key: pair})
		default:
			return nil, kafkaException("No header key separator found in pair '%s' on line number %d", pair, l.line)
		}
	}
	return out, nil
}

// readLine reads up to \n, \r or \r\n, as Java's BufferedReader does; the last line needs no end.
func readLine(in *bufio.Reader) (string, error) {
	var b []byte
	for {
		c, err := in.ReadByte()
		switch {
		case err != nil && len(b) > 0:
			return string(b), nil
		case err != nil:
			return "", err
		case c == '\n':
			return string(b), nil
		case c == '\r':
			if next, err := in.Peek(1); err == nil && next[0] == '\n' {
				in.Discard(1)
			}
			return string(b), nil
		}
		b = append(b, c)
	}
}
