#!/usr/bin/env python3
"""Reads `go test -json` from standard input, shows what failed, and counts.

Prints the output of each failed test or package, and a last line "N passed, M failed";
a package that does not build is one failure. Exits with 1 if anything failed.
"""

import collections
import json
import sys


def main():
    output = collections.defaultdict(list)
    passed, failed = 0, []
    packages, with_tests = [], set()
    for line in sys.stdin:
        try:
            e = json.loads(line)
        except ValueError:
            print(line, end="")  # the go command's own words
            continue
        key = (e.get("Package") or e.get("ImportPath", "?"), e.get("Test", ""))
        action = e["Action"]
        if action in ("output", "build-output"):
            output[key].append(e["Output"])
        elif action == "pass" and key[1]:
            passed += 1
        elif action == "fail" and key[1]:
            failed.append(key)
            with_tests.add(key[0])
        elif action == "fail":
            packages.append(key)
            output[key] += output.pop((e.get("FailedBuild", ""), ""), [])
    # A package fails with its tests; by itself it counts when none of them did.
    failed += [k for k in packages if k[0] not in with_tests]
    for key in failed:
        print("FAIL %s %s" % key)
        print("".join(output[key]))
    print("%d passed, %d failed" % (passed, len(failed)))
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
