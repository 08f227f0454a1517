package sql

// PipeOp is an operator of the pipe syntax. The parser turns a chain of them into ordinary
// Selects and Queries, which the analyzer reads as such, with three differences:
//
//  1. The input of an operator is a SubqueryRef with Open set (alone in From, or the leftmost
//     relation of a Join, PivotRef or UnpivotRef there). The columns of an open subquery keep
//     the qualifiers that they have inside: after FROM t |> WHERE a > 0, t.a is still known. A
//     column that a select list merely passes on (a star, or a column without alias) keeps its
//     qualifier; a computed or renamed one has none. Nothing else of the inside is visible:
//     FROM t |> SELECT a |> ORDER BY b is an error unless a is called b.
//  2. Aggregate functions are refused in the select lists of PipeSelect (without GROUP BY),
//     PipeExtend and PipeSet (PIPE_OPERATOR_CONTAINS_AGGREGATE_FUNCTION); in PipeAggregate
//     every item must have one (PIPE_OPERATOR_AGGREGATE_EXPRESSION_CONTAINS_NO_AGGREGATE_FUNCTION).
//  3. The output of PipeAggregate is the items of GROUP BY, named by their GroupItem.Alias or as
//     usual, followed by Items. GROUP BY ordinals count the columns of the input. GroupBy is
//     nil for a single group; Items may be empty then not.
type PipeOp string

// The operators; each says what it becomes. L is the query before it.
const (
	PipeNone      PipeOp = ""
	PipeFrom      PipeOp = "FROM"        // FROM a, b alone: SELECT * FROM a, b
	PipeSelect    PipeOp = "SELECT"      // SELECT items FROM L [GROUP BY …] [WINDOW …]
	PipeExtend    PipeOp = "EXTEND"      // SELECT *, items FROM L
	PipeSet       PipeOp = "SET"         // SELECT * (with Star.Replace) FROM L, one Select for each assignment
	PipeDrop      PipeOp = "DROP"        // SELECT * EXCEPT (columns) FROM L
	PipeAs        PipeOp = "AS"          // SELECT * FROM L AS name; this one is not Open, its columns get the name as qualifier
	PipeWhere     PipeOp = "WHERE"       // SELECT * FROM L WHERE x
	PipeAggregate PipeOp = "AGGREGATE"   // SELECT items FROM L [GROUP BY …]: see above
	PipePivot     PipeOp = "PIVOT"       // SELECT * FROM L PIVOT (…)
	PipeUnpivot   PipeOp = "UNPIVOT"     // SELECT * FROM L UNPIVOT (…)
	PipeSample    PipeOp = "TABLESAMPLE" // SELECT * FROM L TABLESAMPLE (…)
	PipeJoin      PipeOp = "JOIN"        // SELECT * FROM L JOIN …
	PipeOrganize  PipeOp = "ORDER BY"    // SELECT * FROM L; the Query around it has ORDER BY, LIMIT, …
)

// Replacement is Name = X of the pipe operator SET: the column keeps its place and gets a new
// value. A column of that name must exist.
type Replacement struct {
	At
	Name Ident
	X    Expr
}
