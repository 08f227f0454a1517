package cli

import "strings"

// ended reports whether a text ends with a semicolon that ends a statement: one outside of strings,
// quoted names and comments, with nothing but blanks and comments behind it.
func ended(text string) bool {
	end := false
	for i := 0; i < len(text); {
		rest := text[i:]
		switch c := text[i]; {
		case strings.HasPrefix(rest, "--"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				return end
			}
			i += n
		case strings.HasPrefix(rest, "/*"):
			n := comment(rest)
			if n < 0 {
				return false
			}
			i += n
		case c == '\'' || c == '"' || c == '`':
			n := quoted(rest, i > 0 && (text[i-1] == 'r' || text[i-1] == 'R') && c != '`')
			if n < 0 {
				return false
			}
			end, i = false, i+n
		default:
			if c == ';' {
				end = true
			} else if !strings.ContainsRune(" \t\r\n", rune(c)) {
				end = false
			}
			i++
		}
	}
	return end
}

// comment is the length of a comment, which may hold others; -1 if it is not closed.
func comment(text string) int {
	depth := 0
	for i := 0; i < len(text); {
		switch {
		case strings.HasPrefix(text[i:], "/*"):
			depth, i = depth+1, i+2
		case strings.HasPrefix(text[i:], "*/"):
			if depth, i = depth-1, i+2; depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return -1
}

// quoted is the length of a string or quoted name; -1 if it is not closed. A backslash takes the next
// character along, but not in names and raw strings.
func quoted(text string, raw bool) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && !raw && text[0] != '`':
			i++
		case text[i] == text[0]:
			return i + 1
		}
	}
	return -1
}
