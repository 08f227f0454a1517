package registry

import (
	"fmt"
	"slices"
	"strconv"
	"unicode"
)

func (p *avroParser) record(t *avroType, n *node, space, at string) error {
	if err := p.define(t, n, space, at); err != nil {
		return err
	}
	list := n.get("fields")
	if list == nil || list.kind != arrayNode {
		return fmt.Errorf("%s: the record needs an array of \"fields\"", at)
	}
	seen := map[string]bool{}
	for i, item := range list.items {
		f, err := p.field(item, t.name.space, fmt.Sprintf("%s/fields/%d", at, i))
		if err != nil {
			return err
		}
		if seen[f.name] {
			return fmt.Errorf("%s: the field %q comes twice", at, f.name)
		}
		seen[f.name] = true
		t.fields = append(t.fields, f)
	}
	return nil
}

func (p *avroParser) field(n *node, space, at string) (*avroField, error) {
	if n.kind != objectNode {
		return nil, fmt.Errorf("%s: a field is an object, not %s", at, n.kind)
	}
	name, ok := n.str("name")
	if !ok {
		return nil, fmt.Errorf("%s: the field needs a name", at)
	}
	if !validAvroName(name) {
		return nil, fmt.Errorf("%s: %q is no name: letters, digits and _ only, no digit first", at, name)
	}
	f := &avroField{name: name, def: n.get("default")}
	var err error
	if f.typ, err = p.child(n, "type", space, at); err != nil {
		return nil, err
	}
	if doc, ok := n.str("doc"); ok {
		f.doc = &doc
	}
	if f.aliases, err = avroStrings(n, "aliases", at); err != nil {
		return nil, err
	}
	switch order, _ := n.str("order"); order {
	case "", "ascending":
	case "descending", "ignore":
		f.order = order
	default:
		return nil, fmt.Errorf("%s: the order is ascending, descending or ignore, not %q", at, order)
	}
	f.props = avroProps(n, []string{"name", "type", "doc", "default", "order", "aliases"})
	if f.def != nil && p.strict {
		p.late = append(p.late, func() error {
			if !validDefault(f.typ, f.def) {
				return fmt.Errorf("%s: the default %s of field %q does not fit its type %s", at, f.def, f.name, f.typ.title())
			}
			return nil
		})
	}
	return f, nil
}

// validDefault follows the Avro specification, and Avro 1.12 in that the default of a union
// may fit any of its branches.
func validDefault(t *avroType, v *node) bool {
	switch t.kind {
	case "null":
		return v.kind == nullNode
	case "boolean":
		return v.kind == boolNode
	case "int":
		_, ok := wholeNumber(v.text, -1<<31, 1<<31-1)
		return v.kind == numberNode && ok
	case "long":
		_, ok := wholeNumber(v.text, -1<<63, 1<<63-1)
		return v.kind == numberNode && ok
	case "float", "double":
		return v.kind == numberNode || v.kind == stringNode && slices.Contains([]string{"NaN", "Infinity", "-Infinity"}, v.text)
	case "string", "bytes", "fixed", "enum":
		return v.kind == stringNode
	case "array":
		return v.kind == arrayNode && !slices.ContainsFunc(v.items, func(i *node) bool { return !validDefault(t.elem, i) })
	case "map":
		if v.kind != objectNode {
			return false
		}
		for _, m := range v.fields {
			if !validDefault(t.elem, m) {
				return false
			}
		}
		return true
	case "union":
		return slices.ContainsFunc(t.branches, func(b *avroType) bool { return validDefault(b, v) })
	case "record":
		return validRecordDefault(t, v)
	}
	return false
}

func validRecordDefault(t *avroType, v *node) bool {
	if v.kind != objectNode {
		return false
	}
	for _, f := range t.fields {
		m := v.fields[f.name]
		if m == nil && f.def != nil {
			continue // the field's own default is checked at the field
		}
		if m == nil || !validDefault(f.typ, m) {
			return false
		}
	}
	return true
}

// wholeNumber reads a JSON number without fraction or exponent within bounds.
func wholeNumber(s string, low, high int64) (int64, bool) {
	v, err := strconv.ParseInt(s, 10, 64)
	return v, err == nil && v >= low && v <= high
}

// validAvroName: Avro 1.12 takes letters of any script.
func validAvroName(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}
