package file_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/sys/fault"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

var numbers = types.Schema{
	{Name: "k", Type: types.StringType, Nullable: true},
	{Name: "n", Type: types.LongType, Nullable: true},
}

// batchOf makes rows of "k:n"; k "-" is NULL.
func batchOf(rows ...string) *vec.Batch {
	b := vec.NewBuilder(numbers)
	for _, r := range rows {
		k, n, _ := strings.Cut(r, ":")
		if k == "-" {
			b.Cols[0].AppendNull()
		} else {
			b.Cols[0].AppendString(k)
		}
		var v int64
		if _, err := fmt.Sscan(n, &v); err != nil {
			panic(err)
		}
		vec.Append(b.Cols[1], v)
	}
	return b.Finish()
}

func save(env connector.Env, c *connector.Connector, o connector.Options, s types.Schema, m connector.SaveMode, batches ...*vec.Batch) error {
	ctx := context.Background()
	sink, err := c.Save(ctx, env, connector.Table{Name: "t", Options: o})
	if err != nil {
		return err
	}
	w, err := sink.Begin(ctx, s, m)
	if err != nil || w == nil {
		return err
	}
	for _, b := range batches {
		if err := w.Write(ctx, b); err != nil {
			_ = w.Abort(ctx)
			return err
		}
	}
	return w.Commit(ctx)
}

// read gives the rows "k:n" of a folder, sorted.
func read(env connector.Env, c *connector.Connector, o connector.Options, s types.Schema) ([]string, error) {
	o = maps.Clone(o)
	delete(o, "partitionBy")
	src, err := c.Batch(context.Background(), env, connector.Table{Name: "t", Options: o, Columns: s})
	if err != nil {
		return nil, err
	}
	sc := connector.Scan{Limit: -1, Columns: []int{src.Schema().Index("k"), src.Schema().Index("n")}}
	rows, err := rowsOf(env, src, sc)
	var out []string
	for _, r := range rows {
		k := "-"
		if r[0] != nil {
			k = *r[0]
		}
		out = append(out, k+":"+*r[1])
	}
	slices.Sort(out)
	return out, err
}

func tree(fs vfs.FS, dir string) (out []string) {
	names, err := fs.List(dir)
	if err != nil {
		return nil
	}
	slices.Sort(names)
	for _, n := range names {
		i, err := fs.Stat(dir + "/" + n)
		if err == nil && i.IsDir() {
			out = append(out, tree(fs, dir+"/"+n)...)
		} else {
			out = append(out, dir+"/"+n)
		}
	}
	return out
}

func TestWritesAndReadsBack(t *testing.T) {
	for _, format := range []string{"parquet", "csv", "json"} {
		for _, by := range []string{"", "k"} {
			for _, per := range []string{"0", "1"} {
				t.Run(format+by+per, func(t *testing.T) {
					env, c := memEnv(t, nil), connectorOf(t, format)
					o := connector.Options{"path": "salida/t", "partitionBy": by, "maxRecordsPerFile": per}
					first := batchOf("a:1", "b:2", "-:3", "x y/z=%:4")
					first.Sel = []uint32{0, 1, 2, 3}
					if err := save(env, c, o, numbers, connector.SaveNew, first, batchOf("a:5")); err != nil {
						t.Fatal(err)
					}
					check := func(want ...string) {
						t.Helper()
						got, err := read(env, c, o, numbers)
						slices.Sort(want)
						if err != nil || !slices.Equal(got, want) {
							t.Fatalf("got %v, %v, want %v\n%v", got, err, want, tree(env.Sys.FS, "/t"))
						}
					}
					check("a:1", "b:2", "-:3", "x y/z=%:4", "a:5")
					if err := save(env, c, o, numbers, connector.SaveNew, first); errs.ClassOf(err) != "PATH_ALREADY_EXISTS" {
						t.Fatal(err)
					}
					if err := save(env, c, o, numbers, connector.SaveIgnore, first); err != nil {
						t.Fatal(err)
					}
					check("a:1", "b:2", "-:3", "x y/z=%:4", "a:5")
					if err := save(env, c, o, numbers, connector.SaveAppend, batchOf("a:6", "c:7")); err != nil {
						t.Fatal(err)
					}
					check("a:1", "b:2", "-:3", "x y/z=%:4", "a:5", "a:6", "c:7")
					if err := save(env, c, o, numbers, connector.SaveOverwrite, batchOf("q:8")); err != nil {
						t.Fatal(err)
					}
					check("q:8")
					if names, _ := env.Sys.FS.List("/t/salida"); len(names) != 1 {
						t.Errorf("left behind: %v", names)
					}
				})
			}
		}
	}
}

