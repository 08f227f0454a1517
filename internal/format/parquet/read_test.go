package parquet_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/format/parquet"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

const spark = "../../connector/file/testdata/"

type answer struct {
	Name, Format, Path string
	Options            map[string]string
	Types              [][2]string
	Rows               [][]*string
	Error              string
}

// open reads the footer of the one Parquet file of a folder that Spark wrote.
func open(t testing.TB, name string) (*os.File, *parquet.Footer) {
	t.Helper()
	if found, _ := filepath.Glob(name + "/*.parquet"); len(found) == 1 {
		name = found[0]
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	foot, err := parquet.ReadFooter(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return f, foot
}

// texts are all rows of a file as Spark's cast to string prints them.
func texts(t testing.TB, f *os.File, foot *parquet.Footer, s types.Schema) [][]string {
	t.Helper()
	var rows [][]string
	for g := range foot.Groups() {
		for b, err := range foot.Read(f, g, s) {
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, rowsOf(b)...)
		}
	}
	return rows
}

// rowsOf are a batch's rows as texts.
func rowsOf(b *vec.Batch) (rows [][]string) {
	for i := range b.N {
		row := []string{}
		for c := range b.Cols {
			v := "<null>"
			if !b.Cols[c].IsNull(i) {
				v = fn.Text(nil, &b.Cols[c], i)
			}
			row = append(row, v)
		}
		rows = append(rows, row)
	}
	return rows
}

func TestReadsWhatSparkWrote(t *testing.T) {
	text, err := os.ReadFile(spark + "cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []answer
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, c := range cases {
		if c.Format != "parquet" || c.Error != "" || len(c.Options) > 0 || !slices.Contains([]string{"all", "nulls", "legacy", "micros", "int96", "c_gzip", "c_zstd", "c_none", "c_lz4_raw", "v2"}, c.Path) || len(c.Rows) == 0 {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			f, foot := open(t, spark+"spark/"+c.Path)
			s, err := foot.Schema()
			if err != nil {
				t.Fatal(err)
			}
			if c.Name != "parquet "+c.Path {
				return
			}
			n++
			var got [][2]string
			for _, f := range s {
				got = append(got, [2]string{f.Name, f.Type.String()})
			}
			if !slices.Equal(got, c.Types) {
				t.Fatalf("columns\ngot  %v\nwant %v", got, c.Types)
			}
			rows := texts(t, f, foot, s)
			if len(rows) != len(c.Rows) {
				t.Fatalf("%d rows, want %d", len(rows), len(c.Rows))
			}
			key := func(r []string) string { b, _ := json.Marshal(r); return string(b) }
			var want []string
			for _, r := range c.Rows {
				row := []string{}
				for i, v := range r {
					switch {
					case v == nil:
						row = append(row, "<null>")
					case c.Types[i][1] == "binary":
						row = append(row, unhex(*v))
					default:
						row = append(row, *v)
					}
				}
				want = append(want, key(row))
			}
			var have []string
			for _, r := range rows {
				have = append(have, key(r))
			}
			slices.Sort(want)
			slices.Sort(have)
			for i := range want {
				if have[i] != want[i] {
					t.Fatalf("row %d\ngot  %s\nwant %s", i, have[i], want[i])
				}
			}
		})
	}
	if n < 9 {
		t.Errorf("only %d files compared", n)
	}
}

func unhex(s string) string {
	var out []byte
	for i := 0; i+1 < len(s); i += 2 {
		var v byte
		for _, c := range []byte(s[i : i+2]) {
			v <<= 4
			if c >= 'A' {
				v |= c - 'A' + 10
			} else {
				v |= c - '0'
			}
		}
		out = append(out, v)
	}
	return string(out)
}
