// Package pipelines holds the shipped pipelines: SQL and spec files only, embedded into
// the binary, and the recorded data that their demonstrations replay.
package pipelines

import "embed"

// FS holds one folder a pipeline.
//
//go:embed all:sismos
var FS embed.FS
