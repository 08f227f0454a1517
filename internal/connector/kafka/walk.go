package kafka

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/record"
)

// readBatch reads the batch at the start of buf and checks it; ok is false if it is cut
// short, which a fetch's size limit may cause at its end.
func readBatch(buf []byte) (b record.Batch, ok bool, err error) {
	if b, ok, err = record.Parse(buf); err != nil || !ok {
		return b, ok, err
	}
	return b, true, b.Check()
}

// allBatches hands out a reply's batches up to `to` and returns the next offset to ask for.
func allBatches(buf []byte, pos, to int64, each func(*record.Batch) error) (int64, error) {
	for pos < to {
		b, ok, err := readBatch(buf)
		if err != nil || !ok {
			return pos, err
		}
		buf = buf[len(b.Raw):]
		if err := each(&b); err != nil {
			return pos, err
		}
		pos = max(pos, min(b.Next(), to))
	}
	return pos, nil
}

// walker reads the replies of a fetch.
type walker struct {
	dec  record.Decompressor
	want func(*record.Batch) bool // nil: all batches
}

// committed hands out a reply's records in [from, to) and returns the next offset to ask for.
// Records of aborted transactions and control batches are left out (Kafka: the consumer's
// read_committed rule). What each gets is valid as long as the reply.
func (w *walker) committed(got fetched, from, to int64, each func(*record.Batch, *record.Record)) (int64, error) {
	aborted := slices.Clone(got.aborted)
	slices.SortFunc(aborted, func(a, b kmsg.FetchResponseTopicPartitionAbortedTransaction) int {
		return int(a.FirstOffset - b.FirstOffset)
	})
	dead := map[int64]bool{} // producers whose open transaction aborts
	return allBatches(got.batches, from, to, func(b *record.Batch) error {
		for len(aborted) > 0 && aborted[0].FirstOffset <= b.Last() {
			dead[aborted[0].ProducerID] = true
			aborted = aborted[1:]
		}
		switch {
		case b.Control():
			mark, ok, err := b.EndMark()
			if ok && !mark.Commit {
				delete(dead, b.Producer)
			}
			return err
		case b.Transactional() && dead[b.Producer]:
			return nil
		}
		return w.records(b, from, to, each)
	})
}

// records hands out the records of a batch in [from, to).
func (w *walker) records(b *record.Batch, from, to int64, each func(*record.Batch, *record.Record)) error {
	if w.want != nil && !w.want(b) {
		return nil
	}
	err := b.Records(&w.dec, func(r *record.Record) bool {
		if r.Offset >= from && r.Offset < to {
			each(b, r)
		}
		return true
	})
	w.dec.Trim(0) // what was decompressed belongs to those who got it
	return err
}
