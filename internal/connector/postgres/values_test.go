//go:build unix

package postgres_test

import (
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/conformance"
	"github.com/azud/azud/internal/connector/postgres"
	"github.com/azud/azud/internal/vec"
)

func decimalOf(n int64) decimal128.Num { return decimal128.FromI64(n) }

func nanOf() float64 { return math.NaN() }

func sorted(rows []string) []string { return slices.Sorted(slices.Values(rows)) }

func textOf(b *vec.Batch) []string { return conformance.Text(b) }

func connectorOf() *connector.Connector { return postgres.Connector() }
