package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// node is a JSON value that remembers the order of its members, as a schema's text must be
// given back in the order in which it came.
type node struct {
	kind   nodeKind
	text   string // the string's value, or the number as it was written
	yes    bool
	items  []*node
	keys   []string // members in order; each once
	fields map[string]*node
}

type nodeKind byte

const (
	nullNode nodeKind = iota
	boolNode
	numberNode
	stringNode
	arrayNode
	objectNode
)

func (k nodeKind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

var errDeep = fmt.Errorf("nested deeper than %d levels", maxDepth)

// parseJSON reads one JSON value with nothing after it. Of members with one name the last
// counts, at the place of the first, as in Jackson.
func parseJSON(text string) (*node, error) {
	if err := checkDepth(text); err != nil {
		return nil, err
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	n, err := readNode(d)
	if err != nil {
		return nil, jsonError(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text follows the JSON value")
	}
	return n, nil
}

func jsonError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the JSON value ends too early")
	}
	return err
}

// checkDepth counts brackets outside strings, so that the recursion of readNode is bounded.
func checkDepth(text string) error {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return errDeep
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

func readNode(d *json.Decoder) (*node, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch v := t.(type) {
	case nil:
		return &node{kind: nullNode}, nil
	case bool:
		return &node{kind: boolNode, yes: v}, nil
	case json.Number:
		return &node{kind: numberNode, text: v.String()}, nil
	case string:
		return &node{kind: stringNode, text: v}, nil
	case json.Delim:
		if v == '[' {
			return readArray(d)
		}
		if v == '{' {
			return readObject(d)
		}
	}
	return nil, fmt.Errorf("unexpected %v", t)
}

func readArray(d *json.Decoder) (*node, error) {
	n := &node{kind: arrayNode}
	for d.More() {
		item, err := readNode(d)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
	}
	_, err := d.Token()
	return n, err
}

func readObject(d *json.Decoder) (*node, error) {
	n := &node{kind: objectNode, fields: map[string]*node{}}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, ok := t.(string)
		if !ok {
			return nil, fmt.Errorf("unexpected %v", t)
		}
		value, err := readNode(d)
		if err != nil {
			return nil, err
		}
		n.set(key, value)
	}
	_, err := d.Token()
	return n, err
}

func (n *node) set(key string, v *node) {
	if _, old := n.fields[key]; !old {
		n.keys = append(n.keys, key)
	}
	n.fields[key] = v
}

// get is a member of an object, or nil.
func (n *node) get(key string) *node {
	if n == nil || n.kind != objectNode {
		return nil
	}
	return n.fields[key]
}

// str is the value of a string member, and whether there is one.
func (n *node) str(key string) (string, bool) {
	v := n.get(key)
	if v == nil || v.kind != stringNode {
		return "", false
	}
	return v.text, true
}

// String is the value as compact JSON; members keep their order.
func (n *node) String() string {
	var b bytes.Buffer
	n.write(&b)
	return b.String()
}

func (n *node) write(b *bytes.Buffer) {
	switch n.kind {
	case nullNode:
		b.WriteString("null")
	case boolNode:
		fmt.Fprint(b, n.yes)
	case numberNode:
		b.WriteString(n.text)
	case stringNode:
		writeQuoted(b, n.text)
	case arrayNode:
		b.WriteByte('[')
		for i, item := range n.items {
			if i > 0 {
				b.WriteByte(',')
			}
			item.write(b)
		}
		b.WriteByte(']')
	case objectNode:
		b.WriteByte('{')
		for i, k := range n.keys {
			if i > 0 {
				b.WriteByte(',')
			}
			writeQuoted(b, k)
			b.WriteByte(':')
			n.fields[k].write(b)
		}
		b.WriteByte('}')
	}
}

// sorted is the value with the members of every object in the order of their names.
func (n *node) sorted() *node {
	switch n.kind {
	case arrayNode:
		out := &node{kind: arrayNode}
		for _, item := range n.items {
			out.items = append(out.items, item.sorted())
		}
		return out
	case objectNode:
		out := &node{kind: objectNode, fields: map[string]*node{}, keys: slices.Sorted(slices.Values(n.keys))}
		for k, v := range n.fields {
			out.fields[k] = v.sorted()
		}
		return out
	}
	return n
}

// same tells whether two values are equal as JSON: the order of members does not matter, and
// numbers are equal if their values are.
func (n *node) same(m *node) bool {
	if n == nil || m == nil {
		return n == m
	}
	if n.kind != m.kind {
		return false
	}
	switch n.kind {
	case boolNode:
		return n.yes == m.yes
	case numberNode:
		return compareNumbers(n.text, m.text) == 0
	case stringNode:
		return n.text == m.text
	case arrayNode:
		return slices.EqualFunc(n.items, m.items, (*node).same)
	case objectNode:
		if len(n.keys) != len(m.keys) {
			return false
		}
		for k, v := range n.fields {
			if w, ok := m.fields[k]; !ok || !v.same(w) {
				return false
			}
		}
	}
	return true
}

// writeQuoted writes a JSON string as Jackson does: only what must be escaped is.
func writeQuoted(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= ' ':
			b.WriteRune(r)
		case strings.ContainsRune("\b\f\n\r\t", r):
			b.WriteByte('\\')
			b.WriteByte("btn?fr"[r-'\b'])
		default:
			fmt.Fprintf(b, `\u%04X`, r)
		}
	}
	b.WriteByte('"')
}

// encode is a value as JSON without a line feed and without escapes for HTML. Values of our
// own types cannot fail.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return []byte("null")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
