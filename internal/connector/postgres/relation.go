package postgres

import (
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// relation is what a table reads or writes: a table by its name, or a query.
type relation struct {
	schema, name string
	query        string // SQL; then there is no name
}

// quote makes an identifier of any text, as pgx.Identifier does.
func quote(name string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(name, "\x00", ""), `"`, `""`) + `"`
}

// String is the name as it is written in SQL.
func (r relation) String() string {
	if r.schema != "" {
		return quote(r.schema) + "." + quote(r.name)
	}
	return quote(r.name)
}

// from is what stands behind FROM.
func (r relation) from() string {
	if r.query != "" {
		return "(\n" + r.query + "\n) AS azud_query" // a comment may end the query
	}
	return r.String()
}

// shown is the name in messages.
func (r relation) shown() string {
	switch {
	case r.query != "":
		return "the query"
	case r.schema != "":
		return r.schema + "." + r.name
	}
	return r.name
}

// newRelation reads the options dbtable, query and schema. Spark: JDBCOptions.
func newRelation(c *connector.Connector, t connector.Table) (relation, error) {
	table, query := strings.TrimSpace(c.Text(t.Options, "dbtable")), strings.TrimSpace(c.Text(t.Options, "query"))
	switch {
	case table != "" && query != "":
		return relation{}, errs.New("INVALID_OPTION", "Both `dbtable` and `query` can not be specified at the same time.").
			WithHint("dbtable names a table, query is read instead of one")
	case query != "":
		return relation{query: strings.TrimRight(query, "; \t\n")}, nil
	case table == "":
		return relation{}, errs.New("MISSING_OPTION", "table %s names no table of PostgreSQL", t.Name).
			WithHint("add OPTIONS (dbtable 'schema.name'), or query 'SELECT …'")
	case strings.HasPrefix(table, "("):
		end := strings.LastIndexByte(table, ')')
		if end < 0 {
			return relation{}, errs.New("INVALID_OPTION", "table %s: the query in dbtable has no end", t.Name).WithHint("write it as (SELECT …) alias")
		}
		return relation{query: table[1:end]}, nil
	}
	parts, ok := identifiers(table)
	if !ok || len(parts) > 2 {
		return relation{}, errs.New("INVALID_OPTION", "table %s: dbtable %q is not the name of a table", t.Name, table).
			WithHint(`write it as name or schema.name, special characters in quotes: "año 2024"`)
	}
	r := relation{name: parts[len(parts)-1], schema: c.Text(t.Options, "schema")}
	if len(parts) == 2 {
		r.schema = parts[0]
	}
	return r, nil
}

// identifiers takes a.b or "A"."b" apart. As in PostgreSQL, what is not in quotes is lower case.
func identifiers(s string) (parts []string, ok bool) {
	for {
		var one string
		if strings.HasPrefix(s, `"`) {
			var b strings.Builder
			rest := s[1:]
			for {
				i := strings.IndexByte(rest, '"')
				if i < 0 {
					return nil, false
				}
				b.WriteString(rest[:i])
				if rest = rest[i+1:]; !strings.HasPrefix(rest, `"`) {
					break
				}
				b.WriteByte('"')
				rest = rest[1:]
			}
			one, s = b.String(), rest
		} else {
			end := strings.IndexByte(s, '.')
			if end < 0 {
				end = len(s)
			}
			one, s = strings.ToLower(s[:end]), s[end:]
			if strings.ContainsAny(one, "\"'();, \t\n") {
				return nil, false
			}
		}
		if one == "" {
			return nil, false
		}
		parts = append(parts, one)
		if s == "" {
			return parts, true
		}
		if s[0] != '.' {
			return nil, false
		}
		s = s[1:]
	}
}
