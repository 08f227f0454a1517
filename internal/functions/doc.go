// Package functions composes the table of all functions: those of fn, and those that decode and
// encode formats, which live beside their formats. It knows nothing else of either.
//
//go:generate go test -run TestReferenceIsCurrent -update .
package functions
