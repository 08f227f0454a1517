package csv_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/format/csv"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// What Spark answers to files of all kinds is tested in internal/connector/file; here is what a file cannot show.

func options(t testing.TB, o map[string]string) *csv.Options {
	t.Helper()
	out, err := csv.NewOptions(func(name string) (string, bool) { v, ok := o[name]; return v, ok }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRecords(t *testing.T) {
	o := options(t, map[string]string{"multiLine": "true"})
	text := "a,\"x\ny\"\r\nb,\"q\\\"\n\"\n\nc,d\"\n\r"
	for chunk := 1; chunk <= len(text); chunk++ { // records do not depend on where the text was cut
		var got []string
		for at, have := 0, 0; at < len(text); {
			have = max(have, at)
			rec, sep, ok := o.Records([]byte(text[at:have]), have == len(text))
			if !ok {
				have = min(have+chunk, len(text))
				continue
			}
			got = append(got, text[at:at+rec])
			at += rec + sep
		}
		want := []string{"a,\"x\ny\"", "b,\"q\\\"\n\"", "", "c,d\"", ""}
		if !slices.Equal(got, want) {
			t.Fatalf("in chunks of %d: %q", chunk, got)
		}
	}
}

// FuzzParse: any record gives one value a column, and what is written is read back.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`a,1,"x"`, `"a""b",c`, `"a\"b",,`, "", `","`, `"`, `\,\`, "a,b,c,d", `"x" ,y`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, rec string) {
		o := options(t, map[string]string{"nullValue": "\x00"})
		s := types.Schema{{Name: "a", Type: types.StringType}, {Name: "b", Type: types.LongType}, {Name: "c", Type: types.DecimalType(10, 2)}}
		p, err := csv.NewParser(s, o)
		if err != nil {
			t.Fatal(err)
		}
		b := vec.NewBuilder(s)
		_ = p.Parse([]byte(rec), b.Cols) // a bad record is no failure
		for i, c := range b.Cols {
			if c.Len() != 1 {
				t.Fatalf("column %d has %d values", i, c.Len())
			}
		}
		batch := b.Finish()
		text := ""
		if !batch.Cols[0].IsNull(0) {
			text = fn.Text(nil, &batch.Cols[0], 0)
		}
		w, err := csv.NewWriter(s, options(t, map[string]string{"nullValue": "\x00", "ignoreLeadingWhiteSpace": "false", "ignoreTrailingWhiteSpace": "false"}))
		if err != nil {
			t.Fatal(err)
		}
		line := w.AppendRow(nil, batch.Cols, 0)
		if err := p.Parse(line, b.Cols); err != nil && !strings.ContainsAny(rec, "\x00\\") {
			t.Fatalf("%q was written as %q: %v", rec, line, err)
		}
		again := b.Finish()
		if got := again.Cols[0]; !got.IsNull(0) && !strings.ContainsAny(text, "\x00\\") && string(got.Bytes(0)) != text {
			t.Fatalf("%q became %q by %q", text, got.Bytes(0), line)
		}
	})
}
