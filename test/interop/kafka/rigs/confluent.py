"""Round trips of confluent-kafka (librdkafka), old and new.

    confluent.py BOOTSTRAP PREFIX
    confluent.py BOOTSTRAP PREFIX read TOPIC...     checks what other clients' rigs wrote
"""

import sys
import threading
import time
import uuid

import confluent_kafka as ck
from confluent_kafka import admin as cka

from common import PARTITIONS, WAIT_S, Checks, Failure, Record, by_partition, check, now_ms, records, same, until

bootstrap, prefix = sys.argv[1:3]
admin = cka.AdminClient({"bootstrap.servers": bootstrap})


def producer(**conf):
    return ck.Producer(dict({"bootstrap.servers": bootstrap, "linger.ms": 5}, **{k.replace("_", "."): v for k, v in conf.items()}))


def consumer(group=None, **conf):
    settings = {
        "bootstrap.servers": bootstrap, "group.id": group or "%s-%s" % (prefix, uuid.uuid4()),
        "auto.offset.reset": "earliest", "enable.auto.commit": False, "enable.partition.eof": True}
    if conf.get("group_protocol") != "consumer":  # there the broker says how often
        settings.update({"session.timeout.ms": 10000, "heartbeat.interval.ms": 500})
    settings.update({k.replace("_", "."): v for k, v in conf.items()})
    return ck.Consumer(settings)


def create(name, partitions=PARTITIONS, **config):
    topic = "%s-%s" % (prefix, name)
    futures = admin.create_topics([cka.NewTopic(topic, partitions, 1, config={k.replace("_", "."): v for k, v in config.items()})])
    futures[topic].result(WAIT_S)
    until("topic " + topic, lambda: topic in admin.list_topics(timeout=WAIT_S).topics)
    return topic


def send(p, topic, rows):
    failed = []
    for r in rows:
        p.produce(topic, r.value, r.key, r.partition, timestamp=r.timestamp, headers=r.headers or None,
                  on_delivery=lambda e, m: failed.append(e) if e else None)
    check(p.flush(WAIT_S) == 0, "flush: records are left")
    check(not failed, "produce: %s", failed[:1])


def read(topic, partitions=PARTITIONS, **conf):
    """All records of a topic, in order in each partition."""
    c = consumer(**conf)
    try:
        c.assign([ck.TopicPartition(topic, p, ck.OFFSET_BEGINNING) for p in range(partitions)])
        out, ended, deadline = [], set(), time.monotonic() + WAIT_S
        while len(ended) < partitions:
            check(time.monotonic() < deadline, "the end of %s is not reached, %d records", topic, len(out))
            m = c.poll(0.2)
            if m is None:
                continue
            if m.error() is None:
                kind, when = m.timestamp()
                check(kind == ck.TIMESTAMP_CREATE_TIME, "timestamp type %d", kind)
                out.append(Record(m.partition(), m.key(), m.value(), m.headers() or [], when))
            elif m.error().code() == ck.KafkaError._PARTITION_EOF:
                ended.add(m.partition())
            else:
                raise Failure("consume: %s" % m.error())
        return out
    finally:
        c.close()


def codec(name):
    topic, rows = create("codec-" + name), records(300, now_ms())
    # idempotent or one request at a time: else a retry (the topic is new) may change the order
    order = {"max_in_flight": 1} if name == "gzip" else {"enable_idempotence": True}
    send(producer(compression_type=name, **order), topic, rows)
    same("records", by_partition(read(topic)), by_partition(rows))


def foreign(topic):
    """What another client's rig wrote, its null headers apart."""
    def bare(r):
        return r._replace(headers=[h for h in r.headers if h[0] != "null"])

    got = by_partition(map(bare, read(topic)))
    check(got, "nothing is in it")
    same("records of " + topic, got, by_partition(records(300, got[0].timestamp, null_headers=False)))


