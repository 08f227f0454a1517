package engine

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// textOutputs are the outputs for people and other programs, beside JSON.
var textOutputs = map[string]func(Result) string{"table": Result.Table, "csv": Result.CSV, "markdown": Result.Markdown}

// Output returns how results are shown, as one line of JSON each: "json" (the default)
// gives {"schema":[["name","type"],…],"rows":[[…],…]}; "table", "csv" and "markdown" give
// {"text":"…","rows":n}.
func Output(name string) (func(Result) []byte, error) {
	if name == "" || name == "json" {
		return Result.JSON, nil
	}
	text, ok := textOutputs[name]
	if !ok {
		return nil, errs.New("INVALID_OPTION", "there is no output %q", name).WithHint("choose table, json, csv or markdown")
	}
	return func(r Result) []byte {
		return marshal(struct {
			Text string `json:"text"`
			Rows int    `json:"rows"`
		}{text(r), r.Count()})
	}, nil
}

// Text is the result in an output other than json.
func (r Result) Text(output string) string {
	if text, ok := textOutputs[output]; ok {
		return text(r)
	}
	return ""
}

// Count is the number of rows.
func (r Result) Count() int {
	if r.Rows == nil {
		return 0
	}
	return r.Rows.Rows()
}

// marshal is JSON on one line, with < and > as they are: types have them. v is made of
// strings and maps, which always marshal.
func marshal(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte("null")
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// JSON is the result as one object on one line.
func (r Result) JSON() []byte {
	out := append(appendSchema([]byte(`{`), r.Schema), ',')
	return append(appendRows(out, &r.Ctx, r.Rows), '}')
}

func appendSchema(out []byte, s types.Schema) []byte {
	out = append(out, `"schema":[`...)
	for i, f := range s {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, marshal([2]string{f.Name, f.Type.String()})...)
	}
	return append(out, ']')
}

func appendRows(out []byte, c *fn.Context, b *vec.Batch) []byte {
	out = append(out, `"rows":[`...)
	first := true
	for i := range rowsOf(b) {
		if !first {
			out = append(out, ',')
		}
		first = false
		out = append(out, '[')
		for k := range b.Cols {
			if k > 0 {
				out = append(out, ',')
			}
			out = fn.AppendJSON(out, c, &b.Cols[k], i)
		}
		out = append(out, ']')
	}
	return append(out, ']')
}

func rowsOf(b *vec.Batch) func(func(int) bool) {
	if b == nil {
		return func(func(int) bool) {}
	}
	return b.Each()
}

// Table is the result in Spark's table form, all rows, nothing cut.
func (r Result) Table() string {
	if len(r.Schema) == 0 && r.Rows == nil {
		return "" // a statement without an answer
	}
	if r.Rows == nil {
		return ""
	}
	return connector.Printable(fn.ShowString(&r.Ctx, r.Schema, r.Rows, r.Rows.Rows(), 0), true)
}

// CSV is the result with a header line, as RFC 4180 has it; NULL is empty.
func (r Result) CSV() string {
	if len(r.Schema) == 0 && r.Rows == nil {
		return "" // a statement without an answer
	}
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	rec := r.Schema.Names()
	w.Write(rec)
	for i := range rowsOf(r.Rows) {
		for k := range r.Rows.Cols {
			rec[k] = ""
			if c := &r.Rows.Cols[k]; !c.IsNull(i) {
				rec[k] = fn.Text(&r.Ctx, c, i)
			}
		}
		w.Write(rec)
	}
	w.Flush() // a bytes.Buffer takes everything
	return buf.String()
}

// Markdown is the result as a table of GitHub's Markdown, numbers to the right.
func (r Result) Markdown() string {
	if len(r.Schema) == 0 {
		return ""
	}
	var b strings.Builder
	line := func(cell func(k int) string) {
		for k := range r.Schema {
			b.WriteString("| " + cell(k) + " ")
		}
		b.WriteString("|\n")
	}
	line(func(k int) string { return markdownCell(r.Schema[k].Name) })
	line(func(k int) string {
		if r.Schema[k].Type.IsNumeric() {
			return "--:"
		}
		return "---"
	})
	for i := range rowsOf(r.Rows) {
		line(func(k int) string {
			if c := &r.Rows.Cols[k]; !c.IsNull(i) {
				return markdownCell(fn.Text(&r.Ctx, c, i))
			}
			return "NULL"
		})
	}
	return b.String()
}

// markdownCell keeps a text from ending its cell or becoming markup.
func markdownCell(s string) string {
	return connector.Printable(markdownEscapes.Replace(s), true)
}

var markdownEscapes = strings.NewReplacer("\\", "\\\\", "|", "\\|", "\r\n", "<br>", "\n", "<br>", "\r", "<br>", "*", "\\*", "`", "\\`", "<", "&lt;", "&", "&amp;")

// ErrorJSON is {"error":{"class":…,"sqlState":…,"message":…,"rendered":…}}; rendered has the
// place with a caret and the remedy.
func ErrorJSON(err error) []byte {
	class, state, msg := errs.ClassOf(err), "", err.Error()
	var e *errs.Error
	if errors.As(err, &e) {
		state, msg = e.SQLState, e.Msg
		if e.Cause != nil {
			msg += ": " + e.Cause.Error()
		}
	}
	body := map[string]any{"class": class, "sqlState": state, "message": msg, "rendered": errs.Render(err)}
	return marshal(map[string]any{"error": body})
}

// LiveTable is a live table at one moment.
type LiveTable struct {
	Schema  types.Schema
	Rows    *vec.Batch // shared; must not be modified
	Version int64
	Changed <-chan struct{} // closed when a newer version exists
	ctx     fn.Context
}

// LiveTable finds a live table by its name, bare or with its database.
func (e *Engine) LiveTable(name string) (*LiveTable, error) {
	t, err := e.catalog.table(strings.Split(name, "."), "")
	if err != nil {
		return nil, err
	}
	s, rows, version, changed, ok := e.hub.Snapshot(t.Name())
	if !ok {
		return nil, errs.New("LIVE_TABLE_NOT_RUNNING", "%s is not a live table, or its flow has not started", t.Name())
	}
	return &LiveTable{s, rows, version, changed, fn.Context{Zone: e.zone}}, nil
}

// JSON is {"name":…,"schema":…,"rows":…}.
func (t *LiveTable) JSON(name string) []byte {
	out := append([]byte(`{"name":`), marshal(name)...)
	out = append(appendSchema(append(out, ','), t.Schema), ',')
	return append(appendRows(out, &t.ctx, t.Rows), '}')
}
