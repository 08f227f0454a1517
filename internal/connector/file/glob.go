package file

import (
	"slices"
	"strings"
)

// globbed reports whether a path has the characters of Hadoop's patterns.
func globbed(path string) bool { return strings.ContainsAny(path, "*?[{") }

// expand lists what a pattern's path names, sorted; a path without one is itself if it is there.
func expand(s Store, path string) ([]string, error) {
	var out []string
	for _, p := range braces(path) {
		names, err := walk(s, "/", strings.Split(strings.Trim(p, "/"), "/"))
		if err != nil {
			return nil, err
		}
		out = append(out, names...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func walk(s Store, dir string, parts []string) ([]string, error) {
	if len(parts) == 0 {
		return []string{dir}, nil
	}
	if !strings.ContainsAny(parts[0], "*?[\\") {
		next := join(dir, parts[0])
		if ok, err := exists(s, next); err != nil || !ok {
			return nil, err
		}
		return walk(s, next, parts[1:])
	}
	if i, err := s.Stat(dir); err != nil || !i.Dir {
		return nil, err
	}
	names, err := s.List(dir)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var out []string
	for _, n := range names {
		if !match(parts[0], n) || hidden(n) && !strings.HasPrefix(parts[0], n[:1]) {
			continue
		}
		if len(parts) > 1 {
			if i, err := s.Stat(join(dir, n)); err != nil || !i.Dir {
				continue
			}
		}
		more, err := walk(s, join(dir, n), parts[1:])
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// braces writes {a,b} out, the first one first.
func braces(p string) []string {
	open := strings.IndexByte(p, '{')
	if open < 0 {
		return []string{p}
	}
	depth, from := 0, open+1
	var parts []string
	for i := open; i < len(p); i++ {
		switch p[i] {
		case '{':
			depth++
		case ',':
			if depth == 1 {
				parts = append(parts, p[from:i])
				from = i + 1
			}
		case '}':
			if depth--; depth == 0 {
				var out []string
				for _, part := range append(parts, p[from:i]) {
					out = append(out, braces(p[:open]+part+p[i+1:])...)
				}
				return out
			}
		}
	}
	return []string{p} // not closed: taken as it is
}

// match compares a name with a pattern of *, ?, [a-z], [^a] and \.
func match(pattern, name string) bool {
	p, n := []rune(pattern), []rune(name)
	return matchRunes(p, n)
}

func matchRunes(p, n []rune) bool {
	for len(p) > 0 {
		switch p[0] {
		case '*':
			for i := 0; i <= len(n); i++ {
				if matchRunes(p[1:], n[i:]) {
					return true
				}
			}
			return false
		case '?':
			if len(n) == 0 {
				return false
			}
			p, n = p[1:], n[1:]
			continue
		case '[':
			end := slices.Index(p, ']')
			if end < 0 || len(n) == 0 || !inClass(p[1:end], n[0]) {
				return false
			}
			p, n = p[end+1:], n[1:]
			continue
		case '\\':
			if len(p) > 1 {
				p = p[1:]
			}
		}
		if len(n) == 0 || p[0] != n[0] {
			return false
		}
		p, n = p[1:], n[1:]
	}
	return len(n) == 0
}

func inClass(class []rune, r rune) bool {
	not := len(class) > 0 && (class[0] == '^' || class[0] == '!')
	if not {
		class = class[1:]
	}
	for i := 0; i < len(class); i++ {
		lo, hi := class[i], class[i]
		if i+2 < len(class) && class[i+1] == '-' {
			hi = class[i+2]
			i += 2
		}
		if r >= lo && r <= hi {
			return !not
		}
	}
	return not
}
