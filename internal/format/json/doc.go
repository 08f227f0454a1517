// Package json turns JSON messages into columns and rows into JSON messages, with the
// answers of Spark's from_json and to_json (PERMISSIVE, single quotes, NaN).
//
// The decoder writes straight into column builders, driven by the schema: no tree, no
// allocation for a row. It remembers the key order of the last message, skipped keys
// included, so that a stream of like messages compares each key once. It must not know
// where messages come from.
//
// Functions are the SQL functions over JSON text. from_json reads by the same code as the decoder, so
// that a table with format 'json' and from_json agree on every message.
package json
