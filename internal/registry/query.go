package registry

import (
	"maps"
	"slices"
	"strings"
)

// latestVersion as a version's number means the newest that is not deleted.
const latestVersion = -1

// SchemaByID is the schema with an id of the default context, or of any other context if that
// one has none. The error is of class SCHEMA_NOT_FOUND.
func (r *Registry) SchemaByID(id int) (Schema, error) {
	return read(r, func(s *state) (Schema, error) {
		list := s.withID(id, "")
		if len(list) == 0 {
			return Schema{}, schemaNotFound(id)
		}
		return list[0].schema, nil
	})
}

func schemaNotFound(id int) error { return fail(codeSchemaNotFound, "Schema %d not found", id) }

// withID are the versions with an id, looked for in the context of a subject, or for subject ""
// in the default context and then in the others.
func (s *state) withID(id int, subject string) []*version {
	ctx := contextOf(subject)
	if list := s.byID[idKey{ctx, id}]; len(list) > 0 || ctx != "." {
		return list
	}
	for _, c := range s.contextNames() {
		if list := s.byID[idKey{c, id}]; len(list) > 0 {
			return list
		}
	}
	return nil
}

// Latest is the newest version of a subject. The error is of class SUBJECT_NOT_FOUND.
func (r *Registry) Latest(subject string) (Registered, error) {
	return r.Version(subject, latestVersion)
}

// Version is a version of a subject that is not deleted; number -1 is the latest. Errors are of
// class SUBJECT_NOT_FOUND or VERSION_NOT_FOUND.
func (r *Registry) Version(subject string, number int) (Registered, error) {
	v, err := r.version(subject, number, false)
	if err != nil {
		return Registered{}, err
	}
	return v.public(), nil
}

func (r *Registry) version(subject string, number int, deleted bool) (*version, error) {
	subject = normalSubject(subject)
	return read(r, func(s *state) (*version, error) { return s.version(subject, number, deleted) })
}

func (s *state) version(subject string, number int, deleted bool) (*version, error) {
	list := s.subjects[subject]
	if !deleted {
		list = alive(list)
	}
	if len(list) == 0 {
		return nil, subjectNotFound(subject)
	}
	if number == latestVersion {
		if v := latest(list); v != nil {
			return v, nil
		}
		return list[len(list)-1], nil
	}
	i, ok := find(list, number)
	if !ok {
		return nil, versionNotFound(number)
	}
	return list[i], nil
}

// wanted says which versions a list is about.
type wanted int

const (
	wantAlive wanted = iota
	wantAll
	wantDeleted
)

func (w wanted) takes(v *version) bool {
	return w == wantAll || v.deleted == (w == wantDeleted)
}

func (w wanted) of(list []*version) []*version {
	return slices.DeleteFunc(slices.Clone(list), func(v *version) bool { return !w.takes(v) })
}

// names lists subjects below a prefix; ":*:" at its start stands for every context. Of subjects
// only those count that are deleted as a whole when deleted ones alone are wanted.
func (s *state) names(prefix string, w wanted) []string {
	out := []string{}
	for _, name := range slices.Sorted(maps.Keys(s.subjects)) {
		list := s.subjects[name]
		gone := latest(list) == nil
		if matches(name, prefix) && (w == wantAll || gone == (w == wantDeleted)) {
			out = append(out, name)
		}
	}
	return out
}

func matches(subject, prefix string) bool {
	if rest, ok := strings.CutPrefix(prefix, ":*:"); ok {
		if c := contextOf(subject); c != "." {
			subject = strings.TrimPrefix(subject, ":"+c+":")
		}
		return strings.HasPrefix(subject, rest)
	}
	return strings.HasPrefix(subject, normalSubject(prefix)) && (contextOf(subject) == "." || strings.HasPrefix(prefix, ":."))
}

// Lookup finds the version of a subject that holds a schema. Errors are of class
// SUBJECT_NOT_FOUND, SCHEMA_NOT_FOUND or INVALID_SCHEMA.
func (r *Registry) Lookup(subject string, sc Schema, normalize, deleted bool) (Registered, error) {
	subject = normalSubject(subject)
	return read(r, func(s *state) (Registered, error) {
		list := s.subjects[subject]
		if !deleted {
			list = alive(list)
		}
		if len(list) == 0 {
			return Registered{}, subjectNotFound(subject)
		}
		cfg := s.configFor(subject)
		_, sc, err := s.understand(subject, sc, normalize || cfg.Normalize != nil && *cfg.Normalize, false)
		if err != nil {
			return Registered{}, err
		}
		if v := lookup(list, sc.content(), deleted); v != nil {
			return v.public(), nil
		}
		if v := s.lookupResolved(list, sc); v != nil {
			return v.public(), nil
		}
		return Registered{}, fail(codeSchemaNotFound, "Schema not found")
	})
}

// lookupResolved finds an Avro version whose text with its references written out is the given
// one: clients that know the types only send that.
func (s *state) lookupResolved(list []*version, sc Schema) *version {
	if sc.Type != Avro || len(sc.References) > 0 {
		return nil
	}
	for _, v := range slices.Backward(list) {
		if v.schema.Type != Avro || len(v.schema.References) == 0 {
			continue
		}
		if p, err := s.known(v); err == nil && p.(*avroSchema).resolved() == sc.Text {
			return v
		}
	}
	return nil
}
