// Package fn holds the scalar and aggregate functions, one file a family, the casts, and
// how values are shown.
//
// Scalars and Aggregates are explicit lists; Registry looks names up. Operators are
// scalars named by their symbol ("+", "<=>", "getitem" for a subscript). AND, OR, CASE,
// IN and COALESCE are nodes of the plan, because they decide which rows are evaluated.
//
// fn knows types, columns and errors; it must not know SQL text, plans or connectors.
// Kernels are stateless and may run concurrently, except that a Volatile one keeps what
// its bound call needs under a lock.
package fn
