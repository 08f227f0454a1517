package registry

import (
	"fmt"
	"strings"
)

// jsonFine are the differences that do no harm, by Confluent's names; every other one does.
var jsonFine = setOf(`ID_CHANGED DESCRIPTION_CHANGED TITLE_CHANGED DEFAULT_CHANGED SCHEMA_REMOVED TYPE_EXTENDED
	MAX_LENGTH_INCREASED MAX_LENGTH_REMOVED MIN_LENGTH_DECREASED MIN_LENGTH_REMOVED PATTERN_REMOVED
	MAXIMUM_INCREASED MAXIMUM_REMOVED MINIMUM_DECREASED MINIMUM_REMOVED
	EXCLUSIVE_MAXIMUM_INCREASED EXCLUSIVE_MAXIMUM_REMOVED EXCLUSIVE_MINIMUM_DECREASED EXCLUSIVE_MINIMUM_REMOVED
	MULTIPLE_OF_REDUCED MULTIPLE_OF_REMOVED
	REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED REQUIRED_ATTRIBUTE_REMOVED
	DEPENDENCY_ARRAY_NARROWED DEPENDENCY_ARRAY_REMOVED DEPENDENCY_SCHEMA_REMOVED
	MAX_PROPERTIES_INCREASED MAX_PROPERTIES_REMOVED MIN_PROPERTIES_DECREASED MIN_PROPERTIES_REMOVED
	ADDITIONAL_PROPERTIES_ADDED ADDITIONAL_PROPERTIES_EXTENDED UNEVALUATED_PROPERTIES_ADDED UNEVALUATED_PROPERTIES_EXTENDED
	PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL
	OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL
	PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
	PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
	MAX_ITEMS_INCREASED MAX_ITEMS_REMOVED MIN_ITEMS_DECREASED MIN_ITEMS_REMOVED UNIQUE_ITEMS_REMOVED
	MAX_CONTAINS_INCREASED MAX_CONTAINS_REMOVED MIN_CONTAINS_DECREASED MIN_CONTAINS_REMOVED
	ADDITIONAL_ITEMS_ADDED ADDITIONAL_ITEMS_EXTENDED UNEVALUATED_ITEMS_ADDED UNEVALUATED_ITEMS_EXTENDED
	ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL ITEM_ADDED_TO_CLOSED_CONTENT_MODEL
	ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL
	ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
	ENUM_ARRAY_EXTENDED COMBINED_TYPE_EXTENDED PRODUCT_TYPE_NARROWED SUM_TYPE_EXTENDED NOT_TYPE_NARROWED`)

