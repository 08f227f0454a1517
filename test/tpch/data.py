#!/usr/bin/env python3
"""Makes TPC-H's tables as Parquet, once, in the user's cache, and prints the folder.

    data.py 0.1 1      # the folder then holds sf0.1 and sf1

The generator is pinned in requirements.txt: Spark's answers (record.py) are of its data.
"""

import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop" / "kafka"))
import deps  # noqa: E402


def generated(scales):
    """The folder with sfSCALE for each of the scales."""
    pins = HERE / "requirements.txt"
    tool = pathlib.Path(deps.venv("tpchgen", pins)).parent / "tpchgen-cli"
    folder = deps.cached("tpch", pins.read_text(), lambda _: None)
    for scale in scales:
        target, half = folder / ("sf" + scale), folder / ("half-sf" + scale)
        if target.exists():
            continue
        shutil.rmtree(half, ignore_errors=True)
        print("generating scale", scale, file=sys.stderr)
        subprocess.run([tool, "parquet", "-s", scale, "-o", half, "--quiet"], check=True, stdout=sys.stderr)
        half.rename(target)
    return folder


if __name__ == "__main__":
    print(generated(sys.argv[1:] or ["0.1", "1"]))
