#!/usr/bin/env python3
"""Every client's round trips against a broker.

    run.py [--out DIR] kafka              against a real Apache Kafka 4.3.1, started here
    run.py [--out DIR] azud               against azud up, started here ($AZUD, or built)
    run.py [--out DIR] HOST:PORT          against a broker that runs
    run.py ... --only LABEL,...           these rigs only; --list names them

Prints a line a check and 'N passed, M failed' last. The rigs' whole output is in DIR.
"""

import argparse
import concurrent.futures
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

import brokers
import deps

RIGS = deps.HERE / "rigs"
TIMEOUT_S = 240
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
OPENED = ("java.lang java.lang.invoke java.lang.reflect java.io java.math java.net java.nio java.text java.time java.util"
          " java.util.concurrent java.util.concurrent.atomic java.util.concurrent.locks sun.nio.ch sun.net.util").split()


def python(name, script, *args):
    return lambda address, prefix, work: [deps.venv(name), RIGS / script, address, prefix, *args]


def java(version, *args):
    def command(address, prefix, work):
        jars = deps.jars("clients-" + version)
        built = deps.classes("roundtrip-" + version, RIGS / "Roundtrip.java", jars)
        return ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", "%s:%s/*" % (built, jars), "Roundtrip", address, prefix, *args]
    return command


def spark(address, prefix, work):
    return [deps.venv("spark"), RIGS / "spark.py", address, prefix, work, deps.jars("spark")]


def flink(address, prefix, work):
    own, jars = deps.flink_jars(), deps.jars("flink")
    built = deps.classes("flink", RIGS / "FlinkJob.java", own, jars)
    return ["java", "-Xmx1g", *("--add-opens=java.base/%s=ALL-UNNAMED" % p for p in OPENED),
            "-cp", "%s:%s/*:%s/*" % (built, own, jars), "FlinkJob", address, prefix]


# label: (command, writes the records of common.py in one topic a codec), longest first
ALL = {
    "spark": (spark, False),
    "flink": (flink, False),
    "confluent-2.6": (python("confluent-2.6", "confluent.py"), True),
    "confluent-new": (python("confluent-new", "confluent.py"), True),
    "kafka-python-new": (python("kafka-python-new", "kafka_python.py"), True),
    "kafka-python-2.0": (python("kafka-python-2.0", "kafka_python.py"), True),
    "java-2.8": (java("2.8"), True),
    "java-3.9": (java("3.9"), True),
    "java-4.3": (java("4.3"), True),
    "java-4.3-consumer-protocol": (java("4.3", "consumer"), False),
    "kcat": (lambda address, prefix, work: ["python3", RIGS / "kcat.py", address, prefix], False),
}


class Results:
    def __init__(self):
        self.passed, self.failed = 0, []

    def add(self, label, output, code):
        """Counts what a rig printed; one that ended early is a failed check itself."""
        for line in output.splitlines():
            m = re.match(r"(PASS|FAIL|SKIP) (\S+?)(:? .*)?$", line)
            if m and m[1] == "PASS":
                self.passed += 1
            elif m and m[1] == "FAIL":
                self.failed.append("%s/%s%s" % (label, m[2], m[3] or ""))
        if "\nDONE" not in "\n" + output:
            self.failed.append("%s/ends: exit code %s; %s" % (label, code, " | ".join(output.splitlines()[-3:])[-400:]))


def rig(label, command, address, prefix, out):
    work = tempfile.mkdtemp(prefix="rig-")
    begun, log = time.monotonic(), out / (label + ".log")
    try:
        args = [str(a) for a in command(address, prefix, work)]
        with open(log, "w") as f:
            child = subprocess.Popen(args, cwd=work, stdin=subprocess.DEVNULL, stdout=f, stderr=subprocess.STDOUT,
                                     env=dict(os.environ, SPARK_LOCAL_IP="127.0.0.1"))
            try:
                code = child.wait(TIMEOUT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                code = "none, it hung"
                child.wait()
        output = log.read_text(errors="replace")
    except Exception as e:
        output, code = "%s: %s" % (type(e).__name__, e), 1
    finally:
        shutil.rmtree(work, ignore_errors=True)
    lines = [s for s in output.splitlines() if re.match("(PASS|FAIL|SKIP) ", s)]
    print("\n".join("%s %s/%s" % (s[:4], label, s[5:]) for s in lines))
    print("--- %s: %d checks in %.0f s" % (label, len(lines), time.monotonic() - begun), flush=True)
    return output, code


def run(address, labels, out, workers):
    results, stamp = Results(), "r%06x" % random.randrange(1 << 24)
    prefixes = {label: "%s-%s" % (stamp, label) for label in labels}
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        done = {pool.submit(rig, label, ALL[label][0], address, prefixes[label], out): label for label in labels}
        for f in concurrent.futures.as_completed(done):
            results.add(done[f], *f.result())
        # each of these reads what all the others wrote
        topics = ["%s-codec-%s" % (prefixes[w], c) for w in labels if ALL[w][1] for c in CODECS]
        readers = {"confluent-new": python("confluent-new", "confluent.py", "read", *topics),
                   "kafka-python-new": python("kafka-python-new", "kafka_python.py", "read", *topics),
                   "kafka-python-2.0": python("kafka-python-2.0", "kafka_python.py", "read", *topics),
                   "java-2.8": java("2.8", "read", *topics), "java-4.3": java("4.3", "read", *topics)}
        done = {pool.submit(rig, r + "-reads", command, address, stamp, out): r + "-reads"
                for r, command in readers.items() if r in labels and len(labels) > 1}
        for f in concurrent.futures.as_completed(done):
            results.add(done[f], *f.result())
    return results


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("broker", nargs="?", default="azud")
    p.add_argument("--out", default="", help="folder for logs (a temporary one)")
    p.add_argument("--only", default="", help="labels, by commas")
    p.add_argument("--workers", type=int, default=4, help="rigs at a time")
    p.add_argument("--list", action="store_true")
    a = p.parse_args()
    if a.list:
        print("\n".join(ALL))
        return 0
    labels = a.only.split(",") if a.only else list(ALL)
    out = pathlib.Path(a.out or tempfile.mkdtemp(prefix="azud-kafka-"))
    out.mkdir(parents=True, exist_ok=True)
    begun, broker, folder = time.monotonic(), None, None
    try:
        if ":" not in a.broker:
            folder = tempfile.mkdtemp(prefix="broker-")
            broker = brokers.start(a.broker, folder)
        results = run(broker.address if broker else a.broker, labels, out, a.workers)
        if broker:
            died = broker.child.poll()
            code = died if died is not None else broker.stop()
            if died is not None or (a.broker == "azud" and code != 0):
                results.failed.append("the broker ended with %s%s" % (code, " during the run" if died is not None else ""))
            shutil.copy(broker.log, out / "broker.log")
    finally:
        if broker and broker.child.poll() is None:
            broker.child.kill()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
    for f in results.failed:
        print("FAILED " + f)
    print("logs are in %s; %.0f s" % (out, time.monotonic() - begun))
    print("%d passed, %d failed" % (results.passed, len(results.failed)))
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
