#!/usr/bin/env python3
"""Runs golden scripts on a real Spark and writes what it answered back into them.

    python -m venv v && v/bin/pip install -r requirements.txt
    v/bin/python record.py FILE…            # rewrite
    v/bin/python record.py --check FILE…    # say what would change, change nothing, exit 1 if anything would
    v/bin/python record.py --restart FILE…  # the same check, restarting each flow from its checkpoint before each step

ANSI mode, UTC, one shuffle partition (with more, a sort samples its input and counts state twice).
README.md describes the format.
"""

import difflib
import json
import logging
import os
import re
import shutil
import struct
import sys
import tempfile
import time
from datetime import datetime, timezone

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException, StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from scriptfile import Block, Inputs, Script, parse_inputs, parse_stream, parse_table

PLAIN = (T.IntegralType, T.FloatType, T.DoubleType, T.BooleanType, T.StringType, T.NullType)

FAILURES = (PySparkException, Py4JJavaError)


def session() -> SparkSession:
    s = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.sql.warehouse.dir", tempfile.mkdtemp(prefix="sqltest-warehouse-"))
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    s.sparkContext.setLogLevel("OFF")
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    return s


# Values. What JSON has no form for goes through Spark's own cast to string.


def textual(c, t: T.DataType):
    """The column c of type t with every leaf that is not PLAIN cast to string; maps become arrays of pairs."""
    if isinstance(t, PLAIN):
        return c
    if isinstance(t, T.ArrayType):
        return F.transform(c, lambda x: textual(x, t.elementType))
    if isinstance(t, T.StructType):
        parts = [textual(c.getField(f.name), f.dataType).alias(f"f{i}") for i, f in enumerate(t.fields)]
        return F.when(c.isNotNull(), F.struct(*parts))
    if isinstance(t, T.MapType):
        pair = lambda e: F.struct(textual(e["key"], t.keyType), textual(e["value"], t.valueType))
        return F.transform(F.map_entries(c), pair)
    return c.cast("string")


def float32(x: float) -> float:
    """The double with the shortest decimal form that reads back as the same FLOAT."""
    for digits in range(1, 10):
        y = float(f"{x:.{digits}g}")
        if struct.pack("f", y) == struct.pack("f", x):
            return y
    return x


def value(v, t: T.DataType):
    """A collected value of textual(…, t) as what json.dumps writes."""
    if v is None:
        return None
    if isinstance(t, (T.FloatType, T.DoubleType)):
        if v != v:
            return "NaN"
        if v in (float("inf"), float("-inf")):
            return "Infinity" if v > 0 else "-Infinity"
        return float32(v) if isinstance(t, T.FloatType) else v
    if isinstance(t, T.ArrayType):
        return [value(x, t.elementType) for x in v]
    if isinstance(t, T.MapType):
        return [[value(e[0], t.keyType), value(e[1], t.valueType)] for e in v]
    if isinstance(t, T.StructType):
        return {f.name: value(x, f.dataType) for f, x in zip(t.fields, v)}
    return v


def rows(df: DataFrame) -> list[str]:
    """The rows of df, one JSON list each."""
    schema = df.schema
    flat = df.toDF(*[f"c{i}" for i in range(len(schema.fields))])
    cols = [textual(flat[f"c{i}"], f.dataType).alias(f"c{i}") for i, f in enumerate(schema.fields)]
    return [dump([value(v, f.dataType) for v, f in zip(r, schema.fields)]) for r in flat.select(*cols).collect()]


def dump(v) -> str:
    return json.dumps(v, ensure_ascii=False)


def schema_line(df: DataFrame) -> str:
    return "schema " + dump([[f.name, f.dataType.simpleString()] for f in df.schema.fields])


def error_line(e: Exception) -> str:
    """error CLASS SQLSTATE, or error * when Spark has no class of its own for it.

    Of a failed streaming query: the innermost condition in its message.
    """
    thrown = e.java_exception if isinstance(e, Py4JJavaError) else e
    try:
        name, state = thrown.getCondition(), thrown.getSqlState()
    except Py4JError:  # not one of Spark's own exceptions
        return "error *"
    if isinstance(e, StreamingQueryException):
        found = list(re.finditer(r"\[([A-Z][A-Z0-9_]*(?:\.[A-Z0-9_]+)*)\] ", str(e)))
        name = found[-1][1]
        state = re.search(r"SQLSTATE: (\w{5})", str(e)[found[-1].end() :])[1]
    if not name or name.startswith("_LEGACY_ERROR_TEMP"):
        return "error *"
    return f"error {name} {state}"


# Batch.


