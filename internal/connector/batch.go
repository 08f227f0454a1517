package connector

import (
	"context"
	"iter"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// BatchSource is what a query reads once and whole, with what it needs pushed down. Its methods
// may be called at the same time.
type BatchSource interface {
	// Schema is the columns that Read can give.
	Schema() types.Schema
	// Stats says how much there is, as far as that is known without reading it.
	Stats(ctx context.Context) (Stats, error)
	// Parts cuts the rows that are there now into parts that can be read at the same time. Parts
	// whose rows all fail a filter may be left out.
	Parts(ctx context.Context, s Scan) ([]Part, error)
	// Read gives a part's rows. A batch is valid until the next; its Origin says where rows come
	// from. Iteration ends after the last row or the first error.
	Read(ctx context.Context, p Part, s Scan) iter.Seq2[*vec.Batch, error]
	Close() error
}

// Stats is a source's size; -1 is unknown.
type Stats struct {
	Rows, Bytes int64
	// Distinct is the number of distinct values of columns, where it is known.
	Distinct map[int]int64
}

// Part is some of a source's rows. ID is for people ("ventas/dia=3/a.parquet[0]"), Data the source's own.
type Part struct {
	ID   string
	Data any
}

// Scan is what a query wants of a source.
type Scan struct {
	Columns []int       // positions in Schema(), in the order wanted
	Filters []Predicate // a row that fails one of them is not wanted; it may come nevertheless
	Limit   int64       // no more rows than these are needed of a part; -1: all
}

// Predicate is a simple condition on a column. NULLs fail it, except under IsNull.
type Predicate struct {
	Column int // position in Schema()
	Op     PredicateOp
	Values []vec.Col // of one row each, not NULL, of the column's type; one, or any number for In
}

// PredicateOp is a comparison, in Spark's order of values (NaN is the largest).
type PredicateOp string

// The comparisons that sources are told of.
const (
	Equal        PredicateOp = "="
	Less         PredicateOp = "<"
	LessEqual    PredicateOp = "<="
	Greater      PredicateOp = ">"
	GreaterEqual PredicateOp = ">="
	In           PredicateOp = "IN"
	IsNull       PredicateOp = "IS NULL"
	IsNotNull    PredicateOp = "IS NOT NULL"
)

// SaveMode is what a batch write does with what is there. Spark: SaveMode.
type SaveMode string

// The save modes.
const (
	SaveAppend    SaveMode = "append"
	SaveOverwrite SaveMode = "overwrite"
	SaveNew       SaveMode = "errorifexists"
	SaveIgnore    SaveMode = "ignore"
)

// BatchSink is what a batch query writes to. A write is atomic: until Commit, and after a failure,
// readers see what was there before.
type BatchSink interface {
	// Begin prepares to write rows of the schema. It returns a nil writer if, with SaveIgnore,
	// there is nothing to do.
	Begin(ctx context.Context, s types.Schema, m SaveMode) (BatchWriter, error)
	Close() error
}

// BatchWriter takes the rows of one write; it is used by one goroutine.
type BatchWriter interface {
	// Write takes the selected rows; the batch is borrowed during the call.
	Write(ctx context.Context, b *vec.Batch) error
	Commit(ctx context.Context) error
	Abort(ctx context.Context) error
}
