#!/usr/bin/env python3
"""Runs one job of SQL on Spark or DuckDB, as a program of its own, as a user would write it.

    peers.py spark|duckdb JOB.json

The job: {"setup": [SQL…], "queries": [SQL…], "jars": [file…], "memory": "1g", "dir": scratch folder}.
Prints a line when the setup is done, {"version": "…"}, and one after each query, {"rows": [[…]…]} or
{"error": "…"}, with the seconds that it took until its rows were here.
"""

import datetime
import decimal
import json
import os
import sys
import time

THREADS = 2


def spark(job):
    from pyspark.sql import SparkSession
    s = (SparkSession.builder.master("local[%d]" % THREADS).config("spark.ui.enabled", "false")
         .config("spark.ui.showConsoleProgress", "false").config("spark.driver.memory", job["memory"])
         .config("spark.sql.shuffle.partitions", "4").config("spark.jars", ",".join(job["jars"]))
         .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
         .config("spark.local.dir", job["dir"]).config("spark.sql.warehouse.dir", os.path.join(job["dir"], "warehouse")).getOrCreate())
    s.sparkContext.setLogLevel("ERROR")
    yield s.version
    yield lambda text: [list(r) for r in s.sql(text).collect()]
    s.stop()


def duckdb(job):
    import duckdb as d
    c = d.connect(config={"threads": THREADS, "temp_directory": job["dir"]})
    yield d.__version__

    def run(text):
        rows = c.execute(text).fetchall()
        return [list(r) for r in rows]

    yield run
    c.close()


def plain(x):
    return str(x) if isinstance(x, (decimal.Decimal, datetime.date)) else x


def say(line):
    print(json.dumps(line, default=str), flush=True)


def main():
    with open(sys.argv[2]) as f:
        job = json.load(f)
    steps = {"spark": spark, "duckdb": duckdb}[sys.argv[1]](job)
    version, run = next(steps), next(steps)
    for text in job["setup"]:
        run(text)
    say({"version": version})
    for text in job["queries"]:
        start = time.perf_counter()
        try:
            rows = run(text)
            took = time.perf_counter() - start
            say({"rows": [[plain(x) for x in r] for r in rows], "seconds": took})
        except Exception as e:  # whatever it is, the other queries are asked
            say({"error": str(e)[:1000], "seconds": time.perf_counter() - start})
    next(steps, None)


if __name__ == "__main__":
    main()
