"""Writes from_json.tsv: what Spark's from_json and to_json make of each message.

Run with a Python that has pyspark (test/sqltest/requirements.txt):  python record.py
Columns: schema, message, result of to_json(from_json(message, schema)) with NULLs kept.
Tabs, line feeds and backslashes are escaped.
"""

import pathlib

import pyspark
from pyspark.sql import SparkSession

FLAT = "a INT, b BIGINT, c DOUBLE, d STRING, e BOOLEAN"
QUAKE = ("id STRING, properties STRUCT<mag: DOUBLE, place: STRING, time: BIGINT, tsunami: INT>, "
         "geometry STRUCT<coordinates: ARRAY<DOUBLE>>")

CASES = [
    (FLAT, m) for m in [
        '{"a":1,"b":2,"c":3.5,"d":"x","e":true}', '{}', '', ' ', 'null', '5', '"x"', '[]', '[{"a":1},{"a":2}]', '[1]',
        '{"a":1', '{"a":1}}', '{"a":1} trailing', '{"a":1,}', '{a:1}', "{'a':1,'d':'y'}", '{"a":null}', '{"A":1}',
        '{"a":1,"a":2}', '{"a":1,"a":null}', '{"a":1.0}', '{"a":1e2}', '{"a":"1"}', '{"a":2147483648}', '{"a":-2147483648}',
        '{"a":"x","b":7}', '{"b":9223372036854775807}', '{"b":9223372036854775808}', '{"b":-9223372036854775808}', '{"b":1.5}',
        '{"c":1}', '{"c":"1.5"}', '{"c":"NaN"}', '{"c":NaN}', '{"c":Infinity}', '{"c":-Infinity}', '{"c":"-Infinity"}',
        '{"c":"+INF"}', '{"c":"INF"}', '{"c":-INF}', '{"c":"inf"}', '{"c":1e400}', '{"c":0.1}', '{"c":1e-7}', '{"c":123456789.125}', '{"c":-0.0}',
        '{"c":01}', '{"c":+1}', '{"c":.5}', '{"c":5.}', '{"c":1e}', '{"c":true}', '{"c":12345678901234567890123}',
        '{"d":1}', '{"d":1.50}', '{"d":1e3}', '{"d":true}', '{"d":{"x": [1, 2]}}', '{"d":[1, {"y":"z w"}]}', '{"d":"a\\u0041\\n\\t\\"\\\\\\/"}',
        '{"d":"\\ud83d\\ude00"}', '{"d":"ñandú – 地震"}', '{"d":"\\x"}', '{"d":"unterminated', '{"d":"a\tb"}', '{"d":""}',
        '{"e":"true"}', '{"e":1}', '{"e":false}', '{"e":tru}', '{"z":{"deep":[1,{"k":"v"}]},"a":3}', '{"z":bad,"a":3}',
        '{ "a" : 1 , "d" : "sp ace" }', '\n{"a":1}\n', '{"a":1,"z":"' + 'q' * 40 + '"}', '{"a":{"b":1},"b":4}', '{"a":[1],"b":4}',
    ]
] + [
    (QUAKE, m) for m in [
        '{"id":"ci1","properties":{"mag":1.48,"place":"16 km W","time":1746366018110,"tsunami":0},"geometry":{"type":"Point","coordinates":[-117.8,35.3,8.83]}}',
        '{"id":"x","properties":{"mag":null},"geometry":{"coordinates":[]}}',
        '{"id":"x","properties":null,"geometry":{"coordinates":[1,null,"z",4]}}',
        '{"id":"x","properties":[],"geometry":5}',
        '{"id":"x","properties":{"mag":"strong","time":3},"geometry":{"coordinates":7}}',
    ]
] + [
    ("t TIMESTAMP, d DATE", m) for m in [
        '{"t":"2024-01-15T10:30:00.000Z"}', '{"t":"2024-01-15 10:30:00"}', '{"t":"2024-01-15T10:30:00.123456789Z"}',
        '{"t":"2024-01-15T10:30:00+02:00"}', '{"t":"2024-01-15T10:30:00-05:30"}', '{"t":"2024-01-15"}', '{"t":"2024-02-30T00:00:00Z"}',
        '{"t":"2024-1-5 1:2:3"}', '{"t":1705314600}', '{"t":1705314600.5}', '{"t":"1705314600"}', '{"t":"x"}', '{"t":"2024-01-15T10:30Z"}',
        '{"t":"2024-01-15T24:00:00Z"}', '{"t":"1969-12-31T23:59:59.999999Z"}', '{"t":"0001-01-01T00:00:00Z"}', '{"t":"2024-01-15T10:30:00 Europe/Madrid"}',
        '{"d":"2024-01-15"}', '{"d":"2024-02-29"}', '{"d":"2023-02-29"}', '{"d":19737}', '{"d":"15/01/2024"}', '{"d":"2024-01-15T10:00:00"}',
    ]
] + [
    ("m MAP<STRING, INT>, l ARRAY<STRUCT<x: INT, y: STRING>>", m) for m in [
        '{"m":{"a":1,"b":null},"l":[{"x":1,"y":"p"},{"y":"q"}]}', '{"m":{},"l":[]}', '{"m":{"a":"no"},"l":[1]}', '{"m":[1],"l":{"x":1}}',
    ]
] + [
    ("p DECIMAL(10,2), f FLOAT, s SMALLINT, t TINYINT, b BINARY", m) for m in [
        '{"p":1.005,"f":0.1,"s":32767,"t":-128,"b":"aG9sYQ=="}', '{"p":12345678901.5}', '{"p":"3.14"}', '{"p":"x"}', '{"p":7}', '{"p":-1.995}',
        '{"f":1e39}', '{"f":"NaN"}', '{"s":32768}', '{"t":128}', '{"b":"***"}', '{"f":16777217}',
    ]
]


def escaped(s):
    return s.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config(
    "spark.sql.session.timeZone", "UTC").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
lines = [f"# recorded: Spark {pyspark.__version__}"]
for ddl in dict.fromkeys(d for d, _ in CASES):
    messages = [m for d, m in CASES if d == ddl]
    df = spark.createDataFrame([(i, m) for i, m in enumerate(messages)], "i INT, m STRING")
    df.createOrReplaceTempView("messages")
    rows = spark.sql(
        f"SELECT m, to_json(from_json(m, '{ddl}'), map('ignoreNullFields', 'false')) AS r FROM messages ORDER BY i").collect()
    lines += ["\t".join([ddl, escaped(r.m), "NULL" if r.r is None else escaped(r.r)]) for r in rows]
(pathlib.Path(__file__).parent / "from_json.tsv").write_text("\n".join(lines) + "\n")
