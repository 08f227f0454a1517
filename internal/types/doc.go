// Package types holds Spark SQL's data types, their names and how they widen.
// It knows nothing of values (vec) or of syntax (sql).
package types
