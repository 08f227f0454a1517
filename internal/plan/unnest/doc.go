// Package unnest turns subqueries into joins: Plan is run on every analyzed plan before it is
// optimized or run, which know no plan.Subquery.
//
// EXISTS and IN among the conditions of a Filter become semi and anti joins, elsewhere a
// LeftMark whose mark is the value; a subquery as a value becomes a LeftSingle, or a plain join
// where at most one row can come. What a subquery reads of the query around it is pulled up
// out of it into the condition of the join (Spark: PullupCorrelatedPredicates and
// DecorrelateInnerQuery); where that does not go, the subquery is computed once for each of the
// distinct values that it reads (Neumann and Kemper, Unnesting Arbitrary Queries). What remains is
// a Lateral join, which exec runs for each row.
//
// The package knows nothing of costs, and nothing of the catalog.
package unnest
