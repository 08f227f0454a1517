// Package cli is the command line: one file a command. It wires the layers below into a
// running host and prints for people; it holds no logic of theirs.
package cli
