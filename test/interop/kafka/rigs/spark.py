"""Round trips of Spark's Kafka connector: batch, and streams with checkpoints.

    spark.py BOOTSTRAP PREFIX WORK JARS
"""

import glob
import os
import sys
import time

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from common import Checks, check, same

bootstrap, prefix, work, jars = sys.argv[1:5]
N = 500

spark = (SparkSession.builder.master("local[2]").config("spark.jars", ",".join(sorted(glob.glob(jars + "/*.jar"))))
         .config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false").config("spark.sql.shuffle.partitions", "2")
         .config("spark.driver.memory", "1g").config("spark.driver.bindAddress", "127.0.0.1")
         .config("spark.driver.host", "127.0.0.1").config("spark.local.dir", work)
         .config("spark.sql.warehouse.dir", os.path.join(work, "warehouse")).getOrCreate())
spark.sparkContext.setLogLevel("ERROR")


def options(source=None, **more):
    o = {"kafka.bootstrap.servers": bootstrap}
    if source:
        o["subscribe"] = prefix + source
    o.update(more)
    return o


def rows(topic, **more):
    """(key, value) of a topic, ordered by value."""
    df = spark.read.format("kafka").options(**options(topic, startingOffsets="earliest", endingOffsets="latest", **more)).load()
    return [(r.k, r.v) for r in df.select(F.col("key").cast("string").alias("k"), F.col("value").cast("string").alias("v")).collect()]


def numbers(lo, hi):
    return spark.range(lo, hi).select(
        F.concat(F.lit("k"), F.col("id") % 10).alias("key"), F.col("id").cast("string").alias("value"))


def wanted(lo, hi):
    return [("k%d" % (i % 10), str(i)) for i in range(lo, hi)]


def by_value(pairs):
    return sorted(pairs, key=lambda p: int(p[1]))


def batch(codec):
    topic = "-batch-" + codec
    numbers(0, N).write.format("kafka").options(**options(None, topic=prefix + topic, **{"kafka.compression.type": codec})).save()
    same("rows", by_value(rows(topic)), wanted(0, N))


def columns():
    """Headers, timestamps, null values and an explicit partition."""
    topic = "-columns"
    df = spark.createDataFrame(
        [("a", "1", 1, [("h", bytearray(b"x")), ("n", None)]), ("b", None, 2, None)],
        "key string, value string, partition int, headers array<struct<key:string,value:binary>>")
    df.write.format("kafka").options(**options(None, topic=prefix + topic, includeHeaders="true")).save()
    got = spark.read.format("kafka").options(**options(topic, includeHeaders="true")).load().orderBy("partition").collect()
    same("records", [(r.partition, bytes(r.key), r.value and bytes(r.value), r.offset, r.timestampType,
                      [(h.key, h.value and bytes(h.value)) for h in r.headers or []]) for r in got],
         [(1, b"a", b"1", 0, 0, [("h", b"x"), ("n", None)]), (2, b"b", None, 0, 0, [])])


def ranges():
    """Offsets and timestamps as the limits of a batch."""
    topic = "-ranges"
    spark.range(0, 30).select(F.col("id").cast("string").alias("value"), F.lit(0).alias("partition")).coalesce(1) \
        .write.format("kafka").options(**options(None, topic=prefix + topic)).save()
    name = prefix + topic
    got = spark.read.format("kafka").options(**options(
        topic, startingOffsets='{"%s":{"0":10,"1":-2,"2":-2}}' % name, endingOffsets='{"%s":{"0":20,"1":-1,"2":-1}}' % name)).load()
    same("offsets", sorted(r.offset for r in got.collect()), list(range(10, 20)))
    got = spark.read.format("kafka").options(**options(
        topic, startingTimestamp="1", startingOffsetsByTimestampStrategy="latest")).load()
    check(got.count() == 30, "%d records from a timestamp on", got.count())