def record_batch(spark: SparkSession, b: Block, scratch: str) -> None:
    zone = spark.conf.get("spark.sql.session.timeZone")
    try:
        if "zone" in b.directives:
            spark.conf.set("spark.sql.session.timeZone", b.directives["zone"])
        df = spark.sql("\n".join(b.head).replace("${DIR}", scratch), args=arguments(b))
        result = [schema_line(df)]
        got = rows(df)
        if "types" not in b.directives:
            result += got if "ordered" in b.directives else sorted_if_new(b, got)
    except FAILURES as e:
        result = [error_line(e)]
    finally:
        if "zone" in b.directives:
            spark.conf.set("spark.sql.session.timeZone", zone)
    b.rewrite(result)


def arguments(b: Block):
    """What @args says: a dict for :name, a list for ?. {"sql": TEXT} is a constant expression."""
    if "args" not in b.directives:
        return None
    given = json.loads(b.directives["args"])
    one = lambda v: F.expr(v["sql"]) if isinstance(v, dict) else v
    return {k: one(v) for k, v in given.items()} if isinstance(given, dict) else [one(v) for v in given]


def sorted_if_new(b: Block, got: list[str]) -> list[str]:
    """Unordered rows keep the order of the file when they are the same rows, so that recording again changes nothing."""
    old = b.lines[b.expect[0] + 1 : b.expect[1]] if b.expect else []
    return old if sorted(old) == sorted(got) else got


# Streaming. Each epoch's data is one file per input; what a step sets off is recorded before the next one.


class Query:
    """A scenario on Spark: its input directories, its checkpoint and the running query."""

    def __init__(self, spark: SparkSession, head: list[str], zone: str, restart: bool):
        self.spark, self.s, self.restart = spark, parse_stream(head), restart
        self.dir = tempfile.mkdtemp(prefix="sqltest-")
        self.files, self.begun = 0, int(time.time())
        self.next_epoch = 0
        self.collected: dict[int, list[str]] = {}
        self.running = None
        spark.conf.set("spark.sql.session.timeZone", zone)
        for name, ddl in self.s.tables:
            os.mkdir(f"{self.dir}/{name}")
            reader = spark.readStream.schema(ddl).option("maxFilesPerTrigger", 1)
            reader.json(f"{self.dir}/{name}").createOrReplaceTempView(name)
        self.df = spark.sql(self.s.body)

    def start(self) -> None:
        def collect(df: DataFrame, epoch: int) -> None:
            self.collected[epoch] = rows(df)

        self.running = (
            self.df.writeStream.outputMode(self.s.mode)
            .option("checkpointLocation", f"{self.dir}/checkpoint")
            .foreachBatch(collect)
            .start()
        )

    def stop(self) -> None:
        if self.running:
            self.running.stop()
            self.running = None

    def close(self) -> None:
        self.stop()
        for name, _ in self.s.tables:
            self.spark.catalog.dropTempView(name)
        self.spark.conf.set("spark.sql.session.timeZone", "UTC")
        shutil.rmtree(self.dir)

    def step(self, epochs: list[Inputs]) -> list[str]:
        """Gives a step's data and returns the lines of all epochs that it sets off.

        With several files the query is stopped meanwhile, so that its next epoch finds all of them.
        """
        if self.restart or len(epochs) > 1 or len(epochs[0]) > 1:
            self.stop()
        for inputs in epochs:
            for name, lines in inputs:
                self.put(name, lines)
        if not self.running:
            self.start()
        try:
            self.running.processAllAvailable()
        except StreamingQueryException as e:
            self.running = None
            return [error_line(e)]
        return self.epochs()

    def put(self, name: str, lines: list[str]) -> None:
        self.files += 1
        hidden = f"{self.dir}/{name}/.part"
        with open(hidden, "w", encoding="utf-8") as f:
            f.write("".join(line + "\n" for line in lines))
        os.utime(hidden, (self.begun + self.files, self.begun + self.files))  # the source reads the oldest first
        os.rename(hidden, f"{self.dir}/{name}/{self.files:04d}.json")

    def epochs(self) -> list[str]:
        progress = {}
        for p in self.running.recentProgress:
            progress.setdefault(p["batchId"], p)
        out = []
        while self.next_epoch in self.collected:
            n = self.next_epoch
            out += [self.epoch_line(n, progress[n])] + self.collected[n]
            self.next_epoch += 1
        return out

    def epoch_line(self, n: int, p) -> str:
        with open(f"{self.dir}/checkpoint/commits/{n}", encoding="utf-8") as f:
            ms = json.loads(f.read().split("\n", 1)[1])["nextBatchWatermarkMs"]
        mark = "none"
        if ms:
            at = datetime.fromtimestamp(ms / 1000, timezone.utc)
            mark = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"
        ops = p["stateOperators"]
        late = sum(o["numRowsDroppedByWatermark"] for o in ops)
        state = ",".join(str(o["numRowsTotal"]) for o in ops) or "none"
        return f"epoch {n} watermark={mark} late={late} state={state}"


