// Package connector holds the contracts of sources and sinks and the option specs that
// documentation, validation and forms derive from. Each connector is a package below it.
// It knows columns; it must not know SQL, plans or the runner.
package connector
