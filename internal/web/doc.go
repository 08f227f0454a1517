// Package web serves the HTTP API, the live events and the embedded pages of the console.
//
// Every request passes one guard: the Host must be a loopback name or an address, an Origin
// must be ours, a mutation must be JSON. What comes from outside leaves as JSON and becomes
// text in the pages, never HTML. The package talks to engine and to a topic lister; it must
// not know the broker.
package web
