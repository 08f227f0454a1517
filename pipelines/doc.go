// Package pipelines holds the shipped pipelines: SQL and spec files only, embedded into
// the binary, and the recorded data that their demonstrations replay. It holds no logic.
package pipelines
