package pipelines

import "embed"

// FS holds one folder a pipeline.
//
//go:embed all:sismos
var FS embed.FS
