package fn

import "strings"

// show prints a decimal (its plain text) by the format, '#' for each digit if there is no room.
// Spark: ToCharacter.
func (f *numberFormat) show(text string) string {
	negative := strings.HasPrefix(text, "-")
	whole, frac, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	whole, frac = strings.TrimLeft(whole, "0"), strings.TrimRight(frac, "0")
	negative = negative && whole+frac != ""
	full := len(whole) > f.whole || len(frac) > f.places
	out, behind := []byte{}, false
	for _, t := range f.tokens {
		switch t.kind {
		case '0':
			if behind {
				out = showPlaces(out, frac, f.places, full)
			} else {
				out = showWhole(out, whole, t.groups, full)
			}
		case '.':
			behind = true
			if n := len(out); n > 0 && out[n-1] == ' ' {
				out[n-1] = '0'
			}
			out = append(out, '.')
		case '$':
			out = append(out, '$')
		default:
			out = showSign(out, t.kind, negative)
		}
	}
	return string(lonePoint(out))
}

// showSign writes the signs of S, MI and PR; those behind the digits stand before spaces.
func showSign(out []byte, kind byte, negative bool) []byte {
	switch {
	case kind == '<' && negative:
		return append(out, '<')
	case kind == '<':
		return out
	case kind == '>' && negative:
		return beforeSpaces(lonePoint(out), '>')
	case kind == '>':
		return append(lonePoint(out), "  "...)
	case negative:
		return beforeSpaces(lonePoint(out), '-')
	case kind == 'S':
		return beforeSpaces(lonePoint(out), '+')
	}
	return append(lonePoint(out), ' ')
}

// lonePoint replaces a point at the end, with nothing behind it, by a space.
func lonePoint(out []byte) []byte {
	if n := len(out); n > 0 && out[n-1] == '.' {
		out[n-1] = ' '
	}
	return out
}

func beforeSpaces(out []byte, c byte) []byte {
	i := len(out)
	for i > 0 && out[i-1] == ' ' {
		i--
	}
	return append(append(append([]byte{}, out[:i]...), c), out[i:]...)
}

// space adds a space, before a sign that ends the text.
func space(out []byte) []byte {
	i := len(out)
	for i > 0 && strings.IndexByte("+-<", out[i-1]) >= 0 {
		i--
	}
	return append(append(append([]byte{}, out[:i]...), ' '), out[i:]...)
}

func showWhole(out []byte, digits string, groups []digitGroup, full bool) []byte {
	total := 0
	for _, g := range groups {
		total += g.n
	}
	missing, any := total-len(digits), false
	for k, g := range groups {
		if k > 0 {
			if any {
				out = append(out, ',')
			} else {
				out = space(out)
			}
		}
		for range g.n {
			switch {
			case full:
				out = append(out, '#')
			case missing > 0 && g.filled:
				out, any = append(out, '0'), true
			case missing > 0:
				out = space(out)
			default:
				out, any = append(out, digits[-missing]), true
			}
			missing--
		}
	}
	return out
}

func showPlaces(out []byte, frac string, places int, full bool) []byte {
	if full {
		return append(out, strings.Repeat("#", places)...)
	}
	return append(append(out, frac...), strings.Repeat("0", places-len(frac))...)
}
