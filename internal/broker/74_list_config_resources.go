package broker

import (
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// listConfigResources lists what has settings. Version 0 asked for client metrics, of which
// there are none.
func (b *Broker) listConfigResources(_ *call, q *kmsg.ListConfigResourcesRequest) kmsg.Response {
	r := kmsg.NewPtrListConfigResourcesResponse()
	const typesFrom = 1
	if q.Version < typesFrom {
		return r
	}
	add := func(kind kmsg.ConfigResourceType, names ...string) {
		if len(q.ResourceTypes) > 0 && !slices.Contains(q.ResourceTypes, int8(kind)) {
			return
		}
		slices.Sort(names)
		for _, n := range names {
			r.ConfigResources = append(r.ConfigResources, kmsg.ListConfigResourcesResponseConfigResource{Name: n, Type: int8(kind)})
		}
	}
	var topics, groups []string
	for _, t := range allTopics(b.store) {
		topics = append(topics, t.Name())
	}
	for resource, settings := range *b.configs.values.Load() {
		if g, ok := strings.CutPrefix(resource, groupPrefix); ok && len(settings) > 0 {
			groups = append(groups, g)
		}
	}
	add(kmsg.ConfigResourceTypeTopic, topics...)
	add(kmsg.ConfigResourceTypeBroker, strconv.Itoa(int(b.cfg.NodeID)))
	add(kmsg.ConfigResourceTypeGroupConfig, groups...)
	return r
}
