package log

import (
	"fmt"

	"github.com/azud/azud/internal/record"
)

// recompress makes the batches what compression.type asks for. Usually that is nothing.
//
// Kafka: LogValidator.validateMessagesAndAssignOffsets.
func (p *Partition) recompress(list []record.Batch, batches []byte, st *Settings) ([]record.Batch, []byte, error) {
	want, ok := st.Codec()
	if !ok {
		return list, batches, nil
	}
	same := true
	for i := range list {
		same = same && list[i].Codec() == want
	}
	if same {
		return list, batches, nil
	}
	var (
		b   record.Builder
		c   record.Compressor
		d   record.Decompressor
		out []byte
		err error
	)
	for i := range list {
		in := &list[i]
		head := *in
		head.Attrs = in.Attrs&^record.AttrCodec | int16(want)
		b.Begin(head)
		if err = in.Records(&d, func(r *record.Record) bool { b.AddRecord(r); return true }); err != nil {
			return list, batches, fmt.Errorf("%w: %w", ErrCorruptBatch, err)
		}
		if out, err = b.Finish(out, &c); err != nil {
			return list, batches, fmt.Errorf("%w: %w", ErrCorruptBatch, err)
		}
	}
	fresh := make([]record.Batch, 0, len(list))
	for rest := out; len(rest) > 0; {
		nb, ok, err := record.Parse(rest)
		if err != nil || !ok {
			return list, batches, fmt.Errorf("%w: it cannot be compressed anew", ErrCorruptBatch)
		}
		fresh = append(fresh, nb)
		rest = rest[len(nb.Raw):]
	}
	return fresh, out, nil
}
