package registry

import (
	"context"
	"fmt"
	"strings"
)

// Delete marks the versions of a subject as deleted: their ids stay readable. permanent
// removes versions that are so marked. It returns their numbers.
func (r *Registry) Delete(ctx context.Context, subject string, permanent bool) ([]int, error) {
	subject = normalSubject(subject)
	var numbers []int
	err := r.update(ctx, func(s *state) ([]record, error) {
		list := s.subjects[subject]
		gone, err := s.toDelete(subject, permanent)
		if err != nil {
			return nil, err
		}
		if err := s.unused(gone); err != nil {
			return nil, err
		}
		for _, v := range gone {
			numbers = append(numbers, v.number)
		}
		if permanent {
			return s.wipe(gone), nil
		}
		last := list[len(list)-1].number
		return append([]record{{keyOfSubject("DELETE_SUBJECT", subject), encode(deleteValue{subject, last})}}, s.dropSettings(subject)...), nil
	})
	return numbers, err
}

// toDelete are the versions that a deletion of a subject is about.
func (s *state) toDelete(subject string, permanent bool) ([]*version, error) {
	list := s.subjects[subject]
	left := alive(list)
	switch {
	case len(list) == 0:
		return nil, subjectNotFound(subject)
	case len(left) == 0 && !permanent:
		return nil, failHint(codeSubjectDeleted, "Set permanent=true to delete it for good", "Subject '%s' was soft deleted", subject)
	case len(left) > 0 && permanent:
		return nil, failHint(codeSubjectNotDeleted, "Delete it without permanent=true first", "Subject '%s' was not deleted first", subject)
	}
	if err := s.writable(subject); err != nil {
		return nil, err
	}
	if permanent {
		return list, nil
	}
	return left, nil
}

// DeleteVersion is Delete for one version; number -1 is the latest. It returns the number.
func (r *Registry) DeleteVersion(ctx context.Context, subject string, number int, permanent bool) (int, error) {
	subject = normalSubject(subject)
	err := r.update(ctx, func(s *state) ([]record, error) {
		v, err := s.versionToDelete(subject, number, permanent)
		if err != nil {
			return nil, err
		}
		number = v.number
		if permanent {
			return s.wipe([]*version{v}), nil
		}
		marked := *v
		marked.deleted = true
		records := []record{{keyOfSchema(subject, number), marked.value()}}
		if len(alive(s.subjects[subject])) == 1 {
			records = append(records, s.dropSettings(subject)...)
		}
		return records, nil
	})
	return number, err
}

func (s *state) versionToDelete(subject string, number int, permanent bool) (*version, error) {
	list := s.subjects[subject]
	if len(list) == 0 {
		return nil, subjectNotFound(subject)
	}
	v := list[len(list)-1]
	if number != latestVersion {
		i, ok := find(list, number)
		if !ok {
			return nil, versionNotFound(number)
		}
		v = list[i]
	} else if l := latest(list); l != nil && !permanent {
		v = l
	}
	if err := s.writable(subject); err != nil {
		return nil, err
	}
	switch {
	case v.deleted && !permanent:
		return nil, failHint(codeVersionDeleted, "Set permanent=true to delete it for good", "Subject '%s' Version %d was soft deleted", subject, v.number)
	case !v.deleted && permanent:
		return nil, failHint(codeVersionNotDeleted, "Delete it without permanent=true first", "Subject '%s' Version %d was not deleted first", subject, v.number)
	}
	return v, s.unused([]*version{v})
}

// unused refuses to delete what other schemas refer to.
func (s *state) unused(list []*version) error {
	for _, v := range list {
		var names []string
		for user := range s.users[refKey{v.subject, v.number}] {
			names = append(names, fmt.Sprintf("%s version %d", user.subject, user.number))
		}
		if len(names) > 0 {
			return failHint(codeReferenceExists, "Delete these first", "Other schemas refer to %s version %d: %s",
				v.subject, v.number, strings.Join(names[:min(len(names), 10)], ", "))
		}
	}
	return nil
}

// wipe are the records that remove versions. Before the version with the largest id goes, that
// id is written down elsewhere, so that no later schema gets it.
func (s *state) wipe(list []*version) []record {
	var out []record
	for _, v := range list {
		if v.id == s.lastID && out == nil {
			out = append(out, record{keyOfContext(ourTenant, "."), encode(contextValue{ourTenant, ".", s.lastID})})
		}
	}
	for _, v := range list {
		out = append(out, record{keyOfSchema(v.subject, v.number), nil})
	}
	return out
}

// dropSettings removes what was set for a subject that is gone.
func (s *state) dropSettings(subject string) []record {
	var out []record
	if _, ok := s.modes[subject]; ok {
		out = append(out, record{keyOfSubject("MODE", subject), nil})
	}
	if _, ok := s.configs[subject]; ok {
		out = append(out, record{keyOfSubject("CONFIG", subject), nil})
	}
	return out
}
