package broker

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// TestTopicSettingsAreInKafkasOrder: every setting has its place, and a few come as a real
// Kafka 4.3.1 answers them.
func TestTopicSettingsAreInKafkasOrder(t *testing.T) {
	order := topicOrder()
	for _, s := range log.TopicSettings() {
		if _, ok := order[s.Name]; !ok {
			t.Errorf("%s has no place", s.Name)
		}
	}
	b := startTest(t)
	ctx := testCtx(t)
	if _, err := b.Request(ctx, metadataOf(9, "t")); err != nil {
		t.Fatal(err)
	}
	q := kmsg.NewPtrDescribeConfigsRequest()
	q.SetVersion(4)
	q.Resources = []kmsg.DescribeConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: "t"}}
	r, err := b.Request(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range r.(*kmsg.DescribeConfigsResponse).Resources[0].Configs {
		names = append(names, c.Name)
	}
	if len(names) != len(log.TopicSettings()) || names[0] != "compression.type" || names[len(names)-1] != "segment.index.bytes" ||
		slices.Index(names, "segment.bytes")+1 != slices.Index(names, "retention.ms") {
		t.Errorf("%v", names)
	}
}
