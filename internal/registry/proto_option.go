package registry

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// options lists "name = value" of an options message, those as written first, in their order.
func (p *protoPrinter) options(m proto.Message) []string {
	if m == nil || !m.ProtoReflect().IsValid() {
		return nil
	}
	var out []string
	m.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Name() == "uninterpreted_option":
			for i := range v.List().Len() {
				out = append(out, asWritten(v.List().Get(i).Message().Interface().(*descriptorpb.UninterpretedOption)))
			}
		case f.FullName() == "google.protobuf.MessageOptions.map_entry":
		case f.IsList():
			for i := range v.List().Len() {
				out = append(out, optionName(f)+" = "+optionValue(f, v.List().Get(i)))
			}
		case !f.IsMap():
			out = append(out, optionName(f)+" = "+optionValue(f, v))
		}
		return true
	})
	asIs := m.ProtoReflect().Has(m.ProtoReflect().Descriptor().Fields().ByName("uninterpreted_option"))
	if p.normal || !asIs {
		slices.Sort(out) // Range has no order
	}
	return out
}

// fieldOptions adds to a field's options the two that its descriptor holds elsewhere.
func (p *protoPrinter) fieldOptions(f *descriptorpb.FieldDescriptorProto) []string {
	var out []string
	written := func(name string) bool {
		return slices.ContainsFunc(f.GetOptions().GetUninterpretedOption(), func(o *descriptorpb.UninterpretedOption) bool {
			return len(o.Name) == 1 && o.Name[0].GetNamePart() == name && !o.Name[0].GetIsExtension()
		})
	}
	if f.DefaultValue != nil && !written("default") {
		value := f.GetDefaultValue()
		switch f.GetType() {
		case descriptorpb.FieldDescriptorProto_TYPE_STRING:
			value = protoQuote(value)
		case descriptorpb.FieldDescriptorProto_TYPE_BYTES:
			value = `"` + value + `"` // escaped in the descriptor already
		}
		out = append(out, "default = "+value)
	}
	if f.JsonName != nil && f.Extendee == nil && f.GetJsonName() != jsonName(f.GetName()) && !written("json_name") {
		out = append(out, "json_name = "+protoQuote(f.GetJsonName()))
	}
	if f.Options != nil {
		out = append(out, p.options(f.Options)...)
	}
	return out
}

// jsonName is the name that a field has in JSON where nothing else is said.
func jsonName(name string) string {
	var b strings.Builder
	up := false
	for _, r := range name {
		switch {
		case r == '_':
			up = true
			continue
		case up && r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		}
		up = false
		b.WriteRune(r)
	}
	return b.String()
}

func (p *protoPrinter) optionLines(options []string) {
	for _, o := range options {
		p.line("option %s;", o)
	}
}

// inline is a list of options in brackets, with a space before it, or nothing.
func (p *protoPrinter) inline(options []string) string {
	if len(options) == 0 {
		return ""
	}
	return " [" + strings.Join(options, ", ") + "]"
}

// asWritten is an option that was not interpreted.
func asWritten(o *descriptorpb.UninterpretedOption) string {
	var name []string
	for _, part := range o.Name {
		if part.GetIsExtension() {
			name = append(name, "("+part.GetNamePart()+")")
		} else {
			name = append(name, part.GetNamePart())
		}
	}
	value := ""
	switch {
	case o.IdentifierValue != nil:
		value = o.GetIdentifierValue()
	case o.PositiveIntValue != nil:
		value = strconv.FormatUint(o.GetPositiveIntValue(), 10)
	case o.NegativeIntValue != nil:
		value = strconv.FormatInt(o.GetNegativeIntValue(), 10)
	case o.DoubleValue != nil:
		value = protoFloat(o.GetDoubleValue())
	case o.StringValue != nil:
		value = protoQuote(string(o.StringValue))
	case o.AggregateValue != nil:
		value = "{ " + strings.TrimSpace(o.GetAggregateValue()) + " }"
	}
	return strings.Join(name, ".") + " = " + value
}

func optionName(f protoreflect.FieldDescriptor) string {
	if f.IsExtension() {
		return "(." + string(f.FullName()) + ")"
	}
	return string(f.Name())
}

func optionValue(f protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch f.Kind() {
	case protoreflect.EnumKind:
		if d := f.Enum().Values().ByNumber(v.Enum()); d != nil {
			return string(d.Name())
		}
		return strconv.Itoa(int(v.Enum()))
	case protoreflect.StringKind:
		return protoQuote(v.String())
	case protoreflect.BytesKind:
		return protoQuote(string(v.Bytes()))
	case protoreflect.MessageKind, protoreflect.GroupKind:
		// prototext varies its spaces on purpose; one text needs one form.
		text := prototext.MarshalOptions{AllowPartial: true}.Format(v.Message().Interface())
		return "{ " + oneSpace(text) + " }"
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return protoFloat(v.Float())
	}
	return fmt.Sprint(v.Interface())
}

// oneSpace makes runs of spaces outside strings one space.
func oneSpace(text string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '"' {
			quoted = !quoted
		}
		if c == ' ' && !quoted && strings.HasSuffix(b.String(), " ") {
			continue
		}
		b.WriteByte(c)
		if c == '\\' && quoted && i+1 < len(text) {
			i++
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

func protoFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// protoQuote is a string literal; bytes that are no printable ASCII are octal, but UTF-8 stays.
func protoQuote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == 0xFFFD && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\%03o`, s[i])
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\%03o`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
