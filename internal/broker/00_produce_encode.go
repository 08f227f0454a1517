package broker

import (
	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// appendProduce encodes as kmsg does, without its comparisons by reflection. Tests compare
// the two. Tagged fields are never set.
func appendProduce(dst []byte, p *kmsg.ProduceResponse) []byte {
	w := produceWriter{dst, p.Version, p.Version >= 9}
	w.length(len(p.Topics))
	for i := range p.Topics {
		t := &p.Topics[i]
		switch {
		case w.version >= 13:
			w.dst = kbin.AppendUuid(w.dst, t.TopicID)
		case w.flexible:
			w.dst = kbin.AppendCompactString(w.dst, t.Topic)
		default:
			w.dst = kbin.AppendString(w.dst, t.Topic)
		}
		w.length(len(t.Partitions))
		for j := range t.Partitions {
			w.partition(&t.Partitions[j])
		}
		w.noTags()
	}
	w.dst = kbin.AppendInt32(w.dst, p.ThrottleMillis)
	w.noTags()
	return w.dst
}

type produceWriter struct {
	dst      []byte
	version  int16
	flexible bool
}

func (w *produceWriter) noTags() {
	if w.flexible {
		w.dst = append(w.dst, 0)
	}
}

func (w *produceWriter) length(n int) {
	if w.flexible {
		w.dst = kbin.AppendCompactArrayLen(w.dst, n)
	} else {
		w.dst = kbin.AppendArrayLen(w.dst, n)
	}
}

func (w *produceWriter) text(s *string) {
	if w.flexible {
		w.dst = kbin.AppendCompactNullableString(w.dst, s)
	} else {
		w.dst = kbin.AppendNullableString(w.dst, s)
	}
}

func (w *produceWriter) partition(p *kmsg.ProduceResponseTopicPartition) {
	w.dst = kbin.AppendInt32(w.dst, p.Partition)
	w.dst = kbin.AppendInt16(w.dst, p.ErrorCode)
	w.dst = kbin.AppendInt64(w.dst, p.BaseOffset)
	w.dst = kbin.AppendInt64(w.dst, p.LogAppendTime)
	if w.version >= 5 {
		w.dst = kbin.AppendInt64(w.dst, p.LogStartOffset)
	}
	if w.version >= 8 {
		w.length(len(p.ErrorRecords))
		for i := range p.ErrorRecords {
			w.dst = kbin.AppendInt32(w.dst, p.ErrorRecords[i].RelativeOffset)
			w.text(p.ErrorRecords[i].ErrorMessage)
			w.noTags()
		}
		w.text(p.ErrorMessage)
	}
	w.noTags()
}
