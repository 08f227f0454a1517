package broker

import "github.com/azud/azud/internal/log"

// topicInfo is what groups know of a topic.
type topicInfo struct {
	id         log.TopicID
	name       string
	partitions int32
}

// topicLookup is a look at the topics that there are.
type topicLookup interface {
	byName(name string) (topicInfo, bool)
	byID(id log.TopicID) (topicInfo, bool)
	all() []topicInfo // sorted by name
	mark() any        // comparable; another one after any change of topics
}

// storeTopics are those of a log.
type storeTopics struct{ store *log.Log }

func infoOf(t *log.Topic) (topicInfo, bool) {
	if t == nil {
		return topicInfo{}, false
	}
	return topicInfo{t.ID(), t.Name(), int32(len(t.Partitions()))}, true
}

func (s storeTopics) byName(name string) (topicInfo, bool) {
	return infoOf(s.store.Topics().ByName(name))
}
func (s storeTopics) byID(id log.TopicID) (topicInfo, bool) { return infoOf(s.store.Topics().ByID(id)) }
func (s storeTopics) mark() any                             { return s.store.Topics() }

func (s storeTopics) all() []topicInfo {
	var list []topicInfo
	for _, t := range s.store.Topics().All() {
		info, _ := infoOf(t)
		list = append(list, info)
	}
	return list
}
