// Package parquet turns Parquet files into columns and rows into Parquet files, as Spark maps the
// types of both, and reads and writes the schema that Spark keeps in the footer.
//
// The library gives footers and decompressed pages; the values are decoded here, straight into
// columns: a dictionary-encoded string column stays dictionary-encoded, numbers are copied, what is
// in rarer encodings is first written out in plain form.
// Nested columns are put together from their leaves' levels.
//
// The package knows files as io.ReaderAt and io.Writer; it must not know where they are.
package parquet
