package sqltest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// shape is as much of a type as comparison needs.
type shape struct {
	kind   byte // 'i' integer, 'f' float, 'd' double, 'b' boolean, 's' string form, 'a' array, 'm' map, 'r' struct, 'n' void
	parts  []shape
	fields []string
}

var leafKinds = map[string]byte{
	"tinyint": 'i', "smallint": 'i', "int": 'i', "bigint": 'i', "float": 'f', "double": 'd', "boolean": 'b', "void": 'n',
}

// parseShape reads Spark's simpleString.
func parseShape(s string) (shape, error) {
	open := strings.IndexByte(s, '<')
	if open < 0 {
		if k, ok := leafKinds[s]; ok {
			return shape{kind: k}, nil
		}
		return shape{kind: 's'}, nil // string, decimal, binary and all that is cast to string
	}
	if !strings.HasSuffix(s, ">") {
		return shape{}, fmt.Errorf("type %q does not end", s)
	}
	sh := shape{kind: map[string]byte{"array": 'a', "map": 'm', "struct": 'r'}[s[:open]]}
	if sh.kind == 0 {
		return shape{}, fmt.Errorf("unknown type %q", s)
	}
	for _, part := range splitTop(s[open+1 : len(s)-1]) {
		if sh.kind == 'r' {
			name, typ, _ := strings.Cut(part, ":")
			sh.fields, part = append(sh.fields, name), typ
		}
		inner, err := parseShape(part)
		if err != nil {
			return shape{}, err
		}
		sh.parts = append(sh.parts, inner)
	}
	if n := len(sh.parts); sh.kind == 'a' && n != 1 || sh.kind == 'm' && n != 2 {
		return shape{}, fmt.Errorf("type %q has %d parts", s, n)
	}
	return sh, nil
}

// splitTop splits at the commas that are in no brackets.
func splitTop(s string) []string {
	var parts []string
	depth, from := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '<', '(':
			depth++
		case '>', ')':
			depth--
		case ',':
			if depth == 0 {
				parts, from = append(parts, s[from:i]), i+1
			}
		}
	}
	if s == "" {
		return nil
	}
	return append(parts, s[from:])
}

// canonical turns rows into texts that are equal exactly when the values are: doubles bit for bit
// (every NaN alike), integers by value and written as integers, the fields of a struct by name.
func canonical(schema []Column, rows []string) ([]string, error) {
	shapes := make([]shape, len(schema))
	for i, c := range schema {
		var err error
		if shapes[i], err = parseShape(c.Type); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	out := make([]string, len(rows))
	for i, row := range rows {
		values, err := decodeRow(row)
		if err != nil {
			return nil, fmt.Errorf("row %s: %w", row, err)
		}
		if len(values) != len(shapes) {
			return nil, fmt.Errorf("row %s has %d values for %d columns", row, len(values), len(shapes))
		}
		var b strings.Builder
		for j, v := range values {
			if err := canon(&b, shapes[j], v); err != nil {
				return nil, fmt.Errorf("row %s, column %s %s: %w", row, schema[j].Name, schema[j].Type, err)
			}
			b.WriteByte('\n')
		}
		out[i] = b.String()
	}
	return out, nil
}

func decodeRow(row string) ([]any, error) {
	d := json.NewDecoder(bytes.NewReader([]byte(row)))
	d.UseNumber()
	var values []any
	if err := d.Decode(&values); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one JSON value")
	}
	return values, nil
}

func canon(b *strings.Builder, sh shape, v any) error {
	if v == nil {
		b.WriteString("null")
		return nil
	}
	switch v := v.(type) {
	case bool:
		if sh.kind == 'b' {
			b.WriteString(strconv.FormatBool(v))
			return nil
		}
	case string:
		if sh.kind == 's' {
			b.WriteString(strconv.Quote(v))
			return nil
		}
		if sh.kind == 'd' || sh.kind == 'f' {
			return canonSpecial(b, v)
		}
	case json.Number:
		return canonNumber(b, sh, v.String())
	case []any:
		return canonList(b, sh, v)
	case map[string]any:
		return canonStruct(b, sh, v)
	}
	return fmt.Errorf("%v is no value of the type", v)
}

func canonSpecial(b *strings.Builder, v string) error {
	if v != "NaN" && v != "Infinity" && v != "-Infinity" {
		return fmt.Errorf("%q is not NaN, Infinity or -Infinity", v)
	}
	b.WriteString(v)
	return nil
}

func canonNumber(b *strings.Builder, sh shape, text string) error {
	switch sh.kind {
	case 'i':
		n, ok := new(big.Int).SetString(text, 10)
		if !ok {
			return fmt.Errorf("%s is not written as an integer", text)
		}
		b.WriteString(n.String())
	case 'd', 'f':
		bits := 64
		if sh.kind == 'f' {
			bits = 32
		}
		x, err := strconv.ParseFloat(text, bits)
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "%s (%016x)", strconv.FormatFloat(x, 'g', -1, bits), math.Float64bits(x))
	default:
		return fmt.Errorf("the number %s is no value of the type", text)
	}
	return nil
}

func canonList(b *strings.Builder, sh shape, list []any) error {
	if sh.kind != 'a' && sh.kind != 'm' {
		return fmt.Errorf("a list is no value of the type")
	}
	b.WriteByte('[')
	for _, v := range list {
		if sh.kind == 'a' {
			if err := canon(b, sh.parts[0], v); err != nil {
				return err
			}
		} else {
			pair, ok := v.([]any)
			if !ok || len(pair) != 2 {
				return fmt.Errorf("a map is a list of [key, value] pairs")
			}
			for i := range pair {
				if err := canon(b, sh.parts[i], pair[i]); err != nil {
					return err
				}
				b.WriteByte(':')
			}
		}
		b.WriteByte(',')
	}
	b.WriteByte(']')
	return nil
}

func canonStruct(b *strings.Builder, sh shape, object map[string]any) error {
	if sh.kind != 'r' {
		return fmt.Errorf("an object is no value of the type")
	}
	for name := range object {
		if !slices.Contains(sh.fields, name) {
			return fmt.Errorf("there is no field %q", name)
		}
	}
	b.WriteByte('{')
	for i, name := range sh.fields {
		v, ok := object[name]
		if !ok {
			return fmt.Errorf("the field %q is missing", name)
		}
		b.WriteString(name + ":")
		if err := canon(b, sh.parts[i], v); err != nil {
			return err
		}
		b.WriteByte(',')
	}
	b.WriteByte('}')
	return nil
}
