package registry

import (
	"fmt"
	"slices"
	"strings"
)

// compatible compares a new schema with earlier versions, the newest first, and returns the
// messages about the first that it does not fit; none mean that it fits.
func (s *state) compatible(p parsed, kind SchemaType, level Level, earlier []*version) []string {
	if level == None {
		return nil
	}
	if !level.transitive() {
		earlier = earlier[max(0, len(earlier)-1):]
	}
	for _, v := range slices.Backward(earlier) {
		if list := s.against(p, kind, level, v); len(list) > 0 {
			return append(list,
				fmt.Sprintf("{oldSchemaVersion: %d}", v.number),
				fmt.Sprintf("{oldSchema: '%s'}", v.schema.Text),
				fmt.Sprintf("{validateFields: 'false', compatibility: '%s'}", level))
		}
	}
	return nil
}

// against compares with one version.
func (s *state) against(p parsed, kind SchemaType, level Level, v *version) []string {
	old, err := s.known(v)
	if err != nil {
		return []string{fmt.Sprintf("version %d cannot be read any more: %v", v.number, err)}
	}
	var out []string
	collect := func(diffs []difference, err error, reader, writer string) {
		if err != nil {
			out = append(out, err.Error())
		}
		for _, d := range diffs {
			out = append(out, d.message(kind, reader, writer))
		}
	}
	if level.backward() {
		diffs, err := p.compare(old)
		collect(diffs, err, "new", "old")
	}
	if level.forward() {
		diffs, err := old.compare(p)
		collect(diffs, err, "old", "new")
	}
	return out
}

func incompatible(subject string, level Level, messages []string) error {
	return fail(codeIncompatible, "The schema does not fit what subject '%s' holds at level %s, details: [%s]",
		subject, level, strings.Join(messages, ", "))
}

// alive are the versions that are not deleted.
func alive(list []*version) []*version {
	return slices.DeleteFunc(slices.Clone(list), func(v *version) bool { return v.deleted })
}
