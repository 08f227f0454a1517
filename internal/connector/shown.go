package connector

import (
	"net/url"
	"strings"
)

// ShownURL is an address as people and logs may see it: without user information and fragment,
// and with … for the values of its query, because keys and passwords are written there.
func ShownURL(address string) string {
	address, _, _ = strings.Cut(address, "#")
	address, query, asks := strings.Cut(address, "?")
	scheme, rest, full := strings.Cut(address, "://")
	if !full {
		scheme, rest = "", address
	}
	host, path, deep := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	} else if at := strings.LastIndexByte(path, '@'); at >= 0 && unparsable(address) {
		host, path = "…", path[at+1:] // a password with a slash that is not escaped
	}
	out := host
	if full {
		out = scheme + "://" + host
	}
	if deep {
		out += "/" + path
	}
	if !asks {
		return out
	}
	fields := strings.Split(query, "&")
	for i, f := range fields {
		name, _, valued := strings.Cut(f, "=")
		if fields[i] = "…"; valued {
			fields[i] = name + "=…"
		}
	}
	return out + "?" + strings.Join(fields, "&")
}

func unparsable(address string) bool {
	_, err := url.Parse(address)
	return err != nil
}
