// Package errs holds Azud's errors: a class (Spark's name where Spark has one),
// the place in the user's text, the cause and the remedy. It knows no other package.
package errs
