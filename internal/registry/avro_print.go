package registry

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// canonical is the text as Avro's Java library prints it, which is what Confluent stores: no
// white space, attributes in a fixed order, namespaces only where they change, types of
// references by name.
func (s *avroSchema) canonical() string { return s.print(false, false) }

// normal is the canonical text with further attributes in the order of their names.
func (s *avroSchema) normal() string { return s.print(false, true) }

// resolved is the canonical text with the types of references written out.
func (s *avroSchema) resolved() string { return s.print(true, false) }

func (s *avroSchema) print(inline, normal bool) string {
	p := avroPrinter{seen: map[*avroType]bool{}, inline: inline, normal: normal}
	p.typ(s.root, "")
	return p.b.String()
}

type avroPrinter struct {
	b      bytes.Buffer
	seen   map[*avroType]bool
	inline bool
	normal bool
}

func (p *avroPrinter) typ(t *avroType, space string) {
	switch {
	case t.kind == "union":
		p.b.WriteByte('[')
		for i, b := range t.branches {
			p.comma(i)
			p.typ(b, space)
		}
		p.b.WriteByte(']')
	case t.named() && (p.seen[t] || t.external && !p.inline):
		writeQuoted(&p.b, t.name.within(space))
	case avroPrimitive(t.kind) && len(t.props) == 0:
		writeQuoted(&p.b, t.kind)
	default:
		p.seen[t] = true
		p.object(t, space)
	}
}

func (p *avroPrinter) object(t *avroType, space string) {
	kind := t.kind
	if t.err {
		kind = "error"
	}
	p.b.WriteString(`{"type":"` + kind + `"`)
	if t.named() {
		p.member("name", t.name.name)
		if t.name.space != space {
			p.member("namespace", t.name.space)
		}
	}
	inner := t.name.space
	if !t.named() {
		inner = space
	}
	if t.doc != nil {
		p.member("doc", *t.doc)
	}
	switch t.kind {
	case "record":
		p.b.WriteString(`,"fields":[`)
		for i, f := range t.fields {
			p.comma(i)
			p.field(f, inner)
		}
		p.b.WriteByte(']')
	case "enum":
		p.strings("symbols", t.symbols)
		if t.fallback != nil {
			p.member("default", *t.fallback)
		}
	case "fixed":
		fmt.Fprintf(&p.b, `,"size":%d`, t.size)
	case "array":
		p.b.WriteString(`,"items":`)
		p.typ(t.elem, inner)
	case "map":
		p.b.WriteString(`,"values":`)
		p.typ(t.elem, inner)
	}
	p.props(t.props)
	if len(t.aliases) > 0 {
		var names []string
		for _, a := range t.aliases {
			names = append(names, a.within(t.name.space))
		}
		p.strings("aliases", names)
	}
	p.b.WriteByte('}')
}

func (p *avroPrinter) field(f *avroField, space string) {
	p.b.WriteString(`{"name":`)
	writeQuoted(&p.b, f.name)
	p.b.WriteString(`,"type":`)
	p.typ(f.typ, space)
	if f.doc != nil {
		p.member("doc", *f.doc)
	}
	if f.def != nil {
		p.b.WriteString(`,"default":`)
		f.def.javaNumbers().write(&p.b)
	}
	if f.order != "" {
		p.member("order", f.order)
	}
	if len(f.aliases) > 0 {
		p.strings("aliases", f.aliases)
	}
	p.props(f.props)
	p.b.WriteByte('}')
}

func (p *avroPrinter) props(props []avroProp) {
	if p.normal {
		props = slices.Clone(props)
		slices.SortFunc(props, func(a, b avroProp) int { return strings.Compare(a.key, b.key) })
	}
	for _, a := range props {
		p.b.WriteByte(',')
		writeQuoted(&p.b, a.key)
		p.b.WriteByte(':')
		v := a.value.javaNumbers()
		if p.normal {
			v = v.sorted()
		}
		v.write(&p.b)
	}
}

func (p *avroPrinter) member(key, value string) {
	p.b.WriteString(`,"` + key + `":`)
	writeQuoted(&p.b, value)
}

func (p *avroPrinter) strings(key string, values []string) {
	p.b.WriteString(`,"` + key + `":[`)
	for i, v := range values {
		p.comma(i)
		writeQuoted(&p.b, v)
	}
	p.b.WriteByte(']')
}

func (p *avroPrinter) comma(i int) {
	if i > 0 {
		p.b.WriteByte(',')
	}
}
