package engine

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/azud/azud/internal/errs"
)

func noEnv(string) (string, bool) { return "", false }

// folder makes a file system with one pipeline in p.
func folder(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys["p/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestSpecErrorsSayWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		class string
		has   string
	}{
		{"no spec", map[string]string{"a.sql": "SELECT 1"}, "PIPELINE_SPEC_FILE_NOT_FOUND", "spark-pipeline.yml"},
		{"no name", map[string]string{"spark-pipeline.yml": "storage: s", "a.sql": ""}, "PIPELINE_SPEC_MISSING_REQUIRED_FIELD", "name: p"},
		{"unknown key", map[string]string{"spark-pipeline.yml": "name: x\nstoarge: s"}, "PIPELINE_SPEC_INVALID", "stoarge"},
		{"not YAML", map[string]string{"spark-pipeline.yml": "name: [x"}, "PIPELINE_SPEC_INVALID", "spark-pipeline.yml"},
		{"no SQL", map[string]string{"spark-pipeline.yml": "name: x"}, "PIPELINE_EMPTY", "no SQL file"},
		{"unbound", map[string]string{"spark-pipeline.yml": "name: x\nconfiguration:\n  a: ${NOPE}", "a.sql": ""}, "PIPELINE_SPEC_INVALID", "NOPE"},
	} {
		_, err := LoadPipeline(folder(c.files), "p", "p", noEnv)
		if err == nil || errs.ClassOf(err) != c.class || !strings.Contains(errs.Render(err), c.has) {
			t.Errorf("%s: got %v, want %s with %q", c.name, err, c.class, c.has)
		}
	}
}

func TestLibrariesChooseTheFiles(t *testing.T) {
	files := map[string]string{"a.sql": "", "b.sql": "", "sub/c.sql": "", "sub/deep/d.sql": "", "note.txt": ""}
	for spec, want := range map[string]string{
		"name: x": "p/a.sql p/b.sql p/sub/c.sql p/sub/deep/d.sql",
		"name: x\nlibraries:\n  - glob:\n      include: sub/**": "p/sub/c.sql p/sub/deep/d.sql",
		"name: x\nlibraries:\n  - glob: {include: b.sql}":       "p/b.sql",
		"name: x\nlibraries:\n  - glob: {include: '*.sql'}":     "p/a.sql p/b.sql",
	} {
		files["spark-pipeline.yml"] = spec
		p, err := LoadPipeline(folder(files), "p", "p", noEnv)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range p.Files {
			got = append(got, f.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q chose %v, want %s", spec, got, want)
		}
	}
}

func TestExpand(t *testing.T) {
	p := &Pipeline{env: func(n string) (string, bool) {
		v, ok := map[string]string{"URL": "http://x", "EMPTY": "", "BOTH": "env"}[n]
		return v, ok
	}}
	p.Spec.Configuration = map[string]string{"BOTH": "spec"}
	for in, want := range map[string]string{
		"plain": "plain", "${URL}/a": "http://x/a", "${NONE:-d}": "d", "${NONE:-}": "", "${EMPTY:-d}": "d",
		"${EMPTY}": "", "${BOTH}": "spec", "a${URL}b${NONE:-c}d": "ahttp://xbcd", "$5 {x}": "$5 {x}",
	} {
		if got, err := p.Expand(in); err != nil || got != want {
			t.Errorf("%s gave %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"${NONE}", "${URL"} {
		if got, err := p.Expand(in); errs.ClassOf(err) != "UNBOUND_VARIABLE" {
			t.Errorf("%s gave %q, %v", in, got, err)
		}
	}
}

func TestConfigurationResolvesItself(t *testing.T) {
	load := func(conf string) (*Pipeline, error) {
		return LoadPipeline(folder(map[string]string{"spark-pipeline.yml": "name: x\nconfiguration:\n" + conf, "a.sql": ""}), "p", "p",
			func(n string) (string, bool) { v, ok := map[string]string{"HOME_TOPIC": "casa"}[n]; return v, ok })
	}
	p, err := load("  a: ${b}\n  b: ${c}-x\n  c: ${USER_X:-final}\n  tema: ${tema:-otro}\n  HOME_TOPIC: ${HOME_TOPIC:-nadie}\n")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a": "final-x", "b": "final-x", "c": "final", "tema": "otro", "HOME_TOPIC": "casa"}
	for k, v := range want {
		if p.Spec.Configuration[k] != v {
			t.Errorf("%s is %q, want %q", k, p.Spec.Configuration[k], v)
		}
	}
	if _, err := load("  a: ${b}\n  b: ${a}\n"); err == nil || !strings.Contains(err.Error(), "CYCLIC_SETTING") {
		t.Errorf("a cycle gave %v", err)
	}
}
