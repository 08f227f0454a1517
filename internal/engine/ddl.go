package engine

import (
	"fmt"
	"strings"

	"github.com/azud/azud/internal/types"
)

// tableDDL is the statement that makes a table again, in the form of Spark's SHOW CREATE TABLE.
func tableDDL(t *Table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s.%s.%s", catalogName, quoteName(t.database), quoteName(t.name))
	d := t.stored
	if d == nil {
		d = &stored{}
	}
	if len(t.columns) > 0 {
		b.WriteString(" (\n")
		for i, f := range t.columns {
			b.WriteString("  " + columnDDL(f, d))
			if i < len(t.columns)-1 {
				b.WriteString(",\n")
			}
		}
		b.WriteString(")")
	}
	b.WriteString("\nUSING " + t.conn.Name + "\n")
	b.WriteString(optionsDDL(t, d))
	if len(d.partitions) > 0 {
		names := make([]string, len(d.partitions))
		for i, p := range d.partitions {
			names[i] = quoteName(p)
		}
		b.WriteString("PARTITIONED BY (" + strings.Join(names, ", ") + ")\n")
	}
	if path, ok := t.options.Lookup("path"); ok && !d.managed {
		b.WriteString("LOCATION " + quoteText(path) + "\n")
	}
	if d.comment != "" {
		b.WriteString("COMMENT " + quoteText(d.comment) + "\n")
	}
	b.WriteString(pairsDDL("TBLPROPERTIES", d.properties))
	return b.String()
}

func columnDDL(f types.Field, d *stored) string {
	key := strings.ToLower(f.Name)
	typ := typeDDL(f.Type)
	if n, ok := d.lengths[key]; ok {
		typ = n.String()
	}
	s := quoteName(f.Name) + " " + typ
	if !f.Nullable {
		s += " NOT NULL"
	}
	if v := d.defaults[key]; v != "" {
		s += " DEFAULT " + v
	}
	if c := d.comments[key]; c != "" {
		s += " COMMENT " + quoteText(c)
	}
	return s
}

// optionsDDL leaves out what has a clause of its own.
func optionsDDL(t *Table, d *stored) string {
	rest := map[string]string{}
	for k, v := range t.options {
		if !strings.EqualFold(k, "path") && !(strings.EqualFold(k, "partitionBy") && len(d.partitions) > 0) {
			rest[k] = v
		}
	}
	return pairsDDL("OPTIONS", rest)
}

func pairsDDL(word string, m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	lines := make([]string, 0, len(m))
	for _, k := range sortedKeys(m) {
		lines = append(lines, "  "+quoteText(k)+" = "+quoteText(m[k]))
	}
	return word + " (\n" + strings.Join(lines, ",\n") + ")\n"
}

func viewDDL(db string, v *view) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE VIEW %s.%s", quoteName(db), quoteName(v.name))
	if len(v.shown) > 0 {
		cols := make([]string, len(v.shown))
		for i, c := range v.shown {
			cols[i] = "  " + quoteName(c)
			if comment := v.comments[strings.ToLower(c)]; comment != "" {
				cols[i] += " COMMENT " + quoteText(comment)
			}
		}
		b.WriteString(" (\n" + strings.Join(cols, ",\n") + ")")
	}
	b.WriteString("\n")
	if v.comment != "" {
		b.WriteString("COMMENT " + quoteText(v.comment) + "\n")
	}
	b.WriteString("WITH SCHEMA COMPENSATION\nAS " + v.text + "\n")
	return b.String()
}

// quoteName puts backquotes around what is no plain identifier.
func quoteName(s string) string {
	plain := s != ""
	digits := true
	for _, c := range s {
		digits = digits && c >= '0' && c <= '9'
		plain = plain && (c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' && c < 128)
	}
	if plain && !digits {
		return s
	}
	return "`" + strings.ReplaceAll(s, "`", "``") + "`"
}

// quoteText is a string literal.
func quoteText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`).Replace(s) + "'"
}

// typeDDL is a type with the names of fields as they are, which Type.SQL writes in capitals. The
// collation of strings within others is Spark's.
func typeDDL(t types.Type) string { return typeText(t, false) }

func typeText(t types.Type, inner bool) string {
	switch t.Kind {
	case types.Array:
		return "ARRAY<" + typeText(*t.Elem, true) + ">"
	case types.Map:
		return "MAP<" + typeText(*t.Key, true) + ", " + typeText(*t.Elem, true) + ">"
	case types.Struct:
		parts := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			parts[i] = quoteName(f.Name) + ": " + typeText(f.Type, true)
			if !f.Nullable {
				parts[i] += " NOT NULL"
			}
		}
		return "STRUCT<" + strings.Join(parts, ", ") + ">"
	case types.String:
		if inner {
			return "STRING COLLATE UTF8_BINARY"
		}
	}
	return t.SQL()
}
