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
// read, a join when the group is complete. In the same process, Request does the same without
// a connection.
//
// # Files
//
//	broker.go     Start, Close; what everything shares
//	call.go       a request on its way; the table of handlers
//	apis.go       which APIs in which versions
//	errors.go     what the log answers, as Kafka's codes
//	listen*.go, conn*.go               listeners and connections; sasl*.go, tls.go
//	frame*.go                          what may come: heads, budget, buffers, structure of bodies
//	env*.go                            KAFKA_* variables
//	count.go                           what metrics read
//	NN_name.go    one API each, by its key
//	groups*.go    consumer groups; txns*.go the transaction coordinator
//
// # Locks
//
// A transaction's, then a group's, then those of the log (partition, journal). None is held
// while a client is waited for. The topic map is the log's atomic pointer.
package broker
