"""Round trips of kcat.

    kcat.py BOOTSTRAP PREFIX
"""

import json
import subprocess
import sys

from common import PARTITIONS, Checks, Record, by_partition, check, now_ms, same

bootstrap, prefix = sys.argv[1:3]


def kcat(*args, text=""):
    r = subprocess.run(["kcat", "-b", bootstrap, *args], input=text, capture_output=True, text=True, timeout=60)
    check(r.returncode == 0, "kcat %s ended with %d: %s", " ".join(args), r.returncode, r.stderr[-300:])
    return r.stdout


def rows(topic, *more):
    out = []
    for line in kcat("-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J", *more).splitlines():
        d = json.loads(line)
        pairs = d.get("headers") or []
        out.append(Record(d["partition"], d["key"], d["payload"], list(zip(pairs[::2], pairs[1::2])), d["ts"]))
    return out


def codec(name):
    """-z, keys with -K, headers with -H, NULL values with -Z; the topic is created by the first record."""
    topic, begun, want = "%s-codec-%s" % (prefix, name), now_ms(), []
    for p in range(PARTITIONS):
        values = ["value-%d-%s" % (i, "x" * i) if i % 7 != 3 else "" for i in range(50)]
        kcat("-P", "-t", topic, "-p", str(p), "-z", name, "-K:", "-Z", "-H", "a=1", "-H", "b=2",
             text="".join("key-%d:%s\n" % (i, v) for i, v in enumerate(values)))
        want += [Record(p, "key-%d" % i, v or None, [("a", "1"), ("b", "2")], 0) for i, v in enumerate(values)]
    got = rows(topic)
    check(all(begun - 1000 <= r.timestamp <= now_ms() + 1000 for r in got), "timestamps are not those of now")
    same("records", by_partition([r._replace(timestamp=0) for r in got]), by_partition(want))


def group():
    """-G: a group of its own, and a second run goes on where the first stopped."""
    topic, name = prefix + "-group", prefix + "-kcat"
    kcat("-P", "-t", topic, "-p", "0", text="".join("%d\n" % i for i in range(20)))
    got = kcat("-G", name, "-c", "20", "-q", "-X", "auto.offset.reset=earliest", topic).split()
    same("values", got, [str(i) for i in range(20)])
    kcat("-P", "-t", topic, "-p", "0", text="20\n21\n")
    got = kcat("-G", name, "-c", "2", "-q", "-X", "auto.offset.reset=earliest", topic).split()
    same("values of the second run", got, ["20", "21"])


def offsets():
    """-Q: offsets by time; -o: from an offset, the last ones."""
    topic = prefix + "-offsets"
    kcat("-P", "-t", topic, "-p", "0", text="".join("%d\n" % i for i in range(20)))
    check(kcat("-Q", "-t", topic + ":0:-1").strip().endswith("offset 20"), "the end")
    check(kcat("-Q", "-t", topic + ":0:1").strip().endswith("offset 0"), "the beginning by time")
    same("from offset 15", kcat("-C", "-t", topic, "-p", "0", "-o", "15", "-e", "-q").split(), ["15", "16", "17", "18", "19"])
    same("the last two", kcat("-C", "-t", topic, "-p", "0", "-o", "-2", "-e", "-q").split(), ["18", "19"])


def metadata():
    d = json.loads(kcat("-L", "-J"))
    check(len(d["brokers"]) == 1, "brokers %s", d["brokers"])
    mine = [t for t in d["topics"] if t["topic"] == prefix + "-offsets"]
    check(len(mine) == 1 and len(mine[0]["partitions"]) == PARTITIONS, "topics %s", mine)


def transaction():
    """-X transactional.id: everything that comes on the standard input is one transaction."""
    topic = prefix + "-txn"
    kcat("-P", "-t", topic, "-p", "0", text="before\n")
    kcat("-P", "-t", topic, "-p", "0", "-X", "transactional.id=%s-kcat" % prefix, text="a\nb\n")
    same("values", kcat("-C", "-t", topic, "-p", "0", "-o", "beginning", "-e", "-q").split(), ["before", "a", "b"])


def main():
    c = Checks()
    for name in ("none", "gzip", "snappy", "lz4", "zstd"):
        c.run("codec-" + name, codec, name)
    c.run("group", group)
    c.run("offsets", offsets)
    c.run("metadata", metadata)
    c.run("transaction", transaction)
    c.done()


main()