def drain(source, target, checkpoint, **more):
    """A stream from a topic into another with all that is there; returns its progress."""
    q = (spark.readStream.format("kafka").options(**options(source, startingOffsets="earliest", **more)).load()
         .select("key", "value").writeStream.format("kafka").options(**options(None, topic=prefix + target))
         .option("checkpointLocation", os.path.join(work, checkpoint)).trigger(availableNow=True).start())
    check(q.awaitTermination(120), "the stream does not end")
    check(q.exception() is None, "the stream failed: %s", q.exception())


def stream():
    """A stream that is started again goes on where its checkpoint says."""
    source, target = "-stream-in", "-stream-out"
    numbers(0, 200).write.format("kafka").options(**options(None, topic=prefix + source)).save()
    drain(source, target, "ck", maxOffsetsPerTrigger="60")
    numbers(200, 300).write.format("kafka").options(**options(None, topic=prefix + source)).save()
    drain(source, target, "ck")
    same("rows", by_value(rows(target)), wanted(0, 300))


def aggregate():
    """Counts by key in a stateful stream over a topic."""
    source = "-agg"
    numbers(0, N).write.format("kafka").options(**options(None, topic=prefix + source)).save()
    q = (spark.readStream.format("kafka").options(**options(source, startingOffsets="earliest")).load()
         .groupBy(F.col("key").cast("string").alias("k")).count()
         .writeStream.format("memory").queryName("agg").outputMode("complete")
         .option("checkpointLocation", os.path.join(work, "agg")).trigger(availableNow=True).start())
    check(q.awaitTermination(120), "the stream does not end")
    same("counts", sorted((r.k, r["count"]) for r in spark.table("agg").collect()), [("k%d" % i, N // 10) for i in range(10)])


def transactions():
    """The connector writes no transactions, but reads them: aborted ones not with read_committed."""
    topic = "-txn"
    p = spark._jvm.org.apache.kafka.clients.producer
    props = spark._jvm.java.util.Properties()
    for k, v in {"bootstrap.servers": bootstrap, "transactional.id": prefix + "-spark",
                 "key.serializer": "org.apache.kafka.common.serialization.StringSerializer",
                 "value.serializer": "org.apache.kafka.common.serialization.StringSerializer"}.items():
        props.setProperty(k, v)
    producer = p.KafkaProducer(props)
    producer.initTransactions()
    for i in range(4):
        producer.beginTransaction()
        for j in range(5):
            producer.send(p.ProducerRecord(prefix + topic, "k%d" % i, str(i * 10 + j)))
        producer.flush()
        if i % 2:
            producer.abortTransaction()
        else:
            producer.commitTransaction()
    producer.close()
    want = [("k%d" % i, str(i * 10 + j)) for i in range(4) for j in range(5)]
    same("committed", by_value(rows(topic, **{"kafka.isolation.level": "read_committed"})), [w for w in want if w[0] in ("k0", "k2")])
    same("uncommitted", by_value(rows(topic, **{"kafka.isolation.level": "read_uncommitted"})), want)


def create(*names):
    """Topics beforehand; only "columns" leaves it to the first record. For just after that, the real
    Kafka may refuse a batch in a way that its client 3.9.2 does not get over.
    """
    jvm = spark._jvm
    topics = jvm.java.util.ArrayList()
    for name in names:
        topics.add(jvm.org.apache.kafka.clients.admin.NewTopic(prefix + name, 3, 1))
    settings = jvm.java.util.Properties()
    settings.setProperty("bootstrap.servers", bootstrap)
    admin = jvm.org.apache.kafka.clients.admin.Admin.create(settings)
    admin.createTopics(topics).all().get()
    admin.close()
    time.sleep(2)


def main():
    create("-batch-none", "-batch-gzip", "-batch-snappy", "-batch-lz4", "-batch-zstd", "-ranges", "-stream-in", "-stream-out",
           "-agg", "-txn")
    c = Checks()
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        c.run("batch-" + codec, batch, codec)
    c.run("columns", columns)
    c.run("ranges", ranges)
    c.run("stream", stream)
    c.run("aggregate", aggregate)
    c.run("transactions", transactions)
    spark.stop()
    c.done()


main()
