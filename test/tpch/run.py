#!/usr/bin/env python3
"""The 22 queries against Spark's recorded answers, over data that is generated once.

    run.py              scale 0.1 in all modes; scale 1 straight and with 64 MiB
    run.py --all        both scales in all modes

Says what each mode took, shows what failed, and ends with "N passed, M failed".
"""

import collections
import json
import os
import re
import subprocess
import sys

import data

USUAL = "TestAnswers/sf0.1|TestAnswers/sf1/(straight|memory-64MiB)"


def main():
    folder = data.generated(["0.1", "1"])
    tests = "TestAnswers" if "--all" in sys.argv else USUAL
    go = subprocess.Popen(["go", "test", "-json", "-count=1", "-timeout=60m", "-run", tests, "."], cwd=data.HERE, text=True,
                          env=dict(os.environ, AZUD_TPCH=str(folder)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = collections.defaultdict(list)
    passed, failed = 0, []
    for line in go.stdout:
        try:
            e = json.loads(line)
        except ValueError:
            print(line, end="")  # the go command's own words
            continue
        test, action = e.get("Test", ""), e["Action"]
        query = re.search(r"/q\d\d$", test)
        if action in ("output", "build-output"):
            output[test].append(e["Output"])
            said = re.search(r"\d+ queries in .*", e["Output"])
            if said:
                print("%s: %s" % (test.removeprefix("TestAnswers/"), said.group()), flush=True)
        elif action == "pass" and query:
            passed += 1
        elif action == "fail" and not any(f.startswith(test) for f in failed):  # not again for what holds the query
            failed.append(test)
            print("FAIL %s\n%s" % (test, "".join(output[test])), flush=True)
    if go.wait() and not failed or not passed:
        failed.append("")
    print("%d passed, %d failed" % (passed, len(failed)))
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
