package web

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
)

// exported are the pages that can stand alone: those that can ask their source themselves.
var exported = []string{"sismos"}

// Export is one page as a self-contained HTML document that asks its source itself. The rule
// is in assets/README.md, "Exporting a page as one file". An unknown name is an error of
// class DASHBOARD_NOT_FOUND.
func Export(name string) ([]byte, error) {
	if !slices.Contains(exported, name) {
		e := errs.New("DASHBOARD_NOT_FOUND", "there is no page %q to export", name)
		if near := errs.Near(name, exported); len(near) > 0 {
			return nil, e.WithHint("did you mean %s?", near[0])
		}
		return nil, e.WithHint("what can be exported: %s", strings.Join(exported, ", "))
	}
	x := &exporter{files: Assets()}
	page := x.page(name + ".html")
	if x.err != nil {
		return nil, errs.Wrap(x.err, "INTERNAL_ERROR", "the page %s does not keep the exporter's rule", name)
	}
	return []byte(page), nil
}

// exporter keeps the first error, after which results mean nothing.
type exporter struct {
	files fs.FS
	err   error
}

func (x *exporter) fail(err error) {
	if x.err == nil {
		x.err = err
	}
}

func (x *exporter) read(name string) string {
	data, err := fs.ReadFile(x.files, name)
	if err != nil {
		x.fail(err)
	}
	return string(data)
}

// alonePolicy is the content security policy of a page that stands alone.
const alonePolicy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
	"img-src data: https://tile.openstreetmap.org; connect-src https://earthquake.usgs.gov; " +
	"base-uri 'none'; form-action 'none'"

const worldFile = "vendor/world-atlas/countries-50m.json"

var (
	iconLink   = regexp.MustCompile(`<link rel="icon" href="/assets/([^"]+)"`)
	styleLink  = regexp.MustCompile(`<link rel="stylesheet" href="/assets/([^"]+)">`)
	scriptTag  = regexp.MustCompile(`<script src="/assets/([^"]+)"(?: defer)?></script>`)
	moduleTag  = regexp.MustCompile(`<script type="module" src="/assets/([^"]+)"></script>`)
	cssURL     = regexp.MustCompile(`url\(([^)]+)\)`)
	importLine = regexp.MustCompile(`^import \{ \w+(?:, \w+)* \} from '(\.[^']+)';$`)
	importWord = regexp.MustCompile(`^import\b`)
	exportWord = regexp.MustCompile(`^export\b`)
	exportLine = regexp.MustCompile(`^export (const|let|function|async function|class) \w`)
)

func (x *exporter) page(name string) string {
	s := x.read(name)
	s = x.once(s, `<meta name="azud-source" content="azud">`, `<meta name="azud-source" content="usgs">`)
	s = each(s, iconLink, func(file string) string { return `<link rel="icon" href="` + x.dataURL(file) + `"` })
	s = each(s, styleLink, func(file string) string { return "<style>" + x.css(file) + "</style>" })
	s = each(s, scriptTag, func(file string) string { return "<script>" + inScript(x.read(file)) + "</script>" })
	s = each(s, moduleTag, func(file string) string {
		return `<script type="application/json" id="world">` + strings.ReplaceAll(x.read(worldFile), "<", `\u003c`) + "</script>\n" +
			`  <script type="module">` + inScript(x.modules(file)) + "</script>"
	})
	meta, doctype := `<meta charset="utf-8">`, "<!doctype html>"
	s = x.once(s, meta, meta+"\n  "+`<meta http-equiv="Content-Security-Policy" content="`+alonePolicy+`">`)
	return x.once(s, doctype, doctype+"\n<!--\n"+x.licences()+"-->")
}

// once replaces the first occurrence, which must be there.
func (x *exporter) once(s, old, with string) string {
	if !strings.Contains(s, old) {
		x.fail(fmt.Errorf("it has no %s", old))
	}
	return strings.Replace(s, old, with, 1)
}

// each replaces all matches by what f makes of the first group.
func each(s string, re *regexp.Regexp, f func(group string) string) string {
	return re.ReplaceAllStringFunc(s, func(m string) string { return f(re.FindStringSubmatch(m)[1]) })
}

// inScript keeps a text from ending its script element.
func inScript(text string) string { return strings.ReplaceAll(text, "</script", `<\/script`) }

func (x *exporter) dataURL(name string) string {
	return "data:" + mimeType(name) + ";base64," + base64.StdEncoding.EncodeToString([]byte(x.read(name)))
}

func (x *exporter) css(name string) string {
	s := each(x.read(name), cssURL, func(ref string) string {
		if strings.HasPrefix(ref, "#") || strings.HasPrefix(ref, "data:") {
			return "url(" + ref + ")"
		}
		return "url(" + x.dataURL(path.Join(path.Dir(name), ref)) + ")"
	})
	return strings.ReplaceAll(s, "</", `<\/`)
}

// modules joins the modules reachable from entry into one text: each once, after those that
// it imports.
func (x *exporter) modules(entry string) string {
	seen := map[string]bool{}
	var out strings.Builder
	var visit func(name string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		var own []string
		for _, line := range strings.Split(x.read(name), "\n") {
			if m := importLine.FindStringSubmatch(line); m != nil {
				visit(path.Join(path.Dir(name), m[1]))
				continue
			}
			x.checkForm(name, line)
			own = append(own, strings.TrimPrefix(line, "export "))
		}
		out.WriteString(strings.Join(own, "\n"))
	}
	visit(entry)
	return out.String()
}

// checkForm refuses imports and exports that cannot be joined by lines.
func (x *exporter) checkForm(name, line string) {
	if importWord.MatchString(line) || exportWord.MatchString(line) && !exportLine.MatchString(line) {
		x.fail(fmt.Errorf("%s: not the form of an import or export: %s", name, line))
	}
}

// licences are those of what the page contains, fit for a comment.
func (x *exporter) licences() string {
	entries, err := fs.ReadDir(x.files, "vendor") // sorted by name
	if err != nil {
		x.fail(err)
	}
	var list []string
	for _, e := range entries {
		if e.IsDir() {
			list = append(list, e.Name()+"\n\n"+x.read("vendor/"+e.Name()+"/LICENSE"))
		}
	}
	return strings.ReplaceAll(strings.Join(list, "\n"), "--", "- -")
}
