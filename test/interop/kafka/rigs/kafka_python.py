"""Round trips of kafka-python, 2.0.2 and 3.x.

    kafka_python.py BOOTSTRAP PREFIX
    kafka_python.py BOOTSTRAP PREFIX read TOPIC...     checks what other clients' rigs wrote
"""

import sys
import threading

if sys.version_info >= (3, 12):  # the six that 2.0.2 carries cannot be imported there
    import six
    sys.modules["kafka.vendor.six.moves"] = six.moves

import kafka
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.structs import OffsetAndMetadata, TopicPartition

from common import PARTITIONS, WAIT_S, Checks, Failure, Record, by_partition, check, now_ms, records, same, until

# A poll of 3.0.12 that runs out while its member joins loses the assignment for good, on the
# real Kafka too; so polls are longer than a join takes.
POLL_MS = 2000
OLD = kafka.__version__.startswith("2.0.")
bootstrap, prefix = sys.argv[1:3]
admin = kafka.KafkaAdminClient(bootstrap_servers=bootstrap)


def producer(**conf):
    if OLD:  # no idempotence: a retry (the topic is new) must not change the order
        conf.update(retries=5, max_in_flight_requests_per_connection=1)
    return kafka.KafkaProducer(bootstrap_servers=bootstrap, linger_ms=5, **conf)


def consumer(group=None, **conf):
    settings = {"group_id": group, "auto_offset_reset": "earliest", "enable_auto_commit": False}
    if group:
        settings.update(session_timeout_ms=10000, heartbeat_interval_ms=500)
    settings.update(conf)
    return kafka.KafkaConsumer(bootstrap_servers=bootstrap, **settings)


def create(name, partitions=PARTITIONS, **config):
    topic = "%s-%s" % (prefix, name)
    config = {k.replace("_", "."): v for k, v in config.items()}
    if OLD:
        admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=config)])
    else:
        admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1, "configs": config}})
    until("topic " + topic, lambda: topic in admin.list_topics())
    return topic


def send(topic, rows, **conf):
    p = producer(**conf)
    futures = [p.send(topic, r.value, r.key, r.headers, r.partition, r.timestamp) for r in rows]
    p.flush(WAIT_S)
    for f in futures:
        f.get(WAIT_S)
    p.close()


def read(topic, **conf):
    c = consumer(**conf)
    try:
        parts = [TopicPartition(topic, p) for p in sorted(until("metadata", lambda: c.partitions_for_topic(topic)))]
        c.assign(parts)
        c.seek_to_beginning(*parts)
        ends, out = c.end_offsets(parts), []

        def finished():
            for got in c.poll(POLL_MS).values():
                for r in got:
                    check(r.timestamp_type == 0, "timestamp type %d", r.timestamp_type)
                    out.append(Record(r.partition, r.key, r.value, list(r.headers), r.timestamp))
            return all(c.position(p) >= ends[p] for p in parts)

        until("the end of " + topic, finished, pause=0)
        return out
    finally:
        c.close()


def codec(name):
    topic, rows = create("codec-" + name), records(300, now_ms(), null_headers=False)
    send(topic, rows, compression_type=None if name == "none" else name)
    same("records", by_partition(read(topic)), by_partition(rows))


def foreign(topic):
    """What another client's rig wrote, its null headers apart."""
    def bare(r):
        return r._replace(headers=[h for h in r.headers if h[0] != "null"])

    got = by_partition(map(bare, read(topic)))
    base = got[0].timestamp
    same("records of " + topic, got, by_partition(records(300, base, null_headers=False)))


def plain(n):
    return [Record(i % PARTITIONS, None, b"%d" % i, [], now_ms()) for i in range(n)]


def take(c, n):
    out = []

    def enough():
        for got in c.poll(POLL_MS, max_records=n - len(out)).values():
            out.extend(r.value for r in got)
        return len(out) >= n

    until("%d records" % n, enough, pause=0)
    return out


