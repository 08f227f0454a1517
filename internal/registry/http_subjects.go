package registry

import (
	"encoding/json"
	"slices"
)

// schemaRequest is the body of a registration, a lookup and a check.
type schemaRequest struct {
	Schema     string          `json:"schema"`
	SchemaType SchemaType      `json:"schemaType"`
	References []Reference     `json:"references"`
	Metadata   json.RawMessage `json:"metadata"`
	RuleSet    json.RawMessage `json:"ruleSet"`
	ID         int             `json:"id"`
	Version    int             `json:"version"`
}

func (q schemaRequest) schema() Schema {
	return Schema{q.SchemaType, q.Schema, q.References, q.Metadata, q.RuleSet}
}

// schemaRequest reads the body; the text must not be empty.
func (c *call) schemaRequest() (schemaRequest, error) {
	var q schemaRequest
	if err := c.body(&q); err != nil {
		return q, err
	}
	if q.Schema == "" {
		return q, fail(codeInvalidSchema, "Empty schema")
	}
	return q, nil
}

// schemaAnswer is a version as the interface shows it. The type AVRO is left out, as always.
type schemaAnswer struct {
	Subject    string          `json:"subject,omitempty"`
	Version    int             `json:"version,omitempty"`
	ID         int             `json:"id,omitempty"`
	SchemaType SchemaType      `json:"schemaType,omitempty"`
	References []Reference     `json:"references,omitempty"`
	Metadata   json.RawMessage `json:"metadata,omitempty"`
	RuleSet    json.RawMessage `json:"ruleSet,omitempty"`
	Schema     string          `json:"schema"`
	Deleted    bool            `json:"deleted,omitempty"`
	MaxID      int             `json:"maxId,omitempty"`
}

func answerOf(v Registered) schemaAnswer {
	a := schemaAnswer{v.Subject, v.Version, v.ID, v.Schema.Type, v.Schema.References, v.Schema.Metadata, v.Schema.RuleSet, v.Schema.Text, v.Deleted, 0}
	if a.SchemaType == Avro {
		a.SchemaType = ""
	}
	return a
}

func (r *Registry) listSubjects(c *call) (any, error) {
	return read(r, func(s *state) ([]string, error) { return page(c, s.names(c.prefix(), c.wanted())), nil })
}

// prefix is the parameter subjectPrefix within the path's context; without it, every context.
func (c *call) prefix() string {
	prefix, given := c.query.Get("subjectPrefix"), c.query.Has("subjectPrefix")
	switch {
	case c.context != ".":
		return qualify(prefix, c.context)
	case !given:
		return ":*:"
	}
	return prefix
}

func (r *Registry) lookupSchema(c *call) (any, error) {
	q, err := c.schemaRequest()
	if err != nil {
		return nil, err
	}
	v, err := r.Lookup(c.subject(), q.schema(), c.flag("normalize"), c.flag("deleted"))
	if err != nil {
		return nil, err
	}
	return answerOf(v), nil
}

func (r *Registry) deleteSubject(c *call) (any, error) {
	return r.Delete(c.r.Context(), c.subject(), c.flag("permanent"))
}

func (r *Registry) deleteVersion(c *call) (any, error) {
	n, err := c.version()
	if err != nil {
		return nil, err
	}
	return r.DeleteVersion(c.r.Context(), c.subject(), n, c.flag("permanent"))
}

func (r *Registry) register(c *call) (any, error) {
	q, err := c.schemaRequest()
	if err != nil {
		return nil, err
	}
	v, err := r.Register(c.r.Context(), Registration{
		Subject: c.subject(), Schema: q.schema(), Normalize: c.flag("normalize"), ID: q.ID, Version: q.Version})
	if err != nil {
		return nil, err
	}
	return struct {
		ID int `json:"id"`
	}{v.ID}, nil
}

func (r *Registry) listVersions(c *call) (any, error) {
	return read(r, func(s *state) ([]int, error) {
		list := s.subjects[normalSubject(c.subject())]
		if len(list) == 0 || latest(list) == nil && c.wanted() == wantAlive {
			return nil, subjectNotFound(c.subject())
		}
		out := []int{}
		for _, v := range c.wanted().of(list) {
			out = append(out, v.number)
		}
		return page(c, out), nil
	})
}

// pathVersion is the version that the path names.
func (r *Registry) pathVersion(c *call, deleted bool) (*version, error) {
	n, err := c.version()
	if err != nil {
		return nil, err
	}
	return r.version(c.subject(), n, deleted)
}

func (r *Registry) getVersion(c *call) (any, error) {
	v, err := r.pathVersion(c, c.flag("deleted"))
	if err != nil {
		return nil, err
	}
	a := answerOf(v.public())
	a.Schema, err = r.formatted(v, c.query.Get("format"))
	return a, err
}

func (r *Registry) getVersionText(c *call) (any, error) {
	v, err := r.pathVersion(c, c.flag("deleted"))
	if err != nil {
		return nil, err
	}
	text, err := r.formatted(v, c.query.Get("format"))
	return plainText(text), err
}

// formatted is a version's text: "resolved" writes out the references of an Avro schema,
// "serialized" gives a Protobuf schema's descriptor in Base64; anything else is the text as stored.
func (r *Registry) formatted(v *version, format string) (string, error) {
	if !(v.schema.Type == Avro && format == "resolved" || v.schema.Type == Protobuf && format == "serialized") {
		return v.schema.Text, nil
	}
	p, err := read(r, func(s *state) (parsed, error) { return s.known(v) })
	if err != nil {
		return "", fail(codeInvalidSchema, "The schema cannot be read any more: %v", err)
	}
	switch p := p.(type) {
	case *avroSchema:
		return p.resolved(), nil
	case *protoSchema:
		return p.serialized()
	}
	return v.schema.Text, nil
}

func (r *Registry) referencedBy(c *call) (any, error) {
	v, err := r.pathVersion(c, true)
	if err != nil {
		return nil, err
	}
	return read(r, func(s *state) ([]int, error) {
		ids := []int{}
		for user := range s.users[refKey{v.subject, v.number}] {
			if c.flag("deleted") || !user.deleted {
				ids = append(ids, user.id)
			}
		}
		slices.Sort(ids)
		return page(c, slices.Compact(ids)), nil
	})
}

// withMetadata is the newest version whose metadata has the properties key=value.
func (r *Registry) withMetadata(c *call) (any, error) {
	keys, values := c.query["key"], c.query["value"]
	list, err := read(r, func(s *state) ([]*version, error) { return s.subjects[normalSubject(c.subject())], nil })
	if err != nil {
		return nil, err
	}
	if !c.flag("deleted") {
		list = alive(list)
	}
	if len(list) == 0 {
		return nil, subjectNotFound(c.subject())
	}
	for _, v := range slices.Backward(list) {
		var m struct {
			Properties map[string]string `json:"properties"`
		}
		if v.schema.Metadata != nil && json.Unmarshal(v.schema.Metadata, &m) != nil {
			continue
		}
		fits := len(keys) == len(values)
		for i := range min(len(keys), len(values)) {
			got, ok := m.Properties[keys[i]]
			fits = fits && ok && got == values[i]
		}
		if fits {
			return answerOf(v.public()), nil
		}
	}
	return nil, fail(codeSchemaNotFound, "Schema not found")
}
