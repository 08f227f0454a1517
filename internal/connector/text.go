package connector

import (
	"strings"
	"unicode"
)

// Printable replaces what could steer a terminal or forge lines: control characters (all
// but line feeds, where lines is true) and the marks that reverse the writing direction.
// Text from outside passes through it before it reaches a console or a log.
func Printable(s string, lines bool) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && lines:
			return r
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x2028, r == 0x2029:
			return '\uFFFD'
		}
		return r
	}, s)
}

// maxSample is how much of a record a rejection shows, in bytes.
const maxSample = 200

// Sample is the beginning of a record, copied, for Reporter.Rejected.
func Sample(record []byte) []byte {
	return append([]byte{}, record[:min(len(record), maxSample)]...)
}
