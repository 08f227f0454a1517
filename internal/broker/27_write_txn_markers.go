package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// writeTxnMarkers ends transactions in partitions without their coordinator, which is how an
// administrator ends one that hangs.
func (b *Broker) writeTxnMarkers(c *call, q *kmsg.WriteTxnMarkersRequest) {
	r := kmsg.NewPtrWriteTxnMarkersResponse()
	for i := range q.Markers {
		m := &q.Markers[i]
		out := kmsg.NewWriteTxnMarkersResponseMarker()
		out.ProducerID = m.ProducerID
		for _, t := range m.Topics {
			topic := kmsg.NewWriteTxnMarkersResponseMarkerTopic()
			topic.Topic = t.Topic
			for _, n := range t.Partitions {
				p := kmsg.NewWriteTxnMarkersResponseMarkerTopicPartition()
				p.Partition, p.ErrorCode = n, code(b.writeMarker(m, t.Topic, n))
				topic.Partitions = append(topic.Partitions, p)
			}
			out.Topics = append(out.Topics, topic)
		}
		r.Markers = append(r.Markers, out)
	}
	b.durable(c, r, func(code int16) {
		for i := range r.Markers {
			for j := range r.Markers[i].Topics {
				for k := range r.Markers[i].Topics[j].Partitions {
					r.Markers[i].Topics[j].Partitions[k].ErrorCode = code
				}
			}
		}
	})
}

func (b *Broker) writeMarker(m *kmsg.WriteTxnMarkersRequestMarker, name string, n int32) error {
	topic := b.store.Topics().ByName(name)
	p := partitionOf(topic, n)
	if p == nil {
		return kerr.UnknownTopicOrPartition
	}
	for _, known := range p.Producers() {
		switch {
		case known.ID != m.ProducerID:
		case m.ProducerEpoch < known.Epoch:
			return kerr.InvalidProducerEpoch
		case m.CoordinatorEpoch < known.CoordinatorEpoch:
			return kerr.TransactionCoordinatorFenced
		}
	}
	marker := txnPart{topic: topic.ID(), partition: n}.marker(m.ProducerID, m.ProducerEpoch, m.Committed)
	marker.CoordinatorEpoch = m.CoordinatorEpoch
	return b.store.Write(log.Write{Markers: []log.Marker{marker}, Strict: true})
}
