#!/usr/bin/env python3
"""Fetches the pinned peers and the data into the user's cache, then measures.

    test/bench/sql/run.py [-steps tpch,files,topic] [-scale 1] [-records 10000000] [-runs 1] …

All arguments go to the program in this folder; run it from anywhere in the checkout, on a machine
that does nothing else.
"""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "test" / "tpch"))
import data  # noqa: E402
from data import deps  # noqa: E402


def main():
    args = sys.argv[1:]
    scale = args[args.index("-scale") + 1] if "-scale" in args else "1"
    python = deps.venv("bench-sql", HERE / "requirements.txt")
    folder = data.generated([scale])
    os.chdir(ROOT)
    os.execvp("go", ["go", "run", "./test/bench/sql", "-python", python, "-jars", str(deps.jars("spark")), "-data", str(folder)] + args)


if __name__ == "__main__":
    main()
