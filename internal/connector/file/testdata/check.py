"""Has a real Spark 4.2.0 read what we wrote, and compares.

    AZUD_FILES_OUT=/tmp/out go test -run TestWriteForSpark ./internal/connector/file
    python internal/connector/file/testdata/check.py /tmp/out
"""
import json, os, sys

from pyspark.sql import SparkSession, functions as F
from pyspark.sql import types as T

out = sys.argv[1]
spark = (SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
         .config("spark.sql.session.timeZone", "UTC").getOrCreate())
spark.sparkContext.setLogLevel("OFF")
bad = 0
for f in json.load(open(os.path.join(out, "folders.json"))):
    try:
        r = spark.read.format(f["Format"])
        for k, v in (f["Options"] or {}).items():
            r = r.option(k, v)
        if f["Format"] != "parquet":
            parts = (f["Options"] or {}).get("partitionBy", "").split(",")
            r = r.schema(", ".join("`%s` %s" % tuple(t) for t in f["Types"] if t[0] not in parts))
        df = r.load(os.path.join(out, f["Path"]))
        types = {x.name: x.dataType.simpleString() for x in df.schema.fields}
        names = [t[0] for t in f["Types"]]
        cols = []
        for n, t in f["Types"]:
            c = F.col("`" + n + "`")
            cols.append(F.hex(c) if t == "binary" else c.cast("string"))
        got = sorted(json.dumps(list(x)) for x in df.select(*cols).collect())
        want = sorted(json.dumps(x) for x in f["Rows"])
        wrong = {n: (types.get(n), t) for n, t in f["Types"] if types.get(n) != t}
        if wrong or got != want:
            bad += 1
            print("DIFFERS", f["Path"], wrong, next(((a, b) for a, b in zip(got, want) if a != b), (len(got), len(want))))
        else:
            print("same", f["Path"], len(got), "rows")
    except Exception as e:
        bad += 1
        print("FAILS", f["Path"], str(e)[:300])
spark.stop()
sys.exit(1 if bad else 0)
