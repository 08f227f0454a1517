"""Which failures run again: those that are a known race and nothing else."""

import contextlib
import io
import pathlib
import tempfile
import unittest

import races
import suites

LATE = "unable to commit: REBALANCE_IN_PROGRESS: The group is rebalancing, so a rejoin is needed."
GROUP, OTHER, TOPIC = "a" * 64, "b" * 64, "c" * 64
TWICE = "saw double offset t %s p6o100" % TOPIC


def output(test="range/848", says=(LATE,), prints=((GROUP, LATE), (GROUP, TWICE)), kept=(GROUP, OTHER), parent=()):
    lines = ["=== RUN   TestGroupETL", "=== RUN   TestGroupETL/range", "=== RUN   TestGroupETL/" + test, "=== NAME  TestIssue337"]
    lines += ["    testConsumer sendErr group=%s: %s" % p for p in prints]
    lines += ["    consumer_test.go:345: deleting topic " + TOPIC, "--- PASS: TestIssue337 (10.02s)", "=== NAME  TestGroupETL/" + test]
    lines += ["    helpers_test.go:978: " + s for s in says]
    lines += ["    helpers_test.go:855: TestGroupETL/%s completed in 5.04s" % test]
    lines += ["    helpers_test.go:921: FAILED TESTING -- NOT DELETING GROUP " + g for g in kept]
    lines += ["    helpers_test.go:924: FAILED TESTING -- NOT DELETING TOPIC " + TOPIC, "=== NAME  TestGroupETL"]
    lines += ["    group_test.go:73: " + s for s in parent]
    lines += ["--- FAIL: TestGroupETL (26.00s)", "    --- PASS: TestGroupETL/range (5.14s)", "    --- FAIL: TestGroupETL/%s (5.05s)" % test]
    return "\n".join(lines) + "\n"


class Races(unittest.TestCase):
    def known(self, **change):
        results = suites.go_results(output(**change))
        self.assertEqual(results["TestIssue337"], ("PASS", ""))
        status, detail = results["TestGroupETL"]
        self.assertEqual(status, "FAIL")
        return races.known("franz_go", detail) is not None

    def test_the_race(self):
        self.assertTrue(self.known())
        self.assertTrue(self.known(prints=((GROUP, LATE),)))
        self.assertTrue(self.known(test="sticky/848/static"))

    def test_not_the_race(self):
        for change in (
            dict(test="range"),  # the classic protocol
            dict(says=(TWICE,), prints=((GROUP, TWICE),)),
            dict(says=(TWICE,)),
            dict(says=(LATE, "consumers 0: got 19999 keys != exp 20000")),
            dict(says=("unable to commit: STALE_MEMBER_EPOCH: …",)),
            dict(says=(LATE + "\n        and more",)),
            dict(says=()),
            dict(prints=((GROUP, LATE), (OTHER, TWICE))),  # in a group whose commits were in time
            dict(prints=((GROUP, TWICE), (GROUP, LATE))),
            dict(prints=((GROUP, LATE), (GROUP, "poll got unexpected errs"))),
            dict(parent=("unexpected produce err: no",)),
        ):
            with self.subTest(change):
                self.assertFalse(self.known(**change))

    def rerun(self, *answers):
        race, answers, runs = suites.go_results(output())["TestGroupETL"], list(answers), []
        results = {"TestGroupETL": race, "TestPing": ("FAIL", "TestPing: no")}

        def run(names, folder):
            runs.append(names)
            answer = answers.pop(0)
            return {"TestGroupETL": race if answer == "race" else answer} if answer else {}

        with tempfile.TemporaryDirectory() as d, contextlib.redirect_stdout(io.StringIO()) as told:
            races.again("franz_go", run, results, pathlib.Path(d))
        self.assertEqual(told.getvalue().count("AGAIN franz_go/TestGroupETL, alone"), len(runs))
        self.assertEqual(results["TestPing"][0], "FAIL")
        self.assertEqual(runs, [["TestGroupETL"]] * len(runs))
        return len(runs), results.get("TestGroupETL", ("none",))[0]

    def test_runs_again(self):
        self.assertEqual(self.rerun(("PASS", "")), (1, "PASS"))
        self.assertEqual(self.rerun("race", ("PASS", "")), (2, "PASS"))
        self.assertEqual(self.rerun("race", "race", ("PASS", "")), (2, "FAIL"))
        self.assertEqual(self.rerun(("FAIL", "TestGroupETL: else"), ("PASS", "")), (1, "FAIL"))
        self.assertEqual(self.rerun(None, ("PASS", "")), (1, "none"))


if __name__ == "__main__":
    unittest.main()
