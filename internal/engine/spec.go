package engine

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/azud/azud/internal/errs"
)

// Spec is a pipeline's spark-pipeline.yml, with Spark's keys (SPARK-54440).
type Spec struct {
	Name          string            `yaml:"name"`
	Storage       string            `yaml:"storage"`
	Libraries     []Library         `yaml:"libraries"`
	Catalog       string            `yaml:"catalog"`
	Database      string            `yaml:"database"`
	Schema        string            `yaml:"schema"`
	Configuration map[string]string `yaml:"configuration"`
}

// Library names SQL files: a plain path or dir/**, as in Spark; *.sql works too.
type Library struct {
	Glob struct {
		Include string `yaml:"include"`
	} `yaml:"glob"`
}

// specNames are the file names that Spark looks for.
var specNames = []string{"spark-pipeline.yml", "spark-pipeline.yaml"}

// Pipeline is a loaded folder: its spec and its SQL texts in the order of their names.
type Pipeline struct {
	Spec  Spec
	Files []*errs.Source
	env   func(string) (string, bool)
}

// LoadPipeline reads the pipeline in a folder of fsys; where is the folder's name for messages.
func LoadPipeline(fsys fs.FS, dir, where string, env func(string) (string, bool)) (*Pipeline, error) {
	p := &Pipeline{env: env}
	raw, name, err := readSpec(fsys, dir, where)
	if err != nil {
		return nil, err
	}
	if err := p.Spec.decode(raw); err != nil {
		return nil, errs.Wrap(err, "PIPELINE_SPEC_INVALID", "%s", path.Join(where, name))
	}
	if p.Spec.Name == "" {
		return nil, errs.New("PIPELINE_SPEC_MISSING_REQUIRED_FIELD", "%s has no name", path.Join(where, name)).
			WithHint("add a line   name: %s", path.Base(where))
	}
	if err := p.expandConfiguration(); err != nil {
		return nil, errs.Wrap(err, "PIPELINE_SPEC_INVALID", "%s", path.Join(where, name))
	}
	if p.Spec.Database == "" {
		p.Spec.Database = p.Spec.Schema
	}
	return p, p.readFiles(fsys, dir, where)
}

func readSpec(fsys fs.FS, dir, where string) (raw []byte, name string, err error) {
	for _, name := range specNames {
		if raw, err = fs.ReadFile(fsys, path.Join(dir, name)); err == nil {
			return raw, name, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, "", errs.Wrap(err, "PIPELINE_SPEC_FILE_UNREADABLE", "%s", path.Join(where, name))
		}
	}
	return nil, "", errs.New("PIPELINE_SPEC_FILE_NOT_FOUND", "%s has no %s: it is not a pipeline", where, specNames[0]).
		WithHint("a pipeline is a folder with %s and .sql files", specNames[0])
}

// readFiles loads what the libraries include, or all .sql files without any.
func (p *Pipeline) readFiles(fsys fs.FS, dir, where string) error {
	found := map[string]bool{}
	err := fs.WalkDir(fsys, dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".sql") {
			return err
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(name, dir), "/")
		found[rel] = len(p.Spec.Libraries) == 0 || slices.ContainsFunc(p.Spec.Libraries, func(l Library) bool {
			return included(l.Glob.Include, rel)
		})
		return nil
	})
	if err != nil {
		return errs.Wrap(err, "PIPELINE_UNREADABLE", "reading %s", where)
	}
	for _, rel := range slices.Sorted(maps.Keys(found)) {
		if !found[rel] {
			continue
		}
		text, err := fs.ReadFile(fsys, path.Join(dir, rel))
		if err != nil {
			return errs.Wrap(err, "PIPELINE_UNREADABLE", "reading %s", path.Join(where, rel))
		}
		p.Files = append(p.Files, &errs.Source{Name: path.Join(where, rel), Text: string(text)})
	}
	if len(p.Files) == 0 {
		return errs.New("PIPELINE_EMPTY", "%s has no SQL file that its libraries include", where)
	}
	return nil
}

// included matches Spark's forms (a file, dir/**) and shell patterns within one folder.
func included(pattern, rel string) bool {
	if dir, ok := strings.CutSuffix(pattern, "**"); ok {
		return strings.HasPrefix(rel, dir)
	}
	ok, err := path.Match(pattern, rel)
	return ok && err == nil
}

// specKeys are what a spec may hold.
var specKeys = []string{"name", "storage", "libraries", "catalog", "database", "schema", "configuration"}

// decode reads a spec; an unknown key is an error, as in Spark.
func (s *Spec) decode(raw []byte) error {
	var keys map[string]yaml.Node
	if err := yaml.Unmarshal(raw, &keys); err != nil {
		return err
	}
	for k, n := range keys {
		if slices.Contains(specKeys, k) {
			continue
		}
		e := errs.New("PIPELINE_SPEC_UNEXPECTED_FIELD", "line %d: there is no key %s", n.Line, k)
		if near := errs.Near(k, specKeys); len(near) > 0 {
			return e.WithHint("did you mean %s?", strings.Join(near, ", "))
		}
		return e.WithHint("the keys are %s", strings.Join(specKeys, ", "))
	}
	return yaml.Unmarshal(raw, s)
}

// expandConfiguration resolves the settings among themselves, whatever their order; one that
// names itself means the environment's.
func (p *Pipeline) expandConfiguration() error {
	raw := p.Spec.Configuration
	done := map[string]string{}
	var resolve func(name string, above []string) (string, error)
	resolve = func(name string, above []string) (string, error) {
		if v, ok := done[name]; ok {
			return v, nil
		}
		above = append(above, name)
		v, err := expand(raw[name], func(other string) (string, bool, error) {
			if _, ours := raw[other]; !ours || other == name {
				v, ok := p.env(other)
				return v, ok, nil
			}
			if slices.Contains(above, other) {
				return "", false, errs.New("CYCLIC_SETTING", "the settings %s need each other", strings.Join(append(above, other), ", "))
			}
			v, err := resolve(other, above)
			return v, true, err
		})
		done[name] = v
		return v, err
	}
	for name := range raw {
		if _, err := resolve(name, nil); err != nil {
			return errs.Wrap(err, "PIPELINE_SPEC_INVALID", "configuration %s", name)
		}
	}
	p.Spec.Configuration = done
	return nil
}

// Expand replaces ${NAME} and ${NAME:-default} by the spec's configuration, else the
// environment. A name that neither has, without a default, is an error.
func (p *Pipeline) Expand(s string) (string, error) {
	return expand(s, func(name string) (string, bool, error) {
		if v, ok := p.Spec.Configuration[name]; ok {
			return v, true, nil
		}
		v, ok := p.env(name)
		return v, ok, nil
	})
}

func expand(s string, lookup func(name string) (string, bool, error)) (string, error) {
	var out strings.Builder
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			out.WriteString(s)
			return out.String(), nil
		}
		end := strings.IndexByte(s[i:], '}')
		if end < 0 {
			return "", errs.New("UNBOUND_VARIABLE", "%q has no closing brace", s[i:])
		}
		out.WriteString(s[:i])
		name, fallback, hasDefault := strings.Cut(s[i+2:i+end], ":-")
		v, ok, err := lookup(name)
		switch {
		case err != nil:
			return "", err
		case ok && (v != "" || !hasDefault):
			out.WriteString(v)
		case hasDefault:
			out.WriteString(fallback)
		default:
			return "", errs.New("UNBOUND_VARIABLE", "${%s} is set neither in the pipeline's configuration nor in the environment", name).
				WithHint("set %s, or write ${%s:-default}", name, name)
		}
		s = s[i+end+1:]
	}
}
