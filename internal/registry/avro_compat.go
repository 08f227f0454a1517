package registry

import (
	"fmt"
	"slices"
	"strings"
)

// compare lists why data of the writer cannot be read with s. The rules and the paths are
// those of Apache Avro's SchemaCompatibility (1.12).
func (s *avroSchema) compare(writer parsed) ([]difference, error) {
	w, ok := writer.(*avroSchema)
	if !ok {
		return otherType(), nil
	}
	c := avroCompare{done: map[avroPair][]difference{}}
	out := c.pair(s.root, w.root, "")
	if c.steps > maxSteps {
		return nil, errCostly
	}
	out = slices.Clone(out[:min(len(out), maxDiffs)])
	for i := range out {
		if out[i].path == "" {
			out[i].path = "/"
		}
		out[i].text = avroText(out[i])
	}
	return out, nil
}

type avroPair struct{ reader, writer *avroType }

type avroCompare struct {
	done  map[avroPair][]difference // with paths relative to the pair; nil while under way: no difference
	steps int
}

// pair compares two types found at a path. A pair met again within itself is compatible as
// far as that place is concerned.
func (c *avroCompare) pair(r, w *avroType, at string) []difference {
	c.steps++
	if c.steps > maxSteps {
		return nil
	}
	if !r.named() || !w.named() {
		return c.both(r, w, at)
	}
	key := avroPair{r, w}
	list, ok := c.done[key]
	if !ok {
		c.done[key] = nil
		list = c.both(r, w, "")
		c.done[key] = list
	}
	return under(at, list)
}

// under puts the place before the paths of differences.
func under(at string, list []difference) []difference {
	if at == "" {
		return list
	}
	out := make([]difference, len(list))
	for i, d := range list {
		out[i] = d
		out[i].path = at + d.path
	}
	return out
}

func (c *avroCompare) both(r, w *avroType, at string) []difference {
	if r.kind == w.kind {
		switch r.kind {
		case "array":
			return c.pair(r.elem, w.elem, at+"/items")
		case "map":
			return c.pair(r.elem, w.elem, at+"/values")
		case "fixed":
			return slices.Concat(avroNames(r, w, at), avroSizes(r, w, at))
		case "enum":
			return slices.Concat(avroNames(r, w, at), avroSymbols(r, w, at))
		case "record":
			return slices.Concat(avroNames(r, w, at), c.fields(r, w, at))
		case "union":
			return c.unions(r, w, at)
		}
		return nil
	}
	if w.kind == "union" {
		var out []difference
		for i, b := range w.branches {
			out = append(out, c.pair(r, b, fmt.Sprintf("%s/%d", at, i))...)
		}
		return out
	}
	if r.kind == "union" {
		for _, b := range r.branches {
			if len(c.pair(b, w, at)) == 0 {
				return nil
			}
		}
		return []difference{lacksBranch(w, at)}
	}
	if promotes(r.kind, w.kind) {
		return nil
	}
	return []difference{{"TYPE_MISMATCH", at, "", fmt.Sprintf("reader type: %s not compatible with writer type: %s",
		strings.ToUpper(r.kind), strings.ToUpper(w.kind))}}
}

// promotes tells whether a reader of one primitive type takes a writer's other one.
func promotes(reader, writer string) bool {
	switch reader {
	case "long":
		return writer == "int"
	case "float":
		return writer == "int" || writer == "long"
	case "double":
		return writer == "int" || writer == "long" || writer == "float"
	case "bytes":
		return writer == "string"
	case "string":
		return writer == "bytes"
	}
	return false
}

func (c *avroCompare) unions(r, w *avroType, at string) []difference {
	var out []difference
	for i, b := range w.branches {
		place := fmt.Sprintf("%s/%d", at, i)
		if !slices.ContainsFunc(r.branches, func(a *avroType) bool { return len(c.pair(a, b, place)) == 0 }) {
			out = append(out, lacksBranch(b, place))
		}
	}
	return out
}

func lacksBranch(w *avroType, at string) difference {
	return difference{"MISSING_UNION_BRANCH", at, "", "reader union lacking writer type: " + strings.ToUpper(w.kind)}
}

// avroNames: a type keeps its name, or has the old one as an alias; the namespace may change.
func avroNames(r, w *avroType, at string) []difference {
	if r.name.name == w.name.name || slices.Contains(r.aliases, w.name) {
		return nil
	}
	return []difference{{"NAME_MISMATCH", at + "/name", "", "expected: " + w.name.full()}}
}

func avroSizes(r, w *avroType, at string) []difference {
	if r.size == w.size {
		return nil
	}
	return []difference{{"FIXED_SIZE_MISMATCH", at + "/size", "", fmt.Sprintf("expected: %d, found: %d", w.size, r.size)}}
}

func avroSymbols(r, w *avroType, at string) []difference {
	if r.fallback != nil {
		return nil
	}
	have := setOf(strings.Join(r.symbols, " "))
	var missing []string
	for _, s := range w.symbols {
		if !have[s] {
			missing = append(missing, s)
		}
	}
	if missing == nil {
		return nil
	}
	return []difference{{"MISSING_ENUM_SYMBOLS", at + "/symbols", "", "[" + strings.Join(missing, ", ") + "]"}}
}

func (c *avroCompare) fields(r, w *avroType, at string) []difference {
	byName := map[string]*avroField{}
	for _, g := range w.fields {
		byName[g.name] = g
	}
	var out []difference
	for i, f := range r.fields {
		place := fmt.Sprintf("%s/fields/%d", at, i)
		g := writerField(f, byName)
		switch {
		case g != nil:
			out = append(out, c.pair(f.typ, g.typ, place+"/type")...)
		case f.def != nil:
		case f.typ.kind == "enum" && f.typ.fallback != nil:
			out = append(out, c.pair(f.typ, w, place+"/type")...)
		default:
			out = append(out, difference{"READER_FIELD_MISSING_DEFAULT_VALUE", place, "", f.name})
		}
	}
	return out
}

// writerField is the writer's field of that name, or the one that an alias names.
func writerField(f *avroField, byName map[string]*avroField) *avroField {
	if g := byName[f.name]; g != nil {
		return g
	}
	for _, name := range f.aliases {
		if g := byName[name]; g != nil {
			return g
		}
	}
	return nil
}

// avroText is the sentence of a difference.
func avroText(d difference) string {
	at := escape(d.path)
	switch d.class {
	case "READER_FIELD_MISSING_DEFAULT_VALUE":
		return "The field '" + escape(d.info) + "' at path '" + at + "' of the %[1]s schema has no default value, and the %[2]s schema lacks it"
	case "TYPE_MISMATCH":
		return "The type at path '" + at + "' of the %[1]s schema cannot read the type there in the %[2]s schema"
	case "NAME_MISMATCH":
		return "The name at path '" + at + "' differs between the %[1]s and the %[2]s schema"
	case "MISSING_ENUM_SYMBOLS":
		return "The %[1]s schema lacks the enum symbols '" + escape(d.info) + "' that the %[2]s schema has at path '" + at + "'"
	case "MISSING_UNION_BRANCH":
		return "The %[1]s schema lacks a type that the union of the %[2]s schema has at path '" + at + "'"
	case "FIXED_SIZE_MISMATCH":
		return "The size of the fixed type at path '" + at + "' differs between the %[1]s and the %[2]s schema"
	}
	return ""
}
