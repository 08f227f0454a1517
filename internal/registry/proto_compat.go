package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// compare lists the changes from the writer's file to s that break readers. The rules are
// those of Confluent's registry; singular against repeated counts also where no label is written.
func (s *protoSchema) compare(writer parsed) ([]difference, error) {
	w, ok := writer.(*protoSchema)
	if !ok {
		return otherType(), nil
	}
	c := protoCompare{old: w.file, new: s.file, seen: map[[2]protoreflect.FullName]bool{}}
	if w.file.Package() != s.file.Package() {
		c.add("PACKAGE_CHANGED", "#/")
	}
	c.messages(w.file.Messages(), s.file.Messages(), "#")
	return c.out, nil
}

type protoCompare struct {
	old, new protoreflect.FileDescriptor
	seen     map[[2]protoreflect.FullName]bool // messages of imports that were compared or are being
	out      []difference
}

// protoTexts are the sentences by class; the first %s of each is the path.
var protoTexts = map[string]string{
	"PACKAGE_CHANGED":                "The package of the %%[1]s schema differs from that of the %%[2]s schema (path '%s')",
	"MESSAGE_REMOVED":                "The %%[1]s schema lacks the message at path '%s' of the %%[2]s schema",
	"FIELD_KIND_CHANGED":             "The field at path '%s' is of another kind (scalar, message or map) in the %%[1]s schema than in the %%[2]s schema",
	"FIELD_SCALAR_KIND_CHANGED":      "The scalar at path '%s' of the %%[1]s schema has another encoding than in the %%[2]s schema",
	"FIELD_NUMERIC_LABEL_CHANGED":    "The label of the number at path '%s' of the %%[1]s schema differs from that in the %%[2]s schema",
	"FIELD_NAMED_TYPE_CHANGED":       "The message type of the field at path '%s' of the %%[1]s schema differs from that in the %%[2]s schema",
	"REQUIRED_FIELD_ADDED":           "The %%[1]s schema has a required field at path '%s' that the %%[2]s schema lacks",
	"REQUIRED_FIELD_REMOVED":         "The %%[1]s schema lacks the required field at path '%s' of the %%[2]s schema",
	"ONEOF_FIELD_REMOVED":            "The %%[1]s schema lacks the field at path '%s' of a oneof of the %%[2]s schema",
	"MULTIPLE_FIELDS_MOVED_TO_ONEOF": "Several fields of the %%[2]s schema are in one oneof at path '%s' of the %%[1]s schema",
	"FIELD_MOVED_TO_EXISTING_ONEOF":  "A field of the %%[2]s schema is in a oneof at path '%s' of the %%[1]s schema that had fields before",
}

func (c *protoCompare) add(class, path string) {
	if len(c.out) < maxDiffs {
		c.out = append(c.out, difference{class: class, path: path, text: fmt.Sprintf(protoTexts[class], escape(path))})
	}
}

// messages compares those of one level by name. New ones are no trouble, enums neither.
func (c *protoCompare) messages(old, new protoreflect.MessageDescriptors, at string) {
	for i := range old.Len() {
		m := old.Get(i)
		path := at + "/" + string(m.Name())
		n := new.ByName(m.Name())
		switch {
		case m.IsMapEntry():
		case n == nil:
			c.add("MESSAGE_REMOVED", path)
		default:
			c.message(m, n, path)
		}
	}
}

func (c *protoCompare) message(old, new protoreflect.MessageDescriptor, at string) {
	c.oneofs(old, new, at)
	for _, number := range numbers(old, new) {
		path := fmt.Sprintf("%s/%d", at, number)
		f, g := old.Fields().ByNumber(number), new.Fields().ByNumber(number)
		switch {
		case g == nil:
			if f.Cardinality() == protoreflect.Required {
				c.add("REQUIRED_FIELD_REMOVED", path)
			} else if o := oneofOf(f); o != nil && new.Oneofs().ByName(o.Name()) != nil {
				c.add("ONEOF_FIELD_REMOVED", fmt.Sprintf("%s/%s/%d", at, o.Name(), number))
			}
		case f == nil:
			if g.Cardinality() == protoreflect.Required {
				c.add("REQUIRED_FIELD_ADDED", path)
			}
		default:
			c.field(f, g, path)
		}
	}
	c.messages(old.Messages(), new.Messages(), at)
}

