package broker

// adminAPIs are those that describe and change topics, settings and the cluster.
func adminAPIs() []api {
	return []api{
		later(19, 0, 7, (*Broker).createTopics),
		later(20, 0, 6, (*Broker).deleteTopics),
		later(21, 0, 2, (*Broker).deleteRecords),
		at(29, 0, 3, (*Broker).describeACLs),
		at(30, 0, 3, (*Broker).createACLs),
		at(31, 0, 3, (*Broker).deleteACLs),
		at(32, 0, 4, (*Broker).describeConfigs),
		later(33, 0, 2, (*Broker).alterConfigs),
		at(35, 0, 4, (*Broker).describeLogDirs),
		later(37, 0, 3, (*Broker).createPartitions),
		at(43, 0, 2, (*Broker).electLeaders),
		later(44, 0, 1, (*Broker).incrementalAlterConfigs),
		at(46, 0, 0, (*Broker).listPartitionReassignments),
		at(48, 0, 1, (*Broker).describeClientQuotas),
		at(55, 0, 2, (*Broker).describeQuorum),
		at(60, 0, 2, (*Broker).describeCluster),
		at(74, 0, 1, (*Broker).listConfigResources),
		at(75, 0, 0, (*Broker).describeTopicPartitions),
	}
}
