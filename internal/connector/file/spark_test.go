package file_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/file"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// record is one of testdata/cases.json: what Spark answered.
type record struct {
	Name, Format, Where, Schema string
	Path                        *string
	Files                       map[string]string
	Stored                      bool
	Options                     map[string]string
	Types                       [][2]string
	Rows                        [][]*string
	Error                       *string
	State                       *string
}

// reports collects what a connector reports.
type reports struct{ rejected []string }

func (r *reports) Rejected(origin, reason string, _ []byte) {
	r.rejected = append(r.rejected, origin+": "+reason)
}
func (r *reports) Trouble(error) {}
func (r *reports) Log(string)    {}

func connectorOf(t testing.TB, name string) *connector.Connector {
	t.Helper()
	for _, c := range file.Connectors() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no connector %s", name)
	return nil
}

func memEnv(t testing.TB, files map[string]string) connector.Env {
	t.Helper()
	mem := vfs.NewMem()
	for name, text := range files {
		write(t, mem, "/t/"+name, text)
	}
	s := *sys.Real()
	s.FS, s.Dir = mem, "/t"
	return connector.Env{Sys: &s, Report: &reports{}}
}

func write(t testing.TB, fs vfs.FS, name, text string) {
	t.Helper()
	if err := fs.MkdirAll(fs.PathDir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := fs.Create(name, vfs.WriteCategoryUnspecified)
	if err == nil {
		_, err = f.Write([]byte(text))
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// rowsOf reads all rows of the columns of a source as Spark's cast to string prints them.
func rowsOf(env connector.Env, src connector.BatchSource, sc connector.Scan) ([][]*string, error) {
	ctx := context.Background()
	parts, err := src.Parts(ctx, sc)
	if err != nil {
		return nil, err
	}
	rows := [][]*string{}
	for _, p := range parts {
		for b, err := range src.Read(ctx, p, sc) {
			if err != nil {
				return nil, err
			}
			for i := range b.Each() {
				row := []*string{}
				for c := range b.Cols {
					if b.Cols[c].Len != b.N {
						return nil, fmt.Errorf("column %d has %d rows of %d", c, b.Cols[c].Len, b.N)
					}
					row = append(row, shown(env, &b.Cols[c], i))
				}
				rows = append(rows, row)
			}
		}
	}
	return rows, nil
}

func shown(env connector.Env, c *vec.Col, i int) *string {
	if c.IsNull(i) {
		return nil
	}
	s := fn.Text(&fn.Context{Zone: env.Zone}, c, i)
	if c.Type.Kind == types.Binary {
		s = strings.ToUpper(hex.EncodeToString(c.Bytes(i)))
	}
	return &s
}

func all(n int) connector.Scan {
	sc := connector.Scan{Limit: -1}
	for i := range n {
		sc.Columns = append(sc.Columns, i)
	}
	return sc
}

func lines(rows [][]*string) []string {
	out := []string{}
	for _, r := range rows {
		b, _ := json.Marshal(r)
		out = append(out, string(b))
	}
	slices.Sort(out)
	return out
}

// answers are the cases, with what stands in Spark's place of a folder replaced.
func answers(t testing.TB) []record {
	t.Helper()
	text, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var out []record
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// run asks our connector what Spark was asked.
func run(t *testing.T, c record) (types.Schema, [][]*string, connector.Env, error) {
	dir := "/t"
	env := memEnv(t, c.Files)
	if c.Stored {
		abs, err := filepath.Abs("testdata/spark")
		if err != nil {
			t.Fatal(err)
		}
		dir, env.Sys = filepath.ToSlash(abs), sys.Real()
	}
	o := connector.Options{}
	for k, v := range c.Options {
		o[k] = strings.ReplaceAll(v, "$", dir)
	}
	if _, ok := o["path"]; c.Path != nil && !ok {
		o["path"] = dir + "/" + *c.Path
	}
	table := connector.Table{Name: "t", Options: o, Columns: schemaOf(t, c.Schema)}
	conn := connectorOf(t, c.Format)
	ctx := context.Background()
	src, err := conn.Batch(ctx, env, table)
	if err != nil {
		return nil, nil, env, err
	}
	defer src.Close()
	sc := all(len(src.Schema()))
	rows, err := rowsOf(env, src, sc)
	return src.Schema(), rows, env, err
}

// schemaOf reads the few types that the cases declare.
func schemaOf(t *testing.T, ddl string) types.Schema {
	var s types.Schema
	for _, part := range splitTop(ddl) {
		name, typ, _ := strings.Cut(strings.TrimSpace(part), " ")
		s = append(s, types.Field{Name: name, Type: typeOf(t, typ), Nullable: true})
	}
	return s
}

func splitTop(s string) (out []string) {
	depth, from := 0, 0
	for i, r := range s {
		switch {
		case r == '<' || r == '(':
			depth++
		case r == '>' || r == ')':
			depth--
		case r == ',' && depth == 0:
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	if from < len(s) {
		out = append(out, s[from:])
	}
	return out
}

func typeOf(t *testing.T, s string) types.Type {
	for _, k := range []types.Type{types.BooleanType, types.ByteType, types.ShortType, types.IntType, types.LongType, types.FloatType, types.DoubleType,
		types.StringType, types.BinaryType, types.DateType, types.TimestampType, types.TimestampNTZType} {
		if k.String() == s {
			return k
		}
	}
	inner := func(prefix string) (string, bool) {
		if rest, ok := strings.CutPrefix(s, prefix+"<"); ok {
			return strings.TrimSuffix(rest, ">"), true
		}
		return "", false
	}
	var p, q int
	if n, _ := fmt.Sscanf(s, "decimal(%d,%d)", &p, &q); n == 2 {
		return types.DecimalType(p, q)
	}
	if s == "interval day" {
		return types.Type{Kind: types.DayTime}
	}
	if in, ok := inner("array"); ok {
		return types.ArrayOf(typeOf(t, in), true)
	}
	if in, ok := inner("map"); ok {
		kv := splitTop(in)
		return types.MapOf(typeOf(t, kv[0]), typeOf(t, kv[1]), true)
	}
	if in, ok := inner("struct"); ok {
		var fields []types.Field
		for _, f := range splitTop(in) {
			name, typ, _ := strings.Cut(f, ":")
			fields = append(fields, types.Field{Name: name, Type: typeOf(t, typ), Nullable: true})
		}
		return types.StructOf(fields...)
	}
	t.Fatalf("the test knows no type %q", s)
	return types.Type{}
}

// differs are the cases where we differ from Spark on purpose.
var differs = map[string]string{
	"csv max columns":  "Spark fails without an error class",
	"text two columns": "the same class, but Spark has no SQLSTATE for it",
	"paths":            "Spark ignores the option paths of its own readers",
}

func TestAsSpark(t *testing.T) {
	n := 0
	for _, c := range answers(t) {
		if differs[c.Name] != "" || c.Where != "" {
			continue
		}
		n++
		t.Run(c.Name, func(t *testing.T) {
			schema, rows, env, err := run(t, c)
			if c.Error != nil {
				var e *errs.Error
				if err == nil {
					t.Fatalf("read %v, want %s", rows, *c.Error)
				}
				if e, _ = err.(*errs.Error); e == nil || e.Class != *c.Error || c.State != nil && e.SQLState != *c.State {
					t.Fatalf("got %v, want %s", err, *c.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got [][2]string
			for _, f := range schema {
				got = append(got, [2]string{f.Name, f.Type.String()})
			}
			if !slices.Equal(got, c.Types) {
				t.Fatalf("columns\ngot  %v\nwant %v", got, c.Types)
			}
			if have, want := lines(rows), lines(c.Rows); !slices.Equal(have, want) {
				t.Fatalf("rows\ngot  %s\nwant %s\nreported %v", have, want, env.Report.(*reports).rejected)
			}
		})
	}
	if n < 150 {
		t.Errorf("only %d cases", n)
	}
}
