#!/usr/bin/env python3
"""Writes common.tsv from a real Spark 4.2.0; run with the Python that has pyspark 4.2.0.

    python internal/types/testdata/record.py
"""
import itertools
import os
from pyspark.sql import SparkSession

spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
spark.sparkContext.setLogLevel("OFF")
assert spark.version == "4.2.0", spark.version

names = ["boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal(5,2)", "decimal(20,0)",
         "decimal(38,10)", "string", "binary", "date", "timestamp", "timestamp_ntz", "interval day to second",
         "interval year to month", "array<int>", "array<string>", "map<string,int>"]
spark.sql("CREATE TEMPORARY VIEW v AS SELECT " +
          ", ".join("CAST(NULL AS %s) AS c%d" % (t, i) for i, t in enumerate(names)))


def kind(select):
    try:
        return spark.sql("SELECT " + select + " FROM v").schema[0].dataType.simpleString()
    except Exception:
        return "-"


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "common.tsv"), "w") as out:
    print("# recorded from Spark 4.2.0 by record.py: the type of coalesce(a, b), or - if there is none", file=out)
    for i, j in itertools.combinations(range(len(names)), 2):
        print(names[i], names[j], kind("coalesce(c%d, c%d)" % (i, j)), sep="\t", file=out)
    print("# the type of decimal arithmetic", file=out)
    for a, b in [("5,2", "3,1"), ("38,18", "38,18"), ("10,0", "38,37"), ("20,10", "20,5"), ("38,0", "38,0"),
                 ("3,3", "5,0"), ("38,38", "1,0"), ("18,6", "18,6")]:
        for op in "+-*/%":
            select = "CAST(NULL AS DECIMAL(%s)) %s CAST(NULL AS DECIMAL(%s))" % (a, op, b)
            print("decimal(%s) %s" % (a, op), "decimal(%s)" % b, kind(select), sep="\t", file=out)
