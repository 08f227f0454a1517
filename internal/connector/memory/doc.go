// Package memory holds live tables: the result of a flow, kept in memory for queries and
// pages and in the query's checkpoint for restarts.
//
// A table's rows are stored as chunks, one an epoch, each applied over the earlier ones;
// when there are many they are rewritten as one. The epoch's mark is applied with its
// chunk, in the same database as the epoch's commit, so the table is exactly-once.
package memory
