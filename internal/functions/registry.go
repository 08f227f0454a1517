package functions

import (
	"slices"
	"sync"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/format/csv"
	"github.com/azud/azud/internal/format/json"
)

// Registry is the registry of every function there is, built once. It is immutable.
func Registry() *fn.Registry { return registry() }

var registry = sync.OnceValue(func() *fn.Registry { return fn.NewRegistry(Formats()...) })

// Formats lists the scalar functions that formats have.
func Formats() []fn.Scalar { return slices.Concat(json.Functions(), csv.Functions()) }