// oneofs looks at the fields that are in a oneof now and stood alone before: one may enter a
// new oneof, not one that had fields, and not together with a second.
func (c *protoCompare) oneofs(old, new protoreflect.MessageDescriptor, at string) {
	for i := range new.Oneofs().Len() {
		o := new.Oneofs().Get(i)
		if o.IsSynthetic() {
			continue
		}
		moved, there := 0, 0
		for j := range o.Fields().Len() {
			if f := old.Fields().ByNumber(o.Fields().Get(j).Number()); f == nil {
				continue
			} else if oneofOf(f) == nil {
				moved++
			} else {
				there++
			}
		}
		switch {
		case moved > 1:
			c.add("MULTIPLE_FIELDS_MOVED_TO_ONEOF", at+"/"+string(o.Name()))
		case moved == 1 && there > 0:
			c.add("FIELD_MOVED_TO_EXISTING_ONEOF", at+"/"+string(o.Name()))
		}
	}
}

// oneofOf is the oneof that a field is written in; "optional" in proto3 makes none.
func oneofOf(f protoreflect.FieldDescriptor) protoreflect.OneofDescriptor {
	if o := f.ContainingOneof(); o != nil && !o.IsSynthetic() {
		return o
	}
	return nil
}

func numbers(a, b protoreflect.MessageDescriptor) []protoreflect.FieldNumber {
	all := map[protoreflect.FieldNumber]bool{}
	for _, m := range []protoreflect.MessageDescriptor{a, b} {
		for i := range m.Fields().Len() {
			all[m.Fields().Get(i).Number()] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func (c *protoCompare) field(old, new protoreflect.FieldDescriptor, at string) {
	a, b := protoKind(old), protoKind(new)
	switch {
	case a != b && (a == "map" || b == "map" || a == "message" || b == "message"):
		c.add("FIELD_KIND_CHANGED", at)
	case a == "map":
		c.field(old.MapKey(), new.MapKey(), at)
		c.field(old.MapValue(), new.MapValue(), at)
	case a == "message":
		c.named(old.Message(), new.Message(), at)
	case a != b:
		c.add("FIELD_SCALAR_KIND_CHANGED", at)
	case a != "string" && old.Cardinality() != new.Cardinality():
		c.add("FIELD_NUMERIC_LABEL_CHANGED", at)
	}
}

// protoKind puts types together that read each other's encoding
// (protobuf.dev, "Updating A Message Type").
func protoKind(f protoreflect.FieldDescriptor) string {
	switch {
	case f.IsMap():
		return "map"
	case f.Message() != nil:
		return "message"
	}
	switch k := f.Kind(); k {
	case protoreflect.Int32Kind, protoreflect.Int64Kind, protoreflect.Uint32Kind, protoreflect.Uint64Kind,
		protoreflect.BoolKind, protoreflect.EnumKind:
		return "varint"
	case protoreflect.Sint32Kind, protoreflect.Sint64Kind:
		return "zigzag"
	case protoreflect.StringKind, protoreflect.BytesKind:
		return "string"
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind:
		return "fixed32"
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return "fixed64"
	default:
		return k.String()
	}
}

// named compares the message types of a field: the name within the package must stay, and what
// an import defines must be compatible too. The files' own messages are compared anyway.
func (c *protoCompare) named(old, new protoreflect.MessageDescriptor, at string) {
	if local(old) != local(new) {
		c.add("FIELD_NAMED_TYPE_CHANGED", at)
		return
	}
	if old.ParentFile().Path() == c.old.Path() && new.ParentFile().Path() == c.new.Path() {
		return
	}
	key := [2]protoreflect.FullName{old.FullName(), new.FullName()}
	if c.seen[key] {
		return
	}
	c.seen[key] = true
	before := len(c.out)
	c.message(old, new, "#/"+strings.ReplaceAll(local(old), ".", "/"))
	if len(c.out) > before {
		c.add("FIELD_NAMED_TYPE_CHANGED", at)
	}
}

// local is a message's name without its file's package.
func local(m protoreflect.MessageDescriptor) string {
	return strings.TrimPrefix(strings.TrimPrefix(string(m.FullName()), string(m.ParentFile().Package())), ".")
}
