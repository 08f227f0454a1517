package json

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// from_json.tsv was recorded from a real Spark by testdata/record.py.
//
//go:embed testdata/from_json.tsv
var recorded string

var unescape = strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n")

func TestAnswersAsSpark(t *testing.T) {
	for n, line := range strings.Split(strings.TrimRight(recorded, "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Split(line, "\t")
		if len(parts) != 3 {
			t.Fatalf("line %d has %d columns", n+1, len(parts))
		}
		schema, err := sql.ParseSchema(parts[0])
		if err != nil {
			t.Fatal(err)
		}
		msg, want := unescape.Replace(parts[1]), unescape.Replace(parts[2])
		if want == "NULL" { // a NULL struct: as columns of a table, all NULL
			want = allNull(t, schema)
		}
		if got := roundTrip(t, schema, msg); got != want {
			t.Errorf("line %d: %s\n  got  %s\n  want %s", n+1, msg, got, want)
		}
	}
}

func roundTrip(t *testing.T, s types.Schema, msg string) string {
	t.Helper()
	dec, err := NewDecoder(s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := vec.NewBuilder(s)
	if _, err := dec.Decode(b, [][]byte{[]byte(msg)}); err != nil {
		t.Fatal(err)
	}
	return encode(t, s, b.Finish())[0]
}

func allNull(t *testing.T, s types.Schema) string {
	b := vec.NewBuilder(s)
	appendNulls(b)
	return encode(t, s, b.Finish())[0]
}

func encode(t *testing.T, s types.Schema, b *vec.Batch) []string {
	t.Helper()
	enc, err := NewEncoder(s, Options{KeepNulls: true})
	if err != nil {
		t.Fatal(err)
	}
	msgs, err := enc.Encode(nil, b)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range msgs {
		out = append(out, string(m))
	}
	return out
}