def record_stream(spark: SparkSession, head: Block, steps: list[Block], restart: bool) -> None:
    query = None
    try:
        query = Query(spark, head.head, head.directives.get("zone", "UTC"), restart)
        query.start()
        head.rewrite([schema_line(query.df)])
    except FAILURES as e:
        head.rewrite([error_line(e)])
        if steps:
            raise SystemExit(f"line {head.line}: refused, but has steps: {error_line(e)}")
    else:
        for b in steps:
            b.rewrite(keep_order(b, query.step(parse_inputs(b.head)), "ordered" in head.directives))
    finally:
        if query:
            query.close()


def keep_order(b: Block, got: list[str], ordered: bool) -> list[str]:
    """The recorded lines, or those of the file when only the order of unordered rows differs."""
    old = b.lines[b.expect[0] : b.expect[1]] if b.expect else []
    if not ordered and groups(old) == groups(got):
        return old
    return got


def groups(lines: list[str]) -> list[list[str]]:
    out: list[list[str]] = []
    for line in lines:
        if line.startswith("["):
            out[-1].append(line)
        else:
            out.append([line])
    return [g[:1] + sorted(g[1:]) for g in out]


# Files.


def record(root: SparkSession, path: str, restart: bool) -> Script:
    """Records one file in a session of its own; what it leaves in the catalog is dropped after it."""
    spark = root.newSession()
    script = Script(path)
    scratch = tempfile.mkdtemp(prefix="sqltest-")
    i = 0
    while i < len(script.blocks):
        b = script.blocks[i]
        i += 1
        steps = []
        if b.kind == "stream":
            while i < len(script.blocks) and script.blocks[i].kind in ("input", "comment"):
                steps += [script.blocks[i]] if script.blocks[i].kind == "input" else []
                i += 1
        if "azud" in b.directives:
            continue
        if b.kind == "table":
            batch_table(spark, scratch, b)
        elif b.kind == "sql":
            record_batch(spark, b, scratch)
        elif b.kind == "stream":
            record_stream(spark, b, steps, restart)
    clean(spark)
    shutil.rmtree(scratch)
    return script


def clean(spark: SparkSession) -> None:
    """Drops the databases, tables and views that a script has left: sessions share the catalog."""
    spark.sql("USE default")
    for (name,) in spark.sql("SHOW DATABASES").collect():
        if name != "default":
            spark.sql(f"DROP DATABASE `{name}` CASCADE")
    views = {v["viewName"] for v in spark.sql("SHOW VIEWS IN default").collect() if not v["isTemporary"]}
    for t in spark.sql("SHOW TABLES IN default").collect():
        if not t["isTemporary"]:
            spark.sql(f"DROP {'VIEW' if t['tableName'] in views else 'TABLE'} default.`{t['tableName']}`")
    for v in spark.sql("SHOW VIEWS IN global_temp").collect():
        if v["namespace"] == "global_temp":
            spark.catalog.dropGlobalTempView(v["viewName"])


def batch_table(spark: SparkSession, scratch: str, b: Block) -> None:
    name, ddl = parse_table(b.head[0])
    path = f"{scratch}/{name}.json"
    with open(path, "w", encoding="utf-8") as f:
        f.write("".join(line + "\n" for line in b.head[1:]))
    spark.read.schema(ddl).json(path).createOrReplaceTempView(name)


def main(args: list[str]) -> int:
    restart = "--restart" in args
    check = restart or "--check" in args
    paths = [a for a in args if not a.startswith("--")]
    if not paths:
        print(__doc__)
        return 2
    spark = session()
    changed = False
    for path in paths:
        script = record(spark, path, restart)
        with open(path, encoding="utf-8") as f:
            before = f.read()
        target = path + ".new" if check else path
        script.path = target
        script.write(spark.version)
        if check:
            with open(target, encoding="utf-8") as f:
                after = f.read()
            os.remove(target)
            diff = list(difflib.unified_diff(before.splitlines(), after.splitlines(), path, "Spark", lineterm=""))
            changed = changed or bool(diff)
            print("\n".join(diff) or f"{path}: same", flush=True)
        else:
            print(path, flush=True)
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
