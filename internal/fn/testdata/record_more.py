#!/usr/bin/env python3
"""Fills in what a real Spark 4.2.0 answers to ../examples_more.tsv; run with the Python that has pyspark 4.2.0.

The third column is the rows as strings: cells joined by ", ", rows by "; ".
"""
import os

from pyspark.sql import SparkSession

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "examples_more.tsv")
spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
         .config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "1").getOrCreate())
spark.sparkContext.setLogLevel("OFF")
assert spark.version == "4.2.0", spark.version
out = []
for line in open(path, encoding="utf-8").read().split("\n"):
    if line and line[0] != "#":
        name, sql = line.split("\t")[:2]
        df = spark.sql(sql).toDF(*["c%d" % i for i in range(len(spark.sql(sql).columns))])
        rows = df.selectExpr(*["coalesce(CAST(%s AS STRING), 'NULL')" % c for c in df.columns]).collect()
        line = "\t".join([name, sql, "; ".join(", ".join(r) for r in rows)])
    out.append(line)
open(path, "w", encoding="utf-8").write("\n".join(out))
