// Package logsim tries the record log against a disk that fails. A seed picks topics,
// producers and faults; a model knows what was acknowledged, and after every crash the log
// must hold it: each record once, in order, no transaction in part, every setting and
// committed offset.
//
//	go test ./test/logsim                     # a few hundred seeds
//	go test ./test/logsim -seeds 10000        # more
//	go test ./test/logsim -seed 42 -v         # one, with its story
//
// Each seed runs in a bubble of testing/synctest, on one processor: time is simulated, and
// what the log does in the background is done before the next step, so that a seed makes the
// same run again.
package logsim
