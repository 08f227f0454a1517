#!/usr/bin/env python3
"""Asks a real Spark all queries and keeps its answers in answers/sfSCALE.json.gz.

    python -m venv v && v/bin/pip install -r ../sqltest/requirements.txt
    v/bin/python record.py 0.1 1            # of the data that data.py makes
    v/bin/python record.py --check 0.1      # change nothing, say what would change

An answer file is one JSON object: the version of Spark, and for each query, by its number, the
columns with their types and the rows. Decimals and dates are kept as text, with all their digits.
Another version of Spark is recorded by installing that version of pyspark.
"""

import datetime
import decimal
import gzip
import json
import pathlib
import sys
import time

from pyspark.sql import SparkSession

import data

HERE = pathlib.Path(__file__).resolve().parent
TABLES = "customer lineitem nation orders part partsupp region supplier".split()
QUERIES = 22


def value(x):
    return str(x) if isinstance(x, (decimal.Decimal, datetime.date)) else x


def answer(spark, number):
    text = (HERE / ("q%02d.sql" % number)).read_text().strip().rstrip(";")
    start = time.time()
    df = spark.sql(text)
    rows = [[value(x) for x in r] for r in df.collect()]
    print("query %d: %d rows in %.1f s" % (number, len(rows), time.time() - start), file=sys.stderr, flush=True)
    return {"schema": [[f.name, f.dataType.simpleString()] for f in df.schema.fields], "rows": rows}


def answers(spark, folder):
    for t in TABLES:
        spark.read.parquet(str(folder / (t + ".parquet"))).createOrReplaceTempView(t)
    return {"spark": spark.version, "queries": {str(n): answer(spark, n) for n in range(1, QUERIES + 1)}}


def packed(found):
    """The same bytes for the same answers: without the time and the name that gzip would keep."""
    text = json.dumps(found, separators=(",", ":"), ensure_ascii=False)
    return gzip.compress(text.encode(), 9, mtime=0)


def in_order(rows):
    return sorted(map(json.dumps, rows))


def differences(old, new):
    for n, a in new["queries"].items():
        b = old["queries"].get(n, {})
        if a["schema"] != b.get("schema") or in_order(a["rows"]) != in_order(b.get("rows", [])):
            yield "query %s differs" % n


def main():
    scales = [a for a in sys.argv[1:] if not a.startswith("-")] or ["0.1", "1"]
    check = "--check" in sys.argv
    folder = data.generated(scales)
    spark = (SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
             .config("spark.driver.memory", "4g").config("spark.sql.shuffle.partitions", "4").getOrCreate())
    spark.sparkContext.setLogLevel("ERROR")
    changed = 0
    for scale in scales:
        file = HERE / "answers" / ("sf%s.json.gz" % scale)
        found = answers(spark, folder / ("sf" + scale))
        if not check:
            file.write_bytes(packed(found))
            continue
        for line in differences(json.loads(gzip.decompress(file.read_bytes())), found):
            print("scale %s: %s" % (scale, line))
            changed += 1
    spark.stop()
    sys.exit(bool(changed))


if __name__ == "__main__":
    main()
