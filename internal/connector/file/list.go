package file

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
)

// found is a file to read.
type found struct {
	name string // absolute
	size int64
	root string  // the path of the options under which it was found
	vals []parts // what its folders say, outermost first
}

// parts is one k=v of a path.
type parts struct {
	name, raw string
	null      bool
}

const nullPartition = "__HIVE_DEFAULT_PARTITION__"

// hidden names are not data. Spark: HadoopFSUtils.shouldFilterOutPathName.
func hidden(name string) bool {
	return strings.HasPrefix(name, "_") && !strings.Contains(name, "=") || strings.HasPrefix(name, ".") || strings.HasSuffix(name, "._COPYING_")
}

// roots are the paths that a table names, patterns resolved; also the paths as they were written.
func (t *table) roots() ([]string, error) {
	var written []string
	if p := t.text("path"); p != "" {
		written = append(written, p)
	}
	if list := t.text("paths"); list != "" {
		var more []string
		if err := json.Unmarshal([]byte(list), &more); err != nil {
			return nil, errs.New("INVALID_OPTION", "the option paths is not a JSON list of texts: %v", err).WithHint(`write it as '["a.csv","b.csv"]'`)
		}
		written = append(written, more...)
	}
	if len(written) == 0 {
		return nil, nil
	}
	var out []string
	for _, w := range written {
		p, err := absolute(w, t.env.Sys.Dir)
		if err != nil {
			return nil, err
		}
		if err := recoverSwap(t.store, p); err != nil {
			return nil, err
		}
		names := []string{p}
		if globbed(p) && t.text("globPaths") != "false" {
			if names, err = expand(t.store, p); err != nil {
				return nil, failed(p, err)
			}
		} else if ok, err := exists(t.store, p); err != nil {
			return nil, failed(p, err)
		} else if !ok {
			names = nil
		}
		if len(names) == 0 {
			return nil, t.notFound(w, p)
		}
		out = append(out, names...)
	}
	return out, nil
}

// notFound is the error of a path that is not there, with near names of its folder.
func (t *table) notFound(written, p string) error {
	e := errs.New("PATH_NOT_FOUND", "Path does not exist: file:%s", p).State("42K03")
	if names, err := t.store.List(parent(p)); err == nil {
		if near := errs.Near(base(p), names); len(near) > 0 {
			return e.WithHint("did you mean %s?", strings.TrimSuffix(written, base(strings.TrimRight(written, "/")))+near[0])
		}
		return e.WithHint("the folder %s is there, but it has nothing of that name", parent(p))
	}
	return e.WithHint("relative paths are looked up in %s", t.env.Sys.Dir)
}

// failed is an error of the file system.
func failed(name string, err error) error {
	if errs.ClassOf(err) != "" {
		return err
	}
	return errs.Wrap(err, "FAILED_READ_FILE.NO_HINT", "Encountered error while reading file %s", name).State("KD001")
}

// files lists the files of a table.
func (t *table) files() ([]found, error) {
	roots, err := t.roots()
	if err != nil {
		return nil, err
	}
	keep, err := t.filter()
	if err != nil {
		return nil, err
	}
	var out []found
	for _, r := range roots {
		i, err := t.store.Stat(r)
		if err != nil {
			return nil, failed(r, err)
		}
		if !i.Dir {
			if keep(base(r), i) && !hidden(base(r)) {
				out = append(out, found{name: r, size: i.Size, root: r})
			}
			continue
		}
		if out, err = t.leaves(out, r, r, keep); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b found) int { return strings.Compare(a.name, b.name) })
	return slices.CompactFunc(out, func(a, b found) bool { return a.name == b.name }), nil
}

func (t *table) leaves(out []found, root, dir string, keep func(string, Info) bool) ([]found, error) {
	names, err := t.store.List(dir)
	if err != nil {
		if missing(err) && t.bool("ignoreMissingFiles") {
			return out, nil
		}
		return nil, failed(dir, err)
	}
	for _, n := range names {
		if hidden(n) {
			continue
		}
		name := join(dir, n)
		i, err := t.store.Stat(name)
		switch {
		case missing(err): // it went away meanwhile
			continue
		case err != nil:
			return nil, failed(name, err)
		case i.Dir:
			if out, err = t.leaves(out, root, name, keep); err != nil {
				return nil, err
			}
		case keep(n, i):
			out = append(out, found{name: name, size: i.Size, root: root})
		}
	}
	return out, nil
}

// filter is pathGlobFilter and the bounds of modification.
func (t *table) filter() (func(name string, i Info) bool, error) {
	var patterns []string
	if g := t.text("pathGlobFilter"); g != "" {
		patterns = braces(g)
	}
	before, err := t.moment("modifiedBefore")
	if err != nil {
		return nil, err
	}
	after, err := t.moment("modifiedAfter")
	if err != nil {
		return nil, err
	}
	return func(name string, i Info) bool {
		return (patterns == nil || slices.ContainsFunc(patterns, func(p string) bool { return match(p, name) })) &&
			(before.IsZero() || i.Modified.Before(before)) && (after.IsZero() || i.Modified.After(after))
	}, nil
}

func (t *table) moment(option string) (time.Time, error) {
	v := t.text(option)
	if v == "" {
		return time.Time{}, nil
	}
	us, ok := fn.ParseTimestamp(v, t.zone())
	if !ok {
		return time.Time{}, errs.New("INVALID_OPTION", "the option %s is %q, which is not a time", option, v).WithHint("write it as 2024-01-15T10:30:00")
	}
	return time.UnixMicro(us), nil
}
