// Package conformance proves that a connector keeps the contracts of package connector. It
// is for tests: a source or a sink is given as a case, and the kit drives it as the runner
// does, through restarts and through crashes at every step that reaches the disk.
//
// Its World is a simulated process: a clock that only moves when told, a disk and a
// checkpoint that lose what was not synced. It must not know any connector.
package conformance
