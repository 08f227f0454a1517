package exec

import (
	"context"
	"errors"
	"iter"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// root is the top of every tree: it stops at the first error, checks ctx once a batch, and
// turns a panic below it into an INTERNAL_ERROR. A panic of the consumer's own passes.
type root struct {
	in     node
	schema types.Schema
	o      *BuildOptions
}

func (o *root) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		inside, stopped := true, false
		defer func() {
			if !inside {
				return
			}
			if v := recover(); v != nil && !stopped {
				yield(nil, fromPanic(v))
			}
		}()
		for b, err := range o.rows(ctx, e) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				b = nil
			}
			inside = false
			more := yield(b, err)
			inside = true
			if stopped = !more || err != nil; stopped {
				return
			}
		}
	}
}

// rows are the rows of the plan, made by several workers where it can be split.
func (o *root) rows(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	if o.o == nil {
		return o.in.Run(ctx, e)
	}
	ctx = withWatch(ctx, o.o.Stats.watch())
	if o.o.Workers <= 1 {
		return o.in.Run(ctx, e)
	}
	return func(yield func(*vec.Batch, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		parts, err := partsOf(ctx, e, o.in, o.o.Workers)
		switch {
		case err != nil:
			yield(nil, err)
		case len(parts) == 1:
			parts[0](&worker{watch: watchOf(ctx)})(yield)
		case len(parts) > 1:
			gather(ctx, parts, o.o.Workers, yield)
		}
	}
}

func (o *root) Close() (err error) {
	defer protect(&err)
	err = o.in.Close()
	if o.o != nil && o.o.q.spill != nil {
		err = errors.Join(err, o.o.q.spill.close())
	}
	return err
}

// Collect runs one epoch and returns its rows, which the caller owns. More than maxRows
// rows (0: no bound), or more than 1 GiB, is an error of class RESULT_TOO_LARGE.
func Collect(ctx context.Context, op Operator, e *EpochTask, maxRows int) (*vec.Batch, error) {
	return collectWithin(ctx, op, e, maxRows, maxBytes)
}

func collectWithin(ctx context.Context, op Operator, e *EpochTask, maxRows, budget int) (rows *vec.Batch, err error) {
	defer protect(&err)
	var schema types.Schema
	if r, ok := op.(*root); ok {
		schema = r.schema
	}
	var out *vec.Builder
	n := 0
	for b, err := range op.Run(ctx, e) {
		if err != nil {
			return nil, err
		}
		if n += b.Rows(); maxRows > 0 && n > maxRows {
			return nil, errs.New("RESULT_TOO_LARGE", "the result has more than %d rows", maxRows).
				WithHint("add a LIMIT or a WHERE, or write the result to files with INSERT OVERWRITE DIRECTORY")
		}
		if out == nil {
			out = vec.NewBuilder(columnsOf(schema, b))
		}
		out.AppendBatch(b)
		if out.Size() > budget {
			return nil, tooLarge("the rows of the result", budget).
				WithHint("add a LIMIT or a WHERE, or write the result to files with INSERT OVERWRITE DIRECTORY")
		}
	}
	if out == nil {
		out = vec.NewBuilder(schema)
	}
	rows = out.Finish()
	rows.N = n // also without columns
	return rows, nil
}

// columnsOf takes the types from the first batch where the operator tells no schema.
func columnsOf(s types.Schema, b *vec.Batch) types.Schema {
	if s != nil {
		return s
	}
	for _, c := range b.Cols {
		s = append(s, types.Field{Type: c.Type, Nullable: true})
	}
	return s
}
