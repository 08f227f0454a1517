package exec

import (
	"context"
	"errors"
	"iter"

	"github.com/azud/azud/internal/vec"
)

// union yields the rows of its inputs, one input after the other.
type union struct{ in []node }

func (o *union) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		for _, in := range o.in {
			for b, err := range in.Run(ctx, e) {
				if !yield(b, err) || err != nil {
					return
				}
			}
		}
	}
}

func (o *union) inputs() []node { return o.in }

func (o *union) Close() error {
	var all []error
	for _, in := range o.in {
		all = append(all, in.Close())
	}
	return errors.Join(all...)
}
