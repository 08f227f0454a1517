package sqltest

import (
	"os"
	"regexp"
	"strings"
)

const header = "# recorded: Spark "

var tableLine = regexp.MustCompile(`^table (\w+) \((.*)\)$`)

// Load reads and parses a script.
func Load(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, string(text))
}

// Parse parses a script; path is for messages. The first error, with its line, ends it.
func Parse(path, text string) (*File, error) {
	f := &File{Path: path, lines: strings.Split(strings.TrimSuffix(text, "\n"), "\n")}
	if strings.HasPrefix(f.lines[0], header) {
		f.Recorded = strings.TrimSpace(f.lines[0][len(header):])
	}
	var open *Scenario // the scenario that the next input block feeds
	for from := 0; from < len(f.lines); {
		to := from
		for to < len(f.lines) && strings.TrimSpace(f.lines[to]) != "" {
			to++
		}
		if to > from {
			next, err := f.block(from, to, open)
			if err != nil {
				return nil, err
			}
			open = next
		}
		from = to + 1
	}
	return f, nil
}

// block parses lines[from:to] and returns the scenario that is open after it.
func (f *File) block(from, to int, open *Scenario) (*Scenario, error) {
	marks, at, err := f.marks(from, to)
	if err != nil || at == to {
		return open, err
	}
	b := rawBlock{marks: marks, at: at, end: to}
	if err := f.split(&b); err != nil {
		return nil, err
	}
	word, _, _ := strings.Cut(f.lines[at], " ")
	switch word {
	case "table":
		return nil, f.table(b)
	case "stream":
		return f.scenario(b)
	case "input":
		if open == nil {
			return nil, f.errorAt(at+1, "input without a stream above it")
		}
		return open, f.step(b, open)
	}
	return nil, f.statement(b)
}

// marks reads the comment and directive lines at the head of a block and says where it goes on.
func (f *File) marks(from, to int) (m Marks, at int, err error) {
	for at = from; at < to; at++ {
		line := f.lines[at]
		if line[0] == '#' {
			continue
		}
		if line[0] != '@' {
			break
		}
		name, rest, _ := strings.Cut(line[1:], " ")
		if err := m.set(name, strings.TrimSpace(rest)); err != "" {
			return m, at, f.errorAt(at+1, "%s", err)
		}
	}
	return m, at, nil
}

func (m *Marks) set(name, rest string) (problem string) {
	takesText := map[string]*string{"azud": &m.Azud, "differs": &m.Differs, "pending": &m.Pending, "zone": &m.zone, "args": &m.args}
	switch {
	case name == "ordered" && rest == "":
		m.Ordered = true
	case name == "types" && rest == "":
		m.Types = true
	case takesText[name] == nil:
		return "unknown directive @" + name + " " + rest
	case rest == "":
		return "@" + name + " needs a text: a reason, a zone or arguments"
	default:
		*takesText[name] = rest
	}
	return ""
}

// rawBlock is a block cut at its ---- lines.
type rawBlock struct {
	marks    Marks
	at, end  int // lines[at:end] without comments and directives
	head     []string
	recorded Section // after ----
	azud     Section // after ---- azud
}

func (f *File) split(b *rawBlock) error {
	none := Section{absent: true, from: b.end, to: b.end}
	b.recorded, b.azud = none, none
	cut, current := b.end, (*Section)(nil)
	for i := b.at; i < b.end; i++ {
		var next *Section
		switch f.lines[i] {
		case "----":
			next = &b.recorded
		case "---- azud":
			next = &b.azud
		default:
			continue
		}
		if !next.absent || next == &b.recorded && current != nil {
			return f.errorAt(i+1, "one ---- section, then at most one ---- azud section")
		}
		if current != nil {
			current.to = i
		}
		cut = min(cut, i)
		*next = Section{from: i + 1, to: b.end}
		current = next
	}
	b.head = f.lines[b.at:cut]
	if (b.marks.Differs != "") == b.azud.absent {
		return f.errorAt(b.at+1, "@differs and ---- azud belong together")
	}
	return nil
}

// want is the section that Azud must meet, read by parse.
func (f *File) want(b rawBlock, parse func(*Section) error) (Section, error) {
	for _, s := range []*Section{&b.recorded, &b.azud} {
		if s.absent {
			continue
		}
		if err := parse(s); err != nil {
			return *s, err
		}
	}
	if !b.azud.absent {
		return b.azud, nil
	}
	return b.recorded, nil
}

func (f *File) parseTable(line int) (Table, error) {
	m := tableLine.FindStringSubmatch(f.lines[line])
	if m == nil {
		return Table{}, f.errorAt(line+1, "want table NAME (COLUMNS)")
	}
	return Table{Name: m[1], Columns: m[2]}, nil
}

func (f *File) table(b rawBlock) error {
	t, err := f.parseTable(b.at)
	t.Rows = b.head[1:]
	f.tables = append(f.tables, t)
	return err
}

func (f *File) setup(m Marks) Setup {
	return Setup{Zone: m.zone, Args: m.args, Tables: append([]Table(nil), f.tables...)}
}

func (f *File) statement(b rawBlock) error {
	want, err := f.want(b, func(s *Section) error { return f.resultSection(s) })
	f.Statements = append(f.Statements, &Statement{
		Line: b.at + 1, Marks: b.marks, Setup: f.setup(b.marks), SQL: strings.Join(b.head, "\n"), Want: want,
	})
	return err
}

func (f *File) scenario(b rawBlock) (*Scenario, error) {
	sc := &Scenario{Line: b.at + 1, Marks: b.marks, Title: strings.TrimPrefix(b.head[0], "stream ")}
	sc.Setup = f.setup(b.marks)
	i := 1
	for ; i < len(b.head); i++ {
		if mode, ok := strings.CutPrefix(b.head[i], "mode "); ok {
			sc.Mode = strings.TrimSpace(mode)
		} else if strings.HasPrefix(b.head[i], "table ") {
			t, err := f.parseTable(b.at + i)
			if err != nil {
				return nil, err
			}
			sc.Inputs = append(sc.Inputs, t)
		} else {
			break
		}
	}
	sc.Body = strings.Join(b.head[i:], "\n")
	if sc.Body == "" || sc.Mode != "append" && sc.Mode != "update" && sc.Mode != "complete" {
		return nil, f.errorAt(sc.Line, "a stream needs mode append, update or complete, and a body")
	}
	var err error
	sc.Want, err = f.want(b, func(s *Section) error { return f.resultSection(s) })
	f.Scenarios = append(f.Scenarios, sc)
	return sc, err
}

func (f *File) step(b rawBlock, sc *Scenario) error {
	step := Step{Epochs: [][]Table{nil}}
	for i, line := range b.head {
		data := &step.Epochs[len(step.Epochs)-1]
		if name, ok := strings.CutPrefix(line, "input "); ok {
			*data = append(*data, Table{Name: strings.TrimSpace(name)})
		} else if line == "next" {
			step.Epochs = append(step.Epochs, nil)
		} else if len(*data) == 0 {
			return f.errorAt(b.at+i+1, "want input NAME before its rows")
		} else {
			last := &(*data)[len(*data)-1]
			last.Rows = append(last.Rows, line)
		}
	}
	want, err := f.want(b, func(s *Section) error { return f.epochSection(s) })
	sc.Steps = append(sc.Steps, step)
	sc.StepWants = append(sc.StepWants, want)
	sc.stepOurs = append(sc.stepOurs, b.marks.ours())
	return err
}
