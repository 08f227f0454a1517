package registry

import (
	"fmt"
	"slices"
	"strings"
)

// jsonSchema is a JSON Schema: the text as a tree, and what it means for comparisons.
type jsonSchema struct {
	tree *node
	root *jschema
}

// jschema is one schema in the form in which Confluent's registry compares them: a schema of one
// kind, several together as "allOf". Unlike the text it may be a graph with cycles.
type jschema struct {
	kind     string // "empty", "false", "string", "number", "boolean", "null", "object", "array", "enum", "const", "not", "combined", "if", "ref"
	id       *node
	title    *node
	about    *node
	def      *node
	key      string              // equal schemas have equal keys
	integer  bool                // a number that is an integer
	limits   map[string]*node    // minLength, maximum, pattern, uniqueItems, …
	values   []*node             // of enum and const
	how      string              // of combined: allOf, anyOf, oneOf
	subs     []*jschema          // of combined; the one of not and of ref
	props    map[string]*jschema // properties
	patterns []jpattern          // patternProperties
	required map[string]bool     //
	more     *jschema            // additionalProperties or additionalItems; nil: not given or true
	uneval   *jschema            // unevaluatedProperties or unevaluatedItems; nil: not given
	needs    map[string][]string // dependencies on properties
	depends  map[string]*jschema // dependencies on schemas
	all      *jschema            // items, where one schema is for all
	items    []*jschema          // items one by one
}

type jpattern struct {
	pattern string
	schema  *jschema
}

// closed tells whether nothing beyond what is named is allowed.
func (s *jschema) closed() bool { return s.more != nil && s.more.kind == "false" }

func (s *jsonSchema) canonical() string { return s.tree.String() }

func (s *jsonSchema) normal() string { return s.tree.sorted().String() }

// parseJSONSchema reads a schema of draft 4 to 2020-12 whose $refs lead into itself or into the
// references. Nothing is fetched.
func parseJSONSchema(text string, refs []resolved) (*jsonSchema, error) {
	l := jsonLoader{done: map[*node]*jschema{}, docs: map[string]*jdoc{}}
	for _, r := range refs {
		tree, err := parseJSON(r.text)
		if err != nil {
			return nil, fmt.Errorf("reference %q: %w", r.name, err)
		}
		l.add(r.name, tree)
	}
	tree, err := parseJSON(text)
	if err != nil {
		return nil, err
	}
	doc := l.add("", tree)
	root, err := l.load(tree, doc, "#")
	if err != nil {
		return nil, err
	}
	return &jsonSchema{tree, root}, nil
}

// jdoc is one document: the schema or a reference.
type jdoc struct {
	base    string // its $id, or the name of the reference
	tree    *node
	modern  bool             // draft 2019-09 or later: $ref has siblings
	anchors map[string]*node // by name, and schemas inside it by their full $id
}

type jsonLoader struct {
	done map[*node]*jschema
	docs map[string]*jdoc // by name and by $id
}

func (l *jsonLoader) add(name string, tree *node) *jdoc {
	d := &jdoc{base: name, tree: tree, anchors: map[string]*node{}}
	if id := idOf(tree); id != "" {
		d.base = strings.TrimSuffix(id, "#")
	}
	if draft, ok := tree.str("$schema"); ok {
		d.modern = strings.Contains(draft, "2019-09") || strings.Contains(draft, "2020-12")
	}
	d.collect(tree, d.base)
	for _, n := range []string{name, d.base} {
		if n != "" && l.docs[n] == nil {
			l.docs[n] = d
		}
	}
	return d
}

func idOf(n *node) string {
	if id, ok := n.str("$id"); ok {
		return id
	}
	id, _ := n.str("id")
	return id
}

// collect finds the anchors and the $ids inside a document.
func (d *jdoc) collect(n *node, base string) {
	if n.kind == objectNode {
		if a, ok := n.str("$anchor"); ok {
			d.anchors[a] = n
		}
		if id := idOf(n); strings.HasPrefix(id, "#") && len(id) > 1 {
			d.anchors[id[1:]] = n
		} else if id != "" && n != d.tree {
			base = joinURI(base, id)
			d.anchors[strings.TrimSuffix(base, "#")] = n
		}
	}
	for _, m := range n.fields {
		d.collect(m, base)
	}
	for _, m := range n.items {
		d.collect(m, base)
	}
}

// load turns a tree into a schema; at is its place for messages.
func (l *jsonLoader) load(n *node, d *jdoc, at string) (*jschema, error) {
	if s := l.done[n]; s != nil {
		return s, nil
	}
	s := &jschema{}
	l.done[n] = s
	if n.kind == boolNode {
		s.kind, s.key = map[bool]string{true: "empty", false: "false"}[n.yes], n.String()
		return s, nil
	}
	if n.kind != objectNode {
		return nil, fmt.Errorf("%s: a schema is an object, true or false, not %s", at, n.kind)
	}
	parts, err := l.parts(n, d, at)
	if err != nil {
		return nil, err
	}
	switch len(parts) {
	case 0:
		s.kind = "empty"
	case 1:
		*s = *parts[0]
	default:
		s.kind, s.how, s.subs = "combined", "allOf", parts
	}
	s.id, s.title, s.about, s.def = n.get("$id"), n.get("title"), n.get("description"), n.get("default")
	if s.id == nil {
		s.id = n.get("id")
	}
	s.key = n.sorted().String()
	return s, nil
}

