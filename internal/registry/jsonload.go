package registry

import (
	"fmt"
	"net/url"
	"strings"
)

// jsonLimits are the keywords with a plain value, by kind of schema, and the value's kind.
var jsonLimits = map[string]map[string]nodeKind{
	"string": {"minLength": numberNode, "maxLength": numberNode, "pattern": stringNode},
	"number": {"minimum": numberNode, "maximum": numberNode, "exclusiveMinimum": numberNode, "exclusiveMaximum": numberNode, "multipleOf": numberNode},
	"object": {"minProperties": numberNode, "maxProperties": numberNode},
	"array":  {"minItems": numberNode, "maxItems": numberNode, "uniqueItems": boolNode, "minContains": numberNode, "maxContains": numberNode},
}

func (s *jschema) readLimits(n *node, at string) error {
	for word, kind := range jsonLimits[s.kind] {
		v := n.get(word)
		if v == nil {
			continue
		}
		if v.kind == boolNode && strings.HasPrefix(word, "exclusive") {
			continue // draft 4, below
		}
		if v.kind != kind {
			return fmt.Errorf("%s/%s: %s is needed, not %s", at, word, kind, v.kind)
		}
		s.limits[word] = v
	}
	// In draft 4 exclusiveMinimum: true says that minimum itself is excluded.
	for _, word := range []string{"Minimum", "Maximum"} {
		if v := n.get("exclusive" + word); s.kind == "number" && v != nil && v.kind == boolNode && v.yes {
			plain := strings.ToLower(word)
			if m := s.limits[plain]; m != nil {
				s.limits["exclusive"+word] = m
				delete(s.limits, plain)
			}
		}
	}
	return nil
}

func (l *jsonLoader) object(s *jschema, n *node, d *jdoc, at string) (err error) {
	if s.props, err = l.members(n, "properties", d, at); err != nil {
		return err
	}
	patterns, err := l.members(n, "patternProperties", d, at)
	if err != nil {
		return err
	}
	if v := n.get("patternProperties"); v != nil {
		for _, k := range v.keys {
			s.patterns = append(s.patterns, jpattern{k, patterns[k]})
		}
	}
	s.required = map[string]bool{}
	names, err := jsonStrings(n.get("required"), at+"/required")
	if err != nil {
		return err
	}
	for _, name := range names {
		s.required[name] = true
	}
	if s.more, err = l.optional(n, "additionalProperties", d, at); err != nil {
		return err
	}
	if s.uneval, err = l.optional(n, "unevaluatedProperties", d, at); err != nil {
		return err
	}
	if _, err = l.optional(n, "propertyNames", d, at); err != nil {
		return err
	}
	if isTrue(n.get("additionalProperties")) {
		s.more = nil
	}
	return l.dependencies(s, n, d, at)
}

func isTrue(n *node) bool { return n != nil && n.kind == boolNode && n.yes }

// jsonStrings is an array of strings. In draft 3 and in habits that stay, required is a boolean
// of the property: that says nothing here.
func jsonStrings(v *node, at string) ([]string, error) {
	if v == nil || v.kind == boolNode {
		return nil, nil
	}
	if v.kind != arrayNode {
		return nil, fmt.Errorf("%s: an array of names is needed, not %s", at, v.kind)
	}
	var out []string
	for _, item := range v.items {
		if item.kind != stringNode {
			return nil, fmt.Errorf("%s: a name is needed, not %s", at, item.kind)
		}
		out = append(out, item.text)
	}
	return out, nil
}

// members loads an object of schemas.
func (l *jsonLoader) members(n *node, word string, d *jdoc, at string) (map[string]*jschema, error) {
	out := map[string]*jschema{}
	v := n.get(word)
	if v == nil {
		return out, nil
	}
	if v.kind != objectNode {
		return nil, fmt.Errorf("%s/%s: an object is needed, not %s", at, word, v.kind)
	}
	for _, k := range v.keys {
		s, err := l.load(v.fields[k], d, at+"/"+word+"/"+k)
		if err != nil {
			return nil, err
		}
		out[k] = s
	}
	return out, nil
}

func (l *jsonLoader) optional(n *node, word string, d *jdoc, at string) (*jschema, error) {
	v := n.get(word)
	if v == nil {
		return nil, nil
	}
	return l.load(v, d, at+"/"+word)
}

