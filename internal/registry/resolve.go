package registry

import (
	"fmt"
	"slices"
)

// resolver collects the texts that a schema refers to, each after those it needs itself.
type resolver struct {
	s       *state
	context string
	kind    SchemaType
	out     []resolved
	seen    map[string]bool // names
	path    []refKey        // the references under way, against circles
	bytes   int
}

// resolve finds the texts of references. Those with version -1 or 0 mean the latest; the
// second result has the numbers instead.
func (s *state) resolve(subject string, sc Schema) ([]resolved, []Reference, error) {
	if len(sc.References) == 0 {
		return nil, nil, nil
	}
	r := resolver{s: s, context: contextOf(subject), kind: sc.Type, seen: map[string]bool{}}
	refs := slices.Clone(sc.References)
	for i := range refs {
		v, err := r.find(refs[i])
		if err != nil {
			return nil, nil, err
		}
		refs[i].Version = v.number
	}
	if err := r.add(refs); err != nil {
		return nil, nil, err
	}
	return r.out, refs, nil
}

func (r *resolver) find(ref Reference) (*version, error) {
	switch {
	case ref.Name == "":
		return nil, fmt.Errorf("a reference to subject %q has no name", ref.Subject)
	case ref.Subject == "":
		return nil, fmt.Errorf("the reference %q has no subject", ref.Name)
	}
	list := r.s.subjects[qualify(ref.Subject, r.context)]
	if ref.Version <= 0 {
		if v := latest(list); v != nil {
			return v, nil
		}
		return nil, fmt.Errorf("the reference %q: there is no subject %q", ref.Name, ref.Subject)
	}
	i, ok := find(list, ref.Version)
	if !ok {
		return nil, fmt.Errorf("the reference %q: there is no version %d of subject %q", ref.Name, ref.Version, ref.Subject)
	}
	return list[i], nil
}

func (r *resolver) add(refs []Reference) error {
	for _, ref := range refs {
		if r.seen[ref.Name] {
			continue
		}
		v, err := r.find(ref)
		if err != nil {
			return err
		}
		if v.schema.Type != r.kind {
			return fmt.Errorf("the reference %q: version %d of subject %q is %s, not %s",
				ref.Name, v.number, ref.Subject, v.schema.Type, r.kind)
		}
		key := refKey{v.subject, v.number}
		if slices.Contains(r.path, key) {
			return fmt.Errorf("the reference %q leads back to itself", ref.Name)
		}
		r.seen[ref.Name] = true
		r.path = append(r.path, key)
		if err := r.add(v.schema.References); err != nil {
			return err
		}
		r.path = r.path[:len(r.path)-1]
		r.out = append(r.out, resolved{ref.Name, v.schema.Text})
		if r.bytes += len(v.schema.Text); r.bytes > maxResolved || len(r.out) > maxReferences {
			return fmt.Errorf("the references lead to more than %d schemas or %d bytes", maxReferences, maxResolved)
		}
	}
	return nil
}

// understand parses a schema of a subject and returns it with the text that is stored.
func (s *state) understand(subject string, sc Schema, normalize, strict bool) (parsed, Schema, error) {
	if sc.Type == "" {
		sc.Type = Avro
	}
	if len(sc.Text) > maxSchema {
		return nil, sc, fail(codeTooLarge, "The schema has %d bytes: at most %d are allowed", len(sc.Text), maxSchema)
	}
	if !slices.Contains(schemaTypes, sc.Type) {
		return nil, sc, failHint(codeInvalidSchema, near(string(sc.Type), schemaTypes), "Invalid schema type %s", sc.Type)
	}
	texts, refs, err := s.resolve(subject, sc)
	if err != nil {
		return nil, sc, fail(codeInvalidSchema, "Invalid schema: %v", err)
	}
	p, err := parseSchema(sc.Type, sc.Text, texts, strict)
	if err != nil {
		return nil, sc, fail(codeInvalidSchema, "Invalid %s schema: %v", sc.Type, err)
	}
	sc.References = refs
	sc.Text = p.canonical()
	if normalize {
		sc.Text = p.normal()
		sc.References = sortedReferences(refs)
		if p, err = parseSchema(sc.Type, sc.Text, texts, strict); err != nil {
			return nil, sc, fail(codeInvalidSchema, "Invalid %s schema once normalised: %v", sc.Type, err)
		}
	}
	sc.Metadata, sc.RuleSet = compacted(sc.Metadata), compacted(sc.RuleSet)
	return p, sc, nil
}

func sortedReferences(refs []Reference) []Reference {
	refs = slices.Clone(refs)
	slices.SortFunc(refs, func(a, b Reference) int {
		return slices.Compare([]string{a.Name, a.Subject}, []string{b.Name, b.Subject})
	})
	return slices.Compact(refs)
}

// known parses a version that is in the registry.
func (s *state) known(v *version) (parsed, error) {
	texts, _, err := s.resolve(v.subject, v.schema)
	if err != nil {
		return nil, err
	}
	return parseSchema(v.schema.Type, v.schema.Text, texts, false)
}