def take(c, n):
    """Values of n messages of a group member."""
    out, deadline = [], time.monotonic() + WAIT_S
    while len(out) < n:
        check(time.monotonic() < deadline, "%d records of %d came", len(out), n)
        m = c.poll(0.2)
        if m is not None and m.error() is None:
            out.append(m.value())
    return out


def plain(n):
    return [Record(i % PARTITIONS, None, b"%d" % i, [], now_ms()) for i in range(n)]


def resume():
    topic, group = create("resume"), prefix + "-resume"
    send(producer(), topic, plain(90))
    seen = []
    for want in (40, 50):
        c = consumer(group)
        c.subscribe([topic])
        seen += take(c, want)
        c.commit(asynchronous=False)
        c.close()
    same("values", sorted(seen, key=int), [b"%d" % i for i in range(90)])
    c = consumer(group)
    try:
        got = c.committed([ck.TopicPartition(topic, p) for p in range(PARTITIONS)], WAIT_S)
        same("committed", [p.offset for p in got], [30, 30, 30])
    finally:
        c.close()


class Member:
    """A group member that polls on a thread of its own."""

    def __init__(self, topic, group, **conf):
        self.c, self.parts, self.ending, self.rebalances = consumer(group, **conf), set(), False, 0
        self.c.subscribe([topic], on_assign=self.assigned, on_revoke=self.revoked, on_lost=self.revoked)
        self.thread = threading.Thread(target=self.poll)
        self.thread.start()

    def assigned(self, _, parts):
        self.rebalances += 1
        self.parts = self.parts | {p.partition for p in parts}

    def revoked(self, _, parts):
        self.parts = self.parts - {p.partition for p in parts}

    def poll(self):
        while not self.ending:
            self.c.poll(0.1)
        self.c.close()

    def leave(self):
        self.ending = True
        self.thread.join()


def rebalance(name, **conf):
    topic, group = create("rebalance-" + name), "%s-rebalance-%s" % (prefix, name)
    members = []
    everything = set(range(PARTITIONS))
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


def static_member():
    topic, group = create("static"), prefix + "-static"
    a = Member(topic, group, group_instance_id="a")
    members = [a]
    try:
        until("a has all", lambda: len(a.parts) == PARTITIONS)
        b = Member(topic, group, group_instance_id="b")
        members.append(b)
        until("two share", lambda: a.parts and b.parts and len(a.parts) + len(b.parts) == PARTITIONS)
        before, mine = a.rebalances, b.parts
        b.leave()
        members.remove(b)
        back = Member(topic, group, group_instance_id="b")
        members.append(back)
        until("b is back with its partitions", lambda: back.parts == mine)
        check(a.rebalances == before, "the group rebalanced when a static member came back")
    finally:
        for m in members:
            m.leave()


def transactions():
    topic = create("txn", 1)
    p = producer(transactional_id=prefix + "-txn")
    p.init_transactions(WAIT_S)
    for i in range(6):
        p.begin_transaction()
        for j in range(10):
            p.produce(topic, b"%d-%d" % (i, j))
        check(p.flush(WAIT_S) == 0, "records are left")
        if i % 2:
            p.abort_transaction(WAIT_S)
        else:
            p.commit_transaction(WAIT_S)
    want = [b"%d-%d" % (i, j) for i in range(6) for j in range(10)]
    same("committed", [r.value for r in read(topic, 1)], [v for v in want if v[:1] in b"024"])
    same("uncommitted", [r.value for r in read(topic, 1, isolation_level="read_uncommitted")], want)


def open_transaction():
    """Nobody sees committed records beyond the start of an open transaction."""
    topic = create("open", 1)
    p = producer(transactional_id=prefix + "-open")
    p.init_transactions(WAIT_S)
    p.begin_transaction()
    p.produce(topic, b"in it")
    check(p.flush(WAIT_S) == 0, "records are left")
    send(producer(), topic, [Record(0, None, b"after", [], now_ms())])
    same("while open", [r.value for r in read(topic, 1)], [])
    same("while open, uncommitted", [r.value for r in read(topic, 1, isolation_level="read_uncommitted")], [b"in it", b"after"])
    p.commit_transaction(WAIT_S)
    same("afterwards", [r.value for r in read(topic, 1)], [b"in it", b"after"])


