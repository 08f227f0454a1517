package broker

// groupAPIs are those of consumer groups and their offsets.
func groupAPIs() []api {
	return []api{
		later(8, 0, 10, offsetCommit),
		at(9, 0, 10, offsetFetch),
		at(10, 0, 6, findCoordinator),
		later(11, 0, 9, joinGroup),
		at(12, 0, 4, heartbeat),
		at(13, 0, 5, leaveGroup),
		later(14, 0, 5, syncGroup),
		at(15, 0, 6, describeGroups),
		at(16, 0, 5, listGroups),
		later(42, 0, 2, deleteGroups),
		later(47, 0, 0, offsetDelete),
		at(68, 0, 1, consumerGroupHeartbeat),
		at(69, 0, 1, consumerGroupDescribe),
	}
}
