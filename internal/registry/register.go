package registry

import (
	"context"
	"slices"
	"strings"
	"unicode"
)

// Registration is a schema to register.
type Registration struct {
	Subject   string
	Schema    Schema // Type "" is Avro
	Normalize bool   // also where the subject's setting says so
	ID        int    // in mode IMPORT only
	Version   int    // in mode IMPORT only; elsewhere 0, or the number that must follow
}

// Registered is a version of a subject.
type Registered struct {
	Subject string
	Version int
	ID      int
	Schema  Schema
	Deleted bool
}

func (v *version) public() Registered {
	return Registered{v.subject, v.number, v.id, v.schema, v.deleted}
}

// Register adds a schema to a subject as its newest version and returns it; if the subject has
// it already, that version. It is durable when Register returns. Errors are of class
// INVALID_SCHEMA, INCOMPATIBLE_SCHEMA, OPERATION_NOT_PERMITTED, INVALID_SUBJECT,
// SCHEMA_TOO_LARGE or SCHEMA_STORE.
func (r *Registry) Register(ctx context.Context, g Registration) (Registered, error) {
	if err := checkSubject(g.Subject); err != nil {
		return Registered{}, err
	}
	g.Subject = normalSubject(g.Subject)
	var out Registered
	err := r.update(ctx, func(s *state) ([]record, error) {
		v, records, err := s.planRegister(g)
		if err == nil {
			out = v.public()
		}
		return records, err
	})
	if err != nil {
		return Registered{}, err
	}
	return out, nil
}

func (s *state) planRegister(g Registration) (*version, []record, error) {
	if err := s.checkMode(g); err != nil {
		return nil, nil, err
	}
	cfg := s.configFor(g.Subject)
	normalize := g.Normalize || cfg.Normalize != nil && *cfg.Normalize
	importing := g.ID > 0
	p, schema, err := s.understand(g.Subject, g.Schema, normalize, !importing)
	if err != nil {
		return nil, nil, err
	}
	list := s.subjects[g.Subject]
	v := &version{subject: g.Subject, schema: schema, hash: schema.content()}
	if same := lookup(list, v.hash, false); same != nil && (g.ID == 0 || g.ID == same.id) && (g.Version <= 0 || g.Version == same.number) {
		return same, nil, nil
	}
	if !importing {
		if messages := s.compatible(p, schema.Type, cfg.CompatibilityLevel, alive(list)); len(messages) > 0 {
			return nil, nil, incompatible(g.Subject, cfg.CompatibilityLevel, messages)
		}
	}
	if err := s.number(v, g); err != nil {
		return nil, nil, err
	}
	return v, s.registerRecords(v), nil
}

func (s *state) checkMode(g Registration) error {
	m := s.modeFor(g.Subject)
	switch {
	case m == ReadOnly || m == ReadOnlyOverride:
		return readOnly(g.Subject, m)
	case g.ID > 0 && m != Import:
		return failHint(codeNotPermitted, "Leave the id out, or set the mode to IMPORT", "Subject '%s' is not in import mode", g.Subject)
	case g.ID <= 0 && m != ReadWrite:
		return failHint(codeNotPermitted, "Give an id, or set the mode to READWRITE", "Subject '%s' is not in read-write mode", g.Subject)
	}
	return nil
}

// number gives a new version its number and its id.
func (s *state) number(v *version, g Registration) error {
	list := s.subjects[v.subject]
	v.number = 1
	if len(list) > 0 {
		v.number = list[len(list)-1].number + 1
	}
	if g.Version > 0 {
		if g.ID <= 0 && g.Version != v.number {
			return fail(codeInvalidSchema, "Version %d does not follow: the next version of subject '%s' is %d", g.Version, v.subject, v.number)
		}
		v.number = g.Version
	}
	ctx := contextOf(v.subject)
	known, ok := s.byHash[hashKey{ctx, v.hash}]
	switch {
	case g.ID > 0:
		if slices.ContainsFunc(s.byID[idKey{ctx, g.ID}], func(w *version) bool { return w.hash != v.hash }) {
			return fail(codeNotPermitted, "The id %d belongs to another schema", g.ID)
		}
		v.id = g.ID
	case ok:
		v.id = known
	default:
		// Spent even if the append fails: the record may be on disk nevertheless.
		s.lastID++
		v.id = s.lastID
	}
	return nil
}

// registerRecords are the records of a new version. A deleted version with the same schema
// gives way to it, as in Confluent's registry: the id stays readable through the new one.
func (s *state) registerRecords(v *version) []record {
	var out []record
	if c := contextOf(v.subject); c != "." && !s.contexts[c] {
		out = append(out, record{keyOfContext(defaultTenant, c), encode(contextValue{Tenant: defaultTenant, Context: c})})
	}
	out = append(out, record{keyOfSchema(v.subject, v.number), v.value()})
	for _, old := range s.subjects[v.subject] {
		if old.deleted && old.id == v.id && old.number < v.number && len(s.users[refKey{old.subject, old.number}]) == 0 {
			out = append(out, record{keyOfSchema(old.subject, old.number), nil})
		}
	}
	return out
}

// lookup is the newest version with a content, or nil.
func lookup(list []*version, hash [32]byte, deleted bool) *version {
	for _, v := range slices.Backward(list) {
		if v.hash == hash && (deleted || !v.deleted) {
			return v
		}
	}
	return nil
}

// checkSubject refuses names that Confluent's registry refuses, and very long ones.
func checkSubject(subject string) error {
	switch {
	case subject == "" || subject == "__GLOBAL" || subject == "__EMPTY" || strings.ContainsFunc(subject, unicode.IsControl):
		return fail(codeInvalidSubject, "The subject '%s' is not a valid name", strings.Map(visible, subject))
	case len(subject) > maxSubject:
		return fail(codeInvalidSubject, "The subject is longer than %d bytes", maxSubject)
	}
	return nil
}

func visible(r rune) rune {
	if unicode.IsControl(r) {
		return '?'
	}
	return r
}
