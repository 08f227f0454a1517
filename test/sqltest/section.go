package sqltest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const watermarkForm = "2006-01-02T15:04:05.000Z"

var epochLine = regexp.MustCompile(`^epoch (\d+) watermark=(\S+) late=(\d+) state=(none|[\d,]+)$`)

// resultSection reads "schema …" and rows, or "error …".
func (f *File) resultSection(s *Section) error {
	lines := f.lines[s.from:s.to]
	if len(lines) == 0 {
		return f.errorAt(s.from, "nothing expected: record it")
	}
	if text, ok := strings.CutPrefix(lines[0], "error "); ok {
		s.Err = parseFailure(text)
		return f.noMore(s.from+1, lines[1:])
	}
	text, ok := strings.CutPrefix(lines[0], "schema ")
	var pairs [][2]string
	if !ok || json.Unmarshal([]byte(text), &pairs) != nil {
		return f.errorAt(s.from+1, `want error CLASS, or schema [["name", "type"], …]`)
	}
	s.Schema = []Column{}
	for _, p := range pairs {
		s.Schema = append(s.Schema, Column{p[0], p[1]})
	}
	s.Rows = lines[1:]
	return nil
}

func (f *File) noMore(at int, lines []string) error {
	if len(lines) > 0 {
		return f.errorAt(at+1, "nothing can follow an error")
	}
	return nil
}

func parseFailure(text string) *Failure {
	class, state, _ := strings.Cut(text, " ")
	return &Failure{class, state}
}

// epochSection reads "epoch …" lines, each with its rows; an "error …" may end them.
func (f *File) epochSection(s *Section) error {
	for i := s.from; i < s.to; i++ {
		line := f.lines[i]
		if text, ok := strings.CutPrefix(line, "error "); ok {
			s.Err = parseFailure(text)
			return f.noMore(i+1, f.lines[i+1:s.to])
		}
		if strings.HasPrefix(line, "[") && len(s.Epochs) > 0 {
			last := &s.Epochs[len(s.Epochs)-1]
			last.Rows = append(last.Rows, line)
			continue
		}
		e, err := parseEpoch(line)
		if err != nil {
			return f.errorAt(i+1, "%v", err)
		}
		s.Epochs = append(s.Epochs, e)
	}
	return nil
}

func parseEpoch(line string) (e Epoch, err error) {
	m := epochLine.FindStringSubmatch(line)
	if m == nil {
		return e, fmt.Errorf("want epoch N watermark=TIME|none late=N state=N,…|none, a row [ … ], or error CLASS")
	}
	e.ID, _ = strconv.ParseInt(m[1], 10, 64)
	e.Late, _ = strconv.ParseInt(m[3], 10, 64)
	if m[2] != "none" {
		at, err := time.Parse(watermarkForm, m[2])
		if err != nil {
			return e, err
		}
		e.WatermarkMs = at.UnixMilli()
	}
	if m[4] != "none" {
		for n := range strings.SplitSeq(m[4], ",") {
			v, err := strconv.ParseInt(n, 10, 64)
			if err != nil {
				return e, err
			}
			e.State = append(e.State, v)
		}
	}
	return e, nil
}

// String is the epoch line of the script, without rows.
func (e Epoch) String() string {
	mark, state := "none", "none"
	if e.WatermarkMs != 0 {
		mark = time.UnixMilli(e.WatermarkMs).UTC().Format(watermarkForm)
	}
	if len(e.State) > 0 {
		state = strings.Trim(strings.Join(strings.Fields(fmt.Sprint(e.State)), ","), "[]")
	}
	return fmt.Sprintf("epoch %d watermark=%s late=%d state=%s", e.ID, mark, e.Late, state)
}

func (w *Failure) String() string {
	return strings.TrimSpace("error " + w.Class + " " + w.State)
}

// schemaLine is the schema line of the script, spaced as the recorder does.
func schemaLine(schema []Column) string {
	parts := make([]string, len(schema))
	for i, c := range schema {
		parts[i] = "[" + quote(c.Name) + ", " + quote(c.Type) + "]"
	}
	return "schema [" + strings.Join(parts, ", ") + "]"
}

func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil { // cannot happen: any string has a JSON form
		return strconv.Quote(s)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
