package broker

import (
	"maps"
	"slices"
	"strings"
)

// understoodSettings have an effect here, beside those of topicSettingOf.
func understoodSettings() []string {
	return []string{
		"node.id", "broker.id", "cluster.id", "num.partitions", "auto.create.topics.enable", "log.dirs", "log.dir",
		"listeners", "advertised.listeners", "listener.security.protocol.map", "controller.listener.names",
		"log.retention.ms", "log.retention.minutes", "log.retention.hours",
		"log.roll.ms", "log.roll.hours", "log.roll.jitter.ms", "log.roll.jitter.hours",
		"ssl.keystore.type", "ssl.keystore.location", "ssl.keystore.filename", "ssl.keystore.certificate.chain", "ssl.keystore.key",
		"ssl.truststore.type", "ssl.truststore.location", "ssl.truststore.filename", "ssl.truststore.certificates", "ssl.client.auth",
		"sasl.enabled.mechanisms", "sasl.jaas.config",
		"group.initial.rebalance.delay.ms", "group.min.session.timeout.ms", "group.max.session.timeout.ms", "group.max.size",
		"offsets.retention.minutes", "offset.metadata.max.bytes",
		"transaction.max.timeout.ms", "transactional.id.expiration.ms", "delete.topic.enable",
	}
}

// knownSettings are all that a misspelt name may have meant.
func knownSettings() []string {
	return append(understoodSettings(), slices.Sorted(maps.Keys(topicSettingOf()))...)
}

func understood(name string) bool {
	return slices.Contains(knownSettings(), name) || strings.HasPrefix(name, "listener.name.") ||
		strings.HasPrefix(name, "group.consumer.")
}

// meaningless tells Kafka's settings that a single node without replicas, quorum or thread
// pools has no use for. A configuration made for Kafka has them, and nothing is amiss.
func meaningless(name string) bool {
	switch name {
	case "process.roles", "default.replication.factor", "auto.leader.rebalance.enable", "leader.imbalance.check.interval.seconds",
		"inter.broker.listener.name", "security.inter.broker.protocol", "inter.broker.protocol.version", "log.message.format.version",
		"confluent.support.metrics.enable", "broker.rack", "background.threads", "delete.records.purgatory.purge.interval.requests",
		"fetch.max.bytes", "fetch.purgatory.purge.interval.requests", "producer.purgatory.purge.interval.requests",
		"connections.max.idle.ms", "max.connections", "max.connections.per.ip", "request.timeout.ms", "log.retention.check.interval.ms",
		"controlled.shutdown.enable", "unstable.api.versions.enable", "unstable.feature.versions.enable", "broker.id.generation.enable",
		"sasl.mechanism.inter.broker.protocol", "sasl.mechanism.controller.protocol", "ssl.endpoint.identification.algorithm",
		"num.network.threads", "num.io.threads", "num.recovery.threads.per.data.dir", "num.replica.fetchers", "num.replica.alter.log.dirs.threads",
		"ssl.protocol", "ssl.enabled.protocols", "ssl.principal.mapping.rules", "early.start.listeners":
		return true
	}
	for _, prefix := range []string{
		"controller.", "offsets.", "transaction.state.log.", "transaction.", "share.coordinator.", "group.", "replica.", "queued.", "socket.",
		"zookeeper.", "initial.broker.", "metadata.", "remote.log.", "log.cleaner.", "log.dir.", "log.flush.", "producer.id.",
		"quota.", "client.quota.", "alter.", "metric", "auto.include.jmx.reporter", "kafka.metrics.", "telemetry.", "compression.", "delegation.token.",
		"connection", "confluent.", "password.encoder.", "eligible.leader.", "reserved.broker.", "sasl.login.", "sasl.kerberos.", "sasl.oauthbearer.", "broker.",
		"listener.", "errors.",
	} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
