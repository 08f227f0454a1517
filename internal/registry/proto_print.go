package registry

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/descriptorpb"
)

// printProto writes a file as text: no comments, two spaces a level, everything in the order
// in which it is declared; normal sorts what has no order (fields by number, imports, options).
// Options may be as written (uninterpreted) or interpreted.
func printProto(fd *descriptorpb.FileDescriptorProto, normal bool) string {
	p := &protoPrinter{normal: normal, proto3: fd.GetSyntax() == "proto3"}
	switch {
	case fd.Edition != nil && fd.GetSyntax() == "editions":
		p.line("edition = %q;", strings.TrimPrefix(fd.GetEdition().String(), "EDITION_"))
	case fd.GetSyntax() != "":
		p.line("syntax = %q;", fd.GetSyntax())
	default:
		p.line("syntax = \"proto2\";")
	}
	if fd.Package != nil {
		p.line("package %s;", fd.GetPackage())
	}
	p.imports(fd)
	if options := p.options(fd.Options); len(options) > 0 {
		p.line("")
		p.optionLines(options)
	}
	if len(fd.MessageType)+len(fd.EnumType) > 0 {
		p.line("")
	}
	groups := groupNames(fd.Extension, fd.MessageType)
	for _, m := range fd.MessageType {
		if !groups[m.GetName()] {
			p.message(m)
		}
	}
	for _, e := range fd.EnumType {
		p.enum(e)
	}
	p.extensions(fd.Extension, fd.MessageType)
	for _, s := range fd.Service {
		p.service(s)
	}
	return p.b.String()
}

type protoPrinter struct {
	b      bytes.Buffer
	indent int
	normal bool
	proto3 bool
}

func (p *protoPrinter) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if text != "" {
		p.b.WriteString(strings.Repeat("  ", p.indent))
	}
	p.b.WriteString(text)
	p.b.WriteByte('\n')
}

// block writes a head, what is inside, and the closing brace.
func (p *protoPrinter) block(head string, inside func()) {
	p.line("%s {", head)
	p.indent++
	inside()
	p.indent--
	p.line("}")
}

func (p *protoPrinter) imports(fd *descriptorpb.FileDescriptorProto) {
	var lines []string
	for i, path := range fd.Dependency {
		kind := ""
		switch {
		case slices.Contains(fd.PublicDependency, int32(i)):
			kind = "public "
		case slices.Contains(fd.WeakDependency, int32(i)):
			kind = "weak "
		}
		lines = append(lines, fmt.Sprintf("import %s%s;", kind, protoQuote(path)))
	}
	if p.normal {
		slices.Sort(lines)
	}
	if len(lines) > 0 {
		p.line("")
	}
	for _, l := range lines {
		p.line("%s", l)
	}
}

func (p *protoPrinter) message(m *descriptorpb.DescriptorProto) {
	p.block("message "+m.GetName(), func() { p.messageBody(m) })
}

func (p *protoPrinter) messageBody(m *descriptorpb.DescriptorProto) {
	p.optionLines(p.options(m.Options))
	p.reserved(m)
	fields := m.Field
	if p.normal {
		fields = slices.Clone(fields)
		slices.SortFunc(fields, func(a, b *descriptorpb.FieldDescriptorProto) int { return int(a.GetNumber() - b.GetNumber()) })
	}
	done := map[int32]bool{}
	for _, f := range fields {
		switch i := f.GetOneofIndex(); {
		case f.OneofIndex == nil || f.GetProto3Optional():
			p.field(f, m.NestedType, true)
		case !done[i]:
			done[i] = true
			p.oneof(m, i, fields)
		}
	}
	inner := groupNames(append(slices.Clone(m.Field), m.Extension...), m.NestedType)
	for _, n := range m.NestedType {
		if !n.GetOptions().GetMapEntry() && !inner[n.GetName()] {
			p.message(n)
		}
	}
	for _, e := range m.EnumType {
		p.enum(e)
	}
	for _, r := range m.ExtensionRange {
		p.line("extensions %s%s;", protoRange(r.GetStart(), r.GetEnd()-1, 536870911), p.inline(p.options(r.Options)))
	}
	p.extensions(m.Extension, m.NestedType)
}

func (p *protoPrinter) oneof(m *descriptorpb.DescriptorProto, i int32, fields []*descriptorpb.FieldDescriptorProto) {
	o := m.OneofDecl[i]
	p.block("oneof "+o.GetName(), func() {
		p.optionLines(p.options(o.Options))
		for _, f := range fields {
			if f.OneofIndex != nil && f.GetOneofIndex() == i {
				p.field(f, m.NestedType, false)
			}
		}
	})
}

// field writes one field; nested are the messages beside it, among them those that stand for
// maps and groups.
func (p *protoPrinter) field(f *descriptorpb.FieldDescriptorProto, nested []*descriptorpb.DescriptorProto, labelled bool) {
	kind, label := protoTypeName(f), ""
	if entry := besides(f, nested); entry != nil && entry.GetOptions().GetMapEntry() {
		kind = fmt.Sprintf("map<%s, %s>", protoTypeName(entry.Field[0]), protoTypeName(entry.Field[1]))
		labelled = false
	}
	if labelled {
		label = p.label(f)
	}
	options := p.inline(p.fieldOptions(f))
	if f.GetType() == descriptorpb.FieldDescriptorProto_TYPE_GROUP {
		if body := besides(f, nested); body != nil {
			p.block(fmt.Sprintf("%sgroup %s = %d%s", label, body.GetName(), f.GetNumber(), options), func() { p.messageBody(body) })
			return
		}
	}
	p.line("%s%s %s = %d%s;", label, kind, f.GetName(), f.GetNumber(), options)
}