// parts are the schemas of one kind that an object stands for.
func (l *jsonLoader) parts(n *node, d *jdoc, at string) ([]*jschema, error) {
	var out []*jschema
	add := func(list []*jschema, err error) error {
		out = append(out, list...)
		return err
	}
	if ref := n.get("$ref"); ref != nil {
		s, err := l.reference(ref, d, at)
		if err != nil || !d.modern {
			return []*jschema{s}, err
		}
		out = append(out, s)
	}
	for _, f := range []func(*node, *jdoc, string) ([]*jschema, error){l.fixed, l.combined, l.typed} {
		if err := add(f(n, d, at)); err != nil {
			return nil, err
		}
	}
	for i, s := range out {
		if s.key == "" {
			s.key = fmt.Sprintf("%s %d %s", s.kind, i, n.sorted())
		}
	}
	return out, nil
}

// fixed are enum, const, not and if.
func (l *jsonLoader) fixed(n *node, d *jdoc, at string) ([]*jschema, error) {
	var out []*jschema
	if v := n.get("enum"); v != nil {
		if v.kind != arrayNode {
			return nil, fmt.Errorf("%s/enum: an array is needed, not %s", at, v.kind)
		}
		out = append(out, &jschema{kind: "enum", values: v.items, key: "enum " + v.sorted().String()})
	}
	if v := n.get("const"); v != nil {
		out = append(out, &jschema{kind: "const", values: []*node{v}, key: "const " + v.sorted().String()})
	}
	if v := n.get("not"); v != nil {
		s, err := l.load(v, d, at+"/not")
		if err != nil {
			return nil, err
		}
		out = append(out, &jschema{kind: "not", subs: []*jschema{s}, key: "not " + v.sorted().String()})
	}
	if v := n.get("if"); v != nil {
		for _, k := range []string{"if", "then", "else"} {
			if m := n.get(k); m != nil {
				if _, err := l.load(m, d, at+"/"+k); err != nil {
					return nil, err
				}
			}
		}
		out = append(out, &jschema{kind: "if"})
	}
	return out, nil
}

func (l *jsonLoader) combined(n *node, d *jdoc, at string) ([]*jschema, error) {
	var out []*jschema
	for _, how := range []string{"allOf", "anyOf", "oneOf"} {
		v := n.get(how)
		if v == nil {
			continue
		}
		if v.kind != arrayNode {
			return nil, fmt.Errorf("%s/%s: an array is needed, not %s", at, how, v.kind)
		}
		s := &jschema{kind: "combined", how: how, key: how + " " + v.sorted().String()}
		for i, item := range v.items {
			sub, err := l.load(item, d, fmt.Sprintf("%s/%s/%d", at, how, i))
			if err != nil {
				return nil, err
			}
			s.subs = append(s.subs, sub)
		}
		out = append(out, s)
	}
	return out, nil
}

// kinds of schemas by the keywords that make one where no type is given.
var jsonKeywords = []struct {
	kind  string
	words []string
}{
	{"array", []string{"items", "prefixItems", "additionalItems", "unevaluatedItems", "minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains"}},
	{"object", []string{"properties", "required", "additionalProperties", "unevaluatedProperties", "patternProperties", "propertyNames",
		"minProperties", "maxProperties", "dependencies", "dependentRequired", "dependentSchemas"}},
	{"number", []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}},
	{"string", []string{"minLength", "maxLength", "pattern", "format"}},
}

// typed are the schemas that type asks for: several types are anyOf.
func (l *jsonLoader) typed(n *node, d *jdoc, at string) ([]*jschema, error) {
	v := n.get("type")
	switch {
	case v == nil:
		var out []*jschema
		for _, k := range jsonKeywords {
			if slices.ContainsFunc(k.words, func(w string) bool { return n.get(w) != nil }) {
				s, err := l.ofKind(k.kind, n, d, at)
				if err != nil {
					return nil, err
				}
				out = append(out, s)
			}
		}
		return out, nil
	case v.kind == stringNode:
		s, err := l.ofKind(v.text, n, d, at)
		return []*jschema{s}, err
	case v.kind == arrayNode:
		u := &jschema{kind: "combined", how: "anyOf"}
		for _, item := range v.items {
			if item.kind != stringNode {
				return nil, fmt.Errorf("%s/type: the name of a type is needed, not %s", at, item.kind)
			}
			s, err := l.ofKind(item.text, n, d, at)
			if err != nil {
				return nil, err
			}
			s.key = item.text
			u.subs = append(u.subs, s)
		}
		return []*jschema{u}, nil
	}
	return nil, fmt.Errorf("%s/type: the name of a type or an array of names is needed, not %s", at, v.kind)
}

func (l *jsonLoader) ofKind(kind string, n *node, d *jdoc, at string) (*jschema, error) {
	s := &jschema{kind: kind, limits: map[string]*node{}}
	switch kind {
	case "string", "boolean", "null", "number":
	case "integer":
		s.kind, s.integer = "number", true
	case "object":
		if err := l.object(s, n, d, at); err != nil {
			return nil, err
		}
	case "array":
		if err := l.array(s, n, d, at); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("%s/type: the type %q is unknown", at, kind)
	}
	return s, s.readLimits(n, at)
}
