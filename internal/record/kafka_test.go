package record

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"
)

// kafka reads a batch that Apache Kafka 4.3.1's own classes wrote: testdata/Batches.java.
func kafka(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name + ".batch")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func parse(t testing.TB, raw []byte) Batch {
	t.Helper()
	b, ok, err := Parse(raw)
	if err != nil || !ok {
		t.Fatalf("Parse: %v, %v", ok, err)
	}
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	return b
}

// digest is what Kafka's classes printed for each of the batches, computed in the same way.
func digest(t testing.TB, b *Batch, d *Decompressor) (h int64) {
	t.Helper()
	err := b.Records(d, func(r *Record) bool {
		size := int64(-1)
		if r.Value != nil {
			size = int64(len(r.Value))
		}
		h = h*31 + r.Offset + r.Time + size + int64(r.Headers())
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

const kafkaDigest = -3388149169798103185

func TestReadsWhatKafkaWrites(t *testing.T) {
	var d Decompressor
	for _, c := range []Codec{None, Gzip, Snappy, LZ4, Zstd} {
		b := parse(t, kafka(t, c.String()))
		if b.Base != 500 || b.Last() != 699 || b.Count != 200 || b.LeaderEpoch != 7 || b.Codec() != c ||
			b.MaxTime != 1700000007326 || b.Transactional() != (c == None) || b.Control() || b.LogAppend() {
			t.Errorf("%v: header %+v", c, b)
		}
		if got := digest(t, &b, &d); got != kafkaDigest {
			t.Errorf("%v: digest %d, Kafka has %d", c, got, kafkaDigest)
		}
		first, last := int64(math.MaxInt64), int64(0)
		if err := b.Records(&d, func(r *Record) bool { first, last = min(first, r.Time), max(last, r.Time); return true }); err != nil ||
			first != 1699999998074 || last != b.MaxTime || !sound(&b, &d) {
			t.Errorf("%v: times %d to %d, %v", c, first, last, err)
		}
		if keys, err := b.HasKeys(&d); keys || err != nil {
			t.Errorf("%v: HasKeys: %v, %v", c, keys, err)
		}
	}
}

func TestRecordsOfKafka(t *testing.T) {
	b := parse(t, kafka(t, "none"))
	if b.Producer != 4001 || b.Epoch != 3 || b.Sequence != 1<<31-1 || b.LastSequence() != 198 {
		t.Errorf("producer %d, epoch %d, sequences %d to %d", b.Producer, b.Epoch, b.Sequence, b.LastSequence())
	}
	i := 0
	err := b.Records(nil, func(r *Record) bool {
		if (r.Key == nil) != (i%10 == 3) || (r.Value == nil) != (i%10 == 5) {
			t.Errorf("record %d: key %q, value %q", i, r.Key, r.Value)
		}
		var heads []string
		if err := r.EachHeader(func(k, v []byte) bool {
			heads = append(heads, string(k)+"="+string(v))
			if (v == nil) != (string(k) == "none") {
				t.Errorf("record %d: header %s is %q", i, k, v)
			}
			return true
		}); err != nil {
			t.Error(err)
		}
		if (len(heads) == 2) != (i%4 == 0) || len(heads) == 2 && !strings.HasPrefix(heads[0], "trace=t") {
			t.Errorf("record %d: headers %q", i, heads)
		}
		i++
		return true
	})
	if err != nil || i != 200 {
		t.Errorf("%d records, %v", i, err)
	}
}

// Rebuilding a batch of Kafka's gives its very bytes, uncompressed, and the same records with
// each codec.
func TestBuildsWhatKafkaBuilds(t *testing.T) {
	raw := kafka(t, "none")
	b := parse(t, raw)
	var bld Builder
	var c Compressor
	var d Decompressor
	for _, codec := range []Codec{None, Gzip, Snappy, LZ4, Zstd, Gzip, LZ4, Zstd} {
		head := b
		head.Attrs |= int16(codec)
		bld.Begin(head)
		if err := b.Records(nil, func(r *Record) bool { bld.AddRecord(r); return true }); err != nil {
			t.Fatal(err)
		}
		got, err := bld.Finish([]byte("before"), &c)
		if err != nil || !bytes.HasPrefix(got, []byte("before")) {
			t.Fatal(err)
		}
		got = got[6:]
		if codec == None {
			if !bytes.Equal(got, raw) {
				t.Error("the bytes differ from Kafka's")
			}
			continue
		}
		if len(got)*2 > len(raw) {
			t.Errorf("%v: %d bytes of %d", codec, len(got), len(raw))
		}
		again := parse(t, got)
		if again.Codec() != codec || digest(t, &again, &d) != kafkaDigest {
			t.Errorf("%v: other records", codec)
		}
	}
}

func TestMarkersAreKafkas(t *testing.T) {
	for name, commit := range map[string]bool{"abort": false, "commit": true} {
		raw := kafka(t, name)
		if got := Marker(nil, 900, 7, 4001, 3, commit, 11, 1700000000123); !bytes.Equal(got, raw) {
			t.Errorf("%s: %x, Kafka has %x", name, got, raw)
		}
		b := parse(t, raw)
		m, ok, err := b.EndMark()
		if err != nil || !ok || m != (EndMark{Commit: commit, CoordinatorEpoch: 11}) {
			t.Errorf("%s: %+v, %v, %v", name, m, ok, err)
		}
	}
}