func (p *protoPrinter) label(f *descriptorpb.FieldDescriptorProto) string {
	switch {
	case f.GetLabel() == descriptorpb.FieldDescriptorProto_LABEL_REPEATED:
		return "repeated "
	case f.GetLabel() == descriptorpb.FieldDescriptorProto_LABEL_REQUIRED:
		return "required "
	case f.Label != nil && (f.GetProto3Optional() || !p.proto3 && !p.editions()):
		return "optional "
	}
	return ""
}

// editions tells whether the file has an edition, where singular fields have no label.
func (p *protoPrinter) editions() bool { return bytes.HasPrefix(p.b.Bytes(), []byte("edition")) }

// besides is the message declared beside a field that the field's type names.
func besides(f *descriptorpb.FieldDescriptorProto, nested []*descriptorpb.DescriptorProto) *descriptorpb.DescriptorProto {
	name := f.GetTypeName()
	name = name[strings.LastIndexByte(name, '.')+1:]
	for _, n := range nested {
		if n.GetName() == name && (n.GetOptions().GetMapEntry() || f.GetType() == descriptorpb.FieldDescriptorProto_TYPE_GROUP) {
			return n
		}
	}
	return nil
}

// groupNames are the names of the messages that are the bodies of groups.
func groupNames(fields []*descriptorpb.FieldDescriptorProto, nested []*descriptorpb.DescriptorProto) map[string]bool {
	out := map[string]bool{}
	for _, f := range fields {
		if f.GetType() == descriptorpb.FieldDescriptorProto_TYPE_GROUP {
			if m := besides(f, nested); m != nil {
				out[m.GetName()] = true
			}
		}
	}
	return out
}

func protoTypeName(f *descriptorpb.FieldDescriptorProto) string {
	if f.TypeName != nil {
		return f.GetTypeName()
	}
	return strings.ToLower(strings.TrimPrefix(f.GetType().String(), "TYPE_"))
}

func (p *protoPrinter) reserved(m *descriptorpb.DescriptorProto) {
	var ranges []string
	for _, r := range m.ReservedRange {
		ranges = append(ranges, protoRange(r.GetStart(), r.GetEnd()-1, 536870911))
	}
	p.reservedLines(ranges, m.ReservedName)
}

func (p *protoPrinter) reservedLines(ranges, names []string) {
	if len(ranges) > 0 {
		p.line("reserved %s;", strings.Join(ranges, ", "))
	}
	var quoted []string
	for _, n := range names {
		if p.editions() {
			quoted = append(quoted, n)
		} else {
			quoted = append(quoted, protoQuote(n))
		}
	}
	if len(quoted) > 0 {
		p.line("reserved %s;", strings.Join(quoted, ", "))
	}
}

func protoRange(from, to, largest int32) string {
	switch {
	case from == to:
		return fmt.Sprint(from)
	case to >= largest:
		return fmt.Sprintf("%d to max", from)
	}
	return fmt.Sprintf("%d to %d", from, to)
}

func (p *protoPrinter) enum(e *descriptorpb.EnumDescriptorProto) {
	p.block("enum "+e.GetName(), func() {
		p.optionLines(p.options(e.Options))
		var ranges []string
		for _, r := range e.ReservedRange {
			ranges = append(ranges, protoRange(r.GetStart(), r.GetEnd(), 1<<31-1))
		}
		p.reservedLines(ranges, e.ReservedName)
		for _, v := range e.Value {
			p.line("%s = %d%s;", v.GetName(), v.GetNumber(), p.inline(p.options(v.Options)))
		}
	})
}

func (p *protoPrinter) extensions(fields []*descriptorpb.FieldDescriptorProto, nested []*descriptorpb.DescriptorProto) {
	for i := 0; i < len(fields); {
		to := fields[i].GetExtendee()
		p.block("extend "+to, func() {
			for ; i < len(fields) && fields[i].GetExtendee() == to; i++ {
				p.field(fields[i], nested, true)
			}
		})
	}
}

func (p *protoPrinter) service(s *descriptorpb.ServiceDescriptorProto) {
	p.block("service "+s.GetName(), func() {
		p.optionLines(p.options(s.Options))
		for _, m := range s.Method {
			in, out := m.GetInputType(), m.GetOutputType()
			if m.GetClientStreaming() {
				in = "stream " + in
			}
			if m.GetServerStreaming() {
				out = "stream " + out
			}
			head := fmt.Sprintf("rpc %s (%s) returns (%s)", m.GetName(), in, out)
			if options := p.options(m.Options); len(options) > 0 {
				p.block(head, func() { p.optionLines(options) })
			} else {
				p.line("%s;", head)
			}
		}
	})
}
