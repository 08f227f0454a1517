package broker

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// metric describes one family: names of offsets, lag and members are those of the widespread
// kafka_exporter, so that dashboards made for it work.
func metric(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	descBrokers     = metric("kafka_brokers", "Brokers of the cluster.")
	descPartitions  = metric("kafka_topic_partitions", "Partitions of the topic.", "topic")
	descNewest      = metric("kafka_topic_partition_current_offset", "Offset after the newest record.", "topic", "partition")
	descOldest      = metric("kafka_topic_partition_oldest_offset", "Offset of the oldest record.", "topic", "partition")
	descLeader      = metric("kafka_topic_partition_leader", "Id of the partition's leader.", "topic", "partition")
	descPreferred   = metric("kafka_topic_partition_leader_is_preferred", "1 if the leader is the preferred one.", "topic", "partition")
	descReplicas    = metric("kafka_topic_partition_replicas", "Replicas of the partition.", "topic", "partition")
	descInSync      = metric("kafka_topic_partition_in_sync_replica", "Replicas in sync.", "topic", "partition")
	descUnder       = metric("kafka_topic_partition_under_replicated_partition", "1 if too few replicas are in sync.", "topic", "partition")
	descCommitted   = metric("kafka_consumergroup_current_offset", "Committed offset of the group.", "consumergroup", "topic", "partition")
	descCommitSum   = metric("kafka_consumergroup_current_offset_sum", "Sum of the committed offsets over the topic's partitions.", "consumergroup", "topic")
	descLag         = metric("kafka_consumergroup_lag", "Records that the group has not read.", "consumergroup", "topic", "partition")
	descLagSum      = metric("kafka_consumergroup_lag_sum", "Records of the topic that the group has not read.", "consumergroup", "topic")
	descMembers     = metric("kafka_consumergroup_members", "Members of the group.", "consumergroup")
	descSize        = metric("azud_topic_partition_bytes", "Bytes of the partition's segments.", "topic", "partition")
	descStopped     = metric("azud_topic_partition_stopped", "1 if the disk failed and the partition takes no more records.", "topic", "partition")
	descRequests    = metric("azud_broker_requests_total", "Requests since the start.", "api")
	descConnections = metric("azud_broker_connections", "Connections that are open.")
	descAccepted    = metric("azud_broker_connections_accepted_total", "Connections since the start.")
	descRefused     = metric("azud_broker_connections_refused_total", "Connections beyond the most allowed.")
	descMalformed   = metric("azud_broker_connections_malformed_total", "Connections closed because of what they sent.")
	descLogins      = metric("azud_broker_login_failures_total", "Logins refused.")
	descRecordsIn   = metric("azud_topic_records_in_total", "Records written since the start.", "topic")
	descBytesIn     = metric("azud_topic_bytes_in_total", "Bytes of batches written since the start.", "topic")
	descBytesOut    = metric("azud_topic_bytes_out_total", "Bytes of batches read since the start.", "topic")
	descFailedIn    = metric("azud_topic_batches_refused_total", "Batches refused since the start.", "topic")
)

// Collector gives the broker's metrics, read when they are asked for.
func (b *Broker) Collector() prometheus.Collector { return collector{b} }

type collector struct{ b *Broker }

// Describe sends nothing: the families depend on what there is.
func (collector) Describe(chan<- *prometheus.Desc) {}

func (c collector) Collect(out chan<- prometheus.Metric) {
	if c.b.life.Err() != nil {
		return
	}
	gauge(out, descBrokers, 1)
	c.topics(out)
	c.groups(out)
	n := c.b.count
	gauge(out, descConnections, float64(n.Connections.Load()))
	for key, requests := range n.Requests() {
		counter(out, descRequests, requests, kmsg.NameForKey(key))
	}
	counter(out, descAccepted, n.Accepted.Load())
	counter(out, descRefused, n.Refused.Load())
	counter(out, descMalformed, n.Malformed.Load())
	counter(out, descLogins, n.LoginFailed.Load())
	for name, t := range n.Topics() {
		counter(out, descRecordsIn, t.RecordsIn.Load(), name)
		counter(out, descBytesIn, t.BytesIn.Load(), name)
		counter(out, descBytesOut, t.BytesOut.Load(), name)
		counter(out, descFailedIn, t.FailedIn.Load(), name)
	}
}

func (c collector) topics(out chan<- prometheus.Metric) {
	for _, t := range c.b.store.Topics().All() {
		gauge(out, descPartitions, float64(len(t.Partitions())), t.Name())
		for i, p := range t.Partitions() {
			at := []string{t.Name(), strconv.Itoa(i)}
			gauge(out, descNewest, float64(p.High()), at...)
			gauge(out, descOldest, float64(p.Start()), at...)
			gauge(out, descLeader, float64(c.b.cfg.NodeID), at...)
			gauge(out, descPreferred, 1, at...)
			gauge(out, descReplicas, 1, at...)
			gauge(out, descInSync, 1, at...)
			gauge(out, descUnder, 0, at...)
			gauge(out, descSize, float64(p.Size()), at...)
			stopped := 0.0
			if p.Err() != nil {
				stopped = 1
			}
			gauge(out, descStopped, stopped, at...)
		}
	}
}

func (c collector) groups(out chan<- prometheus.Metric) {
	told := map[string]bool{}
	for _, g := range c.b.GroupInfos() {
		// Clients choose the name, but a label that is not UTF-8, or comes twice, makes all
		// metrics fail.
		name := strings.ToValidUTF8(g.Name, "\uFFFD")
		if told[name] {
			continue
		}
		told[name] = true
		gauge(out, descMembers, float64(len(g.Members)), name)
		type sums struct{ committed, lag int64 }
		byTopic := map[string]sums{}
		for _, o := range g.Offsets {
			part := strconv.Itoa(int(o.Partition))
			gauge(out, descCommitted, float64(o.Committed), name, o.Topic, part)
			gauge(out, descLag, float64(o.Lag), name, o.Topic, part)
			s := byTopic[o.Topic]
			byTopic[o.Topic] = sums{s.committed + o.Committed, s.lag + o.Lag}
		}
		for _, topic := range slices.Sorted(maps.Keys(byTopic)) {
			gauge(out, descCommitSum, float64(byTopic[topic].committed), name, topic)
			gauge(out, descLagSum, float64(byTopic[topic].lag), name, topic)
		}
	}
}

func gauge(out chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func counter(out chan<- prometheus.Metric, d *prometheus.Desc, v int64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
}
