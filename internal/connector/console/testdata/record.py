#!/usr/bin/env python3
"""Records what Spark's own console sink prints, for console_test.go.

    record.py > console.txt        (with pyspark 4.2.0)

Each case is "### name {options}" and what the sink printed.
"""

import json
import sys
import tempfile

from pyspark.sql import SparkSession

ROWS = [
    ("uno", 1.5, 1, "2024-01-15 10:30:00"),
    ("a text that is longer than twenty characters", -0.1, None, None),
    (None, 1e10, 3, "2024-01-15 10:30:00.123"),
    ("tab\tline\nbell\x07 日本", None, 4, "1999-12-31 23:59:59.999999"),
    ("", float("nan"), 5, None),
]
CASES = {
    "default": ({}, ROWS),
    "whole": ({"truncate": "false"}, ROWS),
    "two": ({"numRows": "2"}, ROWS),
    "one whole": ({"numRows": "1", "truncate": "false"}, ROWS),
    "exactly": ({"numRows": "5"}, ROWS),
    "none": ({"numRows": "0"}, ROWS),
    "empty": ({}, []),
    "many": ({}, [("r%d" % i, float(i), i, None) for i in range(25)]),
}
QUERY = """SELECT t AS texto, x, n, CAST(w AS TIMESTAMP) AS cuando,
  named_struct('start', CAST(w AS TIMESTAMP), 'n', n) AS s, array(n, 7) AS l, t IS NULL AS b FROM r"""


def main():
    spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
             .config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "1").getOrCreate())
    spark.sparkContext.setLogLevel("OFF")
    print("# console sink of Spark", spark.version)
    schema = "t STRING, x DOUBLE, n INT, w STRING"
    for name, (options, rows) in CASES.items():
        folder = tempfile.mkdtemp()
        with open(folder + "/rows.json", "w") as f:
            for t, x, n, w in rows:
                f.write(json.dumps({"t": t, "x": "NaN" if x is not None and x != x else x, "n": n, "w": w}) + "\n")
            if not rows:
                f.write("\n")
        print("###", name, json.dumps(options), flush=True)
        spark.readStream.schema(schema).json(folder).createOrReplaceTempView("r")
        spark.sql(QUERY).writeStream.format("console").options(**options).option(
            "checkpointLocation", tempfile.mkdtemp()).trigger(availableNow=True).start().awaitTermination()
    sys.stdout.flush()


main()
