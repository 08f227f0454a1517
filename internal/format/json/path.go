package json

import (
	"strconv"
	"strings"
)

// step is a step of a path: a key, an index, or a wildcard over an array.
type step struct {
	kind  stepKind
	name  string
	index int
}

type stepKind uint8

const (
	key stepKind = iota
	index
	every    // [*]
	anything // .* and ['*'], which match nothing: Spark's parser takes them, its evaluator does not
)

// parsePath reads $, then .name, ['name'], [0], [*]; false if the text is no path.
// Spark: JsonPathParser.
func parsePath(s string) ([]step, bool) {
	rest, ok := strings.CutPrefix(s, "$")
	if !ok {
		return nil, false
	}
	var steps []step
	for rest != "" {
		var st step
		if st, rest, ok = nextStep(rest); !ok {
			return nil, false
		}
		steps = append(steps, st)
	}
	return steps, true
}

func nextStep(s string) (st step, rest string, ok bool) {
	switch {
	case strings.HasPrefix(s, ".*"):
		return step{kind: anything}, s[2:], true
	case strings.HasPrefix(s, "['*']"):
		return step{kind: anything}, s[5:], true
	case strings.HasPrefix(s, "['"):
		end := strings.IndexAny(s[2:], "'?") + 2
		if end < 3 || !strings.HasPrefix(s[end:], "']") {
			return st, s, false
		}
		return step{kind: key, name: s[2:end]}, s[end+2:], true
	case strings.HasPrefix(s, "[*]"):
		return step{kind: every}, s[3:], true
	case s[0] == '[':
		end := strings.IndexByte(s, ']')
		if end < 0 || strings.Trim(s[1:end], "0123456789") != "" {
			return st, s, false
		}
		n, err := strconv.Atoi(s[1:end])
		return step{kind: index, index: n}, s[end+1:], err == nil
	case s[0] == '.':
		end := strings.IndexAny(s[1:], ".[") + 1
		if end == 0 {
			end = len(s)
		}
		return step{kind: key, name: s[1:end]}, s[end:], end > 1
	}
	return st, s, false
}

// style is how strings and arrays are written. Spark: WriteStyle.
type style uint8

const (
	raw     style = iota // strings without quotes
	quoted               // as JSON
	flatten              // arrays without their brackets, too
)

// pathWriter collects what matches; in an array values are separated by commas.
type pathWriter struct {
	out   []byte
	array bool
	n     int // values written
}

func (w *pathWriter) begin() {
	if w.array && w.n > 0 {
		w.out = append(w.out, ',')
	}
	w.n++
}

// match evaluates the steps at pos; false if nothing was written. pos is behind the value then.
// Spark: GetJsonObject.evaluatePath, whose cases and their order these are.
func (d *Decoder) match(w *pathWriter, st style, steps []step, depth int) (bool, error) {
	c := d.peek()
	switch {
	case len(steps) == 0 && st == raw && (c == '"' || c == '\''):
		s, err := d.str()
		w.begin()
		w.out = append(w.out, s...)
		return true, err
	case len(steps) == 0 && st == flatten && c == '[':
		dirty := false
		err := d.each('[', func([]byte, bool) error {
			ok, err := d.match(w, st, nil, depth+1)
			dirty = dirty || ok
			return err
		}, func() {})
		return dirty, err
	case len(steps) == 0:
		w.begin()
		var err error
		w.out, err = d.copy(w.out, depth)
		return true, err
	case c == '{' && steps[0].kind == key:
		return d.matchKey(w, st, steps, depth)
	case c == '[' && steps[0].kind == every:
		return d.matchEvery(w, st, steps, depth)
	case c == '[' && steps[0].kind == index:
		return d.matchIndex(w, st, steps, depth)
	}
	return false, d.skip(depth)
}

func (d *Decoder) matchKey(w *pathWriter, st style, steps []step, depth int) (bool, error) {
	dirty := false
	err := d.each('{', func(k []byte, _ bool) error {
		if dirty || string(k) != steps[0].name || d.peek() == 'n' {
			return d.skip(depth + 1)
		}
		var err error
		dirty, err = d.match(w, st, steps[1:], depth+1)
		return err
	}, func() {})
	return dirty, err
}

func (d *Decoder) matchIndex(w *pathWriter, st style, steps []step, depth int) (bool, error) {
	if len(steps) > 1 && steps[1].kind == every {
		st = quoted
	}
	dirty, at := false, -1
	err := d.each('[', func([]byte, bool) error {
		if at++; at != steps[0].index {
			return d.skip(depth + 1)
		}
		var err error
		dirty, err = d.match(w, st, steps[1:], depth+1)
		return err
	}, func() {})
	return dirty, err
}

// matchEvery writes an array of the matches; but Hive's rule drops the brackets around a single one.
func (d *Decoder) matchEvery(w *pathWriter, st style, steps []step, depth int) (bool, error) {
	inner, rest, unwrap := quoted, steps[1:], false
	switch {
	case len(steps) > 1 && steps[1].kind == every: // two wildcards are one, flattened
		inner, rest = flatten, steps[2:]
	case st != quoted:
		unwrap = true
		if st == flatten {
			inner = flatten
		}
	}
	sub, hits := &pathWriter{array: true}, 0
	err := d.each('[', func([]byte, bool) error {
		ok, err := d.match(sub, inner, rest, depth+1)
		if ok {
			hits++
		}
		return err
	}, func() {})
	if err != nil || unwrap && hits == 0 {
		return false, err
	}
	w.begin()
	if unwrap && hits == 1 {
		w.out = append(w.out, sub.out...)
		return true, nil
	}
	w.out = append(append(append(w.out, '['), sub.out...), ']')
	return hits > 0, nil
}
