// Package cli is the command line: one file a command. It wires the layers below into a
// running host and prints for people; it holds no logic of theirs.
//
//	root.go       the commands, exit statuses; terminal.go what is written to
//	up.go         azud up; host.go, host_broker.go, schemas.go, listeners.go, logger.go what it starts
//	daemon.go     how other commands find it; datadir.go where its data are
//	kafka.go      how commands reach a Kafka; point.go places in topics; complete.go names after a Tab
//	topic*.go, group*.go, produce*.go, consume*.go, records.go, doctor*.go, functions.go, tools.go   the commands
//	sql.go        azud sql; sql_ask.go in this process or over a daemon; sql_shell.go on a terminal, with
//	              sql_edit.go its lines, sql_history.go, sql_complete.go, sql_split.go; interrupts.go Ctrl+C
//	memory*.go    how much queries may hold
//
// docs/cli.md is generated from the commands' help.
package cli

//go:generate go test -run TestReferenceIsCurrent -update .
