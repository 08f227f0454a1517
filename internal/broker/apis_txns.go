package broker

// txnAPIs are those of idempotent and transactional producers.
func txnAPIs() []api { return nil }
