// Package record reads and writes Kafka's record batches (message format 2): the unit that
// producers send, the log keeps verbatim and consumers fetch. It knows headers, checksums,
// records, codecs and control records; it knows no files, no protocol requests and no SQL.
//
// Everything read aliases the bytes given, unless the batch is compressed; then it aliases
// the Decompressor's buffer, which is reused at its next call.
//
// Source of the layout: "Record Batch" in Kafka's documentation of its message format.
package record