func setOf(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// jdiff is a difference at a place: "" is the root, "/properties/a" below it.
type jdiff struct{ class, path string }

// harmless tells whether all of a list do no harm.
func harmless(list []jdiff) bool {
	for _, d := range list {
		if !jsonFine[d.class] {
			return false
		}
	}
	return true
}

// compare lists why values that the writer's schema allows are not allowed by s. The rules and
// the names are those of Confluent's registry ("JSON Schema compatibility rules").
func (s *jsonSchema) compare(writer parsed) ([]difference, error) {
	list, err := s.changes(writer)
	var out []difference
	for _, d := range list {
		if !jsonFine[d.class] && len(out) < maxDiffs {
			path := jsonPath(d.path)
			out = append(out, difference{class: d.class, path: path, text: jsonText(d.class, path)})
		}
	}
	if _, ok := writer.(*jsonSchema); !ok {
		return otherType(), nil
	}
	return out, err
}

// changes lists every difference from the writer's schema, harmless ones too.
func (s *jsonSchema) changes(writer parsed) ([]jdiff, error) {
	w, ok := writer.(*jsonSchema)
	if !ok {
		return nil, nil
	}
	c := jsonCompare{done: map[jpair][]jdiff{}}
	out := c.pair(w.root, s.root)
	if c.steps > maxSteps {
		return nil, errCostly
	}
	return out, nil
}

func jsonPath(path string) string {
	if path == "" {
		return "#/"
	}
	return "#" + path
}

type jpair struct{ old, new *jschema }

type jsonCompare struct {
	done  map[jpair][]jdiff // with paths relative to the pair; nil while under way
	steps int
}

// pair compares two schemas. A pair met again within itself has no difference there.
func (c *jsonCompare) pair(old, new *jschema) []jdiff {
	switch {
	case old == nil && new == nil:
		return nil
	case old == nil:
		return []jdiff{{"SCHEMA_ADDED", ""}}
	case new == nil:
		return []jdiff{{"SCHEMA_REMOVED", ""}}
	}
	old, new = behind(old), behind(new)
	key := jpair{old, new}
	if list, ok := c.done[key]; ok {
		return list
	}
	if c.steps++; c.steps > maxSteps {
		return nil
	}
	c.done[key] = nil
	list := c.both(old, new)
	c.done[key] = list[:min(len(list), 5*maxDiffs)]
	return c.done[key]
}

// behind is what a $ref leads to. References in a circle with nothing behind allow anything.
func behind(s *jschema) *jschema {
	for range maxDepth {
		if s.kind != "ref" {
			return s
		}
		s = s.subs[0]
	}
	return &jschema{kind: "empty"}
}

// below puts a place before the paths of differences.
func below(at string, list []jdiff) []jdiff {
	var out []jdiff
	for _, d := range list {
		out = append(out, jdiff{d.class, at + d.path})
	}
	return out
}

func (c *jsonCompare) both(old, new *jschema) []jdiff {
	if list, ok := c.acrossCombined(old, new); ok {
		return list
	}
	if old.kind != new.kind {
		if old.kind == "false" || new.kind == "empty" {
			return nil
		}
		return []jdiff{{"TYPE_CHANGED", ""}}
	}
	out := annotations(old, new)
	switch old.kind {
	case "string", "number":
		out = append(out, limits(old, new)...)
	case "enum":
		out = append(out, below("/enum", enums(old, new))...)
	case "const":
		if !old.values[0].same(new.values[0]) {
			out = append(out, jdiff{"ENUM_ARRAY_CHANGED", "/const"})
		}
	case "not":
		out = append(out, c.negations(old, new)...)
	case "combined":
		out = append(out, c.combined(old, new)...)
	case "object":
		out = append(out, c.objects(old, new)...)
	case "array":
		out = append(out, c.arrays(old, new)...)
	}
	return out
}

// negations compares what must not fit, the other way round.
func (c *jsonCompare) negations(old, new *jschema) []jdiff {
	switch list := c.pair(new.subs[0], old.subs[0]); {
	case !harmless(list):
		return []jdiff{{"NOT_TYPE_EXTENDED", "/not"}}
	case len(list) > 0:
		return []jdiff{{"NOT_TYPE_NARROWED", "/not"}}
	}
	return nil
}

// annotations compares what says nothing about values.
func annotations(old, new *jschema) []jdiff {
	var out []jdiff
	for _, a := range []struct {
		class    string
		old, new *node
	}{
		{"ID_CHANGED", old.id, new.id}, {"TITLE_CHANGED", old.title, new.title},
		{"DESCRIPTION_CHANGED", old.about, new.about}, {"DEFAULT_CHANGED", old.def, new.def},
	} {
		if !a.old.same(a.new) {
			out = append(out, jdiff{a.class, ""})
		}
	}
	return out
}

// jsonLimitOrder is the order in which limits are compared, with the names of their differences.
var jsonLimitOrder = []struct{ word, class string }{
	{"minLength", "MIN_LENGTH"}, {"maxLength", "MAX_LENGTH"}, {"pattern", "PATTERN"},
	{"maximum", "MAXIMUM"}, {"minimum", "MINIMUM"}, {"exclusiveMaximum", "EXCLUSIVE_MAXIMUM"},
	{"exclusiveMinimum", "EXCLUSIVE_MINIMUM"}, {"multipleOf", "MULTIPLE_OF"},
	{"maxProperties", "MAX_PROPERTIES"}, {"minProperties", "MIN_PROPERTIES"},
	{"maxItems", "MAX_ITEMS"}, {"minItems", "MIN_ITEMS"}, {"uniqueItems", "UNIQUE_ITEMS"},
	{"maxContains", "MAX_CONTAINS"}, {"minContains", "MIN_CONTAINS"},
}

// limits compares the keywords with a plain value.
func limits(old, new *jschema) []jdiff {
	var out []jdiff
	for _, l := range jsonLimitOrder {
		if how := limitChange(old.limits[l.word], new.limits[l.word], l.word); how != "" {
			out = append(out, jdiff{l.class + how, "/" + l.word})
		}
	}
	if old.integer != new.integer {
		out = append(out, jdiff{map[bool]string{true: "TYPE_EXTENDED", false: "TYPE_NARROWED"}[old.integer], ""})
	}
	return out
}

func limitChange(old, new *node, word string) string {
	if word == "uniqueItems" { // false is the same as nothing
		old, new = trueOrNil(old), trueOrNil(new)
	}
	switch {
	case old == nil && new == nil:
		return ""
	case old == nil:
		return "_ADDED"
	case new == nil:
		return "_REMOVED"
	case old.same(new):
		return ""
	case word == "pattern":
		return "_CHANGED"
	case word == "multipleOf" && divides(new.text, old.text):
		return "_EXPANDED"
	case word == "multipleOf" && divides(old.text, new.text):
		return "_REDUCED"
	case word == "multipleOf":
		return "_CHANGED"
	case compareNumbers(old.text, new.text) < 0:
		return "_INCREASED"
	}
	return "_DECREASED"
}

func trueOrNil(n *node) *node {
	if isTrue(n) {
		return n
	}
	return nil
}

func enums(old, new *jschema) []jdiff {
	more, less := covers(new.values, old.values), covers(old.values, new.values)
	switch {
	case more && less:
		return nil
	case more:
		return []jdiff{{"ENUM_ARRAY_EXTENDED", ""}}
	case less:
		return []jdiff{{"ENUM_ARRAY_NARROWED", ""}}
	}
	return []jdiff{{"ENUM_ARRAY_CHANGED", ""}}
}

// covers tells whether all of some are among a list.
func covers(list, some []*node) bool {
	have := map[string]bool{}
	for _, v := range list {
		have[v.sorted().String()] = true
	}
	for _, v := range some {
		if !have[v.sorted().String()] {
			return false
		}
	}
	return true
}

// jsonText is the sentence of a difference.
func jsonText(class, path string) string {
	at := fmt.Sprintf("path '%s'", escape(path))
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(class, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("CONTENT_MODEL"):
		return contentText(class, at)
	case has("TYPE_CHANGED", "TYPE_NARROWED", "SUBSCHEMAS", "ENUM_ARRAY_CHANGED") && !has("SUM_", "PRODUCT_"):
		return "The type at " + at + " of the %[1]s schema does not allow all that the %[2]s schema allows"
	case has("_INCREASED", "_EXPANDED"):
		return "The value at " + at + " of the %[1]s schema is larger than in the %[2]s schema"
	case has("_DECREASED"):
		return "The value at " + at + " of the %[1]s schema is smaller than in the %[2]s schema"
	case has("_NARROWED"):
		return "The %[1]s schema has less at " + at + " than the %[2]s schema"
	case has("_EXTENDED"):
		return "The %[1]s schema has more at " + at + " than the %[2]s schema"
	case has("_ADDED", "_REMOVED"):
		return "The %[1]s schema restricts what is at " + at + " and the %[2]s schema does not"
	}
	return "The value at " + at + " differs between the %[1]s and the %[2]s schema"
}

func contentText(class, at string) string {
	switch class {
	case "PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", "ITEM_ADDED_TO_OPEN_CONTENT_MODEL":
		return "The %[1]s schema restricts what is at " + at + ", where the %[2]s schema has an open content model and allows anything"
	case "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL":
		return "The %[1]s schema requires the property at " + at + " that the %[2]s schema lacks"
	case "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL", "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL":
		return "The %[1]s schema has a closed content model and lacks what the %[2]s schema has at " + at
	}
	return "What is at " + at + " is in one schema only, and the partially open content model of the other does not cover it (%[1]s against %[2]s)"
}
