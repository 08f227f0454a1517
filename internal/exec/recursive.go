package exec

import (
	"context"
	"errors"
	"iter"
	"maps"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// recursive is WITH RECURSIVE: the rows of its anchor, then round by round those that the step makes of
// the round before. Rounds run as they are asked for, so that a LIMIT above ends them.
type recursive struct {
	anchor, step      node
	round             *roundRows
	schema            types.Schema
	maxDepth, maxRows int64
	o                 *BuildOptions
	at                place
}

// roundRows is the rows of the round before, which the references within the step read.
type roundRows struct{ rows *spool }

// within is o for what is built within a recursive query.
func (o *BuildOptions) within(n *plan.Recursive) *BuildOptions {
	own := *o
	own.rounds = maps.Clone(o.rounds)
	if own.rounds == nil {
		own.rounds = map[int]*roundRows{}
	}
	own.rounds[n.Number] = &roundRows{}
	return &own
}

func newRecursive(n *plan.Recursive, anchor, step node, o *BuildOptions) node {
	return &recursive{anchor: anchor, step: step, round: o.rounds[n.Number], schema: plan.SchemaOf(n),
		maxDepth: n.MaxDepth, maxRows: n.MaxRows, o: o, at: place{o.Source, n.At}}
}

func (o *recursive) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		var before *spool
		defer func() {
			o.round.rows = nil
			if before != nil {
				_ = before.close() // the file is removed; there is nobody to tell
			}
		}()
		var total int64
		for depth := int64(0); ; depth++ {
			in := o.anchor
			if depth > 0 {
				in = o.step
			}
			if o.maxDepth >= 0 && depth > o.maxDepth {
				yield(nil, o.tooDeep())
				return
			}
			rows := newSpool(o.o, o.schema)
			o.round.rows = before
			more, err := o.pass(in.Run(ctx, e), rows, &total, yield)
			if before != nil {
				err = errors.Join(err, before.close())
			}
			before = rows
			switch {
			case err != nil:
				yield(nil, err)
				return
			case !more || rows.rows() == 0:
				return
			}
		}
	}
}

// pass yields the rows of one round and keeps them for the next; false: no more are wanted.
func (o *recursive) pass(in iter.Seq2[*vec.Batch, error], rows *spool, total *int64, yield func(*vec.Batch, error) bool) (bool, error) {
	for b, err := range in {
		if err != nil {
			return false, err
		}
		if *total += int64(b.Rows()); o.maxRows >= 0 && *total > o.maxRows {
			return false, o.at.wrap(errs.New("RECURSION_ROW_LIMIT_EXCEEDED", "the recursive query made more than %d rows", o.maxRows).State("42836").
				WithHint("end the recursion with a condition, or raise spark.sql.cteRecursionRowLimit (-1: no limit)"))
		}
		if err := rows.append(b); err != nil {
			return false, err
		}
		if b.Rows() > 0 && !yield(b, nil) {
			return false, nil
		}
	}
	return true, nil
}

func (o *recursive) tooDeep() error {
	return o.at.wrap(errs.New("RECURSION_LEVEL_LIMIT_EXCEEDED", "the recursive query did not end after %d rounds", o.maxDepth).State("42836").
		WithHint("end the recursion with a condition, write MAX RECURSION LEVEL n, or raise spark.sql.cteRecursionLevelLimit (-1: no limit)"))
}

func (o *recursive) inputs() []node { return []node{o.anchor, o.step} }

// Close closes both inputs.
func (o *recursive) Close() error { return errors.Join(o.anchor.Close(), o.step.Close()) }

// lastRound reads the rows of the round before.
type lastRound struct {
	round *roundRows
	size  int
}

func newLastRound(n *plan.RecursiveRef, o *BuildOptions) (node, error) {
	round := o.rounds[n.Number]
	if round == nil {
		return nil, internalf("a recursive reference stands outside its query")
	}
	return &lastRound{round: round, size: o.BatchSize}, nil
}

func (o *lastRound) Run(ctx context.Context, _ *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		if o.round.rows == nil {
			yield(nil, internalf("a recursive reference is read outside its query"))
			return
		}
		for b, err := range o.round.rows.read(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yieldCut(ctx, b, o.size, yield) {
				return
			}
		}
	}
}

func (o *lastRound) inputs() []node { return nil }
func (o *lastRound) Close() error   { return nil }
