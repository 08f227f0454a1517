// Package sparkfuzz makes random queries and compares Azud's answers with those of a real Spark.
//
// A query comes from a sequence of choices: random ones of a seed, or given ones. A sequence that
// makes a query which Spark and Azud answer differently is shrunk by leaving choices out and by
// making them smaller; zero is the simplest choice everywhere. Queries carry their tables as
// VALUES, so that one text is a whole case. README.md says how to run it.
package sparkfuzz
