package broker

// Versions with a meaning of their own.
const (
	minProduce     = 3 // earlier ones are shown, because librdkafka looks for them
	maxAPIVersions = 4
)

// dataAPIs are those of producers and consumers, and of connections.
func dataAPIs() []api {
	return []api{
		later(0, 0, 13, (*Broker).produce),
		later(1, 4, 18, (*Broker).fetch),
		at(2, 0, 10, (*Broker).listOffsets),
		later(3, 0, 13, (*Broker).metadata),
		at(17, 0, 1, (*Broker).saslHandshake),
		at(18, 0, maxAPIVersions, (*Broker).apiVersions),
		at(23, 2, 4, (*Broker).offsetForLeaderEpoch),
		at(36, 0, 2, (*Broker).saslAuthenticate),
		at(50, 0, 0, (*Broker).describeScram),
		later(51, 0, 0, (*Broker).alterScram),
	}
}
