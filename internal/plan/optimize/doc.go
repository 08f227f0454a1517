// Package optimize rewrites an analyzed plan into one that does less: a list of named rules,
// each applied until nothing changes.
//
// Rules keep attribute ids, the root's columns, and what a stream's watermark sees: nothing
// moves below a Watermark node, since a WHERE above it must not hide rows from it.
package optimize
