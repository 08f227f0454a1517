package registry

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Reference names a schema that another one uses.
type Reference struct {
	Name    string `json:"name"` // an Avro name, a JSON $ref, a Protobuf import
	Subject string `json:"subject"`
	Version int    `json:"version"` // -1 is the latest, as a request may say; stored as a number
}

// Schema is a schema's text with what belongs to it.
type Schema struct {
	Type       SchemaType
	Text       string // canonical where the registry made it
	References []Reference
	Metadata   json.RawMessage // Confluent's data contracts: kept and given back, not applied
	RuleSet    json.RawMessage
}

// content is what makes two schemas the same.
func (s Schema) content() [32]byte {
	refs := encode(s.References)
	if len(s.References) == 0 {
		refs = nil
	}
	return sha256.Sum256(encode([]string{string(s.Type), s.Text, string(refs), string(s.Metadata), string(s.RuleSet)}))
}

// version is one version of a subject. It is never changed: a new one takes its place.
type version struct {
	subject string
	number  int
	id      int
	deleted bool
	schema  Schema
	hash    [32]byte
}

// state is everything in memory, rebuilt from the topic when the registry opens.
type state struct {
	subjects map[string][]*version // in order of their numbers, deleted ones among them
	byID     map[idKey][]*version  // all versions that have the id
	byHash   map[hashKey]int       // the id of a schema
	users    map[refKey]map[*version]bool
	configs  map[string]configValue // "" is all subjects, ":.name:" a context
	modes    map[string]Mode
	contexts map[string]bool
	lastID   int
}

// Ids are unique within a context; new ones are unique over all.
type idKey struct {
	context string
	id      int
}

type hashKey struct {
	context string
	hash    [32]byte
}

type refKey struct {
	subject string
	version int
}

func newState() *state {
	return &state{
		subjects: map[string][]*version{}, byID: map[idKey][]*version{}, byHash: map[hashKey]int{},
		users: map[refKey]map[*version]bool{}, configs: map[string]configValue{},
		modes: map[string]Mode{}, contexts: map[string]bool{},
	}
}

// apply takes a record into the state. Records that it cannot read are an error: the caller
// decides whether they stop it.
func (s *state) apply(key, value []byte) error {
	var k anyKey
	if err := json.Unmarshal(key, &k); err != nil {
		return fmt.Errorf("key %.80q: %w", key, err)
	}
	subject := ""
	if k.Subject != nil {
		subject = *k.Subject
	}
	switch k.KeyType {
	case "SCHEMA":
		return s.applySchema(subject, k.Version, value)
	case "CONFIG":
		return applySetting(s.configs, subject, value, func(c configValue) (configValue, error) { return c, nil })
	case "MODE":
		return applySetting(s.modes, subject, value, func(m modeValue) (Mode, error) { return m.Mode, nil })
	case "DELETE_SUBJECT":
		return s.applyDelete(value)
	case "CONTEXT":
		return s.applyContext(k, value)
	case "CLEAR_SUBJECT":
		return s.applyClear(value)
	case "NOOP":
		return nil
	}
	return fmt.Errorf("the key type %q is unknown", k.KeyType)
}

func applySetting[V, R any](m map[string]V, subject string, value []byte, get func(R) (V, error)) error {
	if value == nil {
		delete(m, subject)
		return nil
	}
	var r R
	if err := json.Unmarshal(value, &r); err != nil {
		return err
	}
	v, err := get(r)
	if err == nil {
		m[subject] = v
	}
	return err
}

func (s *state) applySchema(subject string, number int, value []byte) error {
	if value == nil {
		s.remove(subject, number)
		return nil
	}
	var r schemaValue
	if err := json.Unmarshal(value, &r); err != nil {
		return err
	}
	if r.SchemaType == "" {
		r.SchemaType = Avro
	}
	v := &version{subject: subject, number: number, id: r.ID, deleted: r.Deleted, schema: Schema{
		r.SchemaType, r.Schema, r.References, compacted(r.Metadata), compacted(r.RuleSet)}}
	v.hash = v.schema.content()
	s.put(v)
	return nil
}

