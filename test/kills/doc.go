// Command kills kills the real broker, again and again, under load, and compares what it then
// has with what it had acknowledged.
//
//	go run ./test/kills -kills 200 [-seed N]    # some ten minutes
//	go test ./test/kills                        # a handful of kills, and the checker's own tests
//
// It builds cmd/azud, runs `azud up --no-pipelines`, and sends SIGKILL at random moments: while
// it serves, starts, recovers or stops, right after an acknowledgement, a commit of offsets or the end of
// a transaction, and as a segment, a snapshot or a journal file changes. Producers (plain,
// idempotent, transactional, consume-transform-produce), group members (classic and KIP-848),
// readers and an administrator live on across the restarts.
//
// SIGKILL leaves what was written in the page cache: this tries the code, not the disk. Power
// cuts are test/logsim's.
//
// # Who does what
//
//	main.go, run.go          the run: start, kill, restart, look, and at the end read everything
//	daemon.go, moments.go    the process; when it is killed
//	load*.go                 producers, groups, readers, the administrator
//	ledger.go                what was sent and acknowledged
//	glance.go                what is looked at after each restart
//	history.go, check*.go    what must hold, as functions of plain data
package main
