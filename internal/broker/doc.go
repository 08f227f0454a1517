// Package broker speaks the Kafka protocol over a log.Log: connections, one handler an API,
// groups, transactions, listeners with TLS and SASL. It knows no SQL and stores nothing by
// itself: records and state are the log's.
//
// # The road of a request
//
// A connection has a reader, which checks a frame's first bytes before anything is allocated,
// decodes the request and calls its handler, and a writer, which sends the answers in the
// order of the requests; at most 16 are in flight. A handler answers its call once, at once
// or later: a produce when the log says that it is durable, a fetch when there is enough to
// read, a join when the group is complete. In the same process, Request and Send do the same
// without a connection.
//
// Records can be read when they are durable, which with acks=1 is after the answer: who asks
// then for offsets or records waits for the disk, and finds them as in Kafka.
//
// # Files
//
//	broker.go     Start, Close; what everything shares
//	call.go       a request on its way
//	apis*.go      which APIs in which versions, and their handlers
//	embedded.go   requests of this process
//	errors.go     what the log answers, as Kafka's codes; names.go which names are legal
//	store.go      topics, ids and waits of the log; topic_store.go small state kept in a topic
//	listen*.go, conn*.go               listeners and connections; sasl*.go, tls.go
//	frame*.go                          what may come: heads, budget, buffers, structure of bodies
//	env*.go                            KAFKA_* variables
//	configs*.go                        settings of topics, brokers and groups
//	count.go, metrics.go               what is counted, and how it is shown
//	NN_name.go    one API each, by its key
//	groups*.go    consumer groups
//	txns*.go      the transaction coordinator; txn_gate.go what Produce asks it
//
// # Locks
//
// A transaction's, then a group's, then those of the log (partition, journal). None is held
// while a client is waited for. The topic map is the log's atomic pointer.
package broker
