package parquet

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/azud/azud/internal/types"
)

// SchemaKey is the key under which Spark keeps a file's schema in the footer, as JSON.
const SchemaKey = "org.apache.spark.sql.parquet.row.metadata"

var sparkNames = map[types.Kind]string{
	types.Null: "void", types.Boolean: "boolean", types.Byte: "byte", types.Short: "short", types.Int: "integer", types.Long: "long",
	types.Float: "float", types.Double: "double", types.String: "string", types.Binary: "binary", types.Date: "date",
	types.Timestamp: "timestamp", types.TimestampNTZ: "timestamp_ntz",
}

type jsonField struct {
	Name     string          `json:"name"`
	Type     json.RawMessage `json:"type"`
	Nullable bool            `json:"nullable"`
	Metadata json.RawMessage `json:"metadata"`
}

type jsonType struct {
	Type              string          `json:"type"`
	Fields            []jsonField     `json:"fields,omitempty"`
	ElementType       json.RawMessage `json:"elementType,omitempty"`
	ContainsNull      *bool           `json:"containsNull,omitempty"`
	KeyType           json.RawMessage `json:"keyType,omitempty"`
	ValueType         json.RawMessage `json:"valueType,omitempty"`
	ValueContainsNull *bool           `json:"valueContainsNull,omitempty"`
}

// SparkJSON is a schema as Spark's DataType.json writes it.
func SparkJSON(s types.Schema) string { return string(typeJSON(s.Struct())) }

func typeJSON(t types.Type) json.RawMessage {
	var v any = t.String()
	switch t.Kind {
	case types.Struct:
		fields := make([]jsonField, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = jsonField{f.Name, typeJSON(f.Type), f.Nullable, json.RawMessage("{}")}
		}
		v = struct {
			Type   string      `json:"type"`
			Fields []jsonField `json:"fields"`
		}{"struct", fields}
	case types.Array:
		v = jsonType{Type: "array", ElementType: typeJSON(*t.Elem), ContainsNull: &t.HasNull}
	case types.Map:
		v = jsonType{Type: "map", KeyType: typeJSON(*t.Key), ValueType: typeJSON(*t.Elem), ValueContainsNull: &t.HasNull}
	default:
		if name, ok := sparkNames[t.Kind]; ok {
			v = name
		}
	}
	out, _ := json.Marshal(v) // of strings, booleans and valid JSON: cannot fail
	return out
}

// ParseSparkJSON reads a schema that Spark's DataType.json wrote.
func ParseSparkJSON(text string) (types.Schema, error) {
	t, err := parseType([]byte(text), 0)
	if err != nil {
		return nil, err
	}
	if t.Kind != types.Struct {
		return nil, fmt.Errorf("the schema is %s, not a struct", t)
	}
	return types.Schema(t.Fields), nil
}

func parseType(text []byte, depth int) (types.Type, error) {
	if depth > 100 {
		return types.Type{}, fmt.Errorf("a type is nested deeper than 100")
	}
	var name string
	if json.Unmarshal(text, &name) == nil {
		return namedType(name)
	}
	var j jsonType
	if err := json.Unmarshal(text, &j); err != nil {
		return types.Type{}, err
	}
	switch j.Type {
	case "struct":
		fields := make([]types.Field, len(j.Fields))
		for i, f := range j.Fields {
			t, err := parseType(f.Type, depth+1)
			if err != nil {
				return t, err
			}
			fields[i] = types.Field{Name: f.Name, Type: t, Nullable: f.Nullable}
		}
		return types.StructOf(fields...), nil
	case "array":
		e, err := parseType(j.ElementType, depth+1)
		return types.ArrayOf(e, j.ContainsNull == nil || *j.ContainsNull), err
	case "map":
		k, err := parseType(j.KeyType, depth+1)
		if err != nil {
			return k, err
		}
		v, err := parseType(j.ValueType, depth+1)
		return types.MapOf(k, v, j.ValueContainsNull == nil || *j.ValueContainsNull), err
	}
	return types.Type{}, fmt.Errorf("unknown type %q", j.Type)
}

func namedType(name string) (types.Type, error) {
	for k, n := range sparkNames {
		if n == name {
			return types.Type{Kind: k}, nil
		}
	}
	var p, s int
	if n, _ := fmt.Sscanf(name, "decimal(%d,%d)", &p, &s); n == 2 && p >= 1 && p <= types.MaxPrecision && s >= 0 && s <= p {
		return types.DecimalType(p, s), nil
	}
	if strings.HasPrefix(name, "varchar(") || strings.HasPrefix(name, "char(") || strings.HasPrefix(name, "string") {
		return types.StringType, nil
	}
	if units, ok := strings.CutPrefix(name, "interval "); ok {
		return intervalType(units)
	}
	return types.Type{}, fmt.Errorf("unknown type %q", name)
}

func intervalType(units string) (types.Type, error) {
	from, to, ok := strings.Cut(units, " to ")
	if !ok {
		to = from
	}
	for kind, names := range map[types.Kind][]string{
		types.DayTime: {"day", "hour", "minute", "second"}, types.YearMonth: {"year", "month"},
	} {
		p, q := -1, -1
		for i, n := range names {
			if n == from {
				p = i
			}
			if n == to {
				q = i
			}
		}
		if p >= 0 && q >= p {
			return types.Type{Kind: kind, Precision: uint8(p), Scale: uint8(q)}, nil
		}
	}
	return types.Type{}, fmt.Errorf("unknown interval %q", units)
}
