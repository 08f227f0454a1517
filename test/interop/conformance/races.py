"""Races in the suites' own tests, which Apache Kafka loses too.

A failure that is wholly one of these has its test run again, alone, at most TRIES times. One
that says anything else, or anything more, fails at once.
"""

import collections
import re

TRIES = 2

# tests and message are patterns that a failing (part of a) test and all that it says must match as a whole.
Race = collections.namedtuple("Race", "suite tests message reason")

KNOWN = (
    # A member that is in its last round commits nothing when partitions are revoked (group_test.go, OnPartitionsRevoked:
    # netls >= etlsBeforeQuit), while its loop has just allowed the rebalance and commits. If the heartbeat that gives the
    # partitions up overtakes this commit, both brokers answer STALE_MEMBER_EPOCH (KIP-1251); kgo drops the lost partitions
    # and says REBALANCE_IN_PROGRESS for them, which the loop does not expect. What was not committed is then read twice.
    Race("franz_go", r"TestGroupETL/(range/848|sticky/848|sticky/848/static)",
         r"unable to commit: REBALANCE_IN_PROGRESS: The group is rebalancing, so a rejoin is needed\."
         r"( then saw double offset t [0-9a-f]{64} p\d+o\d+)*",
         "commits just after it allowed the partitions to be revoked, and does not expect to be late"),
)


def known(suite, detail):
    """The race that a failure is, or None. Its detail is "TEST: MESSAGE | TEST: MESSAGE"."""
    for race in KNOWN:
        if race.suite == suite and all(re.fullmatch("%s: %s" % (race.tests, race.message), d) for d in detail.split(" | ")):
            return race
    return None


def again(suite, run, results, out):
    """Runs tests that lost a race again, each alone and with its output in a folder of its own."""
    for n in range(1, TRIES + 1):
        for name, (status, detail) in list(results.items()):
            race = known(suite, detail) if status == "FAIL" else None
            if not race:
                continue
            print("AGAIN %s/%s, alone (%d of %d), for a known race: it %s: %s" % (suite, name, n, TRIES, race.reason, detail[:400]), flush=True)
            folder = out / ("%s-again-%d" % (name, n))
            folder.mkdir(parents=True, exist_ok=True)
            del results[name]
            results.update(run([name], folder))
