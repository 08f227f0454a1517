package registry

import (
	"net/http"
	"strings"
)

// routes fills the table of paths. One row is one operation of Confluent's interface.
func (r *Registry) routes() {
	add := func(pattern string, h handler) {
		method, path, _ := strings.Cut(pattern, " ")
		r.table = append(r.table, route{method, strings.Split(strings.Trim(path, "/"), "/"), h})
	}
	add("GET /", empty)
	add("POST /", empty)

	add("GET /subjects", r.listSubjects)
	add("POST /subjects/{subject}", r.lookupSchema)
	add("DELETE /subjects/{subject}", r.deleteSubject)
	add("GET /subjects/{subject}/metadata", r.withMetadata)
	add("GET /subjects/{subject}/versions", r.listVersions)
	add("POST /subjects/{subject}/versions", r.register)
	add("GET /subjects/{subject}/versions/{version}", r.getVersion)
	add("DELETE /subjects/{subject}/versions/{version}", r.deleteVersion)
	add("GET /subjects/{subject}/versions/{version}/schema", r.getVersionText)
	add("GET /subjects/{subject}/versions/{version}/referencedby", r.referencedBy)

	add("GET /schemas", r.listSchemas)
	add("GET /schemas/types", listTypes)
	add("GET /schemas/ids/{id}", r.getByID)
	add("GET /schemas/ids/{id}/schema", r.getTextByID)
	add("GET /schemas/ids/{id}/subjects", r.subjectsOfID)
	add("GET /schemas/ids/{id}/versions", r.versionsOfID)

	add("POST /compatibility/subjects/{subject}/versions", r.checkAll)
	add("POST /compatibility/subjects/{subject}/versions/{version}", r.checkOne)

	for _, path := range []string{"", "/{subject}"} {
		add("GET /config"+path, r.getConfig)
		add("PUT /config"+path, r.putConfig)
		add("DELETE /config"+path, r.deleteConfig)
		add("GET /mode"+path, r.getMode)
		add("PUT /mode"+path, r.putMode)
		add("DELETE /mode"+path, r.deleteMode)
	}
	add("GET /contexts", r.listContexts)
}

func empty(*call) (any, error) { return struct{}{}, nil }

func listTypes(*call) (any, error) { return schemaTypes, nil }

func (r *Registry) listContexts(c *call) (any, error) {
	return read(r, func(s *state) ([]string, error) { return page(c, s.contextNames()), nil })
}

var _ http.Handler = (*Registry)(nil)
