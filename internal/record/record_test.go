package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/klauspost/compress/snappy"
)

func build(t testing.TB, head Batch, fill func(b *Builder)) []byte {
	t.Helper()
	var b Builder
	b.Begin(head)
	fill(&b)
	raw, err := b.Finish(nil, new(Compressor))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// three is a batch of three records; body offsets of the first record: 61 length, 62
// attributes, 63 time, 64 offset, 65 key length, 66 key, 67 value length, 68 value, 69 headers.
func three(t testing.TB) []byte {
	return build(t, Plain(None), func(b *Builder) {
		b.Add(10, []byte("k"), []byte("v"))
		b.Add(11, nil, nil)
		b.Add(9, []byte("l"), []byte{}, Header{"h", nil})
	})
}

func TestRecordsFindsWhatIsWrong(t *testing.T) {
	be := binary.BigEndian
	for name, c := range map[string]struct {
		edit func(raw []byte) []byte
		want string
	}{
		"as built":             {func(r []byte) []byte { return r }, ""},
		"count too large":      {func(r []byte) []byte { be.PutUint32(r[57:], 4); return r }, "malformed length"},
		"length past the end":  {func(r []byte) []byte { r[61] = 0x7e; return r }, "malformed"},
		"negative length":      {func(r []byte) []byte { r[61] = 1; return r }, "malformed length"},
		"key past the record":  {func(r []byte) []byte { r[65] = 0x20; return r }, "malformed record"},
		"headers negative":     {func(r []byte) []byte { r[69] = 1; return r }, "malformed record"},
		"headers not there":    {func(r []byte) []byte { r[69] = 2; return r }, "malformed record"},
		"value short":          {func(r []byte) []byte { r[67] = 0; return r }, "malformed record"},
		"compressed it is not": {func(r []byte) []byte { r[22] |= 4; return r }, "decompressing"},
		"unknown codec":        {func(r []byte) []byte { r[22] |= 7; return r }, "unknown compression"},
	} {
		raw := c.edit(three(t))
		b, ok, err := Parse(raw)
		if !ok || err != nil {
			t.Fatal(name, ok, err)
		}
		err = b.Records(new(Decompressor), func(*Record) bool { return true })
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	raw := three(t)
	for n := range raw {
		if _, ok, err := Parse(raw[:n]); ok || err != nil {
			t.Fatalf("%d of %d bytes: %v, %v", n, len(raw), ok, err)
		}
	}
	for name, edit := range map[string]func(r []byte){
		"size":    func(r []byte) { binary.BigEndian.PutUint32(r[8:], 20) },
		"minus":   func(r []byte) { binary.BigEndian.PutUint32(r[8:], 1<<31) },
		"version": func(r []byte) { r[16] = 1 },
	} {
		r := bytes.Clone(raw)
		edit(r)
		if _, _, err := Parse(r); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for at := 21; at < len(raw); at++ {
		r := bytes.Clone(raw)
		r[at] ^= 4
		if b, ok, _ := Parse(r); ok && b.Check() == nil {
			t.Errorf("a flipped bit in byte %d is not noticed", at)
		}
	}
}

func TestSetLogAppendTime(t *testing.T) {
	raw := three(t)
	SetLogAppendTime(raw, 777)
	Place(raw, 50, 3)
	b := parse(t, raw)
	var times, offsets []int64
	if err := b.Records(nil, func(r *Record) bool {
		times, offsets = append(times, r.Time), append(offsets, r.Offset)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	for i, tm := range times {
		if tm != 777 || offsets[i] != 50+int64(i) {
			t.Errorf("record %d: time %d, offset %d", i, tm, offsets[i])
		}
	}
	if !b.LogAppend() || b.MaxTime != 777 || b.LeaderEpoch != 3 || len(times) != 3 {
		t.Errorf("%+v, %d records", b, len(times))
	}
}

// What compaction writes: records with gaps, a delete horizon, a batch without records.
func TestCompactedBatches(t *testing.T) {
	head := Batch{Base: 100, LastDelta: 9, Attrs: AttrHorizon | int16(LZ4), BaseTime: 123456, Producer: 5, Epoch: 1, Sequence: 40}
	full := parse(t, build(t, Batch{Base: 100, Producer: 5, Epoch: 1, Sequence: 40}, func(b *Builder) {
		for i := range 10 {
			b.Add(1000+int64(i), []byte{byte(i)}, []byte("value"))
		}
	}))
	raw := build(t, head, func(b *Builder) {
		if err := full.Records(nil, func(r *Record) bool {
			if r.Offset%4 == 2 {
				b.AddRecord(r)
			}
			return true
		}); err != nil {
			t.Fatal(err)
		}
	})
	b := parse(t, raw)
	if b.Last() != 109 || b.Count != 2 || b.BaseTime != 123456 || b.MaxTime != 1006 || b.LastSequence() != 49 {
		t.Errorf("%+v", b)
	}
	var got []int64
	if err := b.Records(new(Decompressor), func(r *Record) bool { got = append(got, r.Offset, r.Time); return true }); err != nil {
		t.Fatal(err)
	}
	if want := []int64{102, 1002, 106, 1006}; len(got) != 4 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
		t.Errorf("records %v, want %v", got, want)
	}
	head.MaxTime = 1009
	empty := parse(t, build(t, head, func(*Builder) {}))
	if empty.Last() != 109 || empty.Count != 0 || len(empty.Raw) != HeaderSize || empty.LastSequence() != 49 || empty.MaxTime != 1009 || empty.Codec() != None {
		t.Errorf("%+v", empty)
	}
	if err := empty.Records(nil, func(*Record) bool { t.Error("a record"); return true }); err != nil {
		t.Error(err)
	}
}

func TestEndMarkOfOthers(t *testing.T) {
	plain := parse(t, three(t))
	if _, _, err := plain.EndMark(); err == nil {
		t.Error("a batch of users' records is taken for a marker")
	}
	control := func(key, value []byte) Batch {
		return parse(t, build(t, Batch{Attrs: AttrControl}, func(b *Builder) { b.Add(1, key, value) }))
	}
	for name, c := range map[string]struct {
		b   Batch
		bad bool
	}{
		"short key":   {control([]byte{0, 0, 0}, make([]byte, 6)), true},
		"short value": {control(make([]byte, 4), make([]byte, 5)), true},
		"leader":      {control([]byte{0, 0, 0, 2}, nil), false},
	} {
		if _, ok, err := c.b.EndMark(); ok || (err != nil) != c.bad {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
}

func TestBombs(t *testing.T) {
	var c Compressor
	zeros := make([]byte, 1<<20)
	d := Decompressor{Max: 100_000}
	for _, codec := range []Codec{Gzip, Snappy, LZ4, Zstd} {
		small, err := c.Compress(nil, zeros[:100_000], codec)
		if err != nil {
			t.Fatal(err)
		}
		large, err := c.Compress(nil, zeros, codec)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // an error leaves it usable
			if out, err := d.Decompress(small, codec); err != nil || len(out) != 100_000 {
				t.Errorf("%v: %d bytes, %v", codec, len(out), err)
			}
			if out, err := d.Decompress(large, codec); !errors.Is(err, ErrTooLarge) {
				t.Errorf("%v: %d bytes, %v", codec, len(out), err)
			}
			if _, err := d.Decompress(small[:len(small)-9], codec); err == nil {
				t.Errorf("%v: cut short, no error", codec)
			}
		}
		if cap(d.out) > 400_000 {
			t.Errorf("%v: %d bytes of memory", codec, cap(d.out))
		}
	}
	lie := binary.AppendUvarint(nil, 90_000) // a length that its bytes cannot fill
	if _, err := d.Decompress(append(lie, 0, 0), Snappy); err == nil {
		t.Error("a lying snappy block is taken")
	}
}

func TestFramedSnappy(t *testing.T) {
	block := func(s string) []byte {
		enc := snappy.Encode(nil, []byte(s))
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(enc))), enc...)
	}
	head := append(bytes.Clone(xerial), 0, 0, 0, 1, 0, 0, 0, 1)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for name, c := range map[string]struct {
		in   []byte
		want string
		bad  bool
	}{
		"plain":       {snappy.Encode(nil, []byte("abc")), "abc", false},
		"two blocks":  {join(head, block("abc"), block("def")), "abcdef", false},
		"two streams": {join(head, block("abc"), head, block("def")), "abcdef", false},
		"empty":       {head, "", false},
		"cut head":    {head[:12], "", true},
		"cut block":   {join(head, block("abc")[:5]), "", true},
		"cut length":  {join(head, []byte{0, 0}), "", true},
		"huge length": {join(head, []byte{255, 255, 255, 255, 1}), "", true},
	} {
		out, err := new(Decompressor).Decompress(c.in, Snappy)
		if (err != nil) != c.bad || !c.bad && string(out) != c.want {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
}

func TestCodecNames(t *testing.T) {
	for _, c := range []Codec{None, Gzip, Snappy, LZ4, Zstd} {
		if got, ok := ParseCodec(c.String()); !ok || got != c {
			t.Errorf("%v: %v, %v", c, got, ok)
		}
	}
	if _, ok := ParseCodec("producer"); ok || Codec(5).String() != "codec 5" {
		t.Error("unknown names")
	}
}

// sound reports whether a batch is one that a producer may send: as many records as it says,
// at offsets that follow each other, with headers that can be read.
func sound(b *Batch, d *Decompressor) bool {
	next, ok := b.Base, b.Count > 0 && b.Count-1 == b.LastDelta
	err := b.Records(d, func(r *Record) bool {
		ok = r.EachHeader(func(_, _ []byte) bool { return true }) == nil && r.Offset == next && ok
		next++
		return true
	})
	return ok && err == nil
}

// Reading never fails in another way than by an error, and a batch that is valid is rebuilt
// with the same records.
func FuzzRecords(f *testing.F) {
	for _, name := range []string{"none", "gzip", "snappy", "lz4", "zstd", "abort"} {
		f.Add(kafka(f, name))
	}
	f.Add(three(f))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, ok, err := Parse(raw)
		if !ok || err != nil {
			return
		}
		d := Decompressor{Max: 1 << 20}
		_, _, _ = b.EndMark()
		_, _ = b.HasKeys(&d)
		if !sound(&b, &d) {
			return
		}
		var bld Builder
		head := b
		head.Attrs &^= AttrCodec
		bld.Begin(head)
		if err := b.Records(&d, func(r *Record) bool { bld.AddRecord(r); return true }); err != nil {
			t.Fatal(err)
		}
		out, err := bld.Finish(nil, nil)
		if err != nil {
			return // offsets at the end of their range
		}
		again := parse(t, out)
		if digest(t, &again, nil) != digest(t, &b, &d) {
			t.Error("rebuilt with other records")
		}
	})
}
