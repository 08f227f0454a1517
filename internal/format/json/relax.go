package json

// Relaxed are the options that allow more than JSON, as Jackson's features of these names.
type Relaxed struct {
	Comments     bool // /* … */, // … and # …
	UnquotedKeys bool // {a: 1}
	LeadingZeros bool // 007
	AnyEscape    bool // \$ is $
}

// On reports whether anything is allowed.
func (r Relaxed) On() bool { return r != Relaxed{} }

// Strict rewrites a text that uses what is allowed as JSON. What else is wrong stays as it is.
func (r Relaxed) Strict(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '"' || c == '\'':
			i = r.quoted(text, i, &out)
		case r.Comments && (c == '#' || c == '/' && i+1 < len(text) && (text[i+1] == '/' || text[i+1] == '*')):
			i = afterComment(text, i)
			out = append(out, ' ')
		case wordStart(c):
			end := i
			for end < len(text) && (wordStart(text[end]) || text[end]-'0' <= 9) {
				end++
			}
			next := end
			for next < len(text) && (text[next] == ' ' || text[next] == '\t' || text[next] == '\n' || text[next] == '\r') {
				next++
			}
			if r.UnquotedKeys && next < len(text) && text[next] == ':' {
				out = append(append(append(out, '"'), text[i:end]...), '"')
			} else {
				out = append(out, text[i:end]...)
			}
			i = end
		case c-'0' <= 9:
			if r.LeadingZeros {
				for i+1 < len(text) && text[i] == '0' && text[i+1]-'0' <= 9 {
					i++
				}
			}
			for i < len(text) && (text[i]-'0' <= 9 || text[i] == '.' || text[i]|0x20 == 'e' || (text[i] == '-' || text[i] == '+') && text[i-1]|0x20 == 'e') {
				out = append(out, text[i])
				i++
			}
		default:
			out = append(out, c)
			i++
		}
	}
	return out
}

// quoted copies a string and returns where it ends.
func (r Relaxed) quoted(text []byte, i int, out *[]byte) int {
	quote := text[i]
	*out = append(*out, quote)
	for i++; i < len(text); i++ {
		c := text[i]
		if c == '\\' && i+1 < len(text) {
			i++
			if r.AnyEscape && !escapable(text[i]) {
				*out = append(*out, text[i])
			} else {
				*out = append(*out, c, text[i])
			}
			continue
		}
		*out = append(*out, c)
		if c == quote {
			return i + 1
		}
	}
	return i
}

func escapable(c byte) bool {
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't', 'u', '\'':
		return true
	}
	return false
}

func wordStart(c byte) bool {
	return c == '_' || c == '$' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

func afterComment(text []byte, i int) int {
	if text[i] == '/' && text[i+1] == '*' {
		for i += 2; i+1 < len(text); i++ {
			if text[i] == '*' && text[i+1] == '/' {
				return i + 2
			}
		}
		return len(text)
	}
	for i < len(text) && text[i] != '\n' {
		i++
	}
	return i
}
