package optimize

import (
	"context"

	"github.com/azud/azud/internal/plan"
)

// Estimate gives how many rows each node below n is thought to give, at least 1: what the join order
// is chosen by. It asks tables for their sizes (plan.Sized).
func Estimate(ctx context.Context, n plan.Node) func(plan.Node) float64 { return newStats(ctx, n).size }
