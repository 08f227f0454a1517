// Package sim kills streaming queries at any write, sync and sink call of a simulated
// world, starts them again, and checks that the sink holds every row once and that the
// state is that of an undisturbed run. A seed decides everything that is random:
//
//	go test ./test/sim                        # a few hundred seeds
//	go test ./test/sim -seeds 5000            # more
//	go test ./test/sim -seed 42 -v            # one, with its story
package sim
