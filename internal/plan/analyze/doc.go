// Package analyze turns a query's syntax tree into a typed plan: names become attributes
// with ids, functions are bound, casts inserted, output columns named as Spark names them.
// What cannot be meant is refused with Spark's error class at its place in the text.
//
// Query analyzes, CheckStreaming says whether a plan can run as a stream in an output mode,
// Insert fits a query to its target's columns. The package knows the catalog only as Env,
// and opens, reads and runs nothing.
//
// Rules come from Spark's Analyzer and CheckAnalysis; testdata holds what a running Spark
// 4.2.0 answered.
package analyze
