// Package console is the sink that prints each epoch as Spark's console sink does. It
// promises at-least-once: a terminal cannot be asked what it has shown.
package console
