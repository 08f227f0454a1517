// Package optimize rewrites an analyzed plan into one that does less: a list of named rules,
// each applied until nothing changes.
//
// Rules keep attribute ids and the root's columns. Filters move as in Spark, also below
// Watermark and Aggregate, where that shows in a stream's watermarks and state; a plan that
// runs as a stream therefore must be optimized, not only may be.
package optimize
