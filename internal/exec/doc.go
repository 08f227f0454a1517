// Package exec runs plans: operators over batches. build.go is the one switch from plan
// nodes to operators. It knows nothing of triggers, offsets or commits (stream), nor of
// names and catalogs (engine).
package exec
