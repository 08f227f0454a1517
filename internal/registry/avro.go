package registry

import (
	"fmt"
	"slices"
	"strings"
)

// avroType is one Avro type. Named types are shared: a schema may be a graph with cycles.
type avroType struct {
	kind     string // "record", "int", … or "union"
	name     avroName
	doc      *string
	aliases  []avroName
	fields   []*avroField
	symbols  []string
	fallback *string // an enum's default
	size     int64
	elem     *avroType // of arrays and maps
	branches []*avroType
	props    []avroProp
	err      bool // a record declared as "error"
	external bool // defined by a reference
}

type avroField struct {
	name    string
	typ     *avroType
	doc     *string
	def     *node
	order   string // "" is ascending
	aliases []string
	props   []avroProp
}

type avroProp struct {
	key   string
	value *node
}

type avroName struct{ space, name string }

func (n avroName) full() string {
	if n.space == "" {
		return n.name
	}
	return n.space + "." + n.name
}

// within is the name as written inside a namespace.
func (n avroName) within(space string) string {
	if n.space == space && !avroPrimitive(n.name) {
		return n.name
	}
	return n.full()
}

func makeAvroName(name, space string) avroName {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return avroName{name[:i], name[i+1:]}
	}
	return avroName{space, name}
}

func avroPrimitive(kind string) bool {
	switch kind {
	case "null", "boolean", "int", "long", "float", "double", "bytes", "string":
		return true
	}
	return false
}

func (t *avroType) named() bool { return t.kind == "record" || t.kind == "enum" || t.kind == "fixed" }

// title is what a message calls the type: its full name, or its kind.
func (t *avroType) title() string {
	if t.named() {
		return t.name.full()
	}
	return t.kind
}

// avroSchema is a parsed schema with what it needs of its references.
type avroSchema struct {
	root *avroType
}

// parseAvro parses a schema whose names may be defined by the texts of its references, in
// order. strict refuses defaults that their types do not allow (Confluent checks new schemas so).
func parseAvro(text string, refs []resolved, strict bool) (*avroSchema, error) {
	p := avroParser{names: map[string]*avroType{}, external: true}
	for _, r := range refs {
		if _, err := p.parse(r.text); err != nil {
			return nil, fmt.Errorf("reference %q: %w", r.name, err)
		}
	}
	p.external, p.strict = false, strict
	root, err := p.parse(text)
	if err != nil {
		return nil, err
	}
	return &avroSchema{root}, nil
}

type avroParser struct {
	names    map[string]*avroType
	external bool
	strict   bool
	late     []func() error // checks that need every name
}