func TestNamesAsSpark(t *testing.T) {
	env, c := memEnv(t, nil), connectorOf(t, "parquet")
	for i, o := range []connector.Options{{"path": "/t/a"}, {"path": "/t/b", "partitionBy": "k"}} {
		if err := save(env, c, o, numbers, connector.SaveNew, batchOf("a b/c:1", "-:2")); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(tree(env.Sys.FS, o["path"]), "\n")
		for _, want := range [][]string{{"/t/a/_SUCCESS", "-c000.snappy.parquet"},
			{"/t/b/_SUCCESS", "/t/b/k=a b%2Fc/part-00000-", "/t/b/k=__HIVE_DEFAULT_PARTITION__/part-00000-", ".c000.snappy.parquet"}}[i] {
			if !strings.Contains(got, want) {
				t.Errorf("no %s in\n%s", want, got)
			}
		}
	}
}

func TestRefusedWrites(t *testing.T) {
	env, c := memEnv(t, nil), connectorOf(t, "parquet")
	for _, x := range []struct {
		o    connector.Options
		want string
	}{
		{connector.Options{"path": "x", "partitionBy": "nope"}, "COLUMN_NOT_DEFINED_IN_TABLE"},
		{connector.Options{"path": "x", "partitionBy": "k,n"}, "ALL_PARTITION_COLUMNS_NOT_ALLOWED"},
		{connector.Options{"path": "x", "compression": "lzo"}, "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION"},
		{connector.Options{}, "_LEGACY_ERROR_TEMP_2026"},
		{connector.Options{"path": "s3a://b/x"}, "UNSUPPORTED_FILE_SYSTEM"},
		{connector.Options{"path": "x", "haeder": "true"}, "UNKNOWN_OPTION"},
	} {
		if err := save(env, c, x.o, numbers, connector.SaveNew, batchOf("a:1")); errs.ClassOf(err) != x.want {
			t.Errorf("%v: %v", x.o, err)
		}
	}
	if got := tree(env.Sys.FS, "/t"); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
}

