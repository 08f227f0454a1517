// Package arch holds the tests that keep the house in order: who imports whom, a doc.go in
// each package, small files.
package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	root    = "../.."
	module  = "github.com/azud/azud/"
	maxFile = 600 // lines: a file has one subject
)

// table reads the rows of the Markdown table between <!-- name --> marks of ARCHITECTURE.md.
func table(t *testing.T, name string) [][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok1 := strings.Cut(string(text), "<!-- "+name+" -->")
	body, _, ok2 := strings.Cut(rest, "<!-- /"+name+" -->")
	if !ok1 || !ok2 {
		t.Fatalf("ARCHITECTURE.md has no table %s", name)
	}
	var rows [][]string
	for _, line := range strings.Split(strings.TrimSpace(body), "\n")[2:] {
		cells := strings.Split(strings.Trim(line, "| "), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

// match finds the most exact of patterns ("connector/*" or a name) that fits a package.
func match(patterns map[string]int, pkg string) (int, string, bool) {
	if l, ok := patterns[pkg]; ok {
		return l, pkg, true
	}
	if dir, _, ok := strings.Cut(pkg, "/"); ok {
		if l, ok := patterns[dir+"/*"]; ok {
			return l, dir + "/*", true
		}
	}
	return 0, "", false
}

// goFiles yields the non-test Go files below a folder.
func goFiles(t *testing.T, dir string, each func(name string)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			each(filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLayers(t *testing.T) {
	layers := map[string]int{}
	for _, row := range table(t, "layers") {
		for _, pkg := range strings.Fields(row[1]) {
			layers[pkg] = int(row[0][1] - '0')
		}
	}
	siblings := map[string][]string{}
	for _, row := range table(t, "siblings") {
		siblings[row[0]] = strings.Fields(row[1])
	}
	goFiles(t, root+"/internal", func(name string) {
		pkg := strings.TrimPrefix(path.Dir(name), root+"/internal/")
		layer, pattern, ok := match(layers, pkg)
		if !ok {
			t.Errorf("%s: ARCHITECTURE.md gives package %s no layer", name, pkg)
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			other, ours := strings.CutPrefix(strings.Trim(imp.Path.Value, `"`), module+"internal/")
			if !ours {
				continue
			}
			l, otherPattern, ok := match(layers, other)
			switch {
			case !ok:
				t.Errorf("%s imports %s, which has no layer", name, other)
			case l < layer:
			case l == layer && slices.Contains(siblings[pattern], otherPattern):
			default:
				t.Errorf("%s (layer %d) must not import %s (layer %d)", name, layer, other, l)
			}
		}
	})
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	dirs := map[string]bool{root + "/pipelines": true}
	goFiles(t, root+"/internal", func(name string) { dirs[path.Dir(name)] = true })
	for dir := range dirs {
		f, err := parser.ParseFile(token.NewFileSet(), dir+"/doc.go", nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Errorf("%s has no doc.go: %v", dir, err)
		} else if f.Doc == nil {
			t.Errorf("%s/doc.go says nothing", dir)
		}
	}
}

func TestFilesAreSmall(t *testing.T) {
	for _, dir := range []string{"internal", "cmd", "test", "pipelines"} {
		goFiles(t, root+"/"+dir, func(name string) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(text), "\n"); n > maxFile && !strings.Contains(string(text[:min(len(text), 200)]), "Code generated") {
				t.Errorf("%s has %d lines: a file has one subject", name, n)
			}
		})
	}
}

// The outside world comes through sys: no package below cli may ask the machine itself.
func TestTheWorldComesThroughSys(t *testing.T) {
	forbidden := []string{"time.Now(", "time.Sleep(", "time.After(", "os.Getenv(", "os.Open(", "os.ReadFile(", "os.Stdout", "net.Listen(", "net.Dial("}
	goFiles(t, root+"/internal", func(name string) {
		// cli is the process itself; the conformance kit waits for real connectors in tests.
		if strings.Contains(name, "/sys/") || strings.Contains(name, "/cli/") || strings.Contains(name, "/conformance/") {
			return
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range strings.Split(string(text), "\n") {
			for _, call := range forbidden {
				if strings.Contains(line, call) && !strings.HasPrefix(strings.TrimSpace(line), "//") {
					t.Errorf("%s:%d: %s) … comes through sys", name, n+1, call)
				}
			}
		}
	})
}