func (p *avroParser) parse(text string) (*avroType, error) {
	n, err := parseJSON(text)
	if err != nil {
		return nil, err
	}
	p.late = nil
	t, err := p.typ(n, "", "#")
	if err != nil {
		return nil, err
	}
	for _, check := range p.late {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// typ reads a type in a namespace; at is the JSON path for messages.
func (p *avroParser) typ(n *node, space, at string) (*avroType, error) {
	switch n.kind {
	case stringNode:
		return p.byName(n.text, space, at)
	case arrayNode:
		return p.union(n, space, at)
	case objectNode:
		return p.object(n, space, at)
	}
	return nil, fmt.Errorf("%s: a type is a name, an object or an array, not %s", at, n.kind)
}

func (p *avroParser) byName(name, space, at string) (*avroType, error) {
	if avroPrimitive(name) {
		return &avroType{kind: name}, nil
	}
	for _, n := range []avroName{makeAvroName(name, space), makeAvroName(name, "")} {
		if t := p.names[n.full()]; t != nil {
			return t, nil
		}
	}
	return nil, fmt.Errorf("%s: the type %q is neither built in nor defined before this place", at, name)
}

func (p *avroParser) union(n *node, space, at string) (*avroType, error) {
	u := &avroType{kind: "union"}
	seen := map[string]bool{}
	for i, item := range n.items {
		t, err := p.typ(item, space, fmt.Sprintf("%s/%d", at, i))
		if err != nil {
			return nil, err
		}
		if t.kind == "union" {
			return nil, fmt.Errorf("%s/%d: a union directly inside a union", at, i)
		}
		if seen[t.title()] {
			return nil, fmt.Errorf("%s: the union holds %s twice", at, t.title())
		}
		seen[t.title()] = true
		u.branches = append(u.branches, t)
	}
	return u, nil
}

func (p *avroParser) object(n *node, space, at string) (*avroType, error) {
	kind, ok := n.str("type")
	if !ok {
		return nil, fmt.Errorf("%s: the object needs a \"type\" that is a string", at)
	}
	t := &avroType{kind: kind, external: p.external}
	var err error
	reserved := []string{"type", "name", "namespace", "doc", "aliases", "fields", "symbols", "size", "items", "values"}
	switch {
	case avroPrimitive(kind):
	case kind == "record" || kind == "error":
		t.kind, t.err = "record", kind == "error"
		err = p.record(t, n, space, at)
	case kind == "enum":
		reserved = append(reserved, "default")
		err = p.enum(t, n, space, at)
	case kind == "fixed":
		err = p.fixed(t, n, space, at)
	case kind == "array":
		t.elem, err = p.child(n, "items", space, at)
	case kind == "map":
		t.elem, err = p.child(n, "values", space, at)
	default:
		return p.byName(kind, space, at)
	}
	if err != nil {
		return nil, err
	}
	t.props = avroProps(n, reserved)
	return t, nil
}

func (p *avroParser) child(n *node, key, space, at string) (*avroType, error) {
	v := n.get(key)
	if v == nil {
		return nil, fmt.Errorf("%s: needs %q", at, key)
	}
	return p.typ(v, space, at+"/"+key)
}

// define gives a named type its name and makes it known.
func (p *avroParser) define(t *avroType, n *node, space, at string) error {
	name, ok := n.str("name")
	if !ok {
		return fmt.Errorf("%s: the %s needs a name", at, t.kind)
	}
	if ns, ok := n.str("namespace"); ok {
		space = ns
	}
	t.name = makeAvroName(name, space)
	for _, part := range strings.Split(strings.TrimPrefix(t.name.full(), "."), ".") {
		if !validAvroName(part) {
			return fmt.Errorf("%s: %q in %q is no name: letters, digits and _ only, no digit first", at, part, t.name.full())
		}
	}
	if t.name.space == "" && avroPrimitive(t.name.name) {
		return fmt.Errorf("%s: a type cannot be named %q, as a built-in type is", at, name)
	}
	if p.names[t.name.full()] != nil {
		return fmt.Errorf("%s: the type %q is defined twice", at, t.name.full())
	}
	p.names[t.name.full()] = t
	if doc, ok := n.str("doc"); ok {
		t.doc = &doc
	}
	aliases, err := avroStrings(n, "aliases", at)
	for _, a := range aliases {
		t.aliases = append(t.aliases, makeAvroName(a, t.name.space))
	}
	return err
}

func (p *avroParser) enum(t *avroType, n *node, space, at string) error {
	if err := p.define(t, n, space, at); err != nil {
		return err
	}
	if n.get("symbols") == nil {
		return fmt.Errorf("%s: the enum needs \"symbols\"", at)
	}
	symbols, err := avroStrings(n, "symbols", at)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, s := range symbols {
		if !validAvroName(s) {
			return fmt.Errorf("%s: %q is no symbol: letters, digits and _ only, no digit first", at, s)
		}
		if seen[s] {
			return fmt.Errorf("%s: the symbol %q comes twice", at, s)
		}
		seen[s] = true
		t.symbols = append(t.symbols, s)
	}
	if d, ok := n.str("default"); ok {
		if !seen[d] {
			return fmt.Errorf("%s: the default %q is none of the symbols", at, d)
		}
		t.fallback = &d
	}
	return nil
}

func (p *avroParser) fixed(t *avroType, n *node, space, at string) error {
	if err := p.define(t, n, space, at); err != nil {
		return err
	}
	size := n.get("size")
	if size == nil || size.kind != numberNode {
		return fmt.Errorf("%s: the fixed needs a \"size\" in bytes", at)
	}
	v, ok := wholeNumber(size.text, 0, 1<<31-1)
	if !ok {
		return fmt.Errorf("%s: the size %s is no whole number from 0 on", at, size.text)
	}
	t.size = v
	return nil
}

func avroProps(n *node, known []string) []avroProp {
	var out []avroProp
	for _, k := range n.keys {
		if !slices.Contains(known, k) {
			out = append(out, avroProp{k, n.fields[k]})
		}
	}
	return out
}

func avroStrings(n *node, key, at string) ([]string, error) {
	v := n.get(key)
	if v == nil {
		return nil, nil
	}
	if v.kind != arrayNode {
		return nil, fmt.Errorf("%s: %q is an array of strings", at, key)
	}
	var out []string
	for _, item := range v.items {
		if item.kind != stringNode {
			return nil, fmt.Errorf("%s: %q is an array of strings", at, key)
		}
		out = append(out, item.text)
	}
	return out, nil
}
