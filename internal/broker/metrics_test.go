package broker

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// commitFor commits an offset of topic "t" for a group without members.
func commitFor(t *testing.T, b *Broker, group string, offset int64) {
	t.Helper()
	req := kmsg.NewPtrOffsetCommitRequest()
	req.SetVersion(8)
	req.Group, req.Generation = group, -1
	part := kmsg.NewOffsetCommitRequestTopicPartition()
	part.Offset = offset
	topic := kmsg.NewOffsetCommitRequestTopic()
	topic.Topic, topic.Partitions = "t", []kmsg.OffsetCommitRequestTopicPartition{part}
	req.Topics = []kmsg.OffsetCommitRequestTopic{topic}
	resp, err := b.Request(t.Context(), req)
	if err == nil {
		err = kerr.ErrorForCode(resp.(*kmsg.OffsetCommitResponse).Topics[0].Partitions[0].ErrorCode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestMetricsOfGroups(t *testing.T) {
	b := startTest(t)
	if _, err := b.store.CreateTopic("t", newTopicID(b.cfg.Sys.Rand), 1, nil); err != nil {
		t.Fatal(err)
	}
	commitFor(t, b, "readers", 7)
	commitFor(t, b, "bad\xff", 8) // the names of groups are any bytes
	commitFor(t, b, "bad\xfe", 9)
	metrics := prometheus.NewPedanticRegistry()
	if err := metrics.Register(b.Collector()); err != nil {
		t.Fatal(err)
	}
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, l.GetValue())
			}
			name := f.GetName() + " " + strings.Join(labels, " ")
			got[name] = append(got[name], m.GetGauge().GetValue())
		}
	}
	for name, want := range map[string]float64{
		"kafka_consumergroup_current_offset readers 0 t":   7,
		"kafka_consumergroup_current_offset_sum readers t": 7,
		"kafka_consumergroup_current_offset bad\uFFFD 0 t": 9,
		"kafka_consumergroup_members bad\uFFFD":            0,
		"kafka_topic_partitions t":                         1,
		"kafka_topic_partition_leader_is_preferred 0 t":    1,
		"azud_topic_partition_stopped 0 t":                 0,
	} {
		if !slices.Equal(got[name], []float64{want}) {
			t.Errorf("%s is %v, not %v", name, got[name], want)
		}
	}
}
