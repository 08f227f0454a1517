#!/usr/bin/env python3
"""Fills in what a real Spark 4.2.0 answers; run with the Python that has pyspark 4.2.0.

    python internal/fn/testdata/record.py

Each table keeps its first columns and gets the others anew:
  ../examples.tsv  name, SELECT ...           -> the value as a string
  exprs.tsv        expression                 -> type, value as a string, or "!" and the error class
  show.txt         rows, width and query -> what Dataset.show prints
  aggs.tsv         aggregate of x, type of x, values -> type, value or error class
A line "@ZONE" sets the session time zone for those after it; "#" begins a comment.
"""
import os
import re
from pyspark.sql import SparkSession

here = os.path.dirname(os.path.abspath(__file__))
spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
         .config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "2").getOrCreate())
spark.sparkContext.setLogLevel("OFF")
assert spark.version == "4.2.0", spark.version


def escape(v):
    return "NULL" if v is None else v.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def failure(e):
    m = re.match(r"\s*\[([A-Z_0-9.]+)\]", str(e))
    return "!" + (m.group(1) if m else str(e).split("\n")[0][:60])


def ask(select, tail=""):
    try:
        kind = spark.sql("SELECT " + select + tail).schema[0].dataType.simpleString()
        if kind == "void":
            spark.sql("SELECT " + select + tail).collect()
            return [kind, "NULL"]
        return [kind, escape(spark.sql("SELECT CAST((%s) AS STRING)%s" % (select, tail)).collect()[0][0])]
    except Exception as e:
        return [failure(e), ""]


def example(name, sql):
    body = sql[len("SELECT "):]
    tail = re.search(r" FROM (VALUES|\().*", body)
    tail = tail.group(0) if tail else ""
    kind, value = ask(body[:len(body) - len(tail)], tail)
    if kind.startswith("!"):
        print("example fails:", name, sql, kind)
    return [name, sql, value or kind]


def agg(call, kind, values):
    rows = ", ".join("(%s)" % ("CAST(NULL AS %s)" % kind if v == "NULL" else "CAST('%s' AS %s)" % (v, kind))
                     for v in values.split(";"))
    return [call, kind, values] + ask(call, " FROM VALUES %s AS t(x)" % rows)


def fill(path, columns, f):
    path = os.path.join(here, path)
    out = []
    for line in open(path, encoding="utf-8").read().split("\n"):
        if line.startswith("@"):
            spark.conf.set("spark.sql.session.timeZone", line[1:])
        if not line or line[0] in "#@":
            out.append(line)
        else:
            out.append("\t".join(f(*line.split("\t")[:columns])))
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    open(path, "w", encoding="utf-8").write("\n".join(out))


def shows(path):
    """Blocks of "## rows truncate SQL" and what Dataset.show prints."""
    path = os.path.join(here, path)
    out = ""
    for line in open(path, encoding="utf-8").read().split("\n"):
        if line.startswith("## "):
            rows, truncate, sql = line[3:].split(" ", 2)
            shown = spark.sql(sql)._jdf.showString(int(rows), int(truncate), False)
            out += line + "\n" + shown.rstrip("\n") + "\n"
    open(path, "w", encoding="utf-8").write(out)


shows("show.txt")
fill("../examples.tsv", 2, example)
fill("exprs.tsv", 1, lambda e: [e] + ask(e))
fill("aggs.tsv", 3, agg)
