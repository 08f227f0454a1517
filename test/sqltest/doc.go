// Package sqltest runs golden scripts: SQL with the rows that a real Spark answered.
//
// README.md describes the format of *.test files and how they are recorded. This package parses
// them, asks a Runner for Azud's answers and compares. It knows nothing of the engine beyond the
// Runner interface, and never changes what Spark recorded.
package sqltest
