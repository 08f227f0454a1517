package broker

// dataAPIs are those of producers and consumers, and of connections.
func dataAPIs() []api { return nil }