def resume():
    topic, group = create("resume"), prefix + "-resume"
    send(topic, plain(90))
    seen = []
    for want in (40, 50):
        c = consumer(group)
        c.subscribe([topic])
        seen += take(c, want)
        c.commit()
        c.close(autocommit=False)
    same("values", sorted(seen, key=int), [b"%d" % i for i in range(90)])
    c = consumer(group)
    same("committed", [c.committed(TopicPartition(topic, p)) for p in range(PARTITIONS)], [30, 30, 30])
    c.close()


class Member:
    """A group member that polls on a thread of its own."""

    def __init__(self, topic, group, **conf):
        self.c, self.parts, self.ending, self.error = consumer(group, **conf), set(), False, None
        self.c.subscribe([topic])
        self.thread = threading.Thread(target=self.poll)
        self.thread.start()

    def poll(self):
        try:
            while not self.ending:
                self.c.poll(POLL_MS)
                self.parts = {p.partition for p in self.c.assignment()}
        except Exception as e:
            self.error = e
        self.c.close()

    def leave(self):
        self.ending = True
        self.thread.join()
        if self.error:
            raise self.error


def rebalance(name, assignor):
    topic, group = create("rebalance-" + name), "%s-rebalance-%s" % (prefix, name)
    conf = {"partition_assignment_strategy": [assignor]}
    everything, members = set(range(PARTITIONS)), []
    try:
        members.append(Member(topic, group, **conf))
        until("one member has all", lambda: members[0].parts == everything)
        members.append(Member(topic, group, **conf))
        until("two share", lambda: members[0].parts and members[1].parts and not members[0].parts & members[1].parts
              and members[0].parts | members[1].parts == everything)
        members.pop(0).leave()
        until("the one that stays has all", lambda: members[0].parts == everything)
    finally:
        for m in members:
            m.leave()


def transactions():
    topic = create("txn", 1)
    p = producer(transactional_id=prefix + "-txn")
    p.init_transactions()
    for i in range(6):
        p.begin_transaction()
        for j in range(10):
            p.send(topic, b"%d-%d" % (i, j))
        p.flush(WAIT_S)
        if i % 2:
            p.abort_transaction()
        else:
            p.commit_transaction()
    p.close()
    want = [b"%d-%d" % (i, j) for i in range(6) for j in range(10)]
    same("committed", [r.value for r in read(topic, isolation_level="read_committed")], [v for v in want if v[:1] in b"024"])
    same("uncommitted", [r.value for r in read(topic, isolation_level="read_uncommitted")], want)


def transfer():
    source, target, group = create("transfer-in"), create("transfer-out"), prefix + "-transfer"
    send(source, plain(30))
    p = producer(transactional_id=prefix + "-transfer")
    p.init_transactions()
    for commit in (False, True):
        c = consumer(group)
        c.subscribe([source])
        values = take(c, 30)
        p.begin_transaction()
        for v in values:
            p.send(target, v)
        offsets = {q: OffsetAndMetadata(c.position(q), "", -1) for q in c.assignment()}
        p.send_offsets_to_transaction(offsets, c.group_metadata())
        if commit:
            p.commit_transaction()
        else:
            p.abort_transaction()
        # EndTxn is answered before the offsets are seen, and this client does not ask for stable ones
        want = [10 if commit else None] * PARTITIONS
        until("offsets %s" % want, lambda: [c.committed(TopicPartition(source, q)) for q in range(PARTITIONS)] == want)
        c.close()
    p.close()
    got = read(target, isolation_level="read_committed")
    same("target", sorted((r.value for r in got), key=int), [b"%d" % i for i in range(30)])


def by_time():
    topic, base = create("time"), now_ms() - 3600_000
    send(topic, records(60, base, null_headers=False))
    c = consumer()
    try:
        parts = [TopicPartition(topic, p) for p in range(PARTITIONS)]
        got = c.offsets_for_times({p: base + 300 for p in parts})
        same("offsets at 300 ms", [got[p].offset for p in parts], [10, 10, 10])
        check(c.offsets_for_times({parts[0]: base + 10_000})[parts[0]] is None, "an offset beyond the end")
        same("ends", [c.end_offsets(parts)[p] for p in parts], [20, 20, 20])
        same("beginnings", [c.beginning_offsets(parts)[p] for p in parts], [0, 0, 0])
    finally:
        c.close()


