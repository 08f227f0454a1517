// Package engine is the façade over everything below: it loads pipelines, keeps the
// catalog of their tables, starts and stops their flows, and answers queries. What the
// command line, the HTTP API and other front ends do, they do through it.
//
// It knows no protocol and no page. Lock order: Engine.mu, then Flow.mu; neither is held
// while a flow starts, runs or stops.
package engine
