package log

import (
	"fmt"
	"math"

	"github.com/azud/azud/internal/record"
)

// few is how many batches an append checks without allocating.
const few = 4

// checkBatches takes the caller's batches apart and checks all that needs no knowledge of
// the partition. What the topic asks to be changed in them is changed.
//
// Kafka: LogValidator.
func checkBatches(in []byte, st *Settings, o *AppendOptions, out []record.Batch) ([]record.Batch, error) {
	for len(in) > 0 {
		if len(in) > 16 && in[16] < 2 {
			return out, ErrOldFormat
		}
		b, ok, err := record.Parse(in)
		if err != nil {
			return out, fmt.Errorf("%w: %w", ErrCorruptBatch, err)
		}
		if !ok {
			return out, fmt.Errorf("%w: it ends after %d bytes", ErrCorruptBatch, len(in))
		}
		if err := checkBatch(&b, st, o); err != nil {
			return out, err
		}
		in = in[len(b.Raw):]
		out = append(out, b)
	}
	if len(out) == 0 {
		return out, fmt.Errorf("%w: there is none", ErrCorruptBatch)
	}
	return out, nil
}

func checkBatch(b *record.Batch, st *Settings, o *AppendOptions) error {
	if len(b.Raw) > st.MaxMessageBytes {
		return fmt.Errorf("%w: %d bytes, the topic takes %d", ErrBatchTooLarge, len(b.Raw), st.MaxMessageBytes)
	}
	if err := b.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrCorruptBatch, err)
	}
	if err := checkHeader(b); err != nil {
		return err
	}
	if st.Compact {
		keys, err := hasKeys(b)
		switch {
		case err != nil:
			return fmt.Errorf("%w: %w", ErrCorruptBatch, err)
		case !keys:
			return ErrNoKey
		}
	}
	if st.LogAppendTime {
		record.SetLogAppendTime(b.Raw, o.Now)
		b.Attrs |= record.AttrLogAppend
		b.MaxTime = o.Now
		return nil
	}
	return checkTimes(b, st, o)
}

func checkHeader(b *record.Batch) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrCorruptBatch}, args...)...)
	}
	switch {
	case b.Count < 1:
		return bad("%d records", b.Count)
	case int64(b.LastDelta)+1 != int64(b.Count):
		return bad("%d records, but a last offset delta of %d", b.Count, b.LastDelta)
	case b.Codec() > record.Zstd:
		return bad("codec %d", b.Codec())
	case b.Control():
		return bad("a control batch from a client")
	case b.Producer < -1:
		return bad("producer id %d", b.Producer)
	case b.Producer >= 0 && b.Epoch < 0:
		return bad("epoch %d of producer %d", b.Epoch, b.Producer)
	case b.Producer >= 0 && b.Sequence < 0:
		return bad("sequence %d of producer %d", b.Sequence, b.Producer)
	case b.Producer < 0 && b.Transactional():
		return bad("a transaction without a producer id")
	}
	return nil
}

// checkTimes compares the times of the records with what the topic takes. The latest is in
// the header; the earliest needs a look at each, which only topics with a bound get.
//
// Kafka: LogValidator.validateTimestamp.
func checkTimes(b *record.Batch, st *Settings, o *AppendOptions) error {
	if b.LogAppend() {
		return fmt.Errorf("%w: a producer must not set LogAppendTime", ErrBadTimestamp)
	}
	if b.MaxTime == noTime && st.TimestampBeforeMs == math.MaxInt64 {
		return nil
	}
	if st.TimestampAfterMs != math.MaxInt64 && b.MaxTime-o.Now > st.TimestampAfterMs {
		return fmt.Errorf("%w: %d ms is more than %d ms ahead of the broker's clock", ErrBadTimestamp, b.MaxTime, st.TimestampAfterMs)
	}
	if st.TimestampBeforeMs == math.MaxInt64 {
		return nil
	}
	least := b.MaxTime
	var d record.Decompressor
	err := b.Records(&d, func(r *record.Record) bool {
		if r.Time != noTime {
			least = min(least, r.Time)
		}
		return true
	})
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrCorruptBatch, err)
	case least != noTime && o.Now-least > st.TimestampBeforeMs:
		return fmt.Errorf("%w: %d ms is more than %d ms behind the broker's clock", ErrBadTimestamp, least, st.TimestampBeforeMs)
	}
	return nil
}

func hasKeys(b *record.Batch) (bool, error) {
	var d record.Decompressor
	return b.HasKeys(&d)
}
