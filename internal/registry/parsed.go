package registry

import (
	"fmt"
	"slices"

	"github.com/azud/azud/internal/errs"
)

// SchemaType is the language of a schema.
type SchemaType string

// The types, as the HTTP interface names them.
const (
	Avro     SchemaType = "AVRO"
	JSON     SchemaType = "JSON"
	Protobuf SchemaType = "PROTOBUF"
)

// schemaTypes in the order in which Confluent's registry lists them.
var schemaTypes = []SchemaType{JSON, Protobuf, Avro}

// parsed is a schema that was understood.
type parsed interface {
	// canonical is the text that is stored and compared: two texts that mean the same but for
	// layout have one canonical text.
	canonical() string
	// normal is a text in which the order of things that have none does not matter either.
	normal() string
	// compare lists why data written with the other schema cannot be read with this one, as
	// far as the rules of its language say. An error means that they could not be compared.
	compare(writer parsed) ([]difference, error)
}

// resolved is a reference with its text, those that it needs itself before it.
type resolved struct {
	name string // as the referring schema calls it: an Avro name, a JSON $ref, a Protobuf import
	text string
}

func parseSchema(t SchemaType, text string, refs []resolved, strict bool) (parsed, error) {
	var p parsed
	var err error
	switch t {
	case Avro:
		p, err = parseAvro(text, refs, strict)
	case JSON:
		p, err = parseJSONSchema(text, refs)
	case Protobuf:
		p, err = parseProtobuf(text, refs)
	default:
		return nil, fmt.Errorf("the schema type %q is unknown%s", t, nearType(t))
	}
	if err != nil {
		return nil, err // not p: an interface around a nil pointer is not nil
	}
	return p, nil
}

func nearType(t SchemaType) string {
	var names []string
	for _, s := range schemaTypes {
		names = append(names, string(s))
	}
	slices.Sort(names)
	if near := errs.Near(string(t), names); len(near) > 0 {
		return fmt.Sprintf(": did you mean %s?", near[0])
	}
	return fmt.Sprintf(": there are %v", names)
}

// otherType is the difference between schemas of different languages.
func otherType() []difference {
	return []difference{{class: "TYPE_MISMATCH", path: "/", text: "The %[1]s schema is of another schema type than the %[2]s schema"}}
}
