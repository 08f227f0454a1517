"""The interop suite; run.sh starts it. Each test prints one line; the last line counts."""

import argparse
import collections
import json
import math
import os
import random
import shutil
import sys
import tempfile
import time
import traceback

import clients
import expected
from procs import Azud, Failure, Replay, check

DRAIN_S = 120
SETTLE_S = 1.5  # after the right numbers are there: would anything come twice?


class Suite:
    def __init__(self, args):
        self.args = args
        self.want = expected.expected(args.feeds)
        self.passed = self.failed = 0

    def run(self, name, test):
        if self.args.tests and name not in self.args.tests:
            return
        folder = tempfile.mkdtemp(prefix="azud-interop-")
        begun, living = time.monotonic(), []
        try:
            test(folder, living)
            self.passed += 1
            print("ok   %s (%.1f s)" % (name, time.monotonic() - begun), flush=True)
        except Exception as e:
            self.failed += 1
            text = str(e) if isinstance(e, Failure) else traceback.format_exc()
            print("FAIL %s (%.1f s): %s" % (name, time.monotonic() - begun, text), flush=True)
        finally:
            for p in living:
                if p.child.poll() is None:
                    p.kill()
            shutil.rmtree(folder, ignore_errors=True)

    def replay(self, living, *flags):
        r = Replay(self.args.replay, self.args.feeds, os.path.join(self.args.out, "replay.log"), *flags)
        living.append(r)
        return r

    def azud(self, living, folder, url, *flags, name="azud"):
        a = Azud(self.args.azud, folder, os.path.join(self.args.out, name + ".log"), url, *flags)
        living.append(a)
        return a

    def drain(self, azud, replay):
        """Waits until all feeds are served and counted."""
        rows, last = len(self.want["rows"]), None
        deadline = time.monotonic() + DRAIN_S
        while time.monotonic() < deadline:
            status = replay.status()
            if status["done"]:
                last = sum(r["sismos"] for r in azud.sql("SELECT sismos FROM estadisticas"))
                check(status["skipped"] == 0, "the ETag of a broken body was kept: %s" % status)
                if last >= rows and len(azud.alerts()) >= len(self.want["alerts"]):
                    time.sleep(SETTLE_S)
                    return
            time.sleep(0.2)
        raise Failure("not all is counted after %d s: %s earthquakes of %d, %d alerts of %d; replay %s" % (
            DRAIN_S, last, rows, len(azud.alerts()), len(self.want["alerts"]), status))

    def compare(self, azud):
        """Topic, alerts and windows against what the files say."""
        self.compare_topic("kafka-python", clients.read_kafka_python(azud.kafka, "sismos"))
        self.compare_topic("confluent-kafka", clients.read_confluent(azud.kafka, "sismos"))
        same_bag("alertas.log", azud.alerts(), self.want["alerts"])
        self.compare_windows(azud.sql("SELECT * FROM estadisticas"))

    def compare_topic(self, client, records):
        got = [json.loads(v) for _, _, _, v in records]
        check(all(k is not None and k.decode() == q["id"] for (_, _, k, _), q in zip(records, got)),
              "%s: a record's key is not its id" % client)
        want = {q["id"]: q for q in self.want["rows"]}
        count = collections.Counter(q["id"] for q in got)
        twice = [i for i, n in count.items() if n > 1]
        lost = [i for i in want if i not in count]
        more = [i for i in count if i not in want]
        check(not (twice or lost or more), "%s: topic sismos: lost %s, doubled %s, unknown %s" % (client, lost, twice, more))
        for q in got:
            check(q == want[q["id"]], "%s: topic sismos has %s, the feed %s" % (client, q, want[q["id"]]))

    def compare_windows(self, rows):
        got = sorted((window(r) for r in rows), key=lambda w: w["start"])
        want = self.want["windows"]
        check([w["start"] for w in got] == [w["start"] for w in want],
              "windows: got %d of %d; differing starts %s" % (
                  len(got), len(want), sorted({w["start"] for w in got} ^ {w["start"] for w in want})))
        for g, w in zip(got, want):
            check(g["end"] == w["end"] and g["count"] == w["count"] and close(g["avg"], w["avg"]) and close(g["max"], w["max"]),
                  "window: got %s, want %s" % (g, w))

    # The tests.

    def straight(self, folder, living):
        """The feed with its troubles, once through; then again from where it stopped."""
        replay = self.replay(living)
        azud = self.azud(living, folder, replay.url, name="straight")
        azud.wait_ready()
        self.drain(azud, replay)
        self.compare(azud)
        count = azud.sql("SELECT count(*) AS n, max(magnitud) AS m FROM sismos")[0]
        want = max(q["magnitud"] for q in self.want["rows"] if q["magnitud"] is not None)
        check(count == {"n": len(self.want["rows"]), "m": want}, "count and max: %s" % count)
        code, took = azud.stop()
        check(code == 0 and took < 2, "Ctrl+C: exit %d after %.1f s" % (code, took))
        again = self.replay(living)  # all of it is served once more: nothing is new
        azud = self.azud(living, folder, again.url, name="straight")
        azud.wait_ready()
        self.drain(azud, again)
        self.compare(azud)
        azud.stop()

    def kills(self, folder, living):
        """The same under kill -9 at random moments, from the first instant on."""
        rng = random.Random(self.args.seed)
        print("     kills=%d seed=%d" % (self.args.kills, self.args.seed), flush=True)
        replay = self.replay(living)
        served = []
        for _ in range(self.args.kills):
            azud = self.azud(living, folder, replay.url, name="kills")
            if rng.random() < 0.8:  # else it may die while it starts
                azud.wait_ready()
            time.sleep(rng.uniform(0, 1.2))
            check(azud.child.poll() is None, "azud ended by itself:\n" + "\n".join(azud.lines[-15:]))
            azud.kill()
            served.append(replay.status()["step"])
        print("     killed at steps %s of %d" % (served, replay.status()["steps"]), flush=True)
        azud = self.azud(living, folder, replay.url, name="kills")
        azud.wait_ready()
        self.drain(azud, replay)
        self.compare(azud)
        check(azud.stop()[0] == 0, "no clean end after the kills")

    def python_clients(self, folder, living):
        """Topics of one's own, with both clients, groups and transactions, across a restart."""
        azud = self.azud(living, folder, "", "--no-pipelines", name="clients")
        azud.wait_ready()
        pairs = [(b"k%d" % i, b"v%d" % i) for i in range(200)]
        clients.write_kafka_python(azud.kafka, "t-python", pairs)
        clients.write_confluent(azud.kafka, "t-confluent", pairs)
        clients.write_confluent(azud.kafka, "t-lz4", pairs, **{"compression.type": "lz4"})
        clients.transact(azud.kafka, "t-txn", "interop", pairs, commit=True)
        clients.transact(azud.kafka, "t-txn", "interop", [(b"x", b"aborted")], commit=False)
        first = clients.consume_group(azud.kafka, "t-confluent", "g", len(pairs))
        check(len(first) == len(pairs), "the group read %d of %d" % (len(first), len(pairs)))
        azud.kill()
        azud = self.azud(living, folder, "", "--no-pipelines", name="clients")
        azud.wait_ready()
        for topic in ("t-python", "t-confluent", "t-lz4", "t-txn"):
            for read in (clients.read_kafka_python, clients.read_confluent):
                if topic == "t-lz4" and read == clients.read_kafka_python:
                    continue  # it reads LZ4 only with another package
                same_bag("%s with %s" % (topic, read.__name__), [(k, v) for _, _, k, v in read(azud.kafka, topic)], pairs)
        clients.write_kafka_python(azud.kafka, "t-confluent", [(b"new", b"new")])
        check(clients.consume_group(azud.kafka, "t-confluent", "g", 1) == [b"new"], "the group's offsets are gone")
        azud.stop()

    def commands(self, folder, living):
        """azud topic, consume and sql beside a running azud."""
        azud = self.azud(living, folder, "", "--no-pipelines", name="commands")
        azud.wait_ready()
        clients.write_confluent(azud.kafka, "t", [(b"k", b"uno"), (b"k", b"dos")])
        check("t" in azud.run("topic", "list", "--http", azud.http).split(), "azud topic list shows no t")
        got = azud.first_lines(2, "consume", "t", "--from-beginning", "--http", azud.http)
        check(got == ["uno", "dos"], "azud consume: %r" % got)
        check(azud.sql("SELECT 1 + 1 AS dos") == [{"dos": 2}], "azud sql")
        azud.stop()


