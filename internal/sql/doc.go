// Package sql turns the text of Spark SQL (4.2, ANSI on) into a syntax tree and back:
// lexer, recursive-descent and Pratt parser, tree, printer. It knows no catalog, no
// functions and no values; what a name means is the analyzer's affair (plan/analyze).
//
// What Spark has and Azud has not is refused with class UNSUPPORTED_FEATURE at its place;
// what nobody has is a PARSE_SYNTAX_ERROR (SQLSTATE 42601) with the token and near keywords.
//
// Rules come from Spark's SqlBaseLexer.g4, SqlBaseParser.g4 and AstBuilder; acceptance is
// checked against a running Spark 4.2.0 (see the tests).
package sql
