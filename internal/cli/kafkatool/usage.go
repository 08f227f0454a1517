package kafkatool

import (
	"fmt"
	"sort"
	"strings"
)

// usageWidth is the width of the table of options, as in Kafka's tools.
const usageWidth = 80

// usage is the table of a tool's options, in the form in which Kafka's tools print theirs: two
// columns, the options sorted by name.
func (p *parser) usage() string {
	list := append([]option(nil), p.list...)
	sort.Slice(list, func(i, j int) bool { return list[i].name < list[j].name })
	rows := [][2]string{{"Option", "Description"}, {"------", "-----------"}}
	for _, o := range list {
		help := o.help
		if o.def != "" {
			help += fmt.Sprintf(" (default: %s)", o.def)
		}
		rows = append(rows, [2]string{o.display(), help})
	}
	var left, right int
	for _, r := range rows {
		left, right = max(left, len(r[0])), max(right, len(r[1]))
	}
	left = min(left, (usageWidth-2)/2)
	right = min(right, usageWidth-left-2)
	var b strings.Builder
	for _, r := range rows {
		a, d := wrap(r[0], left), wrap(r[1], right)
		for i := 0; i < max(len(a), len(d)); i++ {
			fmt.Fprintf(&b, "%-*s  %-*s\n", left, at(a, i), right, at(d, i))
		}
	}
	return b.String()
}

// display is the option with what it takes: "--topic <String: topic>", "[…]" for what may be left out.
func (o *option) display() string {
	if o.arg == flag {
		return "--" + o.name
	}
	typ := o.typ
	if typ == "" {
		typ = "String"
	}
	if o.what != "" {
		typ += ": " + o.what
	}
	if o.arg == optional {
		return "--" + o.name + " [" + typ + "]"
	}
	return "--" + o.name + " <" + typ + ">"
}

// wrap breaks a text into lines of at most width bytes, between words or, in long ones, after a dot;
// the lines after the first are indented.
func wrap(text string, width int) []string {
	const indent = "  "
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		for {
			switch {
			case line == "":
				line = word
			case len(line)+1+len(word) <= width:
				line += " " + word
			default:
				lines = append(lines, line)
				line = indent + word
			}
			dot := -1
			if len(line) > width {
				dot = strings.LastIndexByte(line[:width], '.')
			}
			if dot < 0 {
				break
			}
			lines = append(lines, line[:dot+1])
			line, word = "", indent+line[dot+1:]
		}
	}
	return append(lines, line)
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}
