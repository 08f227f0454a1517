package web

import (
	"compress/gzip"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/azud/azud/internal/errs"
)

// texts is a file system of texts.
func texts(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestPagesFindAllTheyAskFor(t *testing.T) {
	s := openSite(t)
	link := regexp.MustCompile(`(?:src|href)="(/[^"]*)"`)
	for _, page := range []string{"/", "/sismos"} {
		a := s.get(page)
		if a.StatusCode != 200 || a.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Fatalf("%s: %d %s", page, a.StatusCode, a.Header.Get("Content-Type"))
		}
		links := link.FindAllStringSubmatch(a.body, -1)
		if len(links) < 4 {
			t.Errorf("%s asks for %d files only", page, len(links))
		}
		for _, m := range links {
			if got := s.get(m[1]); got.StatusCode != 200 {
				t.Errorf("%s asks for %s: %d", page, m[1], got.StatusCode)
			}
		}
	}
}

func TestAssetTypes(t *testing.T) {
	s := openSite(t)
	for path, kind := range map[string]string{
		"/assets/js/app.js":                        "text/javascript; charset=utf-8",
		"/assets/css/azud.css":                     "text/css; charset=utf-8",
		"/assets/img/azud.svg":                     "image/svg+xml",
		"/assets/vendor/leaflet/images/layers.png": "image/png",
		"/assets/" + worldFile:                     "application/json",
	} {
		if a := s.get(path); a.StatusCode != 200 || a.Header.Get("Content-Type") != kind {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.Header.Get("Content-Type"))
		}
	}
	for _, path := range []string{"/assets/", "/assets/js", "/assets/js/nada.js", "/assets/../server.go", "/assets/%2e%2e/server.go", "/js/app.js"} {
		if a := s.get(path); a.StatusCode == 200 {
			t.Errorf("%s is served", path)
		}
	}
}

func TestAssetsAreAskedForAgain(t *testing.T) {
	s := openSite(t)
	const path = "/assets/js/app.js"
	plain, zipped := s.get(path), s.get(path, "Accept-Encoding", "gzip")
	tag, zipTag := plain.Header.Get("ETag"), zipped.Header.Get("ETag")
	if tag == "" || zipTag == "" || tag == zipTag || plain.Header.Get("Cache-Control") != "no-cache" {
		t.Fatalf("tags %s and %s, %v", tag, zipTag, plain.Header)
	}
	for _, c := range []struct {
		tag, encoding string
		status        int
	}{
		{tag, "identity", 304},
		{zipTag, "gzip", 304},
		{tag, "gzip", 200},
		{`"old", ` + tag, "identity", 304},
		{`"old"`, "identity", 200},
	} {
		a := s.get(path, "If-None-Match", c.tag, "Accept-Encoding", c.encoding)
		if a.StatusCode != c.status || a.StatusCode == 304 && a.body != "" {
			t.Errorf("%s with %s: %d", c.tag, c.encoding, a.StatusCode)
		}
	}
	if a := s.do("HEAD", path, ""); a.StatusCode != 200 || a.body != "" || a.Header.Get("ETag") != tag {
		t.Error(a)
	}
}

func TestAssetsAreCompressed(t *testing.T) {
	s := openSite(t)
	for path, want := range map[string]string{"/sismos": "gzip", "/assets/" + worldFile: "gzip", "/assets/vendor/leaflet/images/layers.png": ""} {
		plain := s.get(path, "Accept-Encoding", "identity")
		a := s.get(path, "Accept-Encoding", "br, gzip;q=0.8", "Range", "bytes=0-9")
		if got := a.Header.Get("Content-Encoding"); got != want {
			t.Errorf("%s is encoded as %q", path, got)
		}
		if want == "" {
			continue
		}
		if a.StatusCode != 200 || a.Header.Get("Vary") != "Accept-Encoding" || len(a.body) >= len(plain.body)/2 {
			t.Errorf("%s: %d, %d of %d bytes, %v", path, a.StatusCode, len(a.body), len(plain.body), a.Header)
		}
		zr, err := gzip.NewReader(strings.NewReader(a.body))
		if err != nil {
			t.Fatal(err)
		}
		if data, err := io.ReadAll(zr); err != nil || string(data) != plain.body {
			t.Errorf("%s: %d bytes after decompression, %v", path, len(data), err)
		}
	}
}

func TestAcceptsGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "br, gzip": true, "deflate": false, "gzip;q=0": false, "gzip; q=0.5": true,
		"*": true, "*;q=0": false, "gzip;q=0, *": false, "identity;q=1, *;q=0": false, "gzip;q=x": false, "x-gzip": true,
	} {
		if got := acceptsGzip([]string{header}); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

func TestExport(t *testing.T) {
	page, err := Export("sismos")
	if err != nil {
		t.Fatal(err)
	}
	s := string(page)
	if opened, closed := strings.Count(s, "<script"), strings.Count(s, "</script>"); opened < 5 || opened != closed {
		// a "<script" within a script would be an error of ours as well: parsers then look for two ends
		t.Errorf("%d scripts begin and %d end", opened, closed)
	}
	if opened, closed := strings.Count(s, "<style"), strings.Count(s, "</style>"); opened != 3 || closed != 3 {
		t.Errorf("%d styles begin and %d end", opened, closed)
	}
	for _, bad := range []string{`src="/assets`, `href="/assets`, "\nimport ", "\nexport ", `content="azud"`, "url(images", `@import`} {
		if i := strings.Index(s, bad); i >= 0 {
			t.Errorf("it contains %q: …%s", bad, s[i:min(i+80, len(s))])
		}
	}
	for _, good := range []string{`<meta name="azud-source" content="usgs">`, alonePolicy, `id="world">{"type":"Topology"`, "url(data:image/png;base64,", "BSD 2-Clause"} {
		if !strings.Contains(s, good) {
			t.Errorf("it does not contain %q", good)
		}
	}
	if !strings.HasPrefix(s, "<!doctype html>\n<!--") || strings.Count(s, "-->") != 1 {
		t.Error("the licences are not one comment at the beginning")
	}
}

func TestExportOfAnUnknownPage(t *testing.T) {
	for name, hint := range map[string]string{"sismo": "did you mean sismos?", "../cli/root.go": "what can be exported: sismos", "index": "sismos", "": "sismos"} {
		if _, err := Export(name); err == nil || !strings.Contains(errs.Render(err), hint) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// Modules that the exporter cannot join must not pass unnoticed.
func TestModulesKeepTheirForm(t *testing.T) {
	for line, ok := range map[string]bool{
		"import { a, b } from './x.js';":     true,
		"import a from './x.js';":            false,
		"import { a as b } from './x.js';":   false,
		"import './x.js';":                   false,
		"import { a } from '/assets/x.js';":  false,
		"import { a } from './x.js'; // why": false,
		"export const a = 1;":                true,
		"export async function f() {":        true,
		"export default 1;":                  false,
		"export { a };":                      false,
		"important();":                       true,
		"  import('x')":                      true, // not at the beginning: a call, refused by the policy
	} {
		x := &exporter{files: texts(map[string]string{"m.js": line + "\n", "x.js": "export const a = 1, b = 2;\n"})}
		if x.modules("m.js"); (x.err == nil) != ok {
			t.Errorf("%s: %v", line, x.err)
		}
	}
}

func TestModulesAreJoinedOnceAndInOrder(t *testing.T) {
	x := &exporter{files: texts(map[string]string{
		"js/main.js": "import { b } from './lib/b.js';\nimport { a } from './a.js';\nb(a);\n",
		"js/a.js":    "export const a = 1;\n", "js/lib/b.js": "import { a } from '../a.js';\nexport function b() { return a; }\n",
	})}
	want := "const a = 1;\nfunction b() { return a; }\nb(a);\n"
	if got := x.modules("js/main.js"); got != want || x.err != nil {
		t.Errorf("%q, %v", got, x.err)
	}
}

func TestNothingBreaksOutOfItsElement(t *testing.T) {
	x := &exporter{files: texts(map[string]string{
		"evil.css": "a { content: '</style><script>'; background: url(i.png) url(#here) url(data:x) }", "i.png": "P",
	})}
	want := `a { content: '<\/style><script>'; background: url(data:image/png;base64,UA==) url(#here) url(data:x) }`
	if got := x.css("evil.css"); got != want {
		t.Error(got)
	}
	if got := inScript("x='</script><script>'"); strings.Contains(got, "</script") {
		t.Error(got)
	}
	if _ = x.css("nada.css"); x.err == nil {
		t.Error("a missing file passes unnoticed")
	}
}
