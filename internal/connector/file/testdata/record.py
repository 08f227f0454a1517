"""Asks a real Spark 4.2.0 what it reads from files, and keeps the answers.

    python record.py            (a Python that has pyspark 4.2.0; takes a minute)

Writes cases.json (text files are inside it) and spark/ (what Spark wrote: Parquet, compressed and
partitioned folders). The Go tests read the same files and compare.
"""
import json, os, re, shutil, sys, tempfile

from pyspark.sql import SparkSession, functions as F
from pyspark.sql import types as T

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "spark")
spark = (SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
         .config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "2").getOrCreate())
spark.sparkContext.setLogLevel("OFF")
cases = []


def flat(df):
    """Every column as the string that Spark's cast makes of it; binary as hexadecimal digits."""
    cols = []
    for f in df.schema.fields:
        c = F.col("`" + f.name.replace("`", "``") + "`")
        cols.append((F.hex(c) if isinstance(f.dataType, T.BinaryType) else c.cast("string")))
    return df.select(*cols)


def reasons(e):
    """Class, SQLSTATE and message of an exception and its causes."""
    if hasattr(e, "getCondition") and e.getCondition():
        yield e.getCondition(), e.getSqlState(), str(e)
    j = getattr(e, "java_exception", None) or getattr(e, "_origin", None)
    while j is not None:
        try:
            yield j.getCondition(), j.getSqlState(), j.getMessage() or ""
        except Exception:
            yield None, None, str(j)
        j = j.getCause()


def ask(case, base):
    opts = {k: v.replace("$", base) for k, v in case.get("options", {}).items()}
    try:
        r = spark.read.format(case["format"])
        for k, v in opts.items():
            r = r.option(k, v)
        if "schema" in case:
            r = r.schema(case["schema"])
        df = r.load(os.path.join(base, case["path"])) if "path" in case and "path" not in opts and "paths" not in opts else r.load()
        case["types"] = [[f.name, f.dataType.simpleString()] for f in df.schema.fields]
        if case.get("where"):
            df = df.where(case["where"])
        rows = [list(x) for x in flat(df.cache() if case.get("cache") else df).collect()]
        case["rows"] = sorted(rows, key=lambda x: json.dumps(x))
    except Exception as e:
        case["error"], case["state"], case["message"] = "", "", ""
        for klass, state, message in reasons(e):
            if klass and not case["error"]:
                case["error"], case["state"] = klass, state
            case["message"] += re.sub(re.escape(base), "$", message.split("\n")[0])[:300] + " / "
    print(case["name"], case.get("error", len(case.get("rows", []))), flush=True)
    cases.append(case)


def text(name, fmt, files, **kw):
    if isinstance(files, str):
        files = {"a": files}
    base = tempfile.mkdtemp()
    for p, body in files.items():
        p = os.path.join(base, p)
        os.makedirs(os.path.dirname(p), exist_ok=True)
        with open(p, "w", newline="", encoding="utf-8") as f:
            f.write(body)
    kw.setdefault("path", "")
    ask(dict(name=name, format=fmt, files=files, **kw), base)
    shutil.rmtree(base)


def stored(name, fmt, **kw):
    ask(dict(name=name, format=fmt, stored=True, **kw), OUT)


exec(open(os.path.join(HERE, "cases_csv.py")).read())
exec(open(os.path.join(HERE, "cases_json.py")).read())
exec(open(os.path.join(HERE, "cases_files.py")).read())

with open(os.path.join(HERE, "cases.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "\n]\n")
for dir, _, names in os.walk(OUT):  # check sums and marks are Hadoop's own
    for n in names:
        if n.endswith(".crc"):
            os.remove(os.path.join(dir, n))
spark.stop()
