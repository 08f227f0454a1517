package registry

import (
	"errors"
	"fmt"
)

// difference is one reason why a schema cannot read what another wrote: Confluent's name for
// it, the place, and a sentence with %[1]s for the reader's side and %[2]s for the writer's
// ("new" and "old", or the other way round for FORWARD).
type difference struct {
	class string
	path  string
	text  string
	info  string // Avro only: the message of the library
}

// message is the difference as the HTTP interface shows it, in the outer form that
// Confluent's has for that type of schema.
func (d difference) message(kind SchemaType, reader, writer string) string {
	text := fmt.Sprintf(d.text, reader, writer)
	if kind == Avro {
		return fmt.Sprintf("{errorType:'%s', description:'%s', additionalInfo:'%s'}", d.class, text, d.info)
	}
	return fmt.Sprintf("{errorType:\"%s\", description:\"%s\"}", d.class, text)
}

var errCostly = errors.New("the schemas are too intricate to compare: break them into smaller types")

// escape makes text safe inside a difference's format.
func escape(s string) string {
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '%' {
			out = append(out, '%')
		}
		out = append(out, s[i])
	}
	return string(out)
}
