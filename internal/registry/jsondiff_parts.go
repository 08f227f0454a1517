package registry

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// acrossCombined compares a schema with one that combines several, where only one of the two
// does. The second result tells whether that settled it.
func (c *jsonCompare) acrossCombined(old, new *jschema) ([]jdiff, bool) {
	switch {
	case old.kind != "combined" && new.kind == "combined":
		if len(new.subs) == 1 {
			list := c.pair(old, new.subs[0])
			return list, harmless(list)
		}
		if new.how == "allOf" {
			return nil, false
		}
		for _, sub := range new.subs {
			if list := c.pair(old, sub); harmless(list) {
				return append(slices.Clone(list), jdiff{"SUM_TYPE_EXTENDED", ""}), true
			}
		}
	case old.kind == "combined" && new.kind != "combined":
		if len(old.subs) == 1 {
			list := c.pair(old.subs[0], new)
			return list, harmless(list)
		}
		if old.how != "allOf" {
			return nil, false
		}
		for _, sub := range old.subs { // what fits all of them fits this one
			if list := c.pair(sub, new); harmless(list) {
				return append(slices.Clone(list), jdiff{"PRODUCT_TYPE_NARROWED", ""}), true
			}
		}
	}
	return nil, false
}

// combined compares allOf, anyOf and oneOf: as many of the old parts as possible are matched
// with new ones that they are compatible with.
func (c *jsonCompare) combined(old, new *jschema) []jdiff {
	var out []jdiff
	if old.how != new.how {
		one := func(s *jschema) bool { return len(s.subs) == 1 }
		switch {
		case new.how == "anyOf", new.how == "oneOf" && one(old), new.how == "allOf" && one(old) && one(new):
			out = append(out, jdiff{"COMBINED_TYPE_EXTENDED", ""})
		default:
			return []jdiff{{"COMBINED_TYPE_CHANGED", ""}}
		}
	}
	olds, news := distinct(old.subs), distinct(new.subs)
	kind := "SUM"
	if new.how == "allOf" {
		kind = "PRODUCT"
	}
	switch {
	case len(olds) < len(news):
		out = append(out, jdiff{kind + "_TYPE_EXTENDED", ""})
	case len(olds) > len(news):
		out = append(out, jdiff{kind + "_TYPE_NARROWED", ""})
	}
	if len(olds)*len(news) > maxSteps-c.steps {
		c.steps = maxSteps + 1
		return out
	}
	edges := make([][]int, len(olds))
	for i, o := range olds {
		for j, n := range news {
			if harmless(c.pair(o, n)) {
				edges[i] = append(edges[i], j)
			}
		}
	}
	matched := match(edges, len(news))
	count := 0
	for j, i := range matched {
		if i >= 0 {
			count++
			out = append(out, below(fmt.Sprintf("/%s/%d", old.how, i), c.pair(olds[i], news[j]))...)
		}
	}
	if count < min(len(olds), len(news)) {
		out = append(out, jdiff{"COMBINED_TYPE_SUBSCHEMAS_CHANGED", ""})
	}
	return out
}

// distinct leaves out schemas that are equal to an earlier one.
func distinct(list []*jschema) []*jschema {
	seen := map[string]bool{}
	var out []*jschema
	for _, s := range list {
		if !seen[s.key] {
			seen[s.key] = true
			out = append(out, s)
		}
	}
	return out
}

// match finds a largest matching by augmenting paths (Kuhn): for each right node its left one, or -1.
func match(edges [][]int, right int) []int {
	owner := slices.Repeat([]int{-1}, right)
	var try func(i int, seen []bool) bool
	try = func(i int, seen []bool) bool {
		for _, j := range edges[i] {
			if seen[j] {
				continue
			}
			seen[j] = true
			if owner[j] < 0 || try(owner[j], seen) {
				owner[j] = i
				return true
			}
		}
		return false
	}
	for i := range edges {
		try(i, make([]bool, right))
	}
	return owner
}

