package registry

import (
	"slices"
)

func (r *Registry) listSchemas(c *call) (any, error) {
	newest := c.flag("latestOnly")
	list, err := read(r, func(s *state) ([]*version, error) {
		var out []*version
		for _, name := range s.names(c.prefix(), wantAll) {
			list := c.wanted().of(s.subjects[name])
			if newest && len(list) > 0 {
				list = list[len(list)-1:]
			}
			out = append(out, list...)
		}
		return out, nil
	})
	answers := []schemaAnswer{}
	for _, v := range page(c, list) {
		answers = append(answers, answerOf(v.public()))
	}
	return answers, err
}

// versionsByID are the versions with the path's id; a parameter subject limits them to its context.
func (r *Registry) versionsByID(c *call) ([]*version, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	subject := qualify(c.query.Get("subject"), c.context)
	return read(r, func(s *state) ([]*version, error) {
		list := s.withID(id, subject)
		if len(list) == 0 {
			return nil, schemaNotFound(id)
		}
		return list, nil
	})
}

func (r *Registry) getByID(c *call) (any, error) {
	list, err := r.versionsByID(c)
	if err != nil {
		return nil, err
	}
	a := answerOf(list[0].public())
	a.Subject, a.Version, a.ID, a.Deleted = "", 0, 0, false
	if c.flag("fetchMaxId") {
		a.MaxID, _ = read(r, func(s *state) (int, error) { return s.maxID(), nil })
	}
	a.Schema, err = r.formatted(list[0], c.query.Get("format"))
	return a, err
}

// maxID is the largest id in use: ids that were spent in vain are nobody's business.
func (s *state) maxID() int {
	largest := 0
	for k := range s.byID {
		largest = max(largest, k.id)
	}
	return largest
}

func (r *Registry) getTextByID(c *call) (any, error) {
	list, err := r.versionsByID(c)
	if err != nil {
		return nil, err
	}
	text, err := r.formatted(list[0], c.query.Get("format"))
	return plainText(text), err
}

func (r *Registry) subjectsOfID(c *call) (any, error) {
	list, err := r.versionsByID(c)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, v := range c.wanted().of(list) {
		names = append(names, v.subject)
	}
	slices.Sort(names)
	return page(c, slices.Compact(names)), nil
}

type subjectVersion struct {
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

func (r *Registry) versionsOfID(c *call) (any, error) {
	list, err := r.versionsByID(c)
	if err != nil {
		return nil, err
	}
	out := []subjectVersion{}
	for _, v := range c.wanted().of(list) {
		out = append(out, subjectVersion{v.subject, v.number})
	}
	slices.SortFunc(out, func(a, b subjectVersion) int {
		if a.Subject != b.Subject {
			return slices.Compare([]string{a.Subject}, []string{b.Subject})
		}
		return a.Version - b.Version
	})
	return page(c, out), nil
}

type checkAnswer struct {
	Compatible bool     `json:"is_compatible"`
	Messages   []string `json:"messages,omitempty"`
}

// checkAll compares with the versions that the subject's level asks for.
func (r *Registry) checkAll(c *call) (any, error) {
	return r.check(c, func(s *state, subject string) ([]*version, error) { return alive(s.subjects[subject]), nil })
}

// checkOne compares with one version; the latest of an unknown subject is no obstacle.
func (r *Registry) checkOne(c *call) (any, error) {
	n, err := c.version()
	if err != nil {
		return nil, err
	}
	return r.check(c, func(s *state, subject string) ([]*version, error) {
		if n == latestVersion && latest(s.subjects[subject]) == nil {
			return nil, nil
		}
		v, err := s.version(subject, n, false)
		return []*version{v}, err
	})
}

func (r *Registry) check(c *call, with func(*state, string) ([]*version, error)) (any, error) {
	q, err := c.schemaRequest()
	if err != nil {
		return nil, err
	}
	subject := normalSubject(c.subject())
	return read(r, func(s *state) (checkAnswer, error) {
		list, err := with(s, subject)
		if err != nil {
			return checkAnswer{}, err
		}
		cfg := s.configFor(subject)
		normalize := c.flag("normalize") || cfg.Normalize != nil && *cfg.Normalize
		p, schema, err := s.understand(subject, q.schema(), normalize, true)
		if err != nil {
			return checkAnswer{}, err
		}
		messages := s.compatible(p, schema.Type, cfg.CompatibilityLevel, list)
		a := checkAnswer{Compatible: len(messages) == 0}
		if c.flag("verbose") {
			a.Messages = messages
		}
		return a, nil
	})
}
