"""Kafka's own system test tools, each run as Kafka's system tests run it: what was
acknowledged must arrive, once, in order, and nothing else.
"""

import json
import os
import re
import subprocess
import tempfile
import time
import uuid

from suites import deps

N = 20_000


class Failure(Exception):
    pass


def check(ok, text, *args):
    if not ok:
        raise Failure(text % args if args else text)


class Tools:
    def __init__(self, address, log):
        self.address, self.log = address, log
        self.jars = deps.jars("server-4.3")
        self.prefix = "tools-" + uuid.uuid4().hex[:8]

    def command(self, tool, *args):
        return ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=WARN", "-cp", "%s/*" % self.jars,
                "org.apache.kafka.tools." + tool, *map(str, args)]

    def run(self, tool, *args, seconds=120):
        """Standard output of a tool that ends by itself."""
        r = subprocess.run(self.command(tool, *args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log,
                           text=True, timeout=seconds)
        self.log.write("%s: exit %d\n%s\n" % (tool, r.returncode, r.stdout[-2000:]))
        self.log.flush()
        check(r.returncode == 0, "%s ended with %d: %s", tool, r.returncode, r.stdout[-300:])
        return r.stdout

    def start(self, tool, *args):
        """A tool that runs beside others; its standard output goes to the file out of the returned process."""
        file = tempfile.TemporaryFile("w+")
        child = subprocess.Popen(self.command(tool, *args), stdin=subprocess.DEVNULL, stdout=file, stderr=self.log)
        child.out = file
        return child

    def topic(self, name, partitions):
        name = "%s-%s" % (self.prefix, name)
        self.run("TopicCommand", "--bootstrap-server", self.address, "--create", "--topic", name, "--partitions", partitions)
        return name

    def produce(self, topic, n=N, *more):
        """Values by partition in the order of their offsets, as acknowledged."""
        out = self.run("VerifiableProducer", "--bootstrap-server", self.address, "--topic", topic, "--max-messages", n, *more)
        acked, offsets = {}, {}
        for e in events(out):
            check(e["name"] != "producer_send_error", "send error: %s", e)
            if e["name"] == "producer_send_success":
                p = e["partition"]
                check(e["offset"] not in offsets.setdefault(p, set()), "offset %d of %d was given twice", e["offset"], p)
                offsets[p].add(e["offset"])
                acked.setdefault(p, []).append((e["offset"], e["value"]))
        check(sum(map(len, acked.values())) == n, "%d of %d were acknowledged", sum(map(len, acked.values())), n)
        return {p: [v for _, v in sorted(rows)] for p, rows in acked.items()}

    def consume(self, topic, group, n, *more):
        """Values by partition as they came, of a consumer that ends after n."""
        out = self.run("VerifiableConsumer", "--bootstrap-server", self.address, "--topic", topic, "--group-id", group,
                       "--max-messages", n, "--verbose", *more)
        return values(events(out))

    def read(self, topic, isolation="read_committed"):
        """All values of a topic by partition."""
        out = self.run("consumer.ConsoleConsumer", "--bootstrap-server", self.address, "--topic", topic, "--from-beginning",
                       "--isolation-level", isolation, "--timeout-ms", 8000, "--formatter-property", "print.partition=true")
        got = {}
        for line in out.splitlines():
            m = re.match(r"Partition:(\d+)\t(.*)", line)
            if m:
                got.setdefault(int(m[1]), []).append(m[2])
        return got


def output(child, seconds=60):
    child.wait(seconds)
    child.out.seek(0)
    return child.out.read()


def events(out):
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def values(rows):
    got = {}
    for e in rows:
        if e["name"] == "record_data":
            got.setdefault(e["partition"], []).append(e["value"])
    return got


def same(what, got, want):
    for p in sorted(set(got) | set(want)):
        g, w = got.get(p, []), want.get(p, [])
        lost, extra = len(set(w) - set(g)), len(g) - len(set(g))
        check(g == w, "%s, partition %d: %d values, expected %d; %d lost, %d twice%s", what, p, len(g), len(w), lost, extra,
              "" if lost or extra else ", or in another order")


def produce_consume(t):
    """VerifiableProducer, then VerifiableConsumer in a classic group."""
    topic = t.topic("pc", 3)
    acked = t.produce(topic)
    same("consumed", t.consume(topic, t.prefix + "-pc", N), acked)


def consumer_protocol(t):
    """The same with the group protocol of KIP-848."""
    topic = t.topic("848", 3)
    acked = t.produce(topic)
    same("consumed", t.consume(topic, t.prefix + "-848", N, "--group-protocol", "consumer"), acked)


def acks_1(t):
    topic = t.topic("acks1", 3)
    acked = t.produce(topic, N, "--acks", "1")
    same("read", t.read(topic), acked)


def repeating_keys(t):
    """Records with keys: a key stays in its partition."""
    topic = t.topic("keys", 3)
    out = t.run("VerifiableProducer", "--bootstrap-server", t.address, "--topic", topic, "--max-messages", N, "--repeating-keys", 10)
    homes = {}
    for e in events(out):
        if e["name"] == "producer_send_success":
            homes.setdefault(e["key"], set()).add(e["partition"])
    check(len(homes) == 10 and all(len(h) == 1 for h in homes.values()), "keys and partitions: %s", homes)


def rebalance(t):
    """Two consumers of a group; one is killed, the other reads on: everything arrives at least once."""
    topic, group = t.topic("rebalance", 4), t.prefix + "-rebalance"
    args = ("--bootstrap-server", t.address, "--topic", topic, "--group-id", group, "--verbose", "--session-timeout", 6000)
    members = [t.start("VerifiableConsumer", *args) for _ in range(2)]
    try:
        producer = t.start("VerifiableProducer", "--bootstrap-server", t.address, "--topic", topic,
                           "--max-messages", N, "--throughput", 3000)
        time.sleep(4)
        members[0].kill()
        first = output(members[0])
        produced = events(output(producer))
        acked = {e["value"] for e in produced if e["name"] == "producer_send_success"}
        check(len(acked) == N, "%d of %d were acknowledged", len(acked), N)
        time.sleep(10)  # the session of the killed one and the rest
        members[1].terminate()
        second = output(members[1])
    finally:
        for m in members:
            if m.poll() is None:
                m.kill()
    lines = [s for s in first.splitlines() if s.endswith("}")] + second.splitlines()
    rows = events("\n".join(lines))
    got = {v for p in values(rows).values() for v in p}
    check(got >= acked, "%d of %d acknowledged values were never consumed", len(acked - got), N)


def copier(t, name, partitions, *more):
    source, target = t.topic(name + "-in", partitions), t.topic(name + "-out", partitions)
    acked = t.produce(source, N // 2)
    group = "%s-%s" % (t.prefix, name)
    for p in range(1 if "--group-mode" in more else partitions):
        t.run("TransactionalMessageCopier", "--broker-list", t.address, "--input-topic", source, "--input-partition", p,
              "--output-topic", target, "--consumer-group", group, "--transaction-size", 500,
              "--transactional-id", "%s-%s-%d" % (t.prefix, name, p), *more, seconds=180)
    got = [v for rows in t.read(target).values() for v in rows]
    want = {v for rows in acked.values() for v in rows}
    check(set(got) == want, "%d values of %d are missing, %d are strange", len(want - set(got)), len(want), len(set(got) - want))
    check(len(got) == len(want), "%d values came twice", len(got) - len(set(got)))
    return target, want


def transactional_copier(t):
    """Consume, produce and commit offsets in transactions: exactly once."""
    copier(t, "copy", 2, "--use-group-metadata")


def transactional_copier_aborts(t):
    """The same with random aborts: read_uncommitted sees more, read_committed each value once."""
    target, want = copier(t, "abort", 2, "--use-group-metadata", "--enable-random-aborts")
    got = [v for rows in t.read(target, "read_uncommitted").values() for v in rows]
    check(len(got) >= len(want) and set(got) == want, "uncommitted: %d values", len(got))


def transactional_copier_group(t):
    """The same as a member of a group."""
    copier(t, "group", 2, "--use-group-metadata", "--group-mode", "--enable-random-aborts")


def producer_performance(t):
    """All records arrive; the rate is not judged."""
    topic = t.topic("perf", 3)
    for codec in ("none", "zstd"):
        out = t.run("ProducerPerformance", "--bootstrap-server", t.address, "--topic", topic, "--num-records", 100_000,
                    "--record-size", 100, "--throughput", -1, "--command-property", "compression.type=" + codec, "acks=all")
        check("100000 records sent" in out, "no summary: %s", out[-200:])
    check(count(t, topic) == 200_000, "%d records of 200000", count(t, topic))


def producer_performance_transactions(t):
    topic = t.topic("perf-txn", 3)
    out = t.run("ProducerPerformance", "--bootstrap-server", t.address, "--topic", topic, "--num-records", 50_000, "--record-size", 100,
                "--throughput", -1, "--transaction-duration-ms", 100, "--transactional-id", t.prefix + "-perf")
    check("50000 records sent" in out, "no summary: %s", out[-200:])
    out = t.run("ConsumerPerformance", "--bootstrap-server", t.address, "--topic", topic, "--num-records", 50_000,
                "--timeout", 20_000, "--command-property", "isolation.level=read_committed")
    row = [s.strip() for s in out.strip().splitlines()[-1].split(",")]
    check(row[4] == "50000", "consumed %s", row)


def count(t, topic):
    out = t.run("GetOffsetShell", "--bootstrap-server", t.address, "--topic", topic)
    return sum(int(s.rsplit(":", 1)[1]) for s in out.split() if s.startswith(topic + ":"))


ALL = {f.__name__: f for f in (
    produce_consume, consumer_protocol, acks_1, repeating_keys, rebalance, transactional_copier, transactional_copier_aborts,
    transactional_copier_group, producer_performance, producer_performance_transactions)}


def kafka_tools(address, names, out):
    results = {}
    with open(os.path.join(out, "kafka-tools.log"), "w") as log:
        t = Tools(address, log)
        for name in names:
            begun = time.monotonic()
            try:
                ALL[name](t)
                results[name] = ("PASS", "")
            except Exception as e:
                text = str(e) if isinstance(e, Failure) else "%s: %s" % (type(e).__name__, e)
                results[name] = ("FAIL", " ".join(text.split())[:400])
            log.write("--- %s: %s in %.1f s\n" % (name, results[name], time.monotonic() - begun))
            log.flush()
    return results
