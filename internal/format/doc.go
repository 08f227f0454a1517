// Package format holds the contract between bytes and columns; each format is a package
// below it. A format knows no connector and no plan.
package format
