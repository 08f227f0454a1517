#!/usr/bin/env python3
"""Other projects' test suites against a broker.

    run.py [--out DIR] [--full] kafka|azud|HOST:PORT [SUITE ...]

Suites: librdkafka, franz_go, kafka_python, kafka_tools; all of them by default. 'kafka' and
'azud' are started here. Which tests run is in lists/SUITE.txt, one a line, with a word:

    ci       is expected to pass, and runs always
    flaky    the same, in one of three tries; the reason says how it fails on the real Kafka
    full     is expected to pass, and runs with --full
    kafka    runs with --full and against Apache Kafka only; the reason says what azud does not have
    no       does not run; with the reason

A test that lost a race of its own (races.py) runs again, alone, twice at most.

Prints a line for each test that did not end as expected or ran again, counts by suite, and
'N passed, M failed' last. Each suite's output is in DIR.
"""

import argparse
import collections
import os
import pathlib
import shutil
import sys
import tempfile
import time

import races
import suites
import tools

sys.path.insert(0, str(suites.HERE.parent / "kafka"))

import brokers

SUITES = {"librdkafka": suites.librdkafka, "franz_go": suites.franz_go, "kafka_python": suites.kafka_python,
          "kafka_tools": tools.kafka_tools}
WORDS = ("ci", "flaky", "full", "kafka", "no")
REASONED = ("flaky", "kafka", "no")

Test = collections.namedtuple("Test", "name word reason")


def listed(suite):
    out = []
    for n, line in enumerate((suites.HERE / "lists" / (suite + ".txt")).read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, word, *reason = line.split(None, 2)
        if word not in WORDS or (word in REASONED) != bool(reason):
            raise SystemExit("lists/%s.txt:%d: %r" % (suite, n, line))
        out.append(Test(name, word, reason[0] if reason else ""))
    return out


def run(suite, address, words, out):
    """(passed, failures) of one suite."""
    begun, tests = time.monotonic(), listed(suite)
    chosen = [t.name for t in tests if t.word in words]
    shaky = {t.name for t in tests if t.word == "flaky"}
    try:
        results = SUITES[suite](address, chosen, out)
        for _ in range(2):
            again = [n for n in shaky if results.get(n, ("",))[0] != "PASS"]
            if again:
                results.update(SUITES[suite](address, again, out))
        races.again(suite, lambda names, folder: SUITES[suite](address, names, folder), results, out)
    except Exception as e:
        print("%s did not run: %s: %s" % (suite, type(e).__name__, e))
        return 0, ["%s: did not run" % suite]
    passed, failures = 0, []
    for name in chosen:
        status, detail = results.get(name, ("no result", "it did not end"))
        if status == "PASS":
            passed += 1
        else:
            failures.append("%s/%s: %s %s" % (suite, name, status, detail[:400]))
    known = {t.name for t in tests}
    failures += ["%s/%s: %s %s, and is not in the list" % (suite, n, r[0], r[1][:400]) for n, r in results.items()
                 if n not in known and r[0] == "FAIL"]
    for f in failures:
        print("FAILED " + f)
    print("%s: %d passed, %d failed, %d not run, in %.0f s" % (
        suite, passed, len(failures), len(tests) - len(chosen), time.monotonic() - begun), flush=True)
    return passed, failures


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("broker")
    p.add_argument("suite", nargs="*", help=" ".join(SUITES))
    p.add_argument("--out", default="", help="folder for logs (a temporary one)")
    p.add_argument("--full", action="store_true", help="all tests that should pass, not CI's choice")
    a = p.parse_args()
    words = ["ci", "flaky"] + (["full"] if a.full else []) + (["kafka"] if a.full and a.broker == "kafka" else [])
    out = pathlib.Path(a.out or tempfile.mkdtemp(prefix="azud-conformance-"))
    out.mkdir(parents=True, exist_ok=True)
    begun, passed, failed, broker, folder = time.monotonic(), 0, 0, None, None
    try:
        if ":" not in a.broker:
            folder = tempfile.mkdtemp(prefix="broker-")
            os.environ["KAFKA_NUM_PARTITIONS"] = "4"  # what the suites count on
            broker = brokers.start(a.broker, folder, **({"partitions": 4, "node": 0} if a.broker == "kafka" else {}))
        for suite in a.suite or SUITES:
            if broker and broker.child.poll() is not None:
                print("FAILED the broker ended with %s" % broker.child.poll())
                failed += 1
                break
            ok, failures = run(suite, broker.address if broker else a.broker, words, out)
            passed, failed = passed + ok, failed + len(failures)
        if broker:
            broker.stop()
            shutil.copy(broker.log, out / "broker.log")
    finally:
        if broker and broker.child.poll() is None:
            broker.child.kill()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
    print("logs are in %s; %.0f s" % (out, time.monotonic() - begun))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
