#!/usr/bin/env python3
"""Answers queries on a real Spark: one JSON object {"sql": …} a line in, its answer a line out.

    {"schema": [["name", "type"], …], "rows": ["[1, …]", …]}   or   {"error": "CLASS SQLSTATE"}

Needs what ../sqltest/record.py needs, and takes the form of values from it.
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sqltest"))
import record  # noqa: E402


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
    spark.conf.set("spark.sql.codegen.wholeStage", "false")  # compiling takes longer than running here
    for line in sys.stdin:
        out.write(json.dumps(answer(spark, json.loads(line)["sql"]), ensure_ascii=False) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
