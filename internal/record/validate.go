package record

import "fmt"

// Facts are what only a look at each record tells.
type Facts struct {
	AllKeys          bool  // every record has a key
	MinTime, MaxTime int64 // ms, of the records
}

// Validate decodes every record and checks what a broker promises to its consumers: as many
// records as the header counts and no byte after them, offsets that follow each other from
// Base to Last, well-formed headers. It is for batches that come from producers; those of a
// compacted log have gaps. The CRC is not checked.
//
// Kafka: LogValidator, DefaultRecord.readFrom.
func (b *Batch) Validate(d *Decompressor) (Facts, error) {
	f := Facts{AllKeys: true}
	if b.Count < 1 || b.LastDelta < 0 {
		return f, fmt.Errorf("record batch of %d records, with a last offset delta of %d", b.Count, b.LastDelta)
	}
	if b.Count-1 != b.LastDelta {
		return f, fmt.Errorf("record batch of %d records spans %d offsets", b.Count, int64(b.LastDelta)+1)
	}
	body, err := b.body(d)
	if err != nil {
		return f, err
	}
	var bad error
	next := b.Base
	rest, err := b.each(body, func(r *Record) bool {
		if r.Offset != next {
			bad = fmt.Errorf("record %d of a batch has the offset delta %d", next-b.Base, r.Offset-b.Base)
			return false
		}
		if bad = r.EachHeader(func(_, _ []byte) bool { return true }); bad != nil {
			return false
		}
		if next == b.Base {
			f.MinTime, f.MaxTime = r.Time, r.Time
		}
		next++
		f.MinTime, f.MaxTime = min(f.MinTime, r.Time), max(f.MaxTime, r.Time)
		f.AllKeys = f.AllKeys && r.Key != nil
		return true
	})
	switch {
	case bad != nil:
		return f, bad
	case err != nil:
		return f, err
	case len(rest) != 0:
		return f, fmt.Errorf("%d bytes after the last record of a batch", len(rest))
	}
	return f, nil
}

// HasKeys reports whether every record has a key, which a compacted topic asks for.
func (b *Batch) HasKeys(d *Decompressor) (bool, error) {
	all := true
	err := b.Records(d, func(r *Record) bool {
		all = r.Key != nil
		return all
	})
	return all, err
}
