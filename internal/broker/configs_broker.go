package broker

import "github.com/twmb/franz-go/pkg/kmsg"

// unset is the default of settings without one.
const unset = "\x00"

// protocolRelease is the release of Kafka whose protocol is spoken here.
const protocolRelease = "4.3-IV0"

// Types of settings.
const (
	kindBool     = kmsg.ConfigTypeBoolean
	kindString   = kmsg.ConfigTypeString
	kindInt      = kmsg.ConfigTypeInt
	kindShort    = kmsg.ConfigTypeShort
	kindLong     = kmsg.ConfigTypeLong
	kindDouble   = kmsg.ConfigTypeDouble
	kindList     = kmsg.ConfigTypeList
	kindClass    = kmsg.ConfigTypeClass
	kindPassword = kmsg.ConfigTypePassword
)

// brokerSetting is a setting of the broker.
type brokerSetting struct {
	name      string
	kind      kmsg.ConfigType
	byDefault string // or unset
	dynamic   bool   // can be changed while the broker runs
	topic     string // the topic setting whose default it is
	doc       string
}

// brokerTable is every setting of the broker that is shown, by name: those of Kafka 4.3 that
// mean something here or that tools look for. Types and defaults are Kafka's but for
// transaction.max.timeout.ms (Flink's), group.initial.rebalance.delay.ms,
// group.consumer.heartbeat.interval.ms, log.segment.bytes and what concerns one node.
func brokerTable() []brokerSetting {
	return []brokerSetting{
		{"advertised.listeners", kindList, unset, false, "", "The addresses that clients are told, where they differ from the listeners."},
		{"auto.create.topics.enable", kindBool, "true", false, "", "Whether a topic comes to be when a client asks for it."},
		{"auto.leader.rebalance.enable", kindBool, "true", false, "", "Accepted for compatibility: there is one node."},
		{"background.threads", kindInt, "10", true, "", "Accepted for compatibility: there are no fixed threads."},
		{"broker.heartbeat.interval.ms", kindInt, "2000", false, "", "Accepted for compatibility: there is one node."},
		{"broker.id", kindInt, unset, false, "", "The node's id; see node.id."},
		{"broker.rack", kindString, unset, false, "", "The node's rack, which clients are told."},
		{"broker.session.timeout.ms", kindInt, "9000", false, "", "Accepted for compatibility: there is one node."},
		{"compression.gzip.level", kindInt, "-1", true, "compression.gzip.level", "Default of the topic setting compression.gzip.level."},
		{"compression.lz4.level", kindInt, "9", true, "compression.lz4.level", "Default of the topic setting compression.lz4.level."},
		{"compression.type", kindString, "producer", true, "compression.type", "Default of the topic setting compression.type."},
		{"compression.zstd.level", kindInt, "3", true, "compression.zstd.level", "Default of the topic setting compression.zstd.level."},
		{"connections.max.idle.ms", kindLong, "600000", false, "", "How long an idle connection stays open."},
		{"connections.max.reauth.ms", kindLong, "0", false, "", "Accepted for compatibility: clients log in once a connection."},
		{"controlled.shutdown.enable", kindBool, "true", false, "", "Accepted for compatibility: there is one node."},
		{"controller.listener.names", kindList, unset, false, "", "Accepted for compatibility: there is no controller of its own."},
		{"controller.quorum.voters", kindList, "", false, "", "Accepted for compatibility: there is no quorum."},
		{"default.replication.factor", kindInt, "1", false, "", "Replicas of a topic made without a number; there is one node."},
		{"delete.topic.enable", kindBool, "true", false, "", "Whether topics can be deleted."},
		{"fetch.max.bytes", kindInt, "57671680", false, "", "The most bytes that one fetch answers with."},
		{"group.consumer.assignors", kindList, "uniform,range", false, "", "Assignors of the consumer protocol, the first by default."},
		{"group.consumer.heartbeat.interval.ms", kindInt, "1000", false, "", "How often members of the consumer protocol are to call."},
		{"group.consumer.max.heartbeat.interval.ms", kindInt, "15000", false, "", "The largest heartbeat interval that a group may have."},
		{"group.consumer.max.session.timeout.ms", kindInt, "60000", false, "", "The largest session timeout that a group may have."},
		{"group.consumer.max.size", kindInt, "2147483647", false, "", "Members that a group of the consumer protocol may have."},
		{"group.consumer.migration.policy", kindString, "bidirectional", false, "", "Whether groups change between the classic and the consumer protocol."},
		{"group.consumer.min.heartbeat.interval.ms", kindInt, "1000", false, "", "The smallest heartbeat interval that a group may have."},
		{"group.consumer.min.session.timeout.ms", kindInt, "45000", false, "", "The smallest session timeout that a group may have."},
		{"group.consumer.session.timeout.ms", kindInt, "45000", false, "", "After what silence a member of the consumer protocol is removed."},
		{"group.coordinator.rebalance.protocols", kindList, "classic,consumer", false, "", "The protocols of groups."},
		{"group.initial.rebalance.delay.ms", kindInt, "0", false, "", "How long a new classic group waits for more members."},
		{"group.max.session.timeout.ms", kindInt, "1800000", false, "", "The largest session timeout of a member of a classic group."},
		{"group.max.size", kindInt, "2147483647", false, "", "Members that a classic group may have."},
		{"group.min.session.timeout.ms", kindInt, "6000", false, "", "The smallest session timeout of a member of a classic group."},
		{"inter.broker.listener.name", kindString, unset, false, "", "Accepted for compatibility: there is one node."},
		{"inter.broker.protocol.version", kindString, protocolRelease, false, "", "The release whose protocol is spoken; tools read it to know what they may ask."},
		{"leader.imbalance.check.interval.seconds", kindLong, "300", false, "", "Accepted for compatibility: there is one node."},
		{"listener.security.protocol.map", kindString, "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT", true, "", "The security protocol of each listener."},
		{"listeners", kindList, "PLAINTEXT://:9092", true, "", "The addresses on which the broker listens."},
		{"log.cleaner.backoff.ms", kindLong, "15000", true, "", "Accepted for compatibility: compaction runs with retention."},
		{"log.cleaner.dedupe.buffer.size", kindLong, "134217728", true, "", "Accepted for compatibility: compaction takes what its keys need."},
		{"log.cleaner.delete.retention.ms", kindLong, "86400000", true, "delete.retention.ms", "Default of the topic setting delete.retention.ms."},
		{"log.cleaner.io.buffer.size", kindInt, "524288", true, "", "Accepted for compatibility: compaction has its own buffers."},
		{"log.cleaner.io.max.bytes.per.second", kindDouble, "1.7976931348623157E308", true, "", "Accepted for compatibility: compaction is not throttled."},
		{"log.cleaner.max.compaction.lag.ms", kindLong, "9223372036854775807", true, "max.compaction.lag.ms", "Default of the topic setting max.compaction.lag.ms."},
		{"log.cleaner.min.cleanable.ratio", kindDouble, "0.5", true, "min.cleanable.dirty.ratio", "Default of the topic setting min.cleanable.dirty.ratio."},
		{"log.cleaner.min.compaction.lag.ms", kindLong, "0", true, "min.compaction.lag.ms", "Default of the topic setting min.compaction.lag.ms."},
		{"log.cleaner.threads", kindInt, "1", true, "", "Accepted for compatibility: one compaction runs at a time."},
		{"log.cleanup.policy", kindList, "delete", true, "cleanup.policy", "Default of the topic setting cleanup.policy."},
		{"log.dir", kindList, "/tmp/kafka-logs", false, "", "The folder of the records; see log.dirs."},
		{"log.dirs", kindList, unset, false, "", "The folder of the records."},
		{"log.flush.interval.messages", kindLong, "9223372036854775807", true, "flush.messages", "Default of the topic setting flush.messages."},
		{"log.flush.interval.ms", kindLong, unset, true, "flush.ms", "Default of the topic setting flush.ms."},
		{"log.flush.scheduler.interval.ms", kindLong, "9223372036854775807", false, "", "Accepted for compatibility: every acknowledged record is synced."},
		{"log.index.interval.bytes", kindInt, "4096", true, "index.interval.bytes", "Default of the topic setting index.interval.bytes."},
		{"log.index.size.max.bytes", kindInt, "10485760", true, "segment.index.bytes", "Default of the topic setting segment.index.bytes."},
		{"log.local.retention.bytes", kindLong, "-2", true, "local.retention.bytes", "Default of the topic setting local.retention.bytes."},
		{"log.local.retention.ms", kindLong, "-2", true, "local.retention.ms", "Default of the topic setting local.retention.ms."},
		{"log.message.timestamp.after.max.ms", kindLong, "3600000", true, "message.timestamp.after.max.ms", "Default of the topic setting message.timestamp.after.max.ms."},
		{"log.message.timestamp.before.max.ms", kindLong, "9223372036854775807", true, "message.timestamp.before.max.ms", "Default of the topic setting message.timestamp.before.max.ms."},
		{"log.message.timestamp.type", kindString, "CreateTime", true, "message.timestamp.type", "Default of the topic setting message.timestamp.type."},
		{"log.preallocate", kindBool, "false", true, "preallocate", "Default of the topic setting preallocate."},
		{"log.retention.bytes", kindLong, "-1", true, "retention.bytes", "Default of the topic setting retention.bytes."},
		{"log.retention.check.interval.ms", kindLong, "300000", false, "", "How often the log looks for records that are past their retention."},
		{"log.retention.hours", kindInt, "168", false, "", "Default of the topic setting retention.ms, in hours; log.retention.minutes and log.retention.ms go before it."},
		{"log.retention.minutes", kindInt, unset, false, "", "Default of the topic setting retention.ms, in minutes; log.retention.ms goes before it."},
		{"log.retention.ms", kindLong, unset, true, "retention.ms", "Default of the topic setting retention.ms."},
		{"log.roll.hours", kindInt, "168", false, "", "Default of the topic setting segment.ms, in hours; log.roll.ms goes before it."},
		{"log.roll.jitter.hours", kindInt, "0", false, "", "Default of the topic setting segment.jitter.ms, in hours; log.roll.jitter.ms goes before it."},
		{"log.roll.jitter.ms", kindLong, unset, true, "segment.jitter.ms", "Default of the topic setting segment.jitter.ms."},
		{"log.roll.ms", kindLong, unset, true, "segment.ms", "Default of the topic setting segment.ms."},
		{"log.segment.bytes", kindInt, "134217728", true, "segment.bytes", "Default of the topic setting segment.bytes."},
		{"log.segment.delete.delay.ms", kindLong, "60000", true, "file.delete.delay.ms", "Default of the topic setting file.delete.delay.ms."},
		{"max.connection.creation.rate", kindInt, "2147483647", true, "", "Accepted for compatibility: the number of connections is limited, not their rate."},
		{"max.connections", kindInt, "1024", true, "", "Connections that the broker takes at a time."},
		{"max.connections.per.ip", kindInt, "2147483647", true, "", "Accepted for compatibility: the limit is on all connections."},
		{"max.incremental.fetch.session.cache.slots", kindInt, "1000", false, "", "Accepted for compatibility: fetch sessions are declined."},
		{"max.request.partition.size.limit", kindInt, "2000", false, "", "The most partitions that one DescribeTopicPartitions answers with."},
		{"message.max.bytes", kindInt, "1048588", true, "max.message.bytes", "Default of the topic setting max.message.bytes."},
		{"metric.reporters", kindList, "", true, "", "Accepted for compatibility: metrics are served for Prometheus."},
		{"min.insync.replicas", kindInt, "1", true, "min.insync.replicas", "Default of the topic setting min.insync.replicas."},
		{"node.id", kindInt, unset, false, "", "The node's id."},
		{"num.io.threads", kindInt, "8", true, "", "Accepted for compatibility: there are no fixed threads."},
		{"num.network.threads", kindInt, "3", true, "", "Accepted for compatibility: there are no fixed threads."},
		{"num.partitions", kindInt, "1", false, "", "Partitions of a topic made without a number."},
		{"num.recovery.threads.per.data.dir", kindInt, "2", true, "", "Accepted for compatibility: recovery uses the processors that there are."},
		{"num.replica.fetchers", kindInt, "1", true, "", "Accepted for compatibility: there is one node."},
		{"offset.metadata.max.bytes", kindInt, "4096", false, "", "The most bytes of metadata beside a committed offset."},
		{"offsets.retention.check.interval.ms", kindLong, "600000", false, "", "How often the coordinator looks for old committed offsets."},
		{"offsets.retention.minutes", kindInt, "10080", false, "", "How long offsets of a group without members are kept."},
		{"offsets.topic.num.partitions", kindInt, "50", false, "", "Accepted for compatibility: offsets are not kept in a topic."},
		{"offsets.topic.replication.factor", kindShort, "1", false, "", "Accepted for compatibility: there is one node."},
		{"process.roles", kindList, "broker,controller", false, "", "What the node does."},
		{"producer.id.expiration.ms", kindInt, "86400000", true, "", "How long a partition remembers a producer that is silent."},
		{"queued.max.requests", kindInt, "500", false, "", "Accepted for compatibility: bytes in flight are limited instead."},
		{"replica.lag.time.max.ms", kindLong, "30000", false, "", "Accepted for compatibility: there is one node."},
		{"request.timeout.ms", kindInt, "30000", false, "", "Accepted for compatibility: there is one node."},
		{"sasl.enabled.mechanisms", kindList, "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512", true, "", "SASL mechanisms of the listeners."},
		{"sasl.mechanism.inter.broker.protocol", kindString, unset, true, "", "Accepted for compatibility: there is one node."},
		{"security.inter.broker.protocol", kindString, "PLAINTEXT", false, "", "Accepted for compatibility: there is one node."},
		{"socket.receive.buffer.bytes", kindInt, "102400", false, "", "Accepted for compatibility: the system's own buffers are used."},
		{"socket.request.max.bytes", kindInt, "104857600", false, "", "The most bytes of a request."},
		{"socket.send.buffer.bytes", kindInt, "102400", false, "", "Accepted for compatibility: the system's own buffers are used."},
		{"ssl.client.auth", kindString, "none", true, "", "Whether clients must show a certificate."},
		{"ssl.enabled.protocols", kindList, "TLSv1.2,TLSv1.3", true, "", "TLS versions of the listeners."},
		{"ssl.key.password", kindPassword, unset, true, "", "Password of the listener's private key."},
		{"ssl.keystore.location", kindString, unset, true, "", "File of the listener's certificate and key."},
		{"ssl.keystore.password", kindPassword, unset, true, "", "Password of that file."},
		{"ssl.keystore.type", kindString, "JKS", true, "", "Form of that file."},
		{"ssl.truststore.location", kindString, unset, true, "", "File of the certificates that clients' are checked against."},
		{"ssl.truststore.password", kindPassword, unset, true, "", "Password of that file."},
		{"ssl.truststore.type", kindString, "JKS", true, "", "Form of that file."},
		{"transaction.abort.timed.out.transaction.cleanup.interval.ms", kindInt, "10000", false, "", "Accepted for compatibility: late transactions are aborted on time."},
		{"transaction.max.timeout.ms", kindInt, "3600000", false, "", "The longest timeout that a transaction may ask for."},
		{"transaction.partition.verification.enable", kindBool, "true", true, "", "Accepted for compatibility: partitions are always verified."},
		{"transaction.remove.expired.transaction.cleanup.interval.ms", kindInt, "3600000", false, "", "Accepted for compatibility: transactional ids expire on time."},
		{"transaction.state.log.min.isr", kindInt, "1", false, "", "Accepted for compatibility: there is one node."},
		{"transaction.state.log.num.partitions", kindInt, "50", false, "", "Accepted for compatibility: transactions are not kept in a topic."},
		{"transaction.state.log.replication.factor", kindShort, "1", false, "", "Accepted for compatibility: there is one node."},
		{"transactional.id.expiration.ms", kindInt, "604800000", false, "", "How long an unused transactional id is kept."},
		{"unclean.leader.election.enable", kindBool, "false", true, "unclean.leader.election.enable", "Default of the topic setting unclean.leader.election.enable."},
	}
}
