package file_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// TestWriteForSpark writes folders of all formats to $AZUD_FILES_OUT, for testdata/check.py, which has a real
// Spark read them and compares. Without the variable it is skipped.
func TestWriteForSpark(t *testing.T) {
	dir := os.Getenv("AZUD_FILES_OUT")
	if dir == "" {
		t.Skip("AZUD_FILES_OUT is not set: see testdata/check.py")
	}
	env := connector.Env{Sys: sys.Real(), Report: &reports{}}
	type folder struct {
		Path, Format string
		Options      map[string]string
		Schema       string // as JSON, of the data columns; "": from the files
		Types        [][2]string
		Rows         [][]*string
	}
	var out []folder
	for _, x := range []struct {
		name, from, format string
		o                  connector.Options
		columns            []string // nil: all
	}{
		{"all", "all", "parquet", nil, nil}, {"nulls", "nulls", "parquet", connector.Options{"compression": "zstd"}, nil},
		{"v2", "v2", "parquet", connector.Options{"compression": "lz4_raw"}, nil}, {"legacy", "legacy", "parquet", connector.Options{"compression": "none"}, nil},
		{"gzip", "micros", "parquet", connector.Options{"compression": "gzip"}, nil},
		{"parts", "parts_parquet", "parquet", connector.Options{"partitionBy": "k,s,d"}, nil},
		{"parts_csv", "parts_parquet", "csv", connector.Options{"partitionBy": "s,k"}, nil},
		{"csv", "nulls", "csv", connector.Options{"header": "true"}, []string{"ti", "l", "d", "d9", "d38", "b", "s", "dt", "tn"}},
		{"csv_gz", "all", "csv", connector.Options{"compression": "gzip", "header": "true"}, []string{"l", "s"}},
		{"csv_lz4", "all", "csv", connector.Options{"compression": "lz4", "header": "true"}, []string{"l", "s"}},
		{"csv_snappy", "v2", "csv", connector.Options{"compression": "snappy", "header": "true"}, []string{"id", "v"}},
		{"csv_deflate", "all", "csv", connector.Options{"compression": "deflate", "header": "true"}, []string{"l", "s"}},
		{"json", "nulls", "json", nil, []string{"ti", "l", "d", "d9", "b", "s", "dt", "tn", "ar", "mp", "st", "aa"}},
		{"json_gz", "all", "json", connector.Options{"compression": "gzip"}, []string{"l", "s", "st"}},
	} {
		src := open(t, env, "parquet", connector.Options{"path": "testdata/spark/" + x.from}, nil)
		sc, schema := connector.Scan{Limit: -1}, types.Schema{}
		for i, f := range src.Schema() {
			if x.columns == nil || contains(x.columns, f.Name) {
				sc.Columns, schema = append(sc.Columns, i), append(schema, f)
			}
		}
		o := connector.Options{"path": filepath.Join(dir, x.name)}
		for k, v := range x.o {
			o[k] = v
		}
		var batches []*vec.Batch
		parts, err := src.Parts(context.Background(), sc)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parts {
			for b, err := range src.Read(context.Background(), p, sc) {
				if err != nil {
					t.Fatal(err)
				}
				batches = append(batches, b)
			}
		}
		if err := save(env, connectorOf(t, x.format), o, schema, connector.SaveOverwrite, batches...); err != nil {
			t.Fatal(x.name, err)
		}
		rows, err := rowsOf(env, src, sc)
		if err != nil {
			t.Fatal(err)
		}
		f := folder{Path: x.name, Format: x.format, Options: x.o, Rows: rows}
		for _, c := range schema {
			f.Types = append(f.Types, [2]string{c.Name, c.Type.String()})
		}
		out = append(out, f)
	}
	text, err := json.Marshal(out)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "folders.json"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}
