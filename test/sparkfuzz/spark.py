#!/usr/bin/env python3
"""Answers queries on a real Spark: one JSON object {"sql": …} a line in, its answer a line out.

    {"schema": [["name", "type"], …], "rows": ["[1, …]", …]}   or   {"error": "CLASS SQLSTATE"}

Answers come in the order of the queries; two are worked on at a time. Needs what
../sqltest/record.py needs, and takes the form of values from it.
"""

import json
import os
import queue
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sqltest"))
import record  # noqa: E402

# Compiling takes longer than running here, and so does planning a query again from its statistics.
FAST = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": os.environ.get("SPARK_CODEGEN", "NO_CODEGEN"),
    "spark.sql.adaptive.enabled": "false",
}


def answer(spark, sql: str) -> dict:
    try:
        df = spark.sql(sql)
        schema = [[f.name, f.dataType.simpleString()] for f in df.schema.fields]
        return {"schema": schema, "rows": record.rows(df)}
    except record.FAILURES as e:
        return {"error": record.error_line(e).removeprefix("error ")}


def main() -> None:
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what Spark prints goes to standard error
    spark = record.session()
    for key, value in FAST.items():
        spark.conf.set(key, value)
    answers = queue.Queue()

    def write() -> None:
        while (f := answers.get()) is not None:
            out.write(json.dumps(f.result(), ensure_ascii=False) + "\n")
            out.flush()

    writer = threading.Thread(target=write)
    writer.start()
    with ThreadPoolExecutor(2) as pool:
        for line in sys.stdin:
            answers.put(pool.submit(answer, spark, json.loads(line)["sql"]))
    answers.put(None)
    writer.join()


if __name__ == "__main__":
    main()
