package fn

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// ShowString is Spark's Dataset.show(maxRows, truncate): the table with its borders, and
// a line if there are more rows. truncate is the widest cell in characters, 0 for no limit.
func ShowString(c *Context, schema types.Schema, b *vec.Batch, maxRows, truncate int) string {
	header := make([]string, len(schema))
	for i, f := range schema {
		header[i] = escapeControl(f.Name)
	}
	rows := [][]string{header}
	p := printer{zone: zoneOf(c), null: "NULL", hex: true}
	for i := range b.Each() {
		if len(rows) > maxRows {
			break
		}
		row := make([]string, len(b.Cols))
		for k := range b.Cols {
			row[k] = cell(escapeControl(string(p.part(nil, &b.Cols[k], i, false))), truncate)
		}
		rows = append(rows, row)
	}
	out := table(rows, truncate > 0)
	if more := b.Rows() > maxRows; more {
		out += fmt.Sprintf("only showing top %d row%s", maxRows, plural(maxRows))
	}
	return out
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// cell cuts a text to a width, with "..." where there is room for it.
func cell(s string, width int) string {
	if width <= 0 || utf8.RuneCountInString(s) <= width {
		return s
	}
	r := []rune(s)
	if width < 4 {
		return string(r[:width])
	}
	return string(r[:width-3]) + "..."
}

// escapeControl shows line breaks and other control characters as Java escapes.
// Spark: SchemaUtils.escapeMetaCharacters.
func escapeControl(s string) string {
	if !strings.ContainsAny(s, "\n\r\t\f\b\v\a") {
		return s
	}
	return strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`, "\f", `\f`, "\b", `\b`, "\v", `\v`, "\a", `\a`).Replace(s)
}

// table draws the rows, the first of which is the header.
func table(rows [][]string, right bool) string {
	widths := make([]int, len(rows[0]))
	for i := range widths {
		widths[i] = 3
		for _, r := range rows {
			widths[i] = max(widths[i], displayWidth(r[i]))
		}
	}
	var b, rule strings.Builder
	rule.WriteByte('+')
	for _, w := range widths {
		rule.WriteString(strings.Repeat("-", w) + "+")
	}
	rule.WriteByte('\n')
	b.WriteString(rule.String())
	for n, r := range rows {
		b.WriteByte('|')
		for i, s := range r {
			gap := strings.Repeat(" ", widths[i]-displayWidth(s))
			if right {
				s, gap = gap, s
			}
			b.WriteString(s + gap + "|")
		}
		b.WriteByte('\n')
		if n == 0 {
			b.WriteString(rule.String())
		}
	}
	b.WriteString(rule.String())
	return b.String()
}

// displayWidth counts East Asian full-width characters twice. Spark: Utils.stringHalfWidth.
func displayWidth(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x1100 && isFullWidth(r) {
			n++
		}
	}
	return n
}

func isFullWidth(r rune) bool {
	switch {
	case r <= 0x115F, r >= 0x2E80 && r <= 0xA4CF, r >= 0xAC00 && r <= 0xD7A3,
		r >= 0xF900 && r <= 0xFAFF, r >= 0xFE30 && r <= 0xFE6F, r >= 0xFF00 && r <= 0xFF60, r >= 0xFFE0 && r <= 0xFFE6:
		return true
	}
	return false
}
