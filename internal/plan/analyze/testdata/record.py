"""Asks a real Spark 4.2.0 the queries of the other files (not messages.txt) and rewrites its answers.

    pip install pyspark==4.2.0 && python record.py

A batch answer is the columns ("name: type; ...") or "! CLASS"; a stream answer is "ok" or the class.
The tables are those of the test's catalog; STREAM t reads a streaming view of the same columns.
"""
import pathlib
import tempfile

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

HERE = pathlib.Path(__file__).parent
TABLES = {
    "sismos": "id STRING, magnitud DOUBLE, lugar STRING, latitud DOUBLE, longitud DOUBLE, profundidad_km DOUBLE, "
    "timestamp TIMESTAMP, tsunami BOOLEAN",
    "otros": "id STRING, n INT, s STRUCT<a:INT,b:STRUCT<c:STRING>>, arr ARRAY<INT>, sa ARRAY<STRUCT<x:INT,y:STRING>>, "
    "m MAP<STRING,INT>, d DATE, dec DECIMAL(10,2), big BIGINT, ntz TIMESTAMP_NTZ, `raro nombre` INT, bin BINARY, "
    "f FLOAT, ti TINYINT",
}


def connect():
    spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
             .config("spark.sql.shuffle.partitions", "2").config("spark.log.level", "OFF")
             .config("spark.sql.session.timeZone", "UTC").getOrCreate())
    for name, ddl in TABLES.items():
        spark.createDataFrame([], ddl).createOrReplaceTempView(name)
        spark.readStream.schema(ddl).json(tempfile.mkdtemp()).createOrReplaceTempView("st_" + name)
    return spark


def ask(spark, query, mode=None):
    for name in TABLES:
        query = query.replace("STREAM " + name, "STREAM st_" + name)
    try:
        frame = spark.sql(query)
        if mode:
            frame.writeStream.outputMode(mode).format("noop").option("checkpointLocation", tempfile.mkdtemp()).start().stop()
            return "ok"
        return "; ".join(f"{f.name}: {f.dataType.simpleString()}" for f in frame.schema.fields).replace("\n", "\\n")
    except PySparkException as e:
        return ("" if mode else "! ") + (e.getCondition() or "?")


def main():
    spark = connect()
    for name in ("batch.txt", "windows.txt", "grouping.txt", "expressions.txt", "pivot.txt", "pipes.txt", "stream.txt"):
        out, query = [], ""
        for line in (HERE / name).read_text().splitlines():
            if line.startswith("=>"):
                mode, _, text = query.partition(": ") if name == "stream.txt" else (None, "", query)
                line = "=> " + ask(spark, text, mode)
            elif not line.startswith("#"):
                query = line
            out.append(line)
        (HERE / name).write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
