package sql

// SampleKind is how TABLESAMPLE says what it takes.
type SampleKind uint8

// The kinds of samples. Spark samples rows for all of them but SampleRows, which is a LIMIT.
const (
	SamplePercent SampleKind = iota // (Size PERCENT): Size is a NumberLit from 0 to 100
	SampleRows                      // (Size ROWS): exactly LIMIT Size, without randomness
	SampleBucket                    // (BUCKET Bucket OUT OF Size): the fraction Bucket / Size of the rows
)

// Sample is TABLESAMPLE [BERNOULLI | SYSTEM] (…) [REPEATABLE (Seed)]. For SamplePercent and
// SampleBucket each row is taken with probability Fraction(); which ones, only Seed fixes (and
// then no system promises the same rows as another).
type Sample struct {
	At
	Kind   SampleKind
	System bool // SYSTEM: a source may take whole blocks instead of rows
	Size   Expr // the number of percent or rows, or of buckets
	Bucket Expr // SampleBucket: how many of them
	Seed   Expr // nil without REPEATABLE
}

// PivotRef is Rel PIVOT (Aggs FOR Columns IN (Values)) [AS Alias]. Its output is, as in Spark,
// the columns of Rel that neither Aggs nor Columns mention (the implicit GROUP BY), then one
// column for each value and aggregate. A column is called after the value (its Alias, or its
// text); with several aggregates value_aggregate, where the aggregate's part is its alias or
// its printed form.
type PivotRef struct {
	At
	Rel     Relation
	Aggs    []SelectItem
	Columns []Ident
	Values  []PivotValue
	Alias   *TableAlias // never with columns
}

// PivotValue is one value of PIVOT … IN. For several Columns X is a *Row with as many items.
type PivotValue struct {
	At
	X     Expr
	Alias Ident // Name is empty without one
}

// UnpivotRef is Rel UNPIVOT [INCLUDE | EXCLUDE NULLS] (Values FOR Name IN (Columns)) [AS Alias].
// Its output is the columns of Rel that are not unpivoted, then Name (a string: the alias of the
// source columns, or their names joined by '_'), then Values. Each of Columns has as many
// columns as Values has names. Rows whose values are all NULL are left out unless IncludeNulls.
type UnpivotRef struct {
	At
	Rel          Relation
	IncludeNulls bool
	Multi        bool // Values and the Columns were written in parentheses
	Values       []Ident
	Name         Ident
	Columns      []UnpivotColumns
	Alias        *TableAlias // never with columns
}

// UnpivotColumns is one row of an UNPIVOT: the columns that it is made of.
type UnpivotColumns struct {
	At
	Columns []Name
	Alias   Ident // Name is empty without one
}

func (*PivotRef) relation()   {}
func (*UnpivotRef) relation() {}