func (l *jsonLoader) dependencies(s *jschema, n *node, d *jdoc, at string) error {
	s.needs, s.depends = map[string][]string{}, map[string]*jschema{}
	for _, word := range []string{"dependencies", "dependentRequired", "dependentSchemas"} {
		v := n.get(word)
		if v == nil {
			continue
		}
		if v.kind != objectNode {
			return fmt.Errorf("%s/%s: an object is needed, not %s", at, word, v.kind)
		}
		for _, k := range v.keys {
			place := at + "/" + word + "/" + k
			var err error
			if m := v.fields[k]; m.kind == arrayNode && word != "dependentSchemas" {
				s.needs[k], err = jsonStrings(m, place)
			} else {
				s.depends[k], err = l.load(m, d, place)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *jsonLoader) array(s *jschema, n *node, d *jdoc, at string) (err error) {
	items, prefix := n.get("items"), n.get("prefixItems")
	list, place := prefix, at+"/prefixItems"
	if list == nil && items != nil && items.kind == arrayNode {
		list, place, items = items, at+"/items", nil
	}
	if list != nil {
		if list.kind != arrayNode {
			return fmt.Errorf("%s: an array is needed, not %s", place, list.kind)
		}
		for i, item := range list.items {
			sub, err := l.load(item, d, fmt.Sprintf("%s/%d", place, i))
			if err != nil {
				return err
			}
			s.items = append(s.items, sub)
		}
	}
	more := n.get("additionalItems")
	switch {
	case items != nil && prefix != nil: // 2020-12: items is for those after the prefix
		more = items
	case items != nil:
		if s.all, err = l.load(items, d, at+"/items"); err != nil {
			return err
		}
	}
	if more != nil && !isTrue(more) {
		if s.more, err = l.load(more, d, at+"/additionalItems"); err != nil {
			return err
		}
	}
	if s.uneval, err = l.optional(n, "unevaluatedItems", d, at); err != nil {
		return err
	}
	_, err = l.optional(n, "contains", d, at)
	return err
}

// reference finds what a $ref means.
func (l *jsonLoader) reference(ref *node, d *jdoc, at string) (*jschema, error) {
	if ref.kind != stringNode {
		return nil, fmt.Errorf("%s/$ref: a string is needed, not %s", at, ref.kind)
	}
	name, fragment, _ := strings.Cut(ref.text, "#")
	if strings.HasPrefix(name, "http://json-schema.org/draft-") || strings.HasPrefix(name, "https://json-schema.org/draft/") {
		return &jschema{kind: "empty", key: ref.text}, nil
	}
	doc, tree := l.document(name, d)
	if doc == nil {
		return nil, fmt.Errorf("%s/$ref: %q is neither in the schema nor the name of a reference", at, ref.text)
	}
	target := doc.pointer(tree, fragment)
	if target == nil {
		return nil, fmt.Errorf("%s/$ref: there is nothing at %q", at, ref.text)
	}
	s := &jschema{kind: "ref", key: "ref " + doc.base + "#" + fragment}
	sub, err := l.load(target, doc, ref.text)
	s.subs = []*jschema{sub}
	return s, err
}

// document finds the document that a $ref names, and the tree in it where its fragment starts.
func (l *jsonLoader) document(name string, d *jdoc) (*jdoc, *node) {
	if name == "" || name == d.base {
		return d, d.tree
	}
	full := joinURI(d.base, name)
	for _, n := range []string{name, full} {
		if doc := l.docs[n]; doc != nil {
			return doc, doc.tree
		}
	}
	for known, doc := range l.docs { // a reference's name may be relative to the schema's $id
		if joinURI(d.base, known) == full {
			return doc, doc.tree
		}
		if n := doc.anchors[full]; n != nil {
			return doc, n
		}
	}
	if n := d.anchors[full]; n != nil {
		return d, n
	}
	return nil, nil
}

// pointer follows a fragment: a JSON pointer or an anchor.
func (d *jdoc) pointer(n *node, fragment string) *node {
	if text, err := url.PathUnescape(fragment); err == nil {
		fragment = text
	}
	if fragment == "" {
		return n
	}
	if !strings.HasPrefix(fragment, "/") {
		return d.anchors[fragment]
	}
	for _, part := range strings.Split(fragment[1:], "/") {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		switch n.kind {
		case objectNode:
			n = n.fields[part]
		case arrayNode:
			i, ok := wholeNumber(part, 0, int64(len(n.items))-1)
			if !ok {
				return nil
			}
			n = n.items[i]
		default:
			return nil
		}
		if n == nil {
			return nil
		}
	}
	return n
}

// joinURI resolves a reference against a base; text that is no URI stays.
func joinURI(base, ref string) string {
	b, err := url.Parse(base)
	if err != nil {
		return ref
	}
	u, err := b.Parse(ref)
	if err != nil {
		return ref
	}
	return u.String()
}