def transfer():
    """consume-transform-produce: offsets go with the transaction, or not at all."""
    source, target, group = create("transfer-in"), create("transfer-out"), prefix + "-transfer"
    send(producer(), source, plain(30))
    p = producer(transactional_id=prefix + "-transfer")
    p.init_transactions(WAIT_S)
    for commit in (False, True):
        c = consumer(group)
        c.subscribe([source])
        values = take(c, 30)
        p.begin_transaction()
        for v in values:
            p.produce(target, v)
        p.send_offsets_to_transaction(c.position(c.assignment()), c.consumer_group_metadata(), WAIT_S)
        if commit:
            p.commit_transaction(WAIT_S)
        else:
            p.abort_transaction(WAIT_S)
        got = c.committed([ck.TopicPartition(source, q) for q in range(PARTITIONS)], WAIT_S)
        want = 10 if commit else ck.OFFSET_INVALID
        same("offsets, commit=%s" % commit, [q.offset for q in got], [want] * PARTITIONS)
        c.close()
    same("target", sorted((r.value for r in read(target)), key=int), [b"%d" % i for i in range(30)])


def fencing():
    topic = create("fence", 1)
    old, new = (producer(transactional_id=prefix + "-fence") for _ in "12")
    old.init_transactions(WAIT_S)
    old.begin_transaction()
    old.produce(topic, b"old")
    check(old.flush(WAIT_S) == 0, "records are left")
    new.init_transactions(WAIT_S)
    new.begin_transaction()
    new.produce(topic, b"new")
    new.commit_transaction(WAIT_S)
    try:
        old.commit_transaction(WAIT_S)
        raise Failure("the old producer could commit")
    except ck.KafkaException as e:
        code = e.args[0].code()
        check(code in (ck.KafkaError._FENCED, ck.KafkaError.INVALID_PRODUCER_EPOCH), "code %d", code)
    same("committed", [r.value for r in read(topic, 1)], [b"new"])


def by_time():
    topic, base = create("time"), now_ms() - 3600_000
    rows = records(60, base)
    send(producer(), topic, rows)
    c = consumer()
    try:
        got = c.offsets_for_times([ck.TopicPartition(topic, p, base + 300) for p in range(PARTITIONS)], WAIT_S)
        same("offsets at 300 ms", [p.offset for p in got], [10, 10, 10])
        got = c.offsets_for_times([ck.TopicPartition(topic, 0, base + 10_000)], WAIT_S)
        check(got[0].offset == ck.OFFSET_END, "beyond the end: %d", got[0].offset)
        same("watermarks", [c.get_watermark_offsets(ck.TopicPartition(topic, 0), WAIT_S)], [(0, 20)])
    finally:
        c.close()


def describe(topic):
    r = cka.ConfigResource(cka.ResourceType.TOPIC, topic)
    return {k: v.value for k, v in list(admin.describe_configs([r]).values())[0].result(WAIT_S).items()}


