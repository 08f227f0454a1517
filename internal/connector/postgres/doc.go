// Package postgres reads and writes tables of PostgreSQL.
//
// A read is one snapshot: its parts run on connections of their own, in read-only transactions
// that share it (source.go). Columns, filters and limits become part of the statement
// (statement.go, filter.go); rows come in the binary format (decode.go). A write is one
// transaction, the table's creation included, and its rows go by COPY (save.go, copy.go).
//
// What a table's options name becomes SQL only as quoted identifiers, and values only as
// parameters; the options query and dbtable '(SELECT …) t' are SQL by their meaning. Passwords
// are in no message. Options and types are those of Spark's JDBC source (types.go); where Spark
// and PostgreSQL compare differently, as texts by a collation, the comparison stays with the query.
package postgres
