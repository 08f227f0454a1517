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

func (o *union) split(ctx context.Context, e *EpochTask, workers int) ([]part, error) {
	var all []part
	for _, in := range o.in {
		parts, err := partsOf(ctx, e, in, workers)
		if err != nil {
			return nil, err
		}
		all = append(all, parts...)
	}
	return all, nil
}

func (o *union) inputs() []node { return o.in }

func (o *union) Close() error {
	var all []error
	for _, in := range o.in {
		all = append(all, in.Close())
	}
	return errors.Join(all...)
}