func (s *state) applyDelete(value []byte) error {
	if value == nil {
		return nil
	}
	var r deleteValue
	if err := json.Unmarshal(value, &r); err != nil {
		return err
	}
	for _, v := range slices.Clone(s.subjects[r.Subject]) {
		if v.number <= r.Version && !v.deleted {
			gone := *v
			gone.deleted = true
			s.put(&gone)
		}
	}
	return nil
}

// applyClear forgets versions, where Confluent's registry wrote that it did.
func (s *state) applyClear(value []byte) error {
	if value == nil {
		return nil
	}
	var r deleteValue
	if err := json.Unmarshal(value, &r); err != nil {
		return err
	}
	for _, v := range slices.Clone(s.subjects[r.Subject]) {
		if v.number <= r.Version {
			s.remove(v.subject, v.number)
		}
	}
	return nil
}

func (s *state) applyContext(k anyKey, value []byte) error {
	if k.Tenant != ourTenant {
		if value == nil {
			delete(s.contexts, k.Context)
		} else {
			s.contexts[k.Context] = true
		}
		return nil
	}
	var r contextValue
	if value != nil {
		if err := json.Unmarshal(value, &r); err != nil {
			return err
		}
	}
	s.lastID = max(s.lastID, r.LastID)
	return nil
}

// put adds a version or replaces the one of that number.
func (s *state) put(v *version) {
	s.remove(v.subject, v.number)
	list := s.subjects[v.subject]
	i, _ := find(list, v.number)
	s.subjects[v.subject] = slices.Insert(slices.Clone(list), i, v)
	ctx := contextOf(v.subject)
	s.byID[idKey{ctx, v.id}] = append(slices.Clone(s.byID[idKey{ctx, v.id}]), v)
	s.byHash[hashKey{ctx, v.hash}] = v.id
	for _, r := range v.schema.References {
		k := refKey{qualify(r.Subject, ctx), r.Version}
		if s.users[k] == nil {
			s.users[k] = map[*version]bool{}
		}
		s.users[k][v] = true
	}
	s.lastID = max(s.lastID, v.id)
}

func (s *state) remove(subject string, number int) {
	list := s.subjects[subject]
	i, ok := find(list, number)
	if !ok {
		return
	}
	v := list[i]
	if list = slices.Delete(slices.Clone(list), i, i+1); len(list) == 0 {
		delete(s.subjects, subject)
	} else {
		s.subjects[subject] = list
	}
	k := idKey{contextOf(subject), v.id}
	rest := slices.DeleteFunc(slices.Clone(s.byID[k]), func(w *version) bool { return w == v })
	s.byID[k] = rest
	if len(rest) == 0 {
		delete(s.byID, k)
	}
	if !slices.ContainsFunc(rest, func(w *version) bool { return w.hash == v.hash }) {
		delete(s.byHash, hashKey{k.context, v.hash})
	}
	for _, r := range v.schema.References {
		key := refKey{qualify(r.Subject, k.context), r.Version}
		if delete(s.users[key], v); len(s.users[key]) == 0 {
			delete(s.users, key)
		}
	}
}

func find(list []*version, number int) (int, bool) {
	return slices.BinarySearchFunc(list, number, func(v *version, n int) int { return v.number - n })
}

// latest is the newest version that is not deleted, or nil.
func latest(list []*version) *version {
	for _, v := range slices.Backward(list) {
		if !v.deleted {
			return v
		}
	}
	return nil
}

// contextNames lists the contexts, the default one "." first.
func (s *state) contextNames() []string {
	names := maps.Clone(s.contexts)
	delete(names, ".")
	return append([]string{"."}, slices.Sorted(maps.Keys(names))...)
}

// contextOf is the context of a subject: "." or the name in ":.name:subject".
func contextOf(subject string) string {
	if rest, ok := strings.CutPrefix(subject, ":."); ok {
		if name, _, ok := strings.Cut(rest, ":"); ok {
			return "." + name
		}
	}
	return "."
}

// qualify puts a subject without a context into one.
func qualify(subject, context string) string {
	if context == "." || strings.HasPrefix(subject, ":.") {
		return normalSubject(subject)
	}
	return ":" + context + ":" + subject
}

// normalSubject leaves out the default context.
func normalSubject(subject string) string { return strings.TrimPrefix(subject, ":.:") }
