package fn

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func urlFuncs() []Scalar {
	s := types.StringType
	return []Scalar{
		scalar("url", "parse_url(url, part[, key])", "A part of a URL: HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO; with a key the value of that key of the query.", orNullable(opt(2, s, parseURLKernel(false), str, str, str))),
		scalar("url", "try_parse_url(url, part[, key])", "As parse_url, NULL if the URL is none.", orNullable(opt(2, s, parseURLKernel(true), str, str, str))),
		scalar("url", "try_url_decode(str)", "The string that a form-urlencoded string stands for, NULL if it is none.", orNullable(fixed(s, row1(s, maybe(true, urlDecode)), str))),
	}
}

func parseURLKernel(try bool) Kernel {
	t := types.StringType
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		var key compiled
		return rowLoop(t, n, sel, valid, func(i int) (string, error) {
			u, ok := parseURI(args[0].Str(i))
			switch {
			case !ok && try:
				return "", errNull
			case !ok:
				return "", errs.New("INVALID_URL", "'%s' is not a valid URL", args[0].Str(i)).State("22P02").
					WithHint("use try_parse_url to get NULL instead")
			}
			part := u.part(args[1].Str(i))
			if len(args) < 3 || part == nil {
				return textOrNull(part)
			}
			if args[1].Str(i) != "QUERY" {
				return "", errNull
			}
			re, err := key.get(`(?:&|^)` + args[2].Str(i) + `=([^&]*)`)
			if err != nil {
				re = regexp.MustCompile(`(?:&|^)` + regexp.QuoteMeta(args[2].Str(i)) + `=([^&]*)`)
			}
			m := re.FindStringSubmatch(*part)
			if m == nil {
				return "", errNull
			}
			return m[len(m)-1], nil
		})
	})
}

func textOrNull(s *string) (string, error) {
	if s == nil {
		return "", errNull
	}
	return *s, nil
}

// uri is a URI as java.net.URI parses it; nil parts are not there.
type uri struct {
	scheme, authority, userinfo, host, path, query, fragment *string
}

// part is a part by its name in parse_url; names are case-sensitive.
func (u *uri) part(name string) *string {
	switch name {
	case "HOST":
		return u.host
	case "PATH":
		return u.path
	case "QUERY":
		return u.query
	case "REF":
		return u.fragment
	case "PROTOCOL":
		return u.scheme
	case "AUTHORITY":
		return u.authority
	case "USERINFO":
		return u.userinfo
	case "FILE":
		if u.path == nil || u.query == nil {
			return u.path
		}
		file := *u.path + "?" + *u.query
		return &file
	}
	return nil
}

// The characters that may stand in parts of a URI, beside letters, digits, escapes and what lies
// outside ASCII. RFC 2396, with java.net.URI's deviations.
const (
	uriMark  = "-_.!~*'()"
	uriPath  = uriMark + ":@&=+$,;/"
	uriQuery = uriMark + ";/?:@&=+$,[]"
	uriUser  = uriMark + ";:&=+$,"
	uriReg   = uriMark + "$,;:@&=+"
)

// uriChars reports whether a text has only allowed characters and good escapes.
func uriChars(s, allowed string) bool {
	for i, r := range s {
		switch {
		case r == '%':
			if i+2 >= len(s) || digitOf(s[i+1]) < 0 || digitOf(s[i+1]) > 15 || digitOf(s[i+2]) < 0 || digitOf(s[i+2]) > 15 {
				return false
			}
		case r < 0x80:
			if digitOf(byte(r)) < 0 && !strings.ContainsRune(allowed, r) {
				return false
			}
		case unicode.IsControl(r) || unicode.IsSpace(r):
			return false
		}
	}
	return true
}

// parseURI reads [scheme:]…[#fragment]; false if it is no URI.
func parseURI(s string) (u uri, ok bool) {
	if before, fragment, found := strings.Cut(s, "#"); found {
		if !uriChars(fragment, uriQuery) {
			return u, false
		}
		s, u.fragment = before, &fragment
	}
	if i := strings.IndexAny(s, ":/?"); i >= 0 && s[i] == ':' {
		scheme := s[:i]
		if !uriScheme(scheme) || i+1 == len(s) {
			return u, false
		}
		u.scheme, s = &scheme, s[i+1:]
		if s[0] != '/' { // opaque: it has no parts
			return u, uriChars(s, uriQuery)
		}
	}
	return u, u.hierarchy(s)
}

func uriScheme(s string) bool {
	for i := range len(s) {
		d := digitOf(s[i])
		if i == 0 && d < 10 || d < 0 && strings.IndexByte("+-.", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// hierarchy reads [//authority][path][?query].
func (u *uri) hierarchy(s string) bool {
	if rest, found := strings.CutPrefix(s, "//"); found {
		end := strings.IndexAny(rest, "/?")
		if end < 0 {
			end = len(rest)
		}
		if end == 0 && rest == "" {
			return false
		}
		if authority := rest[:end]; authority != "" {
			if !u.server(authority) && !uriChars(authority, uriReg) {
				return false
			}
			u.authority = &authority
		}
		s = rest[end:]
	}
	path, query, found := strings.Cut(s, "?")
	u.path = &path
	if found {
		u.query = &query
	}
	return uriChars(path, uriPath) && uriChars(query, uriQuery)
}

// server reads [user@]host[:port]; another authority has no parts.
func (u *uri) server(s string) bool {
	user, rest, found := strings.Cut(s, "@")
	if !found {
		rest = s
	}
	host, port := rest, ""
	if strings.HasPrefix(rest, "[") {
		end := strings.IndexByte(rest, ']')
		if end < 2 || strings.Trim(rest[1:end], "0123456789abcdefABCDEF:.%") != "" {
			return false
		}
		host, port = rest[:end+1], rest[end+1:]
		if port != "" && port[0] != ':' {
			return false
		}
		port = strings.TrimPrefix(port, ":")
	} else {
		host, port, _ = strings.Cut(rest, ":")
		if !uriHost(host) {
			return false
		}
	}
	if strings.Trim(port, "0123456789") != "" || found && !uriChars(user, uriUser) {
		return false
	}
	u.host = &host
	if found {
		u.userinfo = &user
	}
	return true
}

// uriHost accepts an IPv4 address, or labels of letters, digits and hyphens whose last begins with
// a letter.
func uriHost(s string) bool {
	if s == "" {
		return false
	}
	labels := strings.Split(strings.TrimSuffix(s, "."), ".")
	numbers := len(labels) == 4
	for _, l := range labels {
		numbers = numbers && l != "" && len(l) <= 3 && strings.Trim(l, "0123456789") == ""
		for i := range len(l) {
			if digitOf(l[i]) < 0 && (l[i] != '-' || i == 0 || i == len(l)-1) {
				return false
			}
		}
		if l == "" {
			return false
		}
	}
	return numbers || digitOf(labels[len(labels)-1][0]) >= 10
}
