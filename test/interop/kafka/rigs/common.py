"""What every Python rig shares: the records, how checks are named and reported.

A rig prints one line a check, 'PASS name', 'FAIL name: reason' or 'SKIP name: reason',
and 'DONE' at its end. run.py counts them.

Record i of a topic is the same in every client, so that one can read what another wrote
(Roundtrip.java has the same table).
"""

import collections
import sys
import time
import traceback

WAIT_S = 30
PARTITIONS = 3

Record = collections.namedtuple("Record", "partition key value headers timestamp")


class Failure(Exception):
    pass


def check(ok, text, *args):
    if not ok:
        raise Failure(text % args if args else text)


def same(what, got, want):
    """Two lists that must be equal; says where they differ first."""
    for i, (g, w) in enumerate(zip(got, want)):
        check(g == w, "%s: item %d is %.250r, expected %.250r", what, i, g, w)
    check(len(got) == len(want), "%s: %d items, expected %d", what, len(got), len(want))


def record(i, base, null_headers=True):
    """Record i: every tenth has no key, every seventh is a tombstone, some values are empty.

    No record lacks both: kafka-python refuses that.
    """
    key = None if i % 10 == 0 and i % 7 != 3 else b"key-%d" % i
    value = None if i % 7 == 3 else b"" if i % 11 == 5 else b"value-%d-" % i + b"x" * (i % 200)
    headers = []
    if i % 3:
        headers = [("n", b"%d" % i), ("n", b"again"), ("empty", b"")]
        if null_headers:
            headers.append(("null", None))
    return Record(i % PARTITIONS, key, value, headers, base + 10 * i)


def records(n, base, **options):
    return [record(i, base, **options) for i in range(n)]


def by_partition(rows):
    """The records of partition 0 in their order, then those of partition 1, and so on."""
    return sorted(rows, key=lambda r: r.partition)


def now_ms():
    return int(time.time() * 1000)


def until(what, condition, seconds=WAIT_S, pause=0.05):
    deadline = time.monotonic() + seconds
    while True:
        got = condition()
        if got:
            return got
        check(time.monotonic() < deadline, "%s: not within %d s", what, seconds)
        time.sleep(pause)


class Checks:
    """Runs checks by name, all of them although one fails."""

    def __init__(self):
        self.failed = False

    def run(self, name, function, *args, **options):
        try:
            function(*args, **options)
            print("PASS " + name, flush=True)
        except Exception as e:
            self.failed = True
            reason = str(e) if isinstance(e, Failure) else "%s: %s" % (type(e).__name__, e)
            print("FAIL %s: %s" % (name, " ".join(reason.split())[:600]), flush=True)
            traceback.print_exc()

    def skip(self, name, reason):
        print("SKIP %s: %s" % (name, reason), flush=True)

    def done(self):
        print("DONE", flush=True)
        sys.exit(1 if self.failed else 0)
