// Package registry is a schema registry with the HTTP interface of Confluent's, kept in a
// compacted topic (_schemas) whose records have Confluent's format, so that either registry
// can read what the other wrote. It parses Avro, JSON Schema and Protobuf, gives equal schemas
// one id, and refuses versions that break a subject's compatibility level.
//
// It knows neither the broker nor the log: it appends and loads through a Store. It does not
// listen either: a Registry is an http.Handler, and its caller has checked Host and Origin.
//
// Schema text is hostile until parsed: bodies, nesting, numbers of references and differences
// are bounded (limits.go), and a Protobuf import is found among the schema's references and
// the well-known types, never on a disk.
//
// The rules of compatibility are Confluent's, learnt from its documentation and from the
// behaviour that its sources describe; for Avro, Apache Avro's SchemaCompatibility is the judge.
//
// Locks: Registry.write (one writer at a time, held over Append), then Registry.mu (the state).
package registry
