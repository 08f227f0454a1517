// Package alert is the sink that turns each row into a text by a template and appends it
// to a file, exactly once, and to the console.
//
// The epoch's text is first written, synced, to the query's store together with the place
// in the file where it belongs (the intent): that is the commit. Then it is appended. After
// a crash in between, Open finishes the append at that place, so nothing is lost and nothing
// is written twice. The file stays a plain text that other programs may follow or rotate.
package alert
