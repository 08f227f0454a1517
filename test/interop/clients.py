"""Kafka through the two Python clients that people use."""

import time
import uuid

import confluent_kafka as ck
import kafka

from procs import check

WAIT_S = 30
QUIET_S = 2  # without a record: the topic is read


def read_kafka_python(server, topic):
    """All records as (partition, offset, key, value)."""
    consumer = kafka.KafkaConsumer(
        bootstrap_servers=[server], auto_offset_reset="earliest", enable_auto_commit=False,
        consumer_timeout_ms=QUIET_S * 1000,
        isolation_level="read_committed")
    try:
        parts = [kafka.TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
        check(parts, "kafka-python finds no topic %s" % topic)
        consumer.assign(parts)
        consumer.seek_to_beginning(*parts)
        ends = consumer.end_offsets(parts)
        out = []
        while any(consumer.position(p) < ends[p] for p in parts):
            batches = consumer.poll(timeout_ms=QUIET_S * 1000)
            check(batches, "kafka-python waits in vain for %s" % topic)
            for records in batches.values():
                out += [(r.partition, r.offset, r.key, r.value) for r in records]
        return out
    finally:
        consumer.close()


def read_confluent(server, topic):
    """The same with librdkafka, which reads committed records only."""
    consumer = ck.Consumer({"bootstrap.servers": server, "group.id": "interop-%s" % uuid.uuid4(),
                            "auto.offset.reset": "earliest", "enable.partition.eof": True})
    try:
        parts = consumer.list_topics(topic, timeout=WAIT_S).topics[topic].partitions
        check(parts, "confluent-kafka finds no topic %s" % topic)
        consumer.assign([ck.TopicPartition(topic, p, ck.OFFSET_BEGINNING) for p in parts])
        ended, out, deadline = set(), [], time.monotonic() + WAIT_S
        while len(ended) < len(parts):
            check(time.monotonic() < deadline, "confluent-kafka does not reach the end of %s" % topic)
            m = consumer.poll(1)
            if m is None:
                continue
            if m.error() is None:
                out.append((m.partition(), m.offset(), m.key(), m.value()))
            elif m.error().code() == ck.KafkaError._PARTITION_EOF:
                ended.add(m.partition())
            else:
                check(False, "confluent-kafka: %s" % m.error())
        return out
    finally:
        consumer.close()


def write_kafka_python(server, topic, pairs):
    producer = kafka.KafkaProducer(bootstrap_servers=[server])
    try:
        for k, v in pairs:
            producer.send(topic, key=k, value=v).get(timeout=WAIT_S)
    finally:
        producer.close()


def write_confluent(server, topic, pairs, **settings):
    failed = []
    producer = ck.Producer(dict({"bootstrap.servers": server, "enable.idempotence": True}, **settings))
    for k, v in pairs:
        producer.produce(topic, v, k, on_delivery=lambda e, m: failed.append(e) if e else None)
    check(producer.flush(WAIT_S) == 0 and not failed, "confluent-kafka could not produce: %s" % failed)


def transact(server, topic, tid, pairs, commit):
    producer = ck.Producer({"bootstrap.servers": server, "transactional.id": tid})
    producer.init_transactions(WAIT_S)
    producer.begin_transaction()
    for k, v in pairs:
        producer.produce(topic, v, k)
    check(producer.flush(WAIT_S) == 0, "transaction: not all was produced")
    if commit:
        producer.commit_transaction(WAIT_S)
    else:
        producer.abort_transaction(WAIT_S)


def consume_group(server, topic, group, count):
    """Reads as a member of a group, commits, leaves; returns the values."""
    consumer = ck.Consumer({"bootstrap.servers": server, "group.id": group, "auto.offset.reset": "earliest",
                            "enable.auto.commit": False})
    try:
        consumer.subscribe([topic])
        out, deadline = [], time.monotonic() + WAIT_S
        while len(out) < count and time.monotonic() < deadline:
            m = consumer.poll(0.5)
            if m is not None and m.error() is None:
                out.append(m.value())
        if out:
            consumer.commit(asynchronous=False)
        return out
    finally:
        consumer.close()
