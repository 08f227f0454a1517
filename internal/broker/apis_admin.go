package broker

// adminAPIs are those that describe and change topics, settings and the cluster.
func adminAPIs() []api { return nil }
