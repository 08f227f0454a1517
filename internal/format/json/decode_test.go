package json

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/azud/azud/internal/format"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func schemaOf(t testing.TB, ddl string) types.Schema {
	t.Helper()
	s, err := sql.ParseSchema(ddl)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRejectsNameTheRowAndTheReason(t *testing.T) {
	s := schemaOf(t, "a INT, b STRUCT<c: DOUBLE>")
	dec, err := NewDecoder(s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := vec.NewBuilder(s)
	rejects, err := dec.Decode(out, [][]byte{
		[]byte(`{"a":1}`), []byte(`{"a":"x"}`), []byte(`{"a":1,`), nil, []byte(`{"b":{"c":true}}`), []byte(`[1]`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.Len() != 6 {
		t.Errorf("%d rows of 6 messages", out.Len())
	}
	want := []format.Reject{
		{Row: 1, Reason: `field a: "x" is not INT`},
		{Row: 2, Reason: "the JSON ends at byte 7 where a string was expected"},
		{Row: 4, Reason: "field b.c: true is not DOUBLE"},
		{Row: 5, Reason: "not JSON at byte 0: expected an object {…}, found '['"},
	}
	if !slices.Equal(rejects, want) {
		t.Errorf("rejects:\n%v\nwant:\n%v", rejects, want)
	}
}

// A decoder remembers key order between messages: the memory must never change an answer.
func TestKeyOrderMemoryChangesNothing(t *testing.T) {
	s := schemaOf(t, "a INT, b STRING, c DOUBLE")
	msgs := [][]byte{
		[]byte(`{"a":1,"z":0,"b":"x","c":1.5}`), []byte(`{"b":"y","a":2,"c":2.5}`), []byte(`{"z":1,"c":3.5}`),
		[]byte(`{"a":4,"a":5,"b":"q"}`), []byte(`{"a":6,"z":0,"b":"x","c":1.5,"d":9,"b":"last"}`), []byte(`{}`),
	}
	together, err := NewDecoder(s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := vec.NewBuilder(s)
	if _, err := together.Decode(out, append(msgs, msgs...)); err != nil {
		t.Fatal(err)
	}
	got := encode(t, s, out.Finish())
	for i, m := range append(msgs, msgs...) {
		if want := roundTrip(t, s, string(m)); got[i] != want {
			t.Errorf("message %d: %s, alone %s", i, got[i], want)
		}
	}
}

func TestUnsupportedTypesAreRefused(t *testing.T) {
	for _, ddl := range []string{"v VOID", "m MAP<INT, STRING>"} {
		if _, err := NewDecoder(schemaOf(t, ddl), Options{}); err == nil {
			t.Errorf("%s was accepted", ddl)
		}
	}
}

func TestEncoderLeavesNullsOut(t *testing.T) {
	s := schemaOf(t, "a INT, b STRING, c STRUCT<d: INT>")
	b := vec.NewBuilder(s)
	b.Cols[0].AppendNull()
	b.Cols[1].AppendString("say \"hi\"\u0001\xff")
	b.Cols[2].Child(0).AppendNull()
	b.Cols[2].EndStruct()
	enc, err := NewEncoder(s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := enc.Encode(nil, b.Finish())
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"b":"say \"hi\"\u0001` + "\uFFFD" + `","c":{}}`; string(got[0]) != want {
		t.Errorf("got %s, want %s", got[0], want)
	}
}

// The values were computed by Python's decimal, rounding half up.
func TestDecimals(t *testing.T) {
	for in, want := range map[string]string{
		"1.005": "1.01", "-1.005": "-1.01", "1.00499999999999999999999999": "1.00", "0": "0.00", "-0.004": "0.00", "0.005": "0.01",
		"99999999.994": "99999999.99", "99999999.995": "null", "123e-4": "0.01", "1E+3": "1000.00", "1e8": "null", "0e999999999": "0.00",
		"1e999999999": "null", "1e-999999999": "0.00", `"00012.5"`: "12.50", `".5"`: "0.50", `"5."`: "5.00", `"+7"`: "7.00", `"."`: "null",
		`""`: "null", `"0x10"`: "null", `"1e99999999999"`: "null", `"1 "`: "null", `"Infinity"`: "null", `"1_0"`: "null", `"1.2.3"`: "null", `"--1"`: "null",
	} {
		if got := roundTrip(t, schemaOf(t, "p DECIMAL(10,2)"), `{"p":`+in+`}`); got != `{"p":`+want+`}` {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
	const long = "12345678901234567890123456789012345678"
	if got := roundTrip(t, schemaOf(t, "p DECIMAL(38,0)"), `{"p":`+long+`.4999}`); got != `{"p":`+long+`}` {
		t.Errorf("38 digits: %s", got)
	}
}

func FuzzDecode(f *testing.F) {
	for _, line := range strings.Split(recorded, "\n") {
		if parts := strings.Split(line, "\t"); len(parts) == 3 {
			f.Add([]byte(unescape.Replace(parts[1])))
		}
	}
	s := schemaOf(f, "a INT, d STRING, id STRING, t TIMESTAMP, p DECIMAL(10,2), m MAP<STRING, INT>, "+
		"l ARRAY<STRUCT<x: INT, y: STRING>>, geometry STRUCT<coordinates: ARRAY<DOUBLE>>")
	f.Fuzz(func(t *testing.T, msg []byte) {
		dec, err := NewDecoder(s, Options{})
		if err != nil {
			t.Fatal(err)
		}
		out := vec.NewBuilder(s)
		if _, err := dec.Decode(out, [][]byte{msg, []byte(`{"a":7}`), msg}); err != nil {
			t.Fatal(err)
		}
		b := out.Finish()
		for i, c := range b.Cols {
			if c.Len != 3 {
				t.Fatalf("column %d has %d rows", i, c.Len)
			}
		}
		if v := b.Cols[0]; v.IsNull(1) || vec.Get[int32](&v, 1) != 7 {
			t.Fatal("a message after it was not read")
		}
		rows := encode(t, s, b)
		if rows[0] != rows[2] {
			t.Fatalf("the same message gave %s and %s", rows[0], rows[2])
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	s := schemaOf(b, "timestamp TIMESTAMP, sensor_id STRING, temperature DOUBLE, humidity DOUBLE, pressure DOUBLE")
	var msgs [][]byte
	size := 0
	for i := range 1000 {
		m := fmt.Sprintf(`{"timestamp":"2024-01-15T10:30:%02d.123Z","sensor_id":"sensor_%d","temperature":%d.25,"humidity":48.5,"pressure":1013.%d}`, i%60, i%10, 15+i%20, i)
		msgs = append(msgs, []byte(m))
		size += len(m)
	}
	dec, err := NewDecoder(s, Options{})
	if err != nil {
		b.Fatal(err)
	}
	out := vec.NewBuilder(s)
	b.SetBytes(int64(size))
	for b.Loop() {
		if _, err := dec.Decode(out, msgs); err != nil {
			b.Fatal(err)
		}
		for _, c := range out.Cols {
			c.Truncate(0)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(msgs)), "ns/msg")
}
