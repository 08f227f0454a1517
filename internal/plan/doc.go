// Package plan holds the typed logical plan: nodes and expressions as plain data.
//
// Every attribute has a unique id; names are for people. Rewrites (plan/optimize) keep
// ids. Building operators from a plan is exec's one switch; a plan knows no operator,
// no connector and no syntax beyond spans for messages.
package plan
