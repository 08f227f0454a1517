// Package kafkatool is the command-line tools that come with Apache Kafka, under their names, with
// their options, output and exit codes: kafka-topics, kafka-console-producer, kafka-console-consumer,
// kafka-consumer-groups, kafka-configs, kafka-get-offsets, kafka-broker-api-versions and kafka-cluster.
//
// The rule of every line they print is Apache Kafka 4.3.1: testdata/golden.txt is a recording of its
// own tools, and the tests run the same command lines through these. What scripts read from
// Kafka's tools they read from these. docs/kafka-tools.md lists where they differ on purpose.
//
// The tools speak the Kafka protocol and nothing else, so they work against any Kafka. The package
// must not know the embedded broker: where no --bootstrap-server is given, [Env.Bootstrap] says
// where one listens.
//
// # File map
//
//	tool.go         Tool, Env, how a run ends
//	options.go      command lines, as Kafka's option parser reads them; usage.go prints the options
//	properties.go   Java properties files
//	clientconfig.go client properties (security.protocol, sasl.*, ssl.*) to kgo options; jaas.go, tls.go, connect.go
//	kafkaerror.go   errors with the Java class and the text that Kafka's tools show
//	javaform.go     numbers, regular expressions and the order of hash maps as Java has them; javatime.go times
//	topics*.go, producer*.go, consumer*.go, groups*.go, configs*.go, cluster.go, offsets.go   the tools
//
// A run is one goroutine, apart from what the Kafka client starts; it is over when Run returns.
package kafkatool