def setting(topic, key):
    r = ConfigResource(ConfigResourceType.TOPIC, topic)
    if OLD:
        return {e[0]: e[1] for e in admin.describe_configs([r])[0].resources[0][4]}[key]
    return admin.describe_configs([r], config_filter="all")["topic"][topic][key]["value"]


def partitions_of(topic):
    return len(admin.describe_topics([topic])[0]["partitions"])


def topics():
    topic = create("admin", cleanup_policy="compact", retention_ms="60000")
    check(setting(topic, "cleanup.policy") == "compact", "cleanup.policy is lost")
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs={"retention.ms": "120000"})])
    until("the new retention", lambda: setting(topic, "retention.ms") == "120000")
    want = "delete" if OLD else "compact"  # only IncrementalAlterConfigs leaves the others alone
    check(setting(topic, "cleanup.policy") == want, "cleanup.policy is %s", setting(topic, "cleanup.policy"))
    admin.create_partitions({topic: NewPartitions(5) if OLD else 5})
    until("5 partitions", lambda: partitions_of(topic) == 5)
    check(len(admin.describe_cluster()["brokers"]) == 1, "the cluster is %s", admin.describe_cluster())
    admin.delete_topics([topic])
    until("it is gone", lambda: topic not in admin.list_topics())
    try:
        admin.delete_topics([topic])
        raise Failure("a topic was deleted twice")
    except kafka.errors.UnknownTopicOrPartitionError:
        pass


def delete_records():
    topic = create("trim", 1)
    send(topic, [Record(0, None, b"%d" % i, [], now_ms()) for i in range(20)])
    admin.delete_records({TopicPartition(topic, 0): 15})
    same("what is left", [r.value for r in read(topic)], [b"%d" % i for i in range(15, 20)])


def groups():
    topic, group = create("groups"), prefix + "-groups"
    send(topic, plain(9))
    m = Member(topic, group)
    try:
        until("the member has all", lambda: len(m.parts) == PARTITIONS)
        info = admin.describe_consumer_groups([group])[0] if OLD else admin.describe_groups([group])[group]
        state, members = (info.state, info.members) if OLD else (info["group_state"], info["members"])
        check(state == "Stable" and len(members) == 1, "group: %s", info)
        listed = [g[0] for g in admin.list_consumer_groups()] if OLD else [g["group_id"] for g in admin.list_groups()]
        check(group in listed, "the group is not listed")
    finally:
        m.leave()
    c = consumer(group)
    c.assign([TopicPartition(topic, 0)])
    take(c, 3)
    c.commit()
    c.close()
    got = admin.list_consumer_group_offsets(group) if OLD else admin.list_group_offsets([group])[group]
    same("offsets", [(q.partition, o.offset) for q, o in got.items()], [(0, 3)])
    got = admin.delete_consumer_groups([group]) if OLD else admin.delete_groups([group])
    check(group not in ([g[0] for g in admin.list_consumer_groups()] if OLD else [g["group_id"] for g in admin.list_groups()]),
          "the group is still listed: %s", got)


def main():
    c = Checks()
    if sys.argv[3:4] == ["read"]:
        for t in sys.argv[4:]:
            c.run("reads-" + t.split("-", 1)[1], foreign, t)
        c.done()
    for name in ("none", "gzip", "snappy", "lz4", "zstd"):
        c.run("codec-" + name, codec, name)
    c.run("resume", resume)
    c.run("rebalance-range", rebalance, "range", RangePartitionAssignor)
    c.run("rebalance-roundrobin", rebalance, "roundrobin", RoundRobinPartitionAssignor)
    c.run("offsets-by-time", by_time)
    c.run("admin-topics", topics)
    c.run("admin-groups", groups)
    if not OLD:
        from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
        c.run("rebalance-cooperative-sticky", rebalance, "cooperative-sticky", CooperativeStickyAssignor)
        c.run("transactions", transactions)
        c.run("transfer", transfer)
        c.run("admin-delete-records", delete_records)
    admin.close()
    c.done()


main()
