package broker

import (
	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// readProduce decodes a produce request. Unlike kmsg it allocates as elements arrive, not
// what a number claims, and its strings alias body. The request may be one that was decoded
// before and cleared by forget: its arrays are used again.
func readProduce(req *kmsg.ProduceRequest, body []byte) error {
	r := produceReader{kbin.Reader{Src: body}, req.Version >= 9, req.Version >= 13}
	if r.flexible {
		req.TransactionID = r.UnsafeCompactNullableString()
	} else {
		req.TransactionID = r.UnsafeNullableString()
	}
	req.Acks, req.TimeoutMillis = r.Int16(), r.Int32()
	n := r.arrayLen()
	if req.Topics = req.Topics[:0]; req.Topics == nil {
		req.Topics = make([]kmsg.ProduceRequestTopic, 0, min(max(n, 0), someElements))
	}
	for ; n > 0 && r.Ok(); n-- {
		if len(req.Topics) < cap(req.Topics) { // with the room for partitions that it had
			req.Topics = req.Topics[:len(req.Topics)+1]
		} else {
			req.Topics = append(req.Topics, kmsg.ProduceRequestTopic{})
		}
		if err := r.topic(&req.Topics[len(req.Topics)-1]); err != nil {
			return err
		}
	}
	if err := r.tags(); err != nil {
		return err
	}
	return r.Complete()
}

// someElements of an array are allocated at once; more as they come.
const someElements = 16

type produceReader struct {
	kbin.Reader
	flexible, ids bool
}

func (r *produceReader) arrayLen() int32 {
	if r.flexible {
		return r.CompactArrayLen()
	}
	return r.ArrayLen()
}

func (r *produceReader) tags() error {
	if !r.flexible {
		return nil
	}
	return skipTags(&r.Reader)
}

func (r *produceReader) topic(t *kmsg.ProduceRequestTopic) error {
	switch {
	case r.ids:
		t.TopicID = r.Uuid()
	case r.flexible:
		t.Topic = r.UnsafeCompactString()
	default:
		t.Topic = r.UnsafeString()
	}
	n := r.arrayLen()
	if t.Partitions = t.Partitions[:0]; t.Partitions == nil {
		t.Partitions = make([]kmsg.ProduceRequestTopicPartition, 0, min(max(n, 0), someElements))
	}
	for ; n > 0 && r.Ok(); n-- {
		p := kmsg.ProduceRequestTopicPartition{Partition: r.Int32()}
		if r.flexible {
			p.Records = r.CompactNullableBytes()
		} else {
			p.Records = r.NullableBytes()
		}
		if err := r.tags(); err != nil {
			return err
		}
		t.Partitions = append(t.Partitions, p)
	}
	return r.tags()
}