// TestPrintsAsSpark writes anew what Spark wrote and compares the bytes.
func TestPrintsAsSpark(t *testing.T) {
	source := connector.Options{"path": "testdata/spark/w_rows"}
	for _, x := range []struct {
		folder, format string
		o              connector.Options
	}{
		{"w_csv", "csv", connector.Options{"header": "true"}},
		{"w_csv_all", "csv", connector.Options{"quoteAll": "true", "sep": ";", "nullValue": "NULO", "emptyValue": "VACIO"}},
		{"w_csv_escape", "csv", connector.Options{"escapeQuotes": "false", "ignoreLeadingWhiteSpace": "false", "ignoreTrailingWhiteSpace": "false", "dateFormat": "dd/MM/yyyy", "timestampFormat": "dd/MM/yyyy HH:mm"}},
		{"w_csv_odd", "csv", connector.Options{"comment": "#"}},
		{"w_csv_odd_all", "csv", connector.Options{"quoteAll": "true"}},
		{"w_json", "json", nil},
		{"w_json_nulls", "json", connector.Options{"ignoreNullFields": "false"}},
		{"w_text", "text", connector.Options{"lineSep": "|"}},
	} {
		t.Run(x.folder, func(t *testing.T) {
			want, err := filepath.Glob("testdata/spark/" + x.folder + "/part*")
			if err != nil || len(want) != 1 {
				t.Fatal("no file of Spark's")
			}
			text, err := os.ReadFile(want[0])
			if err != nil {
				t.Fatal(err)
			}
			env := memEnv(t, nil)
			disk := connector.Env{Sys: sys.Real()}
			in := maps.Clone(source)
			switch {
			case strings.HasPrefix(x.folder, "w_csv_odd"):
				in["path"] += "_odd"
			case x.folder == "w_text":
				in["path"] += "_text"
			case x.folder == "w_json":
				in["path"] += "_null"
			}
			src, err := connectorOf(t, "parquet").Batch(context.Background(), disk, connector.Table{Options: in})
			if err != nil {
				t.Fatal(err)
			}
			sc := all(len(src.Schema()))
			parts, err := src.Parts(context.Background(), sc)
			if err != nil {
				t.Fatal(err)
			}
			var batches []*vec.Batch
			for _, p := range parts {
				for b, err := range src.Read(context.Background(), p, sc) {
					if err != nil {
						t.Fatal(err)
					}
					batches = append(batches, b)
				}
			}
			o := connector.Options{"path": "/t/x"}
			maps.Copy(o, x.o)
			if err := save(env, connectorOf(t, x.format), o, src.Schema(), connector.SaveNew, batches...); err != nil {
				t.Fatal(err)
			}
			for _, name := range tree(env.Sys.FS, "/t/x") {
				if strings.Contains(name, "part") {
					f, err := env.Sys.FS.Open(name)
					if err != nil {
						t.Fatal(err)
					}
					got := make([]byte, 1<<16)
					n, _ := f.ReadAt(got, 0)
					if string(got[:n]) != string(text) {
						t.Errorf("got\n%s\nwant\n%s", got[:n], text)
					}
				}
			}
		})
	}
}

// TestCrash kills a write at each change of the disk: the next open finds the old rows or the new ones, whole.
func TestCrash(t *testing.T) {
	for _, mode := range []connector.SaveMode{connector.SaveOverwrite, connector.SaveAppend, connector.SaveNew} {
		for at := int64(1); ; at++ {
			disk := fault.New(fault.Options{Seed: uint64(at)})
			s := *sys.Real()
			s.FS, s.Dir = disk.FS(), "/t"
			if err := s.FS.MkdirAll("/t", 0o755); err != nil {
				t.Fatal(err)
			}
			env, c := connector.Env{Sys: &s, Report: &reports{}}, connectorOf(t, "json")
			for _, d := range []string{"/", "/t"} {
				f, err := s.FS.OpenDir(d)
				if err == nil {
					_ = f.Sync()
					_ = f.Close()
				}
			}
			o := connector.Options{"path": "x/y", "maxRecordsPerFile": "1"}
			old := []string{"a:1", "b:2"}
			if mode == connector.SaveNew {
				old = nil
			} else if err := save(env, c, o, numbers, connector.SaveNew, batchOf(old...)); err != nil {
				t.Fatal(err)
			}
			disk.CrashAt(int(at))
			err := save(env, c, o, numbers, mode, batchOf("c:3", "d:4"))
			if err == nil {
				if at < 8 {
					t.Fatalf("%s: only %d changes", mode, at)
				}
				break
			}
			after := s
			after.FS = disk.FS()
			env2 := connector.Env{Sys: &after, Report: &reports{}}
			got, rerr := read(env2, c, o, numbers)
			if errs.ClassOf(rerr) == "PATH_NOT_FOUND" {
				rerr = nil
			}
			fresh := []string{"c:3", "d:4"}
			if mode == connector.SaveAppend {
				fresh = append(slices.Clone(old), fresh...)
			}
			if rerr != nil || !slices.Equal(got, old) && !slices.Equal(got, fresh) {
				t.Fatalf("%s, crash at change %d: %v, %v\n%v", mode, at, got, rerr, tree(after.FS, "/t"))
			}
			if err := save(env2, c, o, numbers, connector.SaveOverwrite, batchOf("e:5")); err != nil {
				t.Fatalf("%s, after a crash at change %d: %v", mode, at, err)
			}
			if got, err := read(env2, c, o, numbers); err != nil || !slices.Equal(got, []string{"e:5"}) {
				t.Fatalf("%s, after a crash at change %d: %v, %v", mode, at, got, err)
			}
		}
	}
}