func (c *jsonCompare) objects(old, new *jschema) []jdiff {
	out := required(old, new)
	for _, name := range both(old.props, new.props) {
		out = append(out, below("/properties/"+name, c.property(old, new, name))...)
	}
	out = append(out, below("/dependencies", c.dependencies(old, new))...)
	out = append(out, below("/additionalProperties", c.additional(old, new, "ADDITIONAL_PROPERTIES"))...)
	out = append(out, below("/unevaluatedProperties", c.unevaluated(old, new, "UNEVALUATED_PROPERTIES"))...)
	return append(out, limits(old, new)...)
}

// both are the keys of two maps, in order.
func both[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// required compares the properties that both have.
func required(old, new *jschema) []jdiff {
	var out []jdiff
	for _, name := range slices.Sorted(maps.Keys(old.props)) {
		n := new.props[name]
		if n == nil || old.required[name] == new.required[name] {
			continue
		}
		class := "REQUIRED_ATTRIBUTE_ADDED"
		switch {
		case old.required[name]:
			class = "REQUIRED_ATTRIBUTE_REMOVED"
		case n.def != nil:
			class = "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED"
		}
		out = append(out, jdiff{class, "/required/" + name})
	}
	return out
}

// open tells whether an object or array takes anything beyond what it names.
func (s *jschema) open() bool {
	return len(s.patterns) == 0 && s.more == nil && (s.uneval == nil || s.uneval.kind == "empty")
}

// partly is the schema for a property that is not named: that of a pattern or of all others.
func (s *jschema) partly(name string) *jschema {
	for _, p := range s.patterns {
		if re, err := regexp.Compile(p.pattern); err == nil && re.MatchString(name) {
			return p.schema
		}
	}
	switch {
	case s.more != nil && s.more.kind != "false":
		return s.more
	case s.more == nil && s.uneval != nil && s.uneval.kind != "false":
		return s.uneval
	}
	return nil
}

func (c *jsonCompare) property(old, new *jschema, name string) []jdiff {
	o, n := old.props[name], new.props[name]
	switch {
	case o != nil && n != nil:
		return c.pair(o, n)
	case n == nil:
		return c.removed(o, new, new.partly(name), "PROPERTY")
	}
	if old.open() {
		if behind(n).kind == "empty" {
			return []jdiff{{"PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL", ""}}
		}
		return []jdiff{{"PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", ""}}
	}
	out := c.covered(old.partly(name), n, "PROPERTY_ADDED")
	switch {
	case !new.required[name]:
		return append(out, jdiff{"OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL", ""})
	case n.def != nil:
		return append(out, jdiff{"REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL", ""})
	}
	return append(out, jdiff{"REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL", ""})
}

// removed says what it means that a named property or item is gone from a new schema.
func (c *jsonCompare) removed(o, new, partly *jschema, what string) []jdiff {
	switch {
	case new.open():
		return []jdiff{{what + "_REMOVED_FROM_OPEN_CONTENT_MODEL", ""}}
	case partly != nil:
		list := c.pair(o, partly)
		return append(slices.Clone(list), coverage(list, what+"_REMOVED"))
	case o.kind == "false":
		return []jdiff{{what + "_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL", ""}}
	}
	return []jdiff{{what + "_REMOVED_FROM_CLOSED_CONTENT_MODEL", ""}}
}

// covered compares what a partly open schema allowed with a new part.
func (c *jsonCompare) covered(partly, n *jschema, what string) []jdiff {
	if partly == nil {
		return nil
	}
	list := c.pair(partly, n)
	return append(slices.Clone(list), coverage(list, what))
}

func coverage(list []jdiff, what string) jdiff {
	if harmless(list) {
		return jdiff{what + "_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", ""}
	}
	return jdiff{what + "_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", ""}
}

func (c *jsonCompare) dependencies(old, new *jschema) []jdiff {
	var out []jdiff
	for _, name := range both(old.needs, new.needs) {
		o, hadOld := old.needs[name]
		n, hasNew := new.needs[name]
		within := func(a, b []string) bool {
			return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
		}
		class := "DEPENDENCY_ARRAY_CHANGED"
		switch {
		case !hasNew:
			class = "DEPENDENCY_ARRAY_REMOVED"
		case !hadOld:
			class = "DEPENDENCY_ARRAY_ADDED"
		case within(o, n) && within(n, o):
			continue
		case within(o, n):
			class = "DEPENDENCY_ARRAY_EXTENDED"
		case within(n, o):
			class = "DEPENDENCY_ARRAY_NARROWED"
		}
		out = append(out, jdiff{class, "/" + name})
	}
	for _, name := range both(old.depends, new.depends) {
		o, n := old.depends[name], new.depends[name]
		switch {
		case n == nil:
			out = append(out, jdiff{"DEPENDENCY_SCHEMA_REMOVED", "/" + name})
		case o == nil:
			out = append(out, jdiff{"DEPENDENCY_SCHEMA_ADDED", "/" + name})
		default:
			out = append(out, below("/"+name, c.pair(o, n))...)
		}
	}
	return out
}

// additional compares additionalProperties or additionalItems.
func (c *jsonCompare) additional(old, new *jschema, what string) []jdiff {
	switch {
	case old.closed() && !new.closed():
		return []jdiff{{what + "_ADDED", ""}}
	case !old.closed() && new.closed():
		return []jdiff{{what + "_REMOVED", ""}}
	case old.more == nil && new.more != nil:
		return []jdiff{{what + "_NARROWED", ""}}
	case old.more != nil && new.more == nil:
		return []jdiff{{what + "_EXTENDED", ""}}
	}
	return c.pair(old.more, new.more)
}

// unevaluated compares unevaluatedProperties or unevaluatedItems; nothing is the same as true.
func (c *jsonCompare) unevaluated(old, new *jschema, what string) []jdiff {
	kind := func(s *jschema) string {
		if s == nil {
			return "empty"
		}
		return behind(s).kind
	}
	o, n := kind(old.uneval), kind(new.uneval)
	switch {
	case o == n && (o == "empty" || o == "false"):
		return nil
	case o == "false":
		return []jdiff{{what + "_ADDED", ""}}
	case n == "false":
		return []jdiff{{what + "_REMOVED", ""}}
	case o == "empty":
		return []jdiff{{what + "_NARROWED", ""}}
	case n == "empty":
		return []jdiff{{what + "_EXTENDED", ""}}
	}
	return c.pair(old.uneval, new.uneval)
}

func (c *jsonCompare) arrays(old, new *jschema) []jdiff {
	out := below("/items", c.pair(old.all, new.all))
	for i := range max(len(old.items), len(new.items)) {
		at := fmt.Sprintf("/items/%d", i)
		switch {
		case i < len(old.items) && i < len(new.items):
			out = append(out, below(at, c.pair(old.items[i], new.items[i]))...)
		case i < len(old.items):
			out = append(out, below(at, c.removed(old.items[i], new, new.partly(""), "ITEM"))...)
		default:
			out = append(out, below(at, c.itemAdded(old, new.items[i]))...)
		}
	}
	out = append(out, below("/additionalItems", c.additional(old, new, "ADDITIONAL_ITEMS"))...)
	out = append(out, below("/unevaluatedItems", c.unevaluated(old, new, "UNEVALUATED_ITEMS"))...)
	return append(out, limits(old, new)...)
}

func (c *jsonCompare) itemAdded(old, n *jschema) []jdiff {
	if old.open() {
		if behind(n).kind == "empty" {
			return []jdiff{{"ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL", ""}}
		}
		return []jdiff{{"ITEM_ADDED_TO_OPEN_CONTENT_MODEL", ""}}
	}
	if partly := old.partly(""); partly != nil {
		return c.covered(partly, n, "ITEM_ADDED")
	}
	return []jdiff{{"ITEM_ADDED_TO_CLOSED_CONTENT_MODEL", ""}}
}
