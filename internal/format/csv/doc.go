// Package csv turns lines of separated values into typed columns and back, with Spark's options and
// answers: which text is NULL, what becomes of a quote in the wrong place, how types are guessed.
//
// A Parser reads one record, a Writer prints one; cutting a file into records is done by Records
// where quotes may hide line ends, and by whoever reads the file where they may not. The package
// knows options by name and bytes; it must not know files or tables.
package csv
