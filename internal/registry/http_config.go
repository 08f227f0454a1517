package registry

import (
	"encoding/json"
	"slices"
	"strings"
)

// configAnswer is a setting as GET and DELETE show it.
type configAnswer struct {
	CompatibilityLevel Level `json:"compatibilityLevel,omitempty"`
	Normalize          *bool `json:"normalize,omitempty"`
}

// configRequest is the body of PUT, which is also its answer. Further members that Confluent's
// registry has are refused: to take them in and then do nothing would deceive.
type configRequest struct {
	Compatibility Level `json:"compatibility,omitempty"`
	Normalize     *bool `json:"normalize,omitempty"`
}

var unsupportedConfig = []string{"alias", "compatibilityGroup", "compatibilityPolicy", "defaultMetadata",
	"overrideMetadata", "defaultRuleSet", "overrideRuleSet", "validateFields", "validateNames", "validateRules"}

// scope is what a path of /config and /mode is about: a subject, a context, or "" for all.
func (c *call) scope() string {
	subject := c.vars["subject"]
	if subject == "" && c.context != "." {
		return ":" + c.context + ":"
	}
	return strings.TrimSuffix(c.subject(), ":.:")
}

func (r *Registry) getConfig(c *call) (any, error) {
	scope := c.scope()
	return read(r, func(s *state) (configAnswer, error) {
		own, set := s.configs[scope]
		if scope == "" || c.flag("defaultToGlobal") {
			own = s.configFor(scope)
		} else if !set {
			return configAnswer{}, failHint(codeNoSubjectLevel, "Ask with defaultToGlobal=true for the level that counts",
				"Subject '%s' does not have subject-level compatibility configured", scope)
		}
		return configAnswer{own.CompatibilityLevel, own.Normalize}, nil
	})
}

func (r *Registry) putConfig(c *call) (any, error) {
	var raw map[string]json.RawMessage
	if err := c.body(&raw); err != nil {
		return nil, err
	}
	for name, v := range raw {
		if slices.Contains(unsupportedConfig, name) && compacted(v) != nil && string(v) != "false" {
			return nil, fail(codeNotPermitted, "The setting '%s' is not supported: compatibility and normalize are", name)
		}
	}
	var q configRequest
	if err := json.Unmarshal(encode(raw), &q); err != nil {
		return nil, &statusError{400, "Bad JSON: " + err.Error()}
	}
	if q.Compatibility != "" || q.Normalize == nil {
		level, err := parseLevel(string(q.Compatibility))
		if err != nil {
			return nil, err
		}
		q.Compatibility = level
	}
	scope, err := c.settable()
	if err != nil {
		return nil, err
	}
	err = r.update(c.r.Context(), func(s *state) ([]record, error) {
		if err := s.writable(scope); err != nil {
			return nil, err
		}
		v := s.configs[scope]
		v.Subject = orNull(scope)
		if q.Compatibility != "" {
			v.CompatibilityLevel = q.Compatibility
		}
		if q.Normalize != nil {
			v.Normalize = q.Normalize
		}
		return []record{{keyOfSubject("CONFIG", scope), encode(v)}}, nil
	})
	return q, err
}

// settable is scope for a change: its name must be one that a subject may have.
func (c *call) settable() (string, error) {
	scope := c.scope()
	if scope == "" {
		return "", nil
	}
	return scope, checkSubject(scope)
}

func (r *Registry) deleteConfig(c *call) (any, error) {
	scope := c.scope()
	var old configValue
	err := r.update(c.r.Context(), func(s *state) ([]record, error) {
		var set bool
		if old, set = s.configs[scope]; !set {
			if scope == "" {
				old = s.configFor("")
				return nil, nil
			}
			return nil, subjectNotFound(scope)
		}
		if err := s.writable(scope); err != nil {
			return nil, err
		}
		return []record{{keyOfSubject("CONFIG", scope), nil}}, nil
	})
	return configAnswer{old.CompatibilityLevel, old.Normalize}, err
}

type modeAnswer struct {
	Mode Mode `json:"mode"`
}

func (r *Registry) getMode(c *call) (any, error) {
	scope := c.scope()
	return read(r, func(s *state) (modeAnswer, error) {
		own, set := s.modes[scope]
		if scope == "" || c.flag("defaultToGlobal") {
			own = s.modeFor(scope)
		} else if !set {
			return modeAnswer{}, failHint(codeNoSubjectMode, "Ask with defaultToGlobal=true for the mode that counts",
				"Subject '%s' does not have subject-level mode configured", scope)
		}
		return modeAnswer{own}, nil
	})
}

func (r *Registry) putMode(c *call) (any, error) {
	var q modeAnswer
	if err := c.body(&q); err != nil {
		return nil, err
	}
	m, err := parseMode(string(q.Mode))
	if err != nil {
		return nil, err
	}
	scope, err := c.settable()
	if err != nil {
		return nil, err
	}
	err = r.update(c.r.Context(), func(s *state) ([]record, error) {
		if m == Import && s.modeFor(scope) != Import && !c.flag("force") && s.inUse(scope) {
			return nil, failHint(codeNotPermitted, "Set force=true to do it nevertheless",
				"Mode IMPORT is for subjects without schemas, and there are some")
		}
		return []record{{keyOfSubject("MODE", scope), encode(modeValue{orNull(scope), m})}}, nil
	})
	return modeAnswer{m}, err
}

// inUse tells whether a scope holds schemas that are not deleted.
func (s *state) inUse(scope string) bool {
	for name, list := range s.subjects {
		if latest(list) != nil && slices.Contains(scopes(name), scope) {
			return true
		}
	}
	return false
}

func (r *Registry) deleteMode(c *call) (any, error) {
	scope := c.scope()
	old := ReadWrite
	err := r.update(c.r.Context(), func(s *state) ([]record, error) {
		m, set := s.modes[scope]
		if !set {
			if scope == "" {
				return nil, nil
			}
			return nil, subjectNotFound(scope)
		}
		old = m
		return []record{{keyOfSubject("MODE", scope), nil}}, nil
	})
	return modeAnswer{old}, err
}
