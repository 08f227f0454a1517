package broker

import (
	"slices"
	"strings"
)

// knownSettings are all that a misspelt name may have meant: those that DescribeConfigs
// shows, and those about listeners.
func knownSettings() []string {
	out := []string{
		"cluster.id", "ssl.keystore.filename", "ssl.keystore.certificate.chain", "ssl.keystore.key",
		"ssl.truststore.filename", "ssl.truststore.certificates", "sasl.jaas.config",
	}
	for _, s := range brokerTable() {
		out = append(out, s.name)
	}
	return out
}

// understood tells settings that have an effect, or that are shown and known to have none.
func understood(name string) bool {
	return slices.Contains(knownSettings(), name) || strings.HasPrefix(name, "listener.name.")
}

// meaningless tells Kafka's other settings that a single node without replicas, quorum or
// thread pools has no use for. A configuration made for Kafka has them, and nothing is amiss.
func meaningless(name string) bool {
	switch name {
	case "log.message.format.version", "auto.include.jmx.reporter", "early.start.listeners", "num.replica.alter.log.dirs.threads",
		"sasl.mechanism.controller.protocol", "ssl.endpoint.identification.algorithm", "ssl.protocol", "ssl.principal.mapping.rules",
		"delete.records.purgatory.purge.interval.requests", "fetch.purgatory.purge.interval.requests", "producer.purgatory.purge.interval.requests":
		return true
	}
	for _, prefix := range []string{
		"controller.", "offsets.", "transaction.", "share.coordinator.", "group.", "replica.", "queued.", "socket.", "zookeeper.",
		"initial.broker.", "metadata.", "remote.log.", "log.cleaner.", "log.dir.", "log.flush.", "producer.id.", "quota.", "client.quota.",
		"alter.", "metric", "kafka.metrics.", "telemetry.", "compression.", "delegation.token.", "connection", "confluent.",
		"password.encoder.", "eligible.leader.", "reserved.broker.", "sasl.login.", "sasl.kerberos.", "sasl.oauthbearer.", "broker.",
		"unstable.", "max.connections",
	} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