def window(r):
    """A row of the live table, with the window's ends as text."""
    v = r["ventana"]
    start, end = (v["start"], v["end"]) if isinstance(v, dict) else v
    return {"start": moment(start), "end": moment(end), "count": r["sismos"],
            "avg": r["magnitud_media"], "max": r["magnitud_maxima"]}


def moment(s):
    return s[:19].replace("T", " ")


def close(a, b):
    return a == b if a is None or b is None else math.isclose(a, b, rel_tol=1e-12)


def same_bag(what, got, want):
    """The same things as often; a topic's partitions have no common order."""
    more = collections.Counter(got) - collections.Counter(want)
    less = collections.Counter(want) - collections.Counter(got)
    check(not more and not less, "%s: %d too many, %d missing; for example %s" % (
        what, sum(more.values()), sum(less.values()), next(iter(more or less), "")))


def main():
    p = argparse.ArgumentParser()
    for name in ("azud", "replay", "feeds", "out"):
        p.add_argument("--" + name, required=True)
    p.add_argument("--kills", type=int, default=20)
    p.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    p.add_argument("tests", nargs="*")
    suite = Suite(p.parse_args())
    suite.run("straight", suite.straight)
    suite.run("kills", suite.kills)
    suite.run("clients", suite.python_clients)
    suite.run("commands", suite.commands)
    print("%d passed, %d failed" % (suite.passed, suite.failed))
    sys.exit(bool(suite.failed))


if __name__ == "__main__":
    main()
