package broker

// txnAPIs are those of idempotent and transactional producers.
func txnAPIs() []api {
	return []api{
		later(22, 0, 5, (*Broker).initProducerID),
		later(24, 0, 3, (*Broker).addPartitionsToTxn),
		later(25, 0, 4, (*Broker).addOffsetsToTxn),
		later(26, 0, 5, (*Broker).endTxn),
		later(27, 1, 2, (*Broker).writeTxnMarkers),
		later(28, 0, 5, (*Broker).txnOffsetCommit),
		at(61, 0, 0, (*Broker).describeProducers),
		at(65, 0, 0, (*Broker).describeTransactions),
		at(66, 0, 1, (*Broker).listTransactions),
	}
}
