package kafkatool

import (
	"bufio"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Properties are the entries of a Java properties file, or of a row of key=value options.
type Properties map[string]string

// ParseProperties reads a Java properties file: a "key = value", "key: value" or "key value" a line, '#' and
// '!' comments, lines continued by a backslash, the escapes \t \n \r \f \uXXXX. Text is UTF-8. The
// later of two entries with the same key counts. Rule: java.util.Properties.load.
func ParseProperties(r io.Reader) (Properties, error) {
	p := Properties{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	var line string
	for lines.Scan() {
		text := strings.TrimLeft(strings.TrimSuffix(lines.Text(), "\r"), " \t\f")
		if line == "" && (text == "" || text[0] == '#' || text[0] == '!') {
			continue
		}
		line += text
		if continued(line) {
			line = line[:len(line)-1]
			continue
		}
		p.entry(line)
		line = ""
	}
	if line != "" {
		p.entry(line)
	}
	return p, lines.Err()
}

// continued says that a line ends in an odd number of backslashes.
func continued(line string) bool {
	n := len(line) - len(strings.TrimRight(line, `\`))
	return n%2 == 1
}

func (p Properties) entry(line string) {
	end := 0
	for end < len(line) && !strings.ContainsRune("=: \t\f", rune(line[end])) {
		if line[end] == '\\' {
			end++
		}
		end++
	}
	end = min(end, len(line))
	value := strings.TrimLeft(line[end:], " \t\f")
	if value != "" && (value[0] == '=' || value[0] == ':') {
		value = strings.TrimLeft(value[1:], " \t\f")
	}
	p[unescape(line[:end])] = unescape(value)
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 't':
			b.WriteByte('\t')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 'f':
			b.WriteByte('\f')
		case 'u':
			r, n := unicodeEscape(s[i-1:])
			b.WriteRune(r)
			i += n - 2
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// unicodeEscape reads \uXXXX, or two of them that are one character, and returns how many bytes it was.
func unicodeEscape(s string) (rune, int) {
	unit := func(s string) (rune, bool) {
		if len(s) < 6 || s[:2] != `\u` {
			return 0, false
		}
		n, err := strconv.ParseUint(s[2:6], 16, 16)
		return rune(n), err == nil
	}
	r, ok := unit(s)
	if !ok {
		return 'u', 2
	}
	if utf16.IsSurrogate(r) {
		if low, ok := unit(s[6:]); ok {
			return utf16.DecodeRune(r, low), 12
		}
	}
	return r, 6
}

// boolean is a property that is true for "true" in any case, as in Kafka's tools; def where it is missing.
func (p Properties) boolean(key string, def bool) bool {
	v, ok := p[key]
	if !ok {
		return def
	}
	return strings.EqualFold(strings.TrimSpace(v), "true")
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
