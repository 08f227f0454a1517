// Package vec is the only data between operators: columns and batches of them.
//
// A Col is flat, constant or dictionary-encoded, in Arrow's memory layout (validity
// bitmap, little-endian values, int32 offsets), with one exception: booleans take a
// byte each, because every predicate kernel writes them and a selection reads them.
// A Batch may carry a selection; rows outside it hold unspecified values and must
// never raise an error.
//
// Ownership: a batch is borrowed until the next one is asked for. Who keeps it clones it.
// A column handed to a batch is never modified afterwards; columns may share buffers.
//
// vec knows types; it must not know expressions, plans or SQL text.
package vec