def topics():
    topic = create("admin", cleanup_policy="compact", retention_ms="60000")
    check(describe(topic)["cleanup.policy"] == "compact", "cleanup.policy is lost")
    entry = cka.ConfigEntry("retention.ms", "120000", incremental_operation=cka.AlterConfigOpType.SET)
    r = cka.ConfigResource(cka.ResourceType.TOPIC, topic, incremental_configs=[entry])
    list(admin.incremental_alter_configs([r]).values())[0].result(WAIT_S)
    until("the new retention", lambda: describe(topic)["retention.ms"] == "120000")
    admin.create_partitions([cka.NewPartitions(topic, 5)])[topic].result(WAIT_S)
    until("5 partitions", lambda: len(admin.list_topics(topic, WAIT_S).topics[topic].partitions) == 5)
    info = admin.describe_topics(ck.TopicCollection([topic]))[topic].result(WAIT_S)
    check(len(info.partitions) == 5, "described with %d partitions", len(info.partitions))
    cluster = admin.describe_cluster().result(WAIT_S)
    check(len(cluster.nodes) == 1 and cluster.cluster_id, "the cluster is %s", cluster)
    admin.delete_topics([topic])[topic].result(WAIT_S)
    until("it is gone", lambda: topic not in admin.list_topics(timeout=WAIT_S).topics)
    try:
        admin.delete_topics([topic])[topic].result(WAIT_S)
        raise Failure("a topic was deleted twice")
    except ck.KafkaException as e:
        check(e.args[0].code() == ck.KafkaError.UNKNOWN_TOPIC_OR_PART, "deleted twice: %s", e)


def delete_records():
    topic = create("trim", 1)
    send(producer(), topic, [Record(0, None, b"%d" % i, [], now_ms()) for i in range(20)])
    admin.delete_records([ck.TopicPartition(topic, 0, 15)])
    until("low watermark 15", lambda: list(admin.list_offsets(
        {ck.TopicPartition(topic, 0): cka.OffsetSpec.earliest()}).values())[0].result(WAIT_S).offset == 15)
    same("what is left", [r.value for r in read(topic, 1)], [b"%d" % i for i in range(15, 20)])


def groups():
    topic, group = create("groups"), prefix + "-groups"
    send(producer(), topic, plain(9))
    m = Member(topic, group)
    try:
        until("the member has all", lambda: len(m.parts) == PARTITIONS)
        info = admin.describe_consumer_groups([group])[group].result(WAIT_S)
        check(info.state == ck.ConsumerGroupState.STABLE and len(info.members) == 1, "group: %s, %d members", info.state, len(info.members))
        listed = admin.list_consumer_groups().result(WAIT_S)
        check(not listed.errors and group in {g.group_id for g in listed.valid}, "the group is not listed: %s", listed.errors)
    finally:
        m.leave()
    offsets = [ck.TopicPartition(topic, p, 2) for p in range(PARTITIONS)]
    admin.alter_consumer_group_offsets([ck.ConsumerGroupTopicPartitions(group, offsets)])[group].result(WAIT_S)
    got = admin.list_consumer_group_offsets([ck.ConsumerGroupTopicPartitions(group)])[group].result(WAIT_S)
    same("offsets", sorted(p.offset for p in got.topic_partitions), [2, 2, 2])
    admin.delete_consumer_groups([group])[group].result(WAIT_S)
    check(group not in {g.group_id for g in admin.list_consumer_groups().result(WAIT_S).valid}, "the group is still listed")


def main():
    c = Checks()
    if sys.argv[3:4] == ["read"]:
        for t in sys.argv[4:]:
            c.run("reads-" + t.split("-", 1)[1], foreign, t)
        c.done()
    for name in ("none", "gzip", "snappy", "lz4", "zstd"):
        c.run("codec-" + name, codec, name)
    c.run("resume", resume)
    for strategy in ("range", "roundrobin", "cooperative-sticky"):
        c.run("rebalance-" + strategy, rebalance, strategy, partition_assignment_strategy=strategy)
    if ck.libversion()[1] >= 0x020c0000:  # the version in which the protocol left preview
        c.run("rebalance-consumer-protocol", rebalance, "848", group_protocol="consumer")
    c.run("static-member", static_member)
    c.run("transactions", transactions)
    c.run("open-transaction", open_transaction)
    c.run("transfer", transfer)
    c.run("fencing", fencing)
    c.run("offsets-by-time", by_time)
    c.run("admin-topics", topics)
    c.run("admin-delete-records", delete_records)
    c.run("admin-groups", groups)
    c.done()


main()
