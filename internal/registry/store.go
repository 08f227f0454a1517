package registry

import "context"

// Store is the topic _schemas: one partition, cleanup.policy compact, key and value as bytes.
//
// Append writes one record at the end and returns its offset once the record is durable: a
// record whose Append returned without error is seen by every later Load, also after a crash.
// A nil value is a tombstone. Append does not keep key or value. After an error the record may
// or may not be there; the registry then answers with an error and stays as it was, and only a
// restart tells. Append is called by one goroutine at a time. An error that wraps ErrTooLarge
// says that the record is larger than the topic takes.
//
// Load calls each for the records from the first to the last that was durable when Load was
// called, in order of their offsets; compaction may have dropped a record for which a later one
// has the same key. key and value belong to the store and are valid during the call only; the
// first error of each ends Load and is returned. Load is called once, by Open, before any Append.
//
// Nobody else may append while a Registry is open: a running Confluent registry on the same
// topic would not be seen.
type Store interface {
	Append(ctx context.Context, key, value []byte) (offset int64, err error)
	Load(ctx context.Context, each func(key, value []byte, offset int64) error) error
}
