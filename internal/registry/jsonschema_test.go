package registry

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func jsonOf(t *testing.T, text string, refs ...resolved) *jsonSchema {
	t.Helper()
	s, err := parseJSONSchema(text, refs)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return s
}

func changesOf(t *testing.T, old, new *jsonSchema) string {
	t.Helper()
	list, err := new.changes(old)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range list {
		mark := "!"
		if jsonFine[d.class] {
			mark = ""
		}
		out = append(out, mark+d.class+" "+jsonPath(d.path))
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// What is expected follows Confluent's documentation ("JSON Schema compatibility rules") and the
// differences that its registry distinguishes; ! marks one that does harm.
func TestJSONSchemaChanges(t *testing.T) {
	object := func(rest string) string { return `{"type":"object",` + rest + `}` }
	for _, c := range []struct{ old, new, want string }{
		{`{"type":"string"}`, `{"type":"string"}`, ``},
		{`{"type":"string"}`, `{}`, ``},
		{`{"type":"string"}`, `true`, ``},
		{`{}`, `{"type":"string"}`, `!TYPE_CHANGED #/`},
		{`false`, `{"type":"string"}`, ``},
		{`{"type":"string"}`, `{"type":"array"}`, `!TYPE_CHANGED #/`},
		{`{"type":"string","title":"a","description":"b","$id":"c","default":1}`, `{"type":"string"}`,
			`DEFAULT_CHANGED #/; DESCRIPTION_CHANGED #/; ID_CHANGED #/; TITLE_CHANGED #/`},
		{`{"type":"string","maxLength":3}`, `{"type":"string","maxLength":4}`, `MAX_LENGTH_INCREASED #/maxLength`},
		{`{"type":"string","maxLength":4}`, `{"type":"string","maxLength":3}`, `!MAX_LENGTH_DECREASED #/maxLength`},
		{`{"type":"string"}`, `{"type":"string","minLength":3}`, `!MIN_LENGTH_ADDED #/minLength`},
		{`{"type":"string","minLength":3}`, `{"type":"string"}`, `MIN_LENGTH_REMOVED #/minLength`},
		{`{"type":"string","pattern":"a"}`, `{"type":"string","pattern":"b"}`, `!PATTERN_CHANGED #/pattern`},
		{`{"type":"integer"}`, `{"type":"number"}`, `TYPE_EXTENDED #/`},
		{`{"type":"number"}`, `{"type":"integer"}`, `!TYPE_NARROWED #/`},
		{`{"type":"number","minimum":1}`, `{"type":"number","minimum":1.0}`, ``},
		{`{"type":"number","minimum":1}`, `{"type":"number","minimum":0.5}`, `MINIMUM_DECREASED #/minimum`},
		{`{"type":"number","exclusiveMaximum":5}`, `{"type":"number","exclusiveMaximum":4}`, `!EXCLUSIVE_MAXIMUM_DECREASED #/exclusiveMaximum`},
		{`{"type":"number","maximum":5}`, `{"type":"number","maximum":5,"exclusiveMaximum":true}`,
			`!EXCLUSIVE_MAXIMUM_ADDED #/exclusiveMaximum; MAXIMUM_REMOVED #/maximum`},
		{`{"type":"number","multipleOf":4}`, `{"type":"number","multipleOf":2}`, `MULTIPLE_OF_REDUCED #/multipleOf`},
		{`{"type":"number","multipleOf":0.2}`, `{"type":"number","multipleOf":0.4}`, `!MULTIPLE_OF_EXPANDED #/multipleOf`},
		{`{"type":"number","multipleOf":4}`, `{"type":"number","multipleOf":3}`, `!MULTIPLE_OF_CHANGED #/multipleOf`},
		{`{"enum":[1,2]}`, `{"enum":[2,1,3]}`, `ENUM_ARRAY_EXTENDED #/enum`},
		{`{"enum":[1,2]}`, `{"enum":[2]}`, `!ENUM_ARRAY_NARROWED #/enum`},
		{`{"enum":[1,2]}`, `{"enum":[2,3]}`, `!ENUM_ARRAY_CHANGED #/enum`},
		{`{"const":1}`, `{"const":2}`, `!ENUM_ARRAY_CHANGED #/const`},
		{`{"type":"string","enum":["a"]}`, `{"type":"string"}`, `PRODUCT_TYPE_NARROWED #/`},
		{`{"type":"string"}`, `{"type":"string","enum":["a"]}`, `!TYPE_CHANGED #/`},
		{`{"not":{"type":"number"}}`, `{"not":{"type":"integer"}}`, `NOT_TYPE_NARROWED #/not`},
		{`{"not":{"type":"integer"}}`, `{"not":{"type":"number"}}`, `!NOT_TYPE_EXTENDED #/not`},

		// the content model: open
		{object(`"properties":{"a":{"type":"string"}}`), object(`"properties":{"a":{"type":"string"},"b":{"type":"string"}}`),
			`!PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/properties/b`},
		{object(`"properties":{"a":{"type":"string"}}`), object(`"properties":{"a":{"type":"string"},"b":{}}`),
			`PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL #/properties/b`},
		{object(`"properties":{"a":{"type":"string"}}`), object(`"properties":{}`), `PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL #/properties/a`},
		{object(`"properties":{"a":{"type":"string"}}`), object(`"properties":{"a":{"type":"number"}}`), `!TYPE_CHANGED #/properties/a`},
		// closed
		{object(`"additionalProperties":false,"properties":{}`), object(`"additionalProperties":false,"properties":{"a":{"type":"string"}}`),
			`OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/a`},
		{object(`"additionalProperties":false,"properties":{}`), object(`"additionalProperties":false,"properties":{"a":{"type":"string"}},"required":["a"]`),
			`!REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/a`},
		{object(`"additionalProperties":false,"properties":{}`), object(`"additionalProperties":false,"properties":{"a":{"type":"string","default":"x"}},"required":["a"]`),
			`REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/a`},
		{object(`"additionalProperties":false,"properties":{"a":{"type":"string"}}`), object(`"additionalProperties":false,"properties":{}`),
			`!PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL #/properties/a`},
		{object(`"additionalProperties":false,"properties":{"a":false}`), object(`"additionalProperties":false,"properties":{}`),
			`PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL #/properties/a`},
		{object(`"additionalProperties":false`), object(`"minProperties":0`), `!MIN_PROPERTIES_ADDED #/minProperties; ADDITIONAL_PROPERTIES_ADDED #/additionalProperties`},
		{object(`"additionalProperties":true`), object(`"additionalProperties":false`), `!ADDITIONAL_PROPERTIES_REMOVED #/additionalProperties`},
		// partially open
		{object(`"additionalProperties":{"type":"string"},"properties":{}`), object(`"additionalProperties":{"type":"string"},"properties":{"a":{"type":"string"}}`),
			`OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/a; PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/a`},
		{object(`"patternProperties":{"^n":{"type":"number"}},"additionalProperties":false,"properties":{}`),
			object(`"patternProperties":{"^n":{"type":"number"}},"additionalProperties":false,"properties":{"n1":{"type":"string"}}`),
			`!PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/n1; !TYPE_CHANGED #/properties/n1; OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/n1`},
		{object(`"additionalProperties":{"type":"string"},"properties":{"a":{"type":"number"}}`), object(`"additionalProperties":{"type":"string"},"properties":{}`),
			`!PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/a; !TYPE_CHANGED #/properties/a`},
		{object(`"additionalProperties":{"type":"string"}`), object(`"additionalProperties":{"type":"number"}`), `!TYPE_CHANGED #/additionalProperties`},
		{object(`"properties":{}`), object(`"additionalProperties":{"type":"number"}`), `!ADDITIONAL_PROPERTIES_NARROWED #/additionalProperties`},

		{object(`"properties":{"a":{"type":"string"}}`), object(`"properties":{"a":{"type":"string"}},"required":["a"]`), `!REQUIRED_ATTRIBUTE_ADDED #/required/a`},
		{object(`"properties":{"a":{"type":"string"}},"required":["a"]`), object(`"properties":{"a":{"type":"string"}}`), `REQUIRED_ATTRIBUTE_REMOVED #/required/a`},
		{object(`"dependencies":{"a":["b"]}`), object(`"dependencies":{"a":["b","c"]}`), `!DEPENDENCY_ARRAY_EXTENDED #/dependencies/a`},
		{object(`"dependentRequired":{"a":["b"]}`), object(`"properties":{}`), `DEPENDENCY_ARRAY_REMOVED #/dependencies/a`},
		{object(`"properties":{}`), object(`"dependentSchemas":{"a":{"type":"string"}}`), `!DEPENDENCY_SCHEMA_ADDED #/dependencies/a`},

		{`{"type":"array","items":{"type":"integer"}}`, `{"type":"array","items":{"type":"number"}}`, `TYPE_EXTENDED #/items`},
		{`{"type":"array","items":[{"type":"string"}]}`, `{"type":"array","items":[{"type":"string"},{"type":"string"}]}`, `!ITEM_ADDED_TO_OPEN_CONTENT_MODEL #/items/1`},
		{`{"type":"array","items":[{"type":"string"}],"additionalItems":false}`, `{"type":"array","items":[{"type":"string"},{"type":"string"}],"additionalItems":false}`,
			`ITEM_ADDED_TO_CLOSED_CONTENT_MODEL #/items/1`},
		{`{"type":"array","prefixItems":[{"type":"string"},{"type":"number"}],"items":false}`, `{"type":"array","prefixItems":[{"type":"string"}],"items":false}`,
			`!ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL #/items/1`},
		{`{"type":"array"}`, `{"type":"array","uniqueItems":true}`, `!UNIQUE_ITEMS_ADDED #/uniqueItems`},
		{`{"type":"array","uniqueItems":false,"minItems":2}`, `{"type":"array"}`, `MIN_ITEMS_REMOVED #/minItems`},

		{`{"oneOf":[{"type":"string"}]}`, `{"oneOf":[{"type":"number"},{"type":"string"}]}`, `SUM_TYPE_EXTENDED #/`},
		{`{"oneOf":[{"type":"number"},{"type":"string"}]}`, `{"oneOf":[{"type":"string"}]}`, `!SUM_TYPE_NARROWED #/`},
		{`{"oneOf":[{"type":"number"}]}`, `{"oneOf":[{"type":"string"}]}`, `!COMBINED_TYPE_SUBSCHEMAS_CHANGED #/`},
		{`{"allOf":[{"type":"string"},{"maxLength":3}]}`, `{"allOf":[{"maxLength":4},{"type":"string"}]}`, `MAX_LENGTH_INCREASED #/allOf/1/maxLength`},
		{`{"allOf":[{"type":"string"}]}`, `{"allOf":[{"type":"string"},{"enum":["a"]}]}`, `!PRODUCT_TYPE_EXTENDED #/`},
		{`{"oneOf":[{"type":"string"}]}`, `{"anyOf":[{"type":"string"}]}`, `COMBINED_TYPE_EXTENDED #/`},
		{`{"anyOf":[{"type":"string"},{"type":"number"}]}`, `{"oneOf":[{"type":"string"},{"type":"number"}]}`, `!COMBINED_TYPE_CHANGED #/`},
		{`{"type":"string"}`, `{"oneOf":[{"type":"null"},{"type":"string"}]}`, `SUM_TYPE_EXTENDED #/`},
		{`{"type":"string"}`, `{"type":["null","string"]}`, `SUM_TYPE_EXTENDED #/`},
		{`{"type":["null","string"]}`, `{"type":"string"}`, `!TYPE_CHANGED #/`},
		{`{"type":["string"]}`, `{"type":"string"}`, ``},
		{`{"$ref":"#/definitions/a","definitions":{"a":{"type":"string"}}}`, `{"type":"string"}`, ``},
	} {
		if got := changesOf(t, jsonOf(t, c.old), jsonOf(t, c.new)); got != c.want {
			t.Errorf("%s\n-> %s\n got %s\nwant %s", c.old, c.new, got, c.want)
		}
	}
}

func TestJSONSchemaReferences(t *testing.T) {
	ref := func(body string) resolved { return resolved{"other.json", body} }
	uses := `{"type":"object","properties":{"a":{"$ref":"other.json#/definitions/x"}}}`
	withID := `{"$id":"http://example.com/s/root.json","type":"object","properties":{"a":{"$ref":"other.json#/definitions/x"}}}`
	for _, text := range []string{uses, withID} {
		old := jsonOf(t, text, ref(`{"definitions":{"x":{"type":"integer"}}}`))
		new := jsonOf(t, text, ref(`{"definitions":{"x":{"type":"string"}}}`))
		if got := changesOf(t, old, new); got != "!TYPE_CHANGED #/properties/a" {
			t.Errorf("got %s", got)
		}
	}
	for _, text := range []string{
		`{"$ref":"#"}`, // in a circle
		`{"properties":{"next":{"$ref":"#"}}}`,
		`{"$ref":"#a","definitions":{"x":{"$anchor":"a","type":"string"}}}`,
		`{"$id":"http://x/y","$ref":"z","$defs":{"q":{"$id":"z","type":"string"}}}`,
		`{"$ref":"http://json-schema.org/draft-07/schema#"}`,
		`{"$ref":"#/a~1b/c%20d/0","a/b":{"c d":[true]}}`,
	} {
		s := jsonOf(t, text)
		if got := changesOf(t, s, jsonOf(t, text)); got != "" {
			t.Errorf("%s differs from itself: %s", text, got)
		}
	}
	tree := `{"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"#/$defs/n","maxProperties":3,"$defs":{"n":{"type":"object","properties":{"kids":{"type":"array","items":{"$ref":"#/$defs/n"}},"v":{"type":"%"}}}}}`
	got := changesOf(t, jsonOf(t, strings.Replace(tree, "%", "string", 1)), jsonOf(t, strings.Replace(tree, "%", "number", 1)))
	if !strings.Contains(got, "!") {
		t.Errorf("a change below a recursive $ref was not seen: %q", got)
	}
}

func TestJSONSchemaErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{"type":"sting"}`:                     `#/type: the type "sting" is unknown`,
		`{"properties":{"a":5}}`:               `#/properties/a: a schema is an object, true or false, not a number`,
		`{"type":"string","minLength":"x"}`:    `#/minLength: a number is needed`,
		`{"required":"a"}`:                     `#/required: an array of names is needed`,
		`{"$ref":"file:///etc/passwd"}`:        `neither in the schema nor the name of a reference`,
		`{"$ref":"http://example.com/x.json"}`: `neither in the schema nor the name of a reference`,
		`{"$ref":"#/definitions/x"}`:           `there is nothing at "#/definitions/x"`,
		`{"type":"object"`:                     `ends too early`,
		`{} {}`:                                `text follows`,
		strings.Repeat(`{"not":`, 200) + `{}` + strings.Repeat("}", 200): `nested deeper than`,
		`[]`: `a schema is an object`,
	} {
		_, err := parseJSONSchema(text, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.50s gave %v, want %q", text, err, want)
		}
	}
}

// Schemas built to have very many pairs are refused, those with many are not.
func TestComparisonsAreBounded(t *testing.T) {
	schemas := func(n int, what string) *jsonSchema {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`{"type":"object","properties":{"%s%d":{"$ref":"#"}}}`, what, i))
		}
		return jsonOf(t, `{"anyOf":[`+strings.Join(list, ",")+`]}`)
	}
	if _, err := schemas(2000, "a").compare(schemas(2000, "b")); err != errCostly {
		t.Errorf("got %v", err)
	}
	if _, err := schemas(100, "a").compare(schemas(100, "b")); err != nil {
		t.Errorf("got %v", err)
	}
}
