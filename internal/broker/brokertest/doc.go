// Package brokertest starts brokers for the tests of other packages.
package brokertest
