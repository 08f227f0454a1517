// Package kafka reads and writes topics of any Kafka, the embedded one included.
//
// The source fetches assigned partitions itself (no group): a range of offsets always gives
// the same rows, read_committed, with CRCs checked and aborted transactions left out. The
// sink writes each epoch in one transaction together with its mark, a record of the
// compacted topic __azud_epochs, so that a crash at any point is seen at the next Open.
// A table with columns and a format is decoded here; without columns it has Spark's raw
// schema. The package must not know the embedded broker or any plan.
package kafka
