// Package feed replays recorded feeds over HTTP, one step at a time: the files in the
// order of the time in their names, and faults between them. It is used by tests and
// benchmarks, and knows nothing of Azud.
package feed

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// File is one recorded body.
type File struct {
	Name string
	At   time.Time // from the name (all_hour__20250504T135346Z.json); zero if it has none
	Body []byte
}

var stamp = regexp.MustCompile(`\d{8}T\d{6}Z`)

// Load reads the feeds of a folder whose names match the glob, ordered by time, then name.
func Load(dir, match string) ([]File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, e := range entries {
		name := e.Name()
		plain := strings.TrimSuffix(name, ".gz")
		if ext := filepath.Ext(plain); ext != ".json" && ext != ".geojson" {
			continue
		}
		if ok, err := filepath.Match(match, name); err != nil || !ok {
			if err != nil {
				return nil, err
			}
			continue
		}
		body, err := read(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		f := File{Name: name, Body: body}
		if s := stamp.FindString(name); s != "" {
			if f.At, err = time.Parse("20060102T150405Z", s); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no feed in %s matches %s", dir, match)
	}
	slices.SortFunc(files, func(a, b File) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Name, b.Name))
	})
	return files, nil
}

func read(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(path, ".gz") {
		return raw, err
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return io.ReadAll(z)
}
